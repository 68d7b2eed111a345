"""What simulated Stripe shows shoppers' browsers: a small part of Stripe.js, and the frame in which a card is typed.

The number goes from that frame to this simulator's own origin, as Stripe's do; a shop's page gets the payment method alone.
"""

from functools import cache
from pathlib import Path

from banyan.simulators.common import Answer, Asked

SCRIPT, FRAME = "/v3/stripe.js", "/_elements/card"
_FILES = {
    SCRIPT: ("stripe.js", "text/javascript; charset=utf-8"),
    FRAME: ("card.html", "text/html; charset=utf-8"),
}


def file(asked: Asked) -> Answer | None:
    """One of these, with its type; None for any other address."""
    if asked.method != "GET" or asked.path not in _FILES:
        return None
    name, media_type = _FILES[asked.path]
    return Answer(200, _read(name), {"content-type": media_type, "cache-control": "no-cache"})


@cache
def _read(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()
