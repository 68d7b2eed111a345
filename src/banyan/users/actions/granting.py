"""What a sign-in hands out: a session's tokens, made before the transaction that keeps their digests."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256

from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal, Unavailable
from banyan.users import passwords
from banyan.users.actions import apart, keys
from banyan.users.domain import tokens, views
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.storage import sessions

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
        signed_in = views.SignedIn.model_validate({**self.tokens(), "user": views.of_account(self.account)})
        return Answer(201, signed_in.model_dump_json().encode())


async def prepare(ports: Ports, account: Account, *, method: str, visitor: Visitor) -> Grant:
    """Tokens for a new session of this account; nothing is kept yet."""
    session_id = ports.ids.new("ses")
    grant = Grant(
        account=account,
        session_id=session_id,
        method=method,
        user_agent=visitor.user_agent,
        refresh_token=tokens.refresh_token(ports.ids.secret()),
        access_token=await keys.access_token(ports, account, session_id),
        seconds=ports.settings.access_token_seconds,
        apart=ports.sessions is not None,
    )
    if ports.sessions is not None:
        given = {"method": method, "user_agent": visitor.user_agent, "token": grant.refresh_token}
        await apart.begin(ports, ports.sessions, account, session_id, **given)
    return grant


async def drop(ports: Ports, grant: Grant) -> None:
    """Nobody was given it. Where that cannot be said it stays as a session that nobody can use."""
    if ports.sessions is not None:
        with suppress(Unavailable):
            await ports.sessions.drop(grant.session_id, tokens.digest(grant.refresh_token))


async def keep(tx: Tx, grant: Grant) -> bool:
    """Begin the session; False when the account's rights changed since the grant was prepared."""
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
    )


async def once(
    ports: Ports, key: Key | None, grant: Grant, answer: Answer, effect: Callable[[Tx], Awaitable[None]]
) -> Answer:
    """`idempotency.once` for an answer that holds this grant's tokens: what is kept of it is sealed."""
    try:
        given = await _once(ports, key, answer, effect)
    except Refusal:
        await drop(ports, grant)
        raise
    if given.replayed:
        await drop(ports, grant)
    return given


async def _once(ports: Ports, key: Key | None, answer: Answer, effect: Callable[[Tx], Awaitable[None]]) -> Answer:
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
