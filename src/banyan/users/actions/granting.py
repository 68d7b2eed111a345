"""What a sign-in hands out: a session's tokens, made before the transaction that keeps their digests."""

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256

from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal, Unavailable
from banyan.users import passwords
from banyan.users.actions import apart, keys, proving
from banyan.users.domain import tokens, views
from banyan.users.domain.accounts import SESSION_SECONDS, Account, Visitor
from banyan.users.storage import factors, sessions

_SEALED = "users answer with tokens"


@dataclass(frozen=True, slots=True)
class Grant:
    """A session about to begin."""

    account: Account
    session_id: str
    method: str
    user_agent: str
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    seconds: int = 0
    strong: bool = False  # a passkey, or a code besides a password or link
    factor_needed: bool = False  # nothing is permitted before a second factor is there
    lives: float = SESSION_SECONDS  # at most so many seconds, however often it is refreshed
    apart: bool = False  # its session is kept already, apart from the users database

    def tokens(self) -> dict[str, object]:
        """As views.Tokens has them."""
        return {
            "access_token": self.access_token,
            "expires_in": self.seconds,
            "refresh_token": self.refresh_token,
            "session_id": self.session_id,
        }

    def answer(self) -> Answer:
        """What the one who signed in is told."""
        told = {"user": views.of_account(self.account), "factor_needed": self.factor_needed}
        signed_in = views.SignedIn.model_validate({**self.tokens(), **told})
        return Answer(201, signed_in.model_dump_json().encode())


async def prepare(
    ports: Ports,
    account: Account,
    *,
    method: str,
    visitor: Visitor,
    strong: bool = False,
    client: tuple[str, Collection[str]] | None = None,
    lives: float = SESSION_SECONDS,
) -> Grant:
    """Tokens for a new session of this account; nothing is kept yet. `strong`: it begins with a second factor.

    `client`: the third party that it is for, and its scopes.
    """
    session_id = ports.ids.new("ses")
    grant = Grant(
        account=account,
        session_id=session_id,
        method=method,
        user_agent=visitor.user_agent,
        refresh_token=tokens.refresh_token(ports.ids.secret()),
        access_token=await keys.access_token(ports, account, session_id, *(client or ()), strong=strong),
        strong=strong,
        factor_needed=not strong and proving.must_be_strong(ports, account),
        seconds=ports.settings.access_token_seconds,
        lives=lives,
        apart=ports.sessions is not None,
    )
    if ports.sessions is not None:
        given = {"method": method, "user_agent": visitor.user_agent, "token": grant.refresh_token}
        await apart.begin(ports, ports.sessions, account, session_id, seconds=lives, **given)
    return grant


async def drop(ports: Ports, grant: Grant) -> None:
    """Nobody was given it. Where that cannot be said it stays as a session that nobody can use."""
    if ports.sessions is not None:
        with suppress(Unavailable):
            await ports.sessions.drop(grant.session_id, tokens.digest(grant.refresh_token))


async def keep(tx: Tx, grant: Grant) -> bool:
    """Begin the session; False when the account's rights changed since the grant was prepared."""
    if not await _begin(tx, grant):
        return False
    if grant.strong:
        await factors.prove(tx, grant.session_id, grant.account.id, strong=True)
    return True


async def _begin(tx: Tx, grant: Grant) -> bool:
    if grant.apart:
        return await sessions.may_begin(tx, grant.account.id, grant.account.epoch)
    return await sessions.begin(
        tx,
        grant.session_id,
        grant.account.id,
        grant.account.epoch,
        method=grant.method,
        user_agent=grant.user_agent,
        refresh_hash=tokens.digest(grant.refresh_token),
        seconds=grant.lives,
    )


async def once(
    ports: Ports, key: Key | None, grant: Grant, answer: Answer, effect: Callable[[Tx], Awaitable[None]]
) -> Answer:
    """`idempotency.once` for an answer that holds this grant's tokens: what is kept of it is sealed."""
    try:
        given = await sealed_once(ports, key, answer, effect)
    except Refusal:
        await drop(ports, grant)
        raise
    if given.replayed:
        await drop(ports, grant)
    return given


async def sealed_once(ports: Ports, key: Key | None, answer: Answer, effect: Callable[[Tx], Awaitable[None]]) -> Answer:
    """`idempotency.once` for an answer with a secret in it: what is kept of it is sealed."""
    if key is None:
        await ports.db.retrying(effect)
        return answer
    sealed = replace(answer, body=await ports.keys.seal(answer.body, _SEALED))

    async def and_keep(tx: Tx) -> Answer:
        await effect(tx)
        return sealed

    given = await idempotency.once(ports.db, key, and_keep)
    if not given.replayed:
        return answer
    return replace(given, body=await ports.keys.open(given.body, _SEALED))


async def slow_key(key: Key | None, body: bytes) -> Key | None:
    """The key of a request whose body holds a password: its fingerprint is kept, so it must be hard to guess from."""
    if key is None:
        return None
    salt = sha256(f"{key.scope} {key.key}".encode()).digest()[:16]
    return replace(key, fingerprint=await passwords.slow_digest(body, salt))
