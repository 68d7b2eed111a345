"""A service's own PostgreSQL database: transactions that carry the deadline, the clock and the facts told in them."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg
import orjson

from banyan.contracts import Event
from banyan.foundation import deadlines, outbox, telemetry
from banyan.foundation.connection import Lent, PlainConnection
from banyan.foundation.plans import Plans
from banyan.foundation.pool import Pool
from banyan.foundation.wake import Wake
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Moving, Unavailable

if TYPE_CHECKING:
    from banyan.foundation.subjects import Subjects

Row = asyncpg.Record
Connection: TypeAlias = Lent
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Again(Exception):
    """What this transaction built on is no longer so: all of it is to be done again (`Db.retrying` does)."""


# Two transactions met; the whole of one may simply be done again.
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, Again)
_FENCED = "BN503"  # what the fence around a shop that moves in says (schema/0002_tenure.sql)
LONGEST = 30.0  # seconds for a statement of whoever has no deadline
_SYSTEM = {"db.system.name": "postgresql"}  # of a span, as OpenTelemetry names it
# An InternalClientError is a connection that broke while nobody waited for it, or no server that takes writes yet.
GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
)


class Tx:
    """An open transaction. Facts told here are in the outbox when it commits, and nowhere when it does not."""

    def __init__(self, con: Connection, ids: Ids, subjects: "Subjects | None" = None) -> None:
        self.con = con
        self.subjects = subjects
        self._ids = ids
        self._told: list[tuple[Event, str]] = []
        self._flushed = False

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        return await self.con.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Row | None:
        return await self.con.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        return await self.con.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement; how many rows it touched."""
        status = await self.con.execute(sql, *values)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def executemany(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        await self.con.executemany(sql, values)

    async def one_moment(self) -> None:
        """All that is read from here on is of the same moment; it must be the first statement. For reports, not for rules."""
        await self.con.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def tell(self, *events: Event, trace: str | None = None) -> None:
        """Publish these facts if, and only if, this transaction commits. `trace`: of another request than the present."""
        trace = telemetry.traceparent() if trace is None else trace
        self._told.extend((event, trace) for event in events)

    async def flush(self) -> bool:
        """Write the facts told so far to the outbox; whether this transaction wrote any, now or before."""
        told, self._told = self._told, []
        if told:
            await outbox.append(self.con, told, self._ids)
            self._flushed = True
        return self._flushed


class Db:
    """A pool of connections to one service's database."""

    def __init__(self, pool: Pool, *, clock: Clock, ids: Ids) -> None:
        self._pool = pool
        self._clock = clock
        self._ids = ids
        self.subjects: Subjects | None = None  # where Service.seals: what opens personal data kept here
        self.wake = Wake()  # rung after a commit that told something: the relay need not poll

    @classmethod
    async def connect(cls, url: str, *, clock: Clock, ids: Ids, size: int = 8, plan_once: bool = False) -> "Db":
        """Open a pool of 1 to `size` connections. `plan_once`: as Service has it. Unavailable when the server cannot be
        reached."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                connection_class=PlainConnection,
                init=_prepare,
                command_timeout=60,
                max_inactive_connection_lifetime=300,
                server_settings={
                    "application_name": "banyan",
                    "statement_timeout": f"{LONGEST:.0f}s",
                    "lock_timeout": "5000",
                    "idle_in_transaction_session_timeout": "10000",
                    "timezone": "UTC",
                    "jit": "off",
                    "plan_cache_mode": "force_generic_plan" if plan_once else "auto",
                    # A plan made over a small table would read all of it until it is made anew (foundation.plans).
                    "enable_seqscan": "off" if plan_once else "on",
                },
            )
        except (*GONE, asyncpg.PostgresError) as error:
            raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
        return cls(Pool(pool, Plans(clock) if plan_once else None), clock=clock, ids=ids)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, seconds: float | None = None) -> AsyncIterator[Tx]:
        """BEGIN … COMMIT in READ COMMITTED; rolled back on any exception. Ends at the deadline, or after `seconds`."""
        left = deadlines.remaining(LONGEST) if seconds is None else seconds
        with telemetry.step("transaction", **_SYSTEM):
            async with self._borrow(left) as con:
                tx = Tx(con, self._ids, self.subjects)
                try:
                    await con.execute(self._begin(left))
                    yield tx
                    told = await tx.flush()
                except BaseException:
                    await _roll_back(con)
                    raise
                if await con.execute("COMMIT") != "COMMIT":  # PostgreSQL says ROLLBACK, and no more
                    raise RuntimeError("a statement of this transaction had failed, so nothing was committed")
        if told:
            self.wake.ring()

    async def retrying(self, effect: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `effect` in a transaction, again (at most three times) when it met another in a deadlock, or says Again."""

        async def whole() -> T:
            async with self.transaction() as tx:
                return await effect(tx)

        return await self._again(whole)

    async def alone(self, statement: Callable[[], Awaitable[T]]) -> T:
        """The same for what is a transaction already: one statement, as a rule."""
        with telemetry.step("transaction", **_SYSTEM):
            return await self._again(statement)

    async def _again(self, whole: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(3):
            try:
                return await whole()
            except AGAIN:
                await self._clock.sleep(0.005 * (attempt + self._ids.fraction()))
        return await whole()

    async def execute(self, sql: str, *values: Any) -> None:
        """One statement by itself, committed by itself."""
        async with self._reading() as con:
            await con.execute(sql, *values)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """One statement by itself, read outside any transaction of ours."""
        async with self._reading() as con:
            return await con.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Row | None:
        async with self._reading() as con:
            return await con.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        async with self._reading() as con:
            return await con.fetchval(sql, *values)

    @asynccontextmanager
    async def own(self) -> AsyncIterator[Connection]:
        """A connection for a long time, for session locks; what it locked is let go at the end."""
        async with self._borrow(30.0) as con:
            try:
                yield con
            finally:
                if not con.is_closed():
                    await con.execute("SELECT pg_advisory_unlock_all()")

    async def ready(self) -> bool:
        """Whether the database answers a question right now."""
        try:
            return bool(await self.fetchval("SELECT true"))
        except Unavailable:
            return False

    def _begin(self, seconds: float) -> str:
        begin = "BEGIN"
        if seconds != LONGEST:
            begin += f"; SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"
        if self._clock.virtual:
            begin += f"; SET LOCAL banyan.now = '{self._clock.now().isoformat()}'"
        return begin

    def _borrow(self, seconds: float) -> "_Borrowed":
        return _Borrowed(self._pool, seconds)

    def _reading(self) -> AbstractAsyncContextManager[Connection]:
        return self._in_time() if self._clock.virtual else self._borrow(deadlines.remaining(LONGEST))

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[Connection]:
        """Where time is the shop's own, a transaction is what tells PostgreSQL."""
        async with self.transaction() as tx:
            yield tx.con


class _Borrowed:
    """A connection for as long as a `with` goes on; what PostgreSQL says wrong is told as a refusal."""

    __slots__ = ("_con", "_pool", "_seconds")
    _con: Connection

    def __init__(self, pool: Pool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def __aenter__(self) -> Connection:
        try:
            self._con = await self._pool.lend(self._seconds)
        except TimeoutError:
            raise Unavailable("all database connections are busy", retry_after=1) from None
        except GONE as error:
            raise Unavailable(f"the database does not answer: {type(error).__name__}", retry_after=1) from error
        return self._con

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None and self._pool.take_back(self._con):
            return
        if isinstance(error, GONE):
            with suppress(asyncpg.InterfaceError):  # the pool may have let it go already
                self._con.terminate()  # whatever state it is in, nobody else is to have it
        await self._pool.release(self._con)
        if isinstance(error, (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)):
            raise Unavailable("the database took too long", retry_after=1) from error
        if isinstance(error, GONE):
            raise Unavailable(f"the database went away: {type(error).__name__}", retry_after=1) from error
        if isinstance(error, asyncpg.PostgresError) and error.sqlstate == _FENCED:
            raise Moving(retry_after=2) from error


async def _prepare(con: asyncpg.Connection) -> None:
    """Teach a new connection that JSON columns hold Python values."""
    for kind in ("json", "jsonb"):
        await con.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=orjson.loads, format="text")


def _encode(value: object) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"{type(value).__name__} cannot be kept as JSON")
    return dump(mode="json")


async def _roll_back(con: Connection) -> None:
    """Undo; a connection that cannot is thrown away with whatever it holds."""
    try:
        await con.execute("ROLLBACK", timeout=5)
    except Exception:
        con.terminate()
