"""Mails that are owed are sent, each once as far as the mail port can tell."""

import asyncio

from banyan.foundation.db import Row
from banyan.foundation.mail import Message
from banyan.foundation.service import Ports
from banyan.orders.domain import letters
from banyan.orders.domain.shown import OrderShown
from banyan.orders.saga.links import Links, links
from banyan.orders.storage import mails, orders

_IDLE = 5.0  # seconds between looks when none is due
_MOST = 32  # at once


async def send_due(ports: Ports) -> float:
    """Send the mails that are longest due; seconds until the next pass. One that cannot be sent is tried again later."""
    due = await mails.claim(ports.db, _MOST)
    if not due:
        return _IDLE
    with_links = await links(ports)
    told = [_message(ports, with_links, row) if row["shown"] else None for row in due]  # None: to nobody any more
    went = await asyncio.gather(*(ports.mail.send(each) for each in told if each), return_exceptions=True)
    failed = {each.id: error for each, error in zip(filter(None, told), went, strict=True) if error is not None}
    await mails.sent(ports.db, [row["id"] for row in due if row["id"] not in failed])
    for error in failed.values():
        raise error
    return 0 if len(due) == _MOST else _IDLE


def _message(ports: Ports, with_links: Links, row: Row) -> Message | None:
    told = with_links.answer(orders.as_shown(ports.db, row["order_id"], row))
    link = f"{ports.settings.origin.rstrip('/')}{told['links']['view']}"
    order = OrderShown.model_validate(told)
    if not order.email:
        return None
    subject, text = letters.confirmed(order, ports.settings.shop_name, link)
    return Message(id=row["id"], to=order.email, subject=subject, text=text)
