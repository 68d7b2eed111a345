"""The conversation with an OpenSearch server: addresses, errors, many questions in one request."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ImproperlyConfigured, SerializationError, TransportError

from banyan.foundation import deadlines
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable

READ, WRITE = 2.0, 30.0  # seconds that an answer may take …
_SHARE = 0.8  # … and of the time that is left, so that some is left to do without it
_MOMENT = 0.05  # seconds before what failed is asked again
CONNECTIONS = 64  # to each host
_PORT = 9200
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_BUSY = 429
# Of each answer what is read here; its status is there always, so that no answer is left out of the list.
_PARTS = ("status", "error.type", "hits.total", "hits.hits._id", "hits.hits._source", "aggregations", "suggest")
_FILTER = {"filter_path": ",".join(f"responses.{part}" for part in _PARTS)}

# The driver writes a line with a stack for each failed request; what fails here is said once, by who asked.
logging.getLogger("opensearch").setLevel(logging.CRITICAL)


class Refused(Exception):
    """The server understood and will not: an HTTP status below 500."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(f"the search server refuses: {status} {kind}")
        self.status = status
        self.kind = kind


class _Failed(Exception):
    """A search that failed, by its HTTP status."""

    def __init__(self, status: int, kind: str) -> None:
        self.status = status
        self.kind = kind

    def meant(self) -> Exception:
        """No index, or a server with trouble; all else is our own mistake."""
        if self.status == 404:
            return Unavailable("there is no search index yet", retry_after=1)
        if self.status >= 500 or self.status == _BUSY:
            return Unavailable(f"the search server answers {self.status} {self.kind}", retry_after=1)
        return Refused(self.status, self.kind)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the index is. The prefix begins the names of all that is kept there."""

    hosts: tuple[tuple[str, int], ...]
    prefix: str
    secure: bool = False
    user: tuple[str, str] | None = field(default=None, repr=False)
    authority: str | None = None
    """A file with the certificates of who signed the server's."""


def place(url: str) -> Place:
    """`opensearch://user:password@host:9200,other:9200/prefix`; `opensearchs://…?ca=FILE` with TLS."""
    parts = urlsplit(url)
    secret, _, listed = parts.netloc.rpartition("@")
    name, _, word = secret.partition(":")
    prefix = parts.path.strip("/") or "banyan"
    options = parse_qs(parts.query)
    try:
        # Each host is read as a URL of its own, for IPv6 in brackets.
        each = [urlsplit(f"//{host}") for host in listed.split(",")]
        hosts = tuple((host.hostname or "", host.port or _PORT) for host in each)
    except ValueError:
        hosts = ()
    if not hosts or not all(host for host, _ in hosts):
        raise WrongSettings(
            f"BANYAN_SEARCH_URL: {parts.scheme}:// names no host; use {parts.scheme}://host:9200/prefix"
        )
    if not _PREFIX.fullmatch(prefix):
        raise WrongSettings("BANYAN_SEARCH_URL: a prefix is lower-case letters, digits, - and _, as in …/shop")
    if unknown := set(options) - ({"ca"} if parts.scheme == "opensearchs" else set()):
        raise WrongSettings(f"BANYAN_SEARCH_URL: {parts.scheme}:// knows no option {', '.join(sorted(unknown))}")
    authority = options.get("ca", [None])[-1]
    if authority and not Path(authority).is_file():
        raise WrongSettings(f"BANYAN_SEARCH_URL: there is no file {authority}")
    user = (unquote(name), unquote(word)) if secret else None
    return Place(hosts, prefix, parts.scheme == "opensearchs", user, authority)


class Json:
    """orjson in the driver's place for a serializer; what is bytes already stays so."""

    mimetype = "application/json"

    def dumps(self, data: Any) -> bytes:
        return data if isinstance(data, bytes) else orjson.dumps(data)

    def loads(self, text: str) -> Any:
        return orjson.loads(text)


class Server:
    """Asks, and turns what goes wrong into Unavailable or Refused. Nothing is asked twice: who asks knows whether to."""

    def __init__(self, where: Place) -> None:
        tls: dict[str, Any] = {"use_ssl": True, "ca_certs": where.authority} if where.secure else {}
        try:
            self._client = AsyncOpenSearch(
                hosts=[{"host": host, "port": port} for host, port in where.hosts],
                http_auth=where.user,
                serializer=Json(),
                serializers={Json.mimetype: Json()},
                max_retries=0,
                pool_maxsize=CONNECTIONS,
                **tls,
            )
        except (ImproperlyConfigured, OSError) as wrong:
            raise WrongSettings(f"BANYAN_SEARCH_URL: the certificates cannot be read: {type(wrong).__name__}") from None

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        seconds: float = WRITE,
    ) -> Any:
        """The answer, as JSON. Refused and Unavailable tell no address: it may hold a password."""
        try:
            return await self._client.transport.perform_request(
                method,
                path,
                params=dict(params or {}),
                body=body,
                timeout=min(seconds, _SHARE * deadlines.remaining(seconds / _SHARE)),
            )
        except NoConnection as error:
            raise Unavailable(f"the search server does not answer: {type(error).__name__}", retry_after=1) from None
        except TransportError as error:
            status = error.status_code if isinstance(error.status_code, int) else 500
            if status >= 500 or status in (401, 403, _BUSY):
                raise Unavailable(f"the search server answers {status}", retry_after=1) from None
            raise Refused(status, _kind(error)) from None
        except (SerializationError, orjson.JSONDecodeError):
            raise Unavailable("what answers is no search server", retry_after=1) from None

    async def ask_all(self, index: str, bodies: Sequence[Mapping[str, Any]], *, alike: str = "") -> list[Any]:
        """Search for each of these in one request. Those `alike` are answered by the same copy of the index.

        An index that goes in this moment fails: what fails for another reason than load is asked once more.
        """
        header = b'{"allow_partial_search_results":false}\n'
        if alike:
            header = orjson.dumps({"allow_partial_search_results": False, "preference": alike}) + b"\n"
        lines = b"".join(header + orjson.dumps(body) + b"\n" for body in bodies)
        for last in (False, True):
            try:
                return await self._answers(index, lines)
            except _Failed as failed:
                if last or failed.status == _BUSY:
                    raise failed.meant() from None
            await asyncio.sleep(_MOMENT)
        raise AssertionError("unreachable: the last time returns or raises")

    async def _answers(self, index: str, lines: bytes) -> list[Any]:
        try:
            told = await self.ask("POST", f"/{index}/_msearch", lines, params=_FILTER, seconds=READ)
        except Refused as refused:
            raise _Failed(refused.status, refused.kind) from None
        answers: list[Any] = told["responses"]
        for each in answers:
            if "error" in each:
                raise _Failed(each["status"], each["error"]["type"])
        return answers

    async def close(self) -> None:
        await self._client.close()


def _kind(error: TransportError) -> str:
    """The server's own word for it, which holds no words of ours."""
    told = error.error
    return told if isinstance(told, str) and told.isidentifier() else type(error).__name__
