"""A write to two groups, one of them ours already: its door does our part and says how to ask the legacy shop for the rest."""

from typing import Any

from banyan.contracts.moving import THERE, GroupSteering, Homeward, PageRule
from banyan.foundation.edge import Message, Receive, Send
from banyan.gateway.legacy.lease import Lease


def also_ours(lease: Lease, rule: PageRule | None, group: GroupSteering | None) -> PageRule | None:
    """The rule of such a write, `group` being its own; None for any other."""
    if rule is None or not rule.also or group is None or group.owner != "legacy":
        return None
    other = lease.group(rule.also)
    return rule if other is not None and (other.owner == "new" or other.holding) else None


def again(body: bytes) -> Receive:
    """A body that was read, from its beginning."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


class Answered:
    """The `send` that a door is given: its answer is kept, to be passed on or understood."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self._messages.append({**message})

    def rest(self) -> Homeward | None:
        """How the legacy shop is to be asked; None where the answer is the shopper's."""
        given: dict[bytes, bytes] = dict(self._messages[0].get("headers", ())) if self._messages else {}
        if THERE.encode() not in given:
            return None
        return Homeward.model_validate_json(b"".join(each.get("body", b"") for each in self._messages))

    @property
    def cookies(self) -> list[bytes]:
        headers: Any = self._messages[0].get("headers", ())
        return [value for name, value in headers if name == b"set-cookie"]

    async def pass_on(self, send: Send) -> None:
        for message in self._messages:
            await send(message)
