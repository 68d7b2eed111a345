"""Services ask each other: without a socket where both are in this process, over pooled HTTP where they are not.

Either way the one who asks is known by name, and is answered what contracts.callers says; see foundation.identity.
"""

import copy
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import aiohttp
import orjson
from pydantic import BaseModel

from banyan.contracts import Call, callers
from banyan.contracts import gateway as headers
from banyan.foundation import deadlines, telemetry
from banyan.foundation.identity.channel import Channel
from banyan.foundation.identity.mesh import CLIENT_CERT, named_by_the_mesh
from banyan.foundation.service import CallHandler, Ports
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import DeadlinePassed, Fault, Forbidden, Refusal, Unavailable

Answer = TypeVar("Answer", bound=BaseModel)
CALL_PATH = "/internal/calls/"
LONGEST_CALL = 10.0  # seconds, where the asker has no deadline of its own
_PROOF_SECONDS = 60


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer over HTTP; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body) if self.body else None

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Local:
    """A service of this process; a face (gateway, storefront, console) has no ports of its own."""

    ports: Ports | None
    calls: Mapping[type[Call[Any]], CallHandler]
    app: Any  # its ASGI application


class Peers:
    """How one process reaches every service, and as whom."""

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        clock: Clock,
        secret: str = "",
        caller: str = callers.SHOP,
        channel: Channel | None = None,
        mesh: str = "",
    ) -> None:
        """`channel`: certificates for servers at https. `mesh`: what precedes a service's name in the identities of a mesh
        whose sidecars prove who calls; then no other proof is given or asked for."""
        self._urls = {name: url.rstrip("/") for name, url in urls.items() if url}
        self._clock = clock
        self._secret = secret.encode()
        self.caller = caller
        self.channel = channel
        self._mesh = mesh
        self._local: dict[str, Local] = {}
        self._http: list[aiohttp.ClientSession] = []  # none or one; shared with those of other callers

    def of(self, caller: str) -> "Peers":
        """The same ways, for another caller of this process."""
        same = copy.copy(self)
        same.caller = caller
        return same

    def add(self, name: str, local: Local) -> None:
        """This service runs here."""
        self._local[name] = local

    def local(self, name: str) -> Local | None:
        return self._local.get(name)

    async def ask(self, call: Call[Answer]) -> Answer:
        """Ask a service; its refusals are raised here. Unavailable or DeadlinePassed: it may or may not have been done."""
        name = f"{call.OWNER}.{type(call).__name__}"
        with telemetry.span(f"ask {name}"):
            local = self._local.get(call.OWNER)
            if local is not None:
                if self.caller != callers.SHOP:  # this process's own commands are no service
                    self.must_be_allowed(self.caller, name)
                async with deadlines.within(LONGEST_CALL):
                    assert local.ports is not None
                    answer: Answer = await local.calls[type(call)](local.ports, call)
                    return answer
            got = await self.http(
                call.OWNER,
                "POST",
                CALL_PATH + name,
                headers={"content-type": "application/json", **self._shown()},
                body=call.model_dump_json().encode(),
            )
        if got.status != 200:
            raise refusal_of(got)
        return call.ANSWER.model_validate_json(got.body)  # type: ignore[return-value]

    async def http(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """One HTTP request to a service. Unavailable when it cannot be reached, DeadlinePassed when time is over."""
        local = self._local.get(service)
        if local is not None:
            from banyan.foundation.loopback import request

            async with deadlines.within(LONGEST_CALL):
                return await request(local.app, method, path, headers=headers or {}, body=body)
        return await self._over_the_wire(service, method, path, headers or {}, body)

    async def _over_the_wire(
        self, service: str, method: str, path: str, given: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        url = self._urls.get(service)
        if url is None:
            raise Unavailable(f"nobody said where {service} is: set BANYAN_{service.upper()}_URL")
        sent = {headers.DEADLINE: deadlines.header(self._clock), **given}
        if telemetry.traceparent():
            sent[headers.TRACEPARENT], sent[headers.REQUEST_ID] = telemetry.traceparent(), telemetry.request_id()
        try:
            timeout = aiohttp.ClientTimeout(total=deadlines.remaining(LONGEST_CALL), connect=1.0)
            async with self._session().request(
                method,
                url + path,
                data=body or None,
                headers=sent,
                timeout=timeout,
                allow_redirects=False,
                ssl=self.channel.client() if self.channel else True,
                server_hostname=service if self.channel else None,  # its certificate must be of this name
            ) as answer:
                return HttpAnswer(
                    answer.status,
                    tuple((name.lower(), value) for name, value in answer.headers.items()),
                    await answer.read(),
                )
        except TimeoutError:
            raise DeadlinePassed(f"{service} did not answer in time") from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"{service} cannot be reached ({type(error).__name__})", retry_after=1) from error

    def url(self, service: str) -> str | None:
        """Where a service of another process listens; None when it runs here or nobody said."""
        return None if service in self._local else self._urls.get(service)

    def _shown(self) -> dict[str, str]:
        return {} if self._mesh else {headers.PEER: self.proof()}

    def proof(self) -> str:
        """Who calls, when, and a keyed digest of both: what `admit` of the other side checks."""
        if not self._secret:
            raise Forbidden("services in several processes need BANYAN_PEER_SECRET, the same in each")
        said = f"{self.caller}.{int(self._clock.now().timestamp())}"
        return f"{said}.{hmac.new(self._secret, said.encode(), sha256).hexdigest()}"

    def caller_of(self, given: Mapping[str, str]) -> str:
        """Who asks, by the headers of a request; Forbidden for who does not prove it."""
        if self._mesh:
            return named_by_the_mesh(given.get(CLIENT_CERT, ""), self._mesh)
        return self.admit(given.get(headers.PEER, ""))

    def admit(self, proof: str) -> str:
        """The caller's name if its proof holds; Forbidden if not."""
        said, _, digest = proof.rpartition(".")
        caller, _, when = said.rpartition(".")
        expected = hmac.new(self._secret, said.encode(), sha256).hexdigest()
        fits = bool(self._secret) and hmac.compare_digest(digest.encode(), expected.encode())
        if not fits or abs(self._clock.now().timestamp() - int(when)) > _PROOF_SECONDS:
            raise Forbidden("only services of this shop may call here", code="not_a_peer")
        return caller

    @staticmethod
    def must_be_allowed(caller: str, call: str) -> None:
        """Forbidden where the table does not name `caller` for this call."""
        if not callers.may(caller, call):
            raise Forbidden(f"{caller} may not ask {call}", code="not_allowed")

    async def close(self) -> None:
        while self._http:
            await self._http.pop().close()

    def _session(self) -> aiohttp.ClientSession:
        if not self._http:
            self._http.append(
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0, limit_per_host=64, keepalive_timeout=20),
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            )
        return self._http[0]


_STANDARD = frozenset({"type", "title", "status", "detail", "code", "errors", "trace_id"})


def refusal_of(answer: HttpAnswer) -> Refusal:
    """A problem+json answer as the Refusal it was; what is no such answer becomes Unavailable."""
    try:
        problem = answer.json()
        faults = [Fault(each["pointer"], each["code"], each["detail"]) for each in problem.get("errors", ())]
        retry = answer.header("retry-after")
        return Refusal(
            problem["detail"],
            code=problem["code"],
            errors=faults,
            status=answer.status,
            retry_after=float(retry) if retry else None,
            more={name: value for name, value in problem.items() if name not in _STANDARD},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unavailable(f"an answer {answer.status} that says nothing")
