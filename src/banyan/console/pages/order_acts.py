"""What operators do with an order: call it off, give money back, note that a parcel has left, forget a guest."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, status_of
from banyan.console.forms import faults
from banyan.console.pages.order import shown
from banyan.console.services import orders
from banyan.console.services.orders import Order
from banyan.console.shown import counted, money
from banyan.console.visit import Visit
from banyan.foundation.face.forms import whole
from banyan.kernel.money import parse
from banyan.kernel.refusals import Refusal

NONE: Mapping[str, str] = {}
UNITS = "units:"  # before the line's id: how many of it are sent


async def cancelling(visit: Visit) -> Response:
    """`/console/orders/{id}/cancel`"""
    return await _cancel_page(visit, await orders.read(visit.line, visit.path["id"]))


async def cancel(visit: Visit) -> Response:
    """`POST /console/orders/{id}/cancel`"""
    order = await orders.read(visit.line, visit.path["id"])
    reason = visit.form["reason"]

    async def act(key: str) -> Response:
        await orders.cancel(visit.line, order.id, reason, key=key)
        return visit.to(_at(order), "cancelled")

    facts = [*_what(order), ("Reason", reason or "none given"), ("Then", "its stock and its money are given back")]
    question = Question(f"Cancel order {order.number}?", facts, "Cancel the order", _at(order))
    return await ask_first(visit, question, act, lambda refused: _cancel_page(visit, order, refused))


async def refunding(visit: Visit) -> Response:
    """`/console/orders/{id}/refund`"""
    return await _refund_page(visit, await orders.read(visit.line, visit.path["id"]))


async def refund(visit: Visit) -> Response:
    """`POST /console/orders/{id}/refund`: the amount is typed in major units."""
    order = await orders.read(visit.line, visit.path["id"])
    reason, elsewhere = visit.form["reason"], visit.form["elsewhere"] == "yes"
    try:
        amount = parse(visit.form["amount"], order.currency)
        if amount.amount <= 0:
            raise ValueError("more than nothing")
    except ValueError as wrong:
        return await _refund_page(visit, order, errors={"amount": f"An amount such as 12.50, please: {wrong}."})

    async def act(key: str) -> Response:
        done = await orders.refund(visit.line, order.id, amount, reason, key=key, elsewhere=elsewhere)
        return visit.to(_at(order), "refunded" if done else "refund-under-way")

    facts = [
        *_what(order),
        ("Refunded so far", money(order.refunded)),
        ("Went back at the legacy shop" if elsewhere else "Goes back now", money(amount)),
        ("Reason", reason or "none given"),
    ]
    title, button = f"Refund {money(amount)}?", f"Refund {money(amount)}"
    if elsewhere:
        title, button = f"Note that {money(amount)} went back at the legacy shop?", f"Note {money(amount)} as gone back"
    question = Question(title, facts, button, _at(order))
    return await ask_first(visit, question, act, lambda refused: _refund_page(visit, order, refused))


async def sending(visit: Visit) -> Response:
    """`/console/orders/{id}/send`"""
    return await _send_page(visit, await orders.read(visit.line, visit.path["id"]))


async def send(visit: Visit) -> Response:
    """`POST /console/orders/{id}/send`"""
    order = await orders.read(visit.line, visit.path["id"])
    tracking = visit.form["tracking"]
    typed = {line_id: text for line_id, text in visit.form.below(UNITS).items() if text not in ("", "0")}
    units = {line_id: count for line_id, text in typed.items() if (count := whole(text)) is not None and count > 0}
    if len(units) < len(typed) or not units:
        return await _send_page(visit, order, errors={"lines": "Whole numbers, please, and at least one unit."})

    async def act(key: str) -> Response:
        await orders.fulfil(visit.line, order.id, units, tracking, key=key)
        return visit.to(_at(order), "sent")

    lines = [(order.name_of(line_id), counted(count, "unit")) for line_id, count in units.items()]
    facts = [*_what(order), *lines, ("Tracking", tracking or "none")]
    question = Question(f"Note a parcel of order {order.number} as sent?", facts, "Note as sent", _at(order))
    return await ask_first(visit, question, act, lambda refused: _send_page(visit, order, refused))


async def forget(visit: Visit) -> Response:
    """`POST /console/orders/{id}/forget`"""
    order = await orders.read(visit.line, visit.path["id"])

    async def act(_: str) -> Response:
        await orders.forget(visit.line, order.id)
        return visit.to(_at(order), "order-forgotten")

    facts = [
        *_what(order),
        ("Goes for good", "e-mail, address, tracking numbers, what was written in words"),
        ("Stays", "lines, amounts, tax and country, as law wants"),
    ]
    if order.may_be_sent:
        facts.append(("Not sent yet", "without its address it cannot be sent any more"))
    question = Question(f"Forget who ordered {order.number}?", facts, "Forget for good", _at(order))
    return await ask_first(visit, question, act, lambda refused: shown(visit, refused))


async def _cancel_page(visit: Visit, order: Order, refusal: Refusal | None = None) -> Response:
    status = status_of(refusal, {})
    return await visit.page("cancel.html", status, order=order, refusal=refusal, form=visit.form)


async def _refund_page(
    visit: Visit, order: Order, refusal: Refusal | None = None, errors: Mapping[str, str] = NONE
) -> Response:
    found = errors or (faults(refusal, {"amount": "amount", "reason": "reason"}) if refusal else {})
    left, status = order.total - order.refunded, status_of(refusal, errors)
    return await visit.page(
        "refund.html", status, order=order, left=left, refusal=refusal, errors=found, form=visit.form
    )


async def _send_page(
    visit: Visit, order: Order, refusal: Refusal | None = None, errors: Mapping[str, str] = NONE
) -> Response:
    found = errors or (faults(refusal, {"tracking": "tracking"}) if refusal else {})
    status = status_of(refusal, errors)
    return await visit.page(
        "send.html", status, order=order, refusal=refusal, errors=found, form=visit.form, units=UNITS
    )


def _what(order: Order) -> Sequence[tuple[str, str]]:
    return [("Order", order.number), ("Customer", order.email), ("Total", money(order.total))]


def _at(order: Order) -> str:
    return f"/console/orders/{order.id}"
