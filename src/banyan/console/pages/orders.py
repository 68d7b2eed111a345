"""The list of orders, narrowed by state, customer, number and day."""

from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from banyan.console.pages.listing import listing
from banyan.console.services import orders as services
from banyan.console.shown import iso
from banyan.console.visit import Visit

FILTERS = ("status", "email", "number", "from", "to")


async def orders(visit: Visit) -> Response:
    """`/console/orders`"""
    asked = visit.asked(*FILTERS)
    wanted = {**asked, **visit.asked("cursor")}
    for name, days in (("from", 0), ("to", 1)):  # a day is meant whole
        if name in wanted:
            wanted[name] = _midnight(wanted[name], days)
    found = services.listed(visit.line, wanted)
    return await listing(visit, "orders.html", found, asked=asked, statuses=services.STATUSES)


def _midnight(text: str, days: int) -> str:
    """The beginning of a day so many days later; what is no day goes as it is, for the service to refuse."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        return text
    return iso(datetime(day.year, day.month, day.day, tzinfo=UTC))
