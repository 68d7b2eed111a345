"""One side's answer on its way out: timed, and kept back where it is a failure that the other side may make good."""

from collections.abc import Sequence

from banyan.foundation.edge import Message, Send
from banyan.gateway.reply import Reply
from banyan.kernel.clock import Clock


class Attempt:
    """The `send` that one side is given. `kept` when its failure was not sent."""

    def __init__(self, send: Send, clock: Clock, *, keep_failures: bool) -> None:
        self._send = send
        self._clock = clock
        self._keep_failures = keep_failures
        self._began = clock.monotonic()
        self.seconds = 0.0  # until the answer began
        self.status = 0
        self.kept = False

    @property
    def failed(self) -> bool:
        """No answer, or one of 500 and above."""
        return not self.status or self.status >= 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.seconds = self._clock.monotonic() - self._began
            self.kept = self._keep_failures and self.status >= 500
        if not self.kept:
            await self._send(message)


def untouched(reply: Reply) -> Send:
    """What the legacy shop says goes out as it is: the headers that make our own pages safe would break its pages."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.begun = True
        else:
            reply.done = not message.get("more_body", False)
        await reply.plain(message)

    return send


def telling(send: Send, cookies: Sequence[bytes]) -> Send:
    """`send`, with these cookies set by the answer."""
    if not cookies:
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *((b"set-cookie", cookie) for cookie in cookies)]
        await send(message)

    return sending
