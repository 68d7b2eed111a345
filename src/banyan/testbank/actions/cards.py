"""A card becomes a token: its number is checked, digested with a key, and forgotten."""

import hmac
from hashlib import sha256
from typing import Any

from banyan.foundation.service import Ports
from banyan.kernel.ids import spell
from banyan.kernel.refusals import Fault, Invalid
from banyan.testbank import domain, storage
from banyan.testbank.actions.secrets import card_secret


async def keep_card(ports: Ports, number: str, year: int, month: int, reference: str = "") -> dict[str, Any]:
    """`{token, brand, last4}` for a card; the same one for the same reference and card. Invalid when its number cannot be
    one or it has expired.
    """
    if not domain.luhn(number):
        raise Invalid("this is not a card number", errors=[Fault("/body/number", "card_number", "check the digits")])
    if domain.expired(year, month, ports.clock.now().date()):
        raise Invalid("the card has expired", errors=[Fault("/body/exp_month", "card_expired", "it has expired")])
    secret = card_secret(ports.settings)
    again = hmac.new(secret, f"{reference}\0{number}".encode(), sha256).digest()
    token = f"tok_card_{spell(int.from_bytes(again[:17]) >> 6, 26)}" if reference else ports.ids.new("tok_card")
    kept = {"token": token, "brand": domain.brand(number), "last4": number[-4:]}
    digest = hmac.new(secret, number.encode(), sha256).digest()
    async with ports.db.transaction() as tx:
        await storage.keep_card(tx, **kept, digest=digest, manner=domain.CARDS.get(number, "tok_ok"))
    return kept
