"""Links by which a guest reads an order without signing in: signed, for one order, and only for a while."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from banyan.foundation.db import Db
from banyan.foundation.service import Ports
from banyan.orders.storage import secrets

READABLE = timedelta(days=30)  # from the placing of the order, by link as by the cart's token
_NAME = "order links"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{28}")
_of: WeakKeyDictionary[Db, "Links"] = WeakKeyDictionary()


class Links:
    """Makes and checks links with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def access(self, order_id: str, placed_at: datetime) -> str:
        """The `access` of an order's link; the same each time."""
        # Orders of a legacy shop may be of any year; a link ends within what five bytes hold.
        ends = min(max(0, int(placed_at.timestamp() + READABLE.total_seconds())), 2**40 - 1).to_bytes(5)
        return urlsafe_b64encode(ends + self._sign(order_id, ends)).decode()

    def holds(self, order_id: str, access: str, now: datetime) -> bool:
        """Whether it was made here, for this order, and has not expired."""
        if not _SHAPE.fullmatch(access):
            return False
        given = urlsafe_b64decode(access)
        ends, signature = given[:5], given[5:]
        return hmac.compare_digest(signature, self._sign(order_id, ends)) and now.timestamp() < int.from_bytes(ends)

    def way_back(self, origin: str, order_id: str, placed_at: datetime) -> str:
        """Where a payment provider sends the shopper back to. It opens the order's page, and says nothing of the payment."""
        return f"{origin}/checkout/return/{order_id}?access={self.access(order_id, placed_at)}"

    def answer(self, shown: dict[str, Any], action: str | None = None) -> dict[str, Any]:
        """An order as told to who may read it: with its links, and where its shopper goes to confirm the payment."""
        here = f"/v1/orders/{shown['id']}"
        view = f"/orders/{shown['id']}?access={self.access(shown['id'], datetime.fromisoformat(shown['placed_at']))}"
        next_action = {"type": "redirect", "url": action} if action else None
        return {**shown, "next_action": next_action, "links": {"self": here, "events": f"{here}/events", "view": view}}

    def _sign(self, order_id: str, ends: bytes) -> bytes:
        return hmac.new(self._key, b"order " + order_id.encode() + ends, sha256).digest()[:16]


async def links(ports: Ports) -> Links:
    """The service's links: their key is made once, kept sealed, and held in memory from then on."""
    known = _of.get(ports.db)
    if known is None:
        async with ports.db.transaction() as tx:
            sealed = await secrets.find(tx, _NAME)
        if sealed is None:
            fresh = await ports.keys.seal(ports.ids.secret(32), _NAME)
            async with ports.db.transaction() as tx:
                sealed = await secrets.keep(tx, _NAME, fresh)
        known = _of[ports.db] = Links(await ports.keys.open(sealed, _NAME))
    return known
