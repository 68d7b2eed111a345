"""Doors of the checkout: each step of the legacy shop's own, done with our cart and our order.

A shop whose ways to pay are those that we take as well (`BANYAN_PAY_LATER`) keeps its checkout; any other goes on at ours. A
checkout that was begun at the legacy shop is finished here, as long as it comes to what was shown there.
"""

from starlette.responses import Response

from banyan.move.doors.visit import Visit

OURS = "/checkout/delivery"
"""Where our own checkout begins."""
_NAMES = {"cod": "Cash On Delivery", "bank_transfer": "Bank Transfer", "cheque": "Cheque / Money Order"}


def offered(visit: Visit) -> dict[str, str]:
    """Ways to pay that are taken here by the legacy shop's names: code → words."""
    taken = visit.ports.settings.pay_later.split(",")
    return {code: name for code, name in _NAMES.items() if code in taken}


async def elsewhere(visit: Visit) -> Response:
    """Any other step: on to ours, which has the same cart."""
    return visit.go(OURS)
