"""Payment links: where a shopper pays at Razorpay. Each is made at most once, for Razorpay takes a `reference_id` once."""

from typing import Any

from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Errand, NotAsked, Rejected, Unclear
from banyan.payments.providers.razorpay import things
from banyan.payments.providers.razorpay.shapes import MARK, Link, Links, Payment, best, read
from banyan.payments.providers.razorpay.wire import ask, get, refused

SECONDS = 1800  # how long the page may be paid on; Razorpay's least is 15 minutes


async def make(ports: Ports, errand: Errand) -> Link:
    """The payment's link, new or as it is. NotAsked or Rejected when there will be none."""
    answer = await ask(ports, "POST", "/payment_links", _asked(ports, errand))
    if answer.status in (200, 201):
        link = read(Link, answer.body)
        if (link.reference_id, Money(link.amount, link.currency)) != (errand.payment_id, errand.whole):
            raise Unclear("Razorpay answered with another link than was asked for")
        return link
    if answer.status == 429:
        raise NotAsked("Razorpay has too much to do")
    no = refused(answer)
    if isinstance(no, Rejected) and (before := await find(ports, errand.payment_id)):
        return before
    raise no


async def find(ports: Ports, payment_id: str) -> Link | None:
    found = await get(ports, f"/payment_links?reference_id={payment_id}", Links)
    return next((each for each in found.payment_links if each.reference_id == payment_id), None)


async def told(ports: Ports, errand: Errand, link: Link) -> Evidence:
    """What came of a link: an attempt that failed is no end, for the shopper may try again."""
    payment = best(await things.payments(ports, link.order_id)) if link.order_id else None
    if payment and payment.status in ("authorized", "captured", "refunded"):
        return await things.evidence(ports, errand, payment)
    amount = Money(link.amount, link.currency)
    if link.status in ("cancelled", "expired"):
        return Evidence(errand.payment_id, "", amount, Charge.VOIDED)
    return Evidence(errand.payment_id, "", amount, Charge.ACTION, action=link.short_url)


async def close(ports: Ports, errand: Errand) -> Payment | None:
    """See to it that the link, or one that is on its way to be made, is paid no more; what was paid before."""
    link = await make(ports, errand)
    if link.status == "created":
        answer = await ask(ports, "POST", f"/payment_links/{link.id}/cancel")
        link = read(Link, answer.body) if answer.status == 200 else await get(ports, f"/payment_links/{link.id}", Link)
    if link.status not in ("cancelled", "expired", "paid"):
        raise Unclear(f"Razorpay has the link {link.status[:20]}")
    return best(await things.payments(ports, link.order_id)) if link.order_id else None


def _asked(ports: Ports, errand: Errand) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "amount": errand.whole.amount,
        "currency": errand.whole.currency,
        "accept_partial": False,
        "reference_id": errand.payment_id,
        "expire_by": int(ports.clock.now().timestamp()) + SECONDS,
        "description": ports.settings.shop_name,
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": {MARK: errand.payment_id},
    }
    if errand.return_url:
        asked |= {"callback_url": errand.return_url, "callback_method": "get"}
    return asked
