"""No card number passes the door of the shop: what holds one is refused before any service, log or trace has it.

Looked at are the path, the query, every header and the body, as they arrive. What is encoded is not seen (base64, escapes
character by character), nor a number whose digits stand apart one by one: this is against mistakes, not against malice.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from banyan.kernel.cards import holds_one
from banyan.kernel.refusals import Invalid

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# Where cards are typed by design; and what providers tell us, signed: a number there that only looks like a card's must not
# cost us a payment.
_BODIES_PASS = ("/v1/vault/", "/bank/cards/", "/webhooks/")
_OURS = ("/v1/", "/graphql", "/console", "/bank/", "/oauth")  # beside a legacy shop, whose own forms may take cards
_TAIL = 64  # bytes of a body's piece that are looked at again with the next one: longer than any number is written
_WITHHELD = "/(a card number)"
REFUSAL = "banyan.card_number"  # in the scope: whoever reads a body may make of it that it could not be read
_TRACING = (b"traceparent", b"tracestate", b"x-request-id")  # left out where they hold one, for nobody typed them


class CardNumber(Invalid):
    """Says where it was, and never what."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"a card number does not belong into {where}; it is typed on the card page alone, and was not kept",
            code="card_number",
        )


class CardGuard:
    """Stands at the door. `legacy`: a legacy shop behind it answers what is not ours, and is left alone. `bodies`: whether
    they are looked at, which those of the vault are not."""

    def __init__(self, *, legacy: bool = False, bodies: bool = True) -> None:
        self._legacy, self._bodies = legacy, bodies

    def enter(self, scope: Scope, receive: Receive) -> Receive:
        """Look at a request's head, and at its body as it comes. CardNumber where there is one."""
        path = scope["path"]
        if self._legacy and not path.startswith(_OURS):
            return receive
        _check_head(scope)
        return _checked(scope, receive) if self._bodies and not path.startswith(_BODIES_PASS) else receive


def without_card_in_tracing(scope: Scope) -> None:
    """Leave out headers of tracing that hold a number: they would be in every log."""
    held = [name for name, value in scope["headers"] if name in _TRACING and holds_one(value)]
    if held:
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in held]


def _check_head(scope: Scope) -> None:
    """CardNumber for one in the address or in a header; the address is then taken out of the scope, and so of the log."""
    address = b"%b?%b" % (scope.get("raw_path") or scope["path"].encode(), scope["query_string"])
    if holds_one(address) or holds_one(scope["path"].encode()):
        scope["path"], scope["raw_path"], scope["query_string"] = _WITHHELD, _WITHHELD.encode(), b""
        raise CardNumber("an address")
    head = b"\n".join([part for header in scope["headers"] for part in header])
    if holds_one(head):
        raise CardNumber("a header")


def _checked(scope: Scope, receive: Receive) -> Receive:
    """The body, piece by piece; CardNumber before the piece that completes a number is passed on."""
    tail = b""

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal tail
        message = await receive()
        if message["type"] == "http.request" and (body := message.get("body", b"")):
            if holds_one(tail + body if tail else body):
                scope[REFUSAL] = CardNumber("this request")
                raise scope[REFUSAL]
            tail = (tail + body)[-_TAIL:] if message.get("more_body") else b""
        return message

    return receiving
