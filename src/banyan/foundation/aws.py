"""AWS, in one place: a client per service, with a region, an endpoint for tests, bounded timeouts, and an end.

Credentials come from boto's ordinary chain (environment, profile, container, instance) and never from our settings.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError

from banyan.foundation import deadlines
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable

CONNECT, READ = 2.0, 5.0  # seconds, for one attempt
LONGEST = 15.0  # seconds for an operation with its retries, where the asker has no nearer deadline
_GONE = (BotoCoreError, OSError, TimeoutError)


class Refused(Unavailable):
    """AWS answered, and said no. `said` is its error code, as `NoSuchKey`; its words may name people and are not kept."""

    def __init__(self, service: str, said: str) -> None:
        super().__init__(f"{service} refused: {said}")
        self.said = said


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL such as `s3://bucket/prefix?region=eu-central-1&endpoint=http://127.0.0.1:5000` names."""

    name: str  # all between the scheme and the query
    region: str = ""
    endpoint: str = ""
    options: dict[str, str] = field(default_factory=dict)


def place(setting: str, url: str, *options: str) -> Place:
    """Read a URL; `options` are what it may say beside region and endpoint. WrongSettings says what is known."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    known = ("region", "endpoint", *options)
    if odd := [name for name in given if name not in known]:
        raise WrongSettings(f"{setting}: {odd[0]} is no option of {parts.scheme}://. Known: {', '.join(known)}")
    region, endpoint = given.pop("region", ""), given.pop("endpoint", "")
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise WrongSettings(f"{setting}: endpoint is an address as http://127.0.0.1:5000")
    return Place((parts.netloc + parts.path).rstrip("/"), region, endpoint, given)


class Aws:
    """One AWS service, reached on first use. All that keeps it from answering is Unavailable."""

    def __init__(
        self,
        setting: str,
        service: str,
        where: Place,
        *,
        attempts: int = 3,
        read_seconds: float = READ,
        **more: object,
    ) -> None:
        """WrongSettings without a region: neither in the URL, nor where boto looks for one. `more`: as in AioConfig."""
        self._service = service
        self._where = where
        self._session = AioSession()
        self._longest = max(LONGEST, read_seconds + CONNECT)
        self._config = AioConfig(
            connect_timeout=CONNECT,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=32,
            user_agent_extra="banyan",
            **more,
        )
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Any = None
        if not (where.region or self._session.get_config_variable("region")):
            raise WrongSettings(f"{setting}: no region; add ?region=eu-central-1 or set AWS_DEFAULT_REGION")

    async def ask(self, operation: str, **values: object) -> dict[str, Any]:
        """Its answer to an operation by its name in boto, as `put_object`. Refused when it says no, Unavailable else."""
        try:
            async with asyncio.timeout(deadlines.remaining(self._longest)):
                client = await self._reach()
                answer: dict[str, Any] = await getattr(client, operation)(**values)
                if "Body" in answer:  # read here, where the time is bounded
                    async with answer["Body"] as stream:
                        answer["Body"] = await stream.read()
                return answer
        except ClientError as error:
            raise Refused(self._service, str(error.response.get("Error", {}).get("Code", "unknown"))) from None
        except _GONE as error:
            raise Unavailable(f"{self._service} does not answer: {type(error).__name__}") from None

    async def close(self) -> None:
        self._client = None
        await self._open.aclose()

    async def _reach(self) -> Any:
        async with self._opening:
            if self._client is None:
                made = self._session.create_client(
                    self._service,
                    region_name=self._where.region or None,
                    endpoint_url=self._where.endpoint or None,
                    config=self._config,
                )
                self._client = await self._open.enter_async_context(made)
            return self._client
