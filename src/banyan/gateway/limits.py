"""How much one caller may ask for: the table of quotas, counted through the cache port, told in the RateLimit headers.

Limits protect the shop; no invariant rests on them. Header fields: draft-ietf-httpapi-ratelimit-headers-11.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address

from banyan.foundation.auth import Principal
from banyan.foundation.cache import Cache
from banyan.foundation.web import MAX_BODY
from banyan.kernel.refusals import TooMany, Unavailable

MAX_UPLOAD = 5_000_000  # bytes of a product's picture
_PATIENCE = 0.25  # seconds for the counters to answer
_UPLOAD = re.compile(r"/v1/products/[^/]+/media/?")


class Per(Enum):
    """Whose requests are counted together."""

    CALLER = "caller"  # a user, a cart token, or the address of who has neither
    ADDRESS = "address"  # a network address, whoever asks from it
    ANYWHERE = "anywhere"  # an address, except this machine's own: load tests and proxies on it speak for thousands


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds."""

    name: str
    allowed: int
    seconds: int
    per: Per = Per.CALLER
    gives_back: bool = False  # what succeeds does not count: only guessing runs out
    guarded: bool = False  # refused, not let through, when nobody can count


SIGN_IN = Quota("sign-in", 20, 60, Per.ADDRESS, gives_back=True, guarded=True)
SIGN_UP = Quota("sign-up", 100, 60, Per.ADDRESS, guarded=True)
MAIL = Quota("mail", 20, 60, Per.ADDRESS, guarded=True)  # each sends one to somebody
CHECKOUT = Quota("checkout", 60, 60)
CHECKOUT_ANYWHERE = Quota("checkout-address", 600, 60, Per.ANYWHERE)  # cart tokens cost nothing, card testers have many
CARTS = Quota("carts", 6000, 60, Per.ANYWHERE)
WEBHOOKS = Quota("webhooks", 6000, 60, Per.ADDRESS)
WRITES = Quota("writes", 600, 60)
WRITES_ANYWHERE = Quota("writes-address", 60_000, 60, Per.ANYWHERE)
READS = Quota("reads", 6000, 60)
QUERIES = Quota("graphql", 6000, 60)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_WRITES = (WRITES, WRITES_ANYWHERE)
_CHECKOUT = (CHECKOUT, CHECKOUT_ANYWHERE)

# What counts as what: the first line whose pattern fits a request that is not a read. API first, then the faces' forms.
_POSTS: tuple[tuple[re.Pattern[str], tuple[Quota, ...]], ...] = tuple(
    (re.compile(pattern), quotas)
    for pattern, quotas in (
        (r"/v1/sessions/magic-link|/sign-in/link", (MAIL,)),
        (r"/v1/users", (SIGN_UP,)),
        (r"/v1/sessions(?:/.*)?|/v1/passkeys/.*|/oauth/(?:token|revoke|introspect|authorize)", (SIGN_IN,)),
        (r"/v1/carts", (CARTS,)),
        (r"/v1/carts/[^/]+/checkout|/v1/orders/one-click|/v1/vault/.*|/bank/cards/.*", _CHECKOUT),
        (r"/webhooks/.*", (WEBHOOKS,)),
        (r"/graphql", (QUERIES,)),
        (r"(?:/console)?/sign-in(?:/.*)?", (SIGN_IN,)),
        (r"/sign-up", (SIGN_UP,)),
        (r"/checkout/place|/buy-now", _CHECKOUT),
    )
)


def quotas_of(method: str, path: str) -> tuple[Quota, ...]:
    """What a request counts towards."""
    if method in _SAFE:
        return (READS,)
    if method == "POST":
        for pattern, quotas in _POSTS:
            if pattern.fullmatch(path):
                return quotas
    return _WRITES


def max_body(method: str, path: str) -> int:
    """How many bytes a request's body may have."""
    return MAX_UPLOAD if method == "POST" and _UPLOAD.fullmatch(path) else MAX_BODY


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a caller is with one quota."""

    quota: Quota
    key: str  # its counter; empty where this caller is not counted
    used: int
    seconds: float  # until it begins anew

    @property
    def over(self) -> bool:
        return self.used > self.quota.allowed

    @property
    def left(self) -> int:
        return min(self.quota.allowed, max(0, self.quota.allowed - self.used))


class Limits:
    """Counts requests by the table. Where the shared counters fail it counts for itself, and lets nobody guess passwords."""

    def __init__(self, counters: Cache, own: Cache) -> None:
        """`own` is this process's memory."""
        self._counters = counters
        self._own = own

    async def admit(self, method: str, path: str, who: Principal, address: str) -> tuple[Standing, ...]:
        """Count a request. Unavailable when a guarded quota cannot be counted; `refuse` tells whether it is too many."""
        counted = []
        for quota in quotas_of(method, path):
            key = _key(quota, who, address)
            used = await self._add(quota, key, 1) if key else (0, float(quota.seconds))
            counted.append(Standing(quota, key, *used))
        return tuple(counted)

    async def give_back(self, standings: Sequence[Standing]) -> None:
        """The request succeeded: what counts failures only counts one less."""
        for standing in standings:
            if standing.quota.gives_back and standing.key:
                with contextlib.suppress(Unavailable):
                    await self._add(standing.quota, standing.key, -1)

    async def _add(self, quota: Quota, key: str, cost: int) -> tuple[int, float]:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._counters.count(key, window=quota.seconds, cost=cost, surely=quota.guarded)
        except Exception as error:  # whatever a backend raises, it does not count
            if quota.guarded:
                raise Unavailable("this cannot be tried just now", retry_after=5) from error
            return await self._own.count(key, window=quota.seconds, cost=cost)


def refuse(standings: Sequence[Standing]) -> None:
    """TooMany when one of them is over, with the seconds to wait."""
    over = [standing for standing in standings if standing.over]
    if over:
        longest = max(over, key=lambda standing: standing.seconds)
        quota = longest.quota
        raise TooMany(
            f"{quota.name}: {quota.allowed} in {quota.seconds} seconds are allowed",
            retry_after=max(1.0, longest.seconds + 0.5),
        )


def left(standings: Sequence[Standing]) -> bytes:
    """The RateLimit header: what is left, and for how long (seconds)."""
    return ", ".join(
        f'"{each.quota.name}";r={each.left};t={max(0, round(each.seconds))}' for each in standings
    ).encode()


def policy(quotas: Iterable[Quota]) -> bytes:
    """The RateLimit-Policy header: what is allowed."""
    return ", ".join(f'"{each.name}";q={each.allowed};w={each.seconds}' for each in quotas).encode()


def address_of(peer: str, forwarded: str, proxies: int) -> str:
    """Where a request comes from: of our own `proxies` the outermost says who asked it (X-Forwarded-For).

    With none in front nothing that callers say is believed. Empty where nobody can say, as on a Unix socket.
    """
    told = [each.strip() for each in forwarded.split(",")] if forwarded else []
    for text in (told[-proxies] if 0 < proxies <= len(told) else peer, peer):
        with contextlib.suppress(ValueError):
            address = ip_address(text.partition("%")[0])
            mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
            return str(mapped or address)
    return ""


def _key(quota: Quota, who: Principal, address: str) -> str:
    """The counter of one quota and caller; empty where nothing is counted."""
    caller = who.caller if quota.per is Per.CALLER else "guest"
    if caller != "guest":
        return f"limit:{quota.name}:{caller}"
    if quota.per is not Per.ADDRESS and _own_machine(address):
        return ""
    return f"limit:{quota.name}:{_network(address)}"


def _network(address: str) -> str:
    """An IPv6 subscriber has a /64 and counts as one."""
    return f"{IPv6Address(int(IPv6Address(address)) >> 64 << 64)}/64" if ":" in address else address


def _own_machine(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "")
