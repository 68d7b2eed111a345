"""Who asks: access tokens (RS256 `at+jwt`, RFC 9068) checked against the shop's own keys, and guests' cart tokens."""

import json
import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from joserfc.jwk import KeySet

from banyan.contracts.users import AskKeys
from banyan.foundation import jose
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Forbidden, Refusal, Unauthenticated

if TYPE_CHECKING:
    from banyan.foundation.api_keys import Keyring
    from banyan.foundation.peers import Peers

AUDIENCE = "banyan"
FIRST_PARTY = "banyan"  # the client of the shop's own pages and apps
CART_COOKIE = "banyan_cart"
_FRESH = 300.0  # seconds for which a key set is believed
_AGAIN = 5.0  # seconds between two looks at users, whether or not it answered
_LEEWAY = 30  # seconds
_REMEMBERED = 20_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{2,2000}\.[A-Za-z0-9_-]{2,6000}\.[A-Za-z0-9_-]{20,2000}")
_TYPES = frozenset({"at+jwt"})
_CART = re.compile(r"ct_[A-Za-z0-9_-]{20,100}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. A guest has no user_id; a cart token may come with either.

    `scopes` is None for the shop's own pages and apps: they may do whatever the user may. A token that was given to a
    third party has what was agreed to, and may do only that: `permissions` are those of the user that are among its scopes,
    and an operation on the user's own things asks `within` its scope. What names no scope is not for third parties.
    """

    user_id: str | None = None  # of a client that acts for itself its own id: `cli_…`
    session_id: str | None = None
    permissions: frozenset[str] = frozenset()
    cart_token: str | None = None
    scopes: frozenset[str] | None = None
    client_id: str | None = None  # the third party; None for the shop's own
    key_id: str | None = None  # the API key that `user_id` made, and that asks by itself

    @property
    def caller(self) -> str:
        """A stable name for limits and idempotency scopes; a cart's secret is digested."""
        if self.user_id:
            return self.key_id or self.user_id
        return f"cart:{sha256(self.cart_token.encode()).hexdigest()[:32]}" if self.cart_token else "guest"

    def within(self, scope: str | None) -> bool:
        """Whether an operation of this scope (None: of none) is open to the client that asks."""
        return self.scopes is None or scope in self.scopes

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def must(self, permission: str) -> None:
        """Unauthenticated for a guest, Forbidden for a user who lacks the permission."""
        self.signed_in()
        if permission not in self.permissions:
            raise Forbidden(f"this needs the permission {permission}")

    def signed_in(self) -> str:
        """The user's id; Unauthenticated for a guest."""
        if self.user_id is None:
            raise Unauthenticated
        return self.user_id


GUEST = Principal()


def cart_cookie(origin: str) -> str:
    """What the cookie of a guest's cart is called. On https browsers hold the name to this host: no other one of the domain
    can plant a cart here (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{CART_COOKIE}" if origin.startswith("https:") else CART_COOKIE


class Authority:
    """Checks tokens. Keys come from users, are kept for minutes, and looked for again when a token names a new one."""

    def __init__(self, peers: "Peers", *, issuer: str, clock: Clock) -> None:
        self._peers = peers
        self._issuer = issuer
        self.cart_cookie = cart_cookie(issuer)
        self._clock = clock
        self._keys: KeySet | None = None
        self._jwks = ""
        self._fetched = self._looked = float("-inf")
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self._keyring: Keyring | None = None  # made when a key is shown: its module knows this one

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        """Who sent these headers. Unauthenticated when a token is there but does not hold."""
        cart = cart_cookie if _CART.fullmatch(cart_cookie) else None
        if not authorization:
            return Principal(cart_token=cart) if cart else GUEST
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send `Authorization: Bearer <token>`", code="invalid_token")
        if _CART.fullmatch(token):
            return Principal(cart_token=token)
        if token.startswith("bk_"):
            return await self._key_holder(token)
        who = await self._user(token)
        return replace(who, cart_token=cart) if cart else who

    async def _key_holder(self, key: str) -> Principal:
        if self._keyring is None:
            from banyan.foundation.api_keys import Keyring

            self._keyring = Keyring(self._peers, self._clock)
        return await self._keyring.principal(key)

    async def _user(self, token: str) -> Principal:
        now = self._clock.now().timestamp()
        if self._keys is not None:
            await self._key_set(look_again=False)  # a key that was taken back takes the tokens known by it along
        known = self._known.get(token)
        if known is not None:
            if known[0] < now:
                raise Unauthenticated("the access token has expired", code="token_expired")
            return known[1]
        if not _TOKEN.fullmatch(token):
            raise Unauthenticated("this is not an access token of this shop", code="invalid_token")
        claims = await self._claims(token, now)
        who = _principal(claims)
        self._known[token] = (float(claims["exp"]) + _LEEWAY, who)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return who

    async def claims(self, token: str) -> dict[str, Any]:
        """What an access token says, as it stands. Unauthenticated when it does not hold."""
        if not _TOKEN.fullmatch(token):
            raise Unauthenticated("this is not an access token of this shop", code="invalid_token")
        return await self._claims(token, self._clock.now().timestamp())

    async def _claims(self, token: str, now: float) -> dict[str, Any]:
        for fresh in (False, True):
            try:
                claims = jose.claims(token, await self._key_set(fresh), algorithms=("RS256",), types=_TYPES)
                break
            except jose.NotTrusted:
                if fresh:
                    raise Unauthenticated("this is not an access token of this shop", code="invalid_token") from None
        fits = (
            claims.get("iss") == self._issuer
            and claims.get("aud") == AUDIENCE
            and isinstance(claims.get("sub"), str)
            and all(type(claims.get(name)) is int for name in ("exp", "iat"))
            and type(claims.get("nbf", 0)) is int
            and isinstance(claims.get("permissions", []), list)
            and isinstance(claims.get("client_id", FIRST_PARTY), str)
            and isinstance(claims.get("scope", ""), str)
        )
        if not fits or max(claims["iat"], claims.get("nbf", 0)) > now + _LEEWAY:
            raise Unauthenticated("this is not an access token of this shop", code="invalid_token")
        if claims["exp"] + _LEEWAY < now:
            raise Unauthenticated("the access token has expired", code="token_expired")
        return claims

    async def _key_set(self, look_again: bool) -> KeySet:
        now = self._clock.monotonic()
        wanted = look_again or now - self._fetched > _FRESH
        if self._keys is not None and (not wanted or now - self._looked <= _AGAIN):
            return self._keys
        self._looked = now
        try:
            answer = await self._peers.ask(AskKeys())
        except Refusal:
            if self._keys is None:
                raise
            return self._keys  # users is away: those who are signed in go on shopping with the keys known
        self._fetched = now
        if answer.jwks != self._jwks:
            self._jwks, self._keys = answer.jwks, KeySet.import_key_set(json.loads(answer.jwks))
            self._known.clear()
        assert self._keys is not None
        return self._keys


def _principal(claims: dict[str, Any]) -> Principal:
    """Who a token speaks for. What was given to another client than our own is held to its scopes, of which it may have none."""
    client = claims.get("client_id", FIRST_PARTY)
    ours = client == FIRST_PARTY
    return Principal(
        claims["sub"],
        str(claims.get("sid") or "") or None,
        frozenset(map(str, claims.get("permissions") or ())),
        scopes=None if ours else frozenset(claims.get("scope", "").split()),
        client_id=None if ours else client,
    )
