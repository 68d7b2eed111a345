"""Mails that are owed are sent, each once as far as the mail port can tell."""

from banyan.foundation.mail import Message
from banyan.foundation.service import Ports
from banyan.orders.actions.links import links
from banyan.orders.domain import letters
from banyan.orders.domain.shown import OrderShown
from banyan.orders.storage import mails, orders

_IDLE = 5.0  # seconds between looks when none is due


async def send_due(ports: Ports) -> float:
    """Send the mail that is longest due; seconds until the next pass. One that cannot be sent is tried again later."""
    async with ports.db.transaction() as tx:
        due = await mails.claim(tx)
        row = await orders.for_reader(tx, due["order_id"]) if due else None
    if due is None:
        return _IDLE
    if row is not None:
        told = (await links(ports)).answer(row["shown"])
        link = f"{ports.settings.origin.rstrip('/')}{told['links']['view']}"
        order = OrderShown.model_validate(told)
        subject, text = letters.confirmed(order, ports.settings.shop_name, link)
        await ports.mail.send(Message(id=due["id"], to=order.email, subject=subject, text=text))
    async with ports.db.transaction() as tx:
        await mails.sent(tx, due["id"])
    return 0
