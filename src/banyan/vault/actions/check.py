"""Every card is opened: by the keys that are set, to what its row tells of it. Nothing of it is told or kept."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.kernel import cards
from banyan.kernel.refusals import Unavailable
from banyan.vault import storage
from banyan.vault.safe import Safe

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Wrong:
    """A card that is not what it should be."""

    token: str
    why: str


async def check(
    safe: Safe, ports: Ports, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, list[Wrong]]:
    """How many cards were looked at, and those that do not open or are not what their row says. Changes nothing."""
    done, wrong, last = 0, list[Wrong](), ""
    while rows := await storage.cards_after(ports.db, last, _AT_ONCE):
        wrong += [Wrong(row["token"], why) for row in rows if (why := await _wrong(safe, ports, row))]
        done, last = done + len(rows), rows[-1]["token"]
        progress(done)
    return done, wrong


async def _wrong(safe: Safe, ports: Ports, row: Row) -> str:
    try:
        card = await safe.open(ports, row)
    except Unavailable as refusal:
        return refusal.detail
    if not hmac.compare_digest(await safe.fingerprint(ports, "number", card.number), row["fingerprint"]):
        return "its fingerprint is another card's"
    said = (row["brand"], row["last4"], row["exp_month"], row["exp_year"])
    if said != (cards.brand_of(card.number), card.number[-4:], card.exp_month, card.exp_year):
        return "what is told of it is another card's"
    return ""
