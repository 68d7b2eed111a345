"""What goes back through the door: a service's answer, with the headers of the house."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from banyan.foundation.edge import Message, Receive, Send
from banyan.gateway import limits
from banyan.gateway.headers import Headers, Safety, outwards
from banyan.gateway.limits import Limits, Standing
from banyan.kernel.refusals import Refusal

_API = ("/v1/", "/graphql", "/oauth/")  # whose callers are programs that read limits


class Reply:
    """The `send` that applications behind the gateway are given. HEAD is answered as GET, without the body."""

    def __init__(
        self, send: Send, method: str, path: str, safety: Safety, methods: Callable[[str], Awaitable[set[str]]]
    ) -> None:
        """`methods` knows what else may be done with a path, for Allow."""
        self.plain = send
        self.begun = False
        self.done = False
        self.personal = False  # the asker said who they are
        self.standings: Sequence[Standing] = ()
        self.limits: Limits | None = None
        self.cookie = b""  # of the gateway's own, beside those of the answer
        self.refused: Refusal | None = None  # what the application was sent cannot be taken, whatever it makes of that
        self._method = method
        self._path = path
        self._safety = safety
        self._methods = methods
        self._silent = method == "HEAD"

    def hearing(self, receive: Receive) -> Receive:
        """`receive` for an application that would make something else of a body that is too long."""

        async def heard() -> Message:
            try:
                return await receive()
            except Refusal as refusal:
                self.refused = refusal
                raise

        return heard

    async def __call__(self, message: Message) -> None:
        if self.refused is not None and not self.begun:
            return
        if message["type"] == "http.response.start":
            self.begun = True
            await self._start(message["status"], outwards(message["headers"]))
        elif self._silent:
            if not self.done:
                self.done = True
                await self.plain({"type": "http.response.body", "body": b""})
        else:
            self.done = not message.get("more_body", False)
            await self.plain(message)

    async def _start(self, status: int, headers: Headers) -> None:
        if status == 405:
            status, headers = await self._other_methods(headers)
        if self.standings and (status == 429 or self._path.startswith(_API)):
            headers.append((b"ratelimit-policy", limits.policy(each.quota for each in self.standings)))
            headers.append((b"ratelimit", limits.left(self.standings)))
        if status < 400 and self.limits is not None:
            await self.limits.give_back(self.standings)
        headers = self._safety.added(headers, self._path, personal=self.personal)
        if self.cookie:
            headers.append((b"set-cookie", self.cookie))
        start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
        await self.plain(start)

    async def _other_methods(self, headers: Headers) -> tuple[int, Headers]:
        """Say in Allow what may be done instead (RFC 9110 §10.2.1); to OPTIONS that is the answer. No CORS."""
        told = b",".join(value for name, value in headers if name == b"allow").decode("latin-1")
        allowed = {method.strip().upper() for method in told.split(",")} - {""} | await self._methods(self._path)
        if "GET" in allowed:
            allowed.add("HEAD")
        rest = [(name, value) for name, value in headers if name != b"allow"]
        rest.append((b"allow", ", ".join(sorted(allowed | {"OPTIONS"})).encode()))
        if self._method != "OPTIONS":
            return 405, rest
        self._silent = True
        return 204, [(name, value) for name, value in rest if not name.startswith(b"content-")]
