"""Who may write a service's tables while an old shop moves in: a fence that the database itself keeps, and who is let through.

A service names its tables once (`UsersTenure: tenure.over("account", …)`). With `legacy` as the owner its database
refuses every row that is written to them, by whomever, as Moving; only the intake's own transactions pass. The triggers
are made by the service's own role when somebody first says who owns it, and are gone after the move; a shop that does
not move never has one.

A change of owner waits for every transaction that has written to these tables, and holds up new ones meanwhile, by an
advisory lock and not by a lock on tables: vacuum and readers do not matter, and nobody who waited sees the old owner.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, Protocol

from banyan.contracts.legacy import Held
from banyan.foundation.db import Row, Tx
from banyan.foundation.service import CallHandler, Ports
from banyan.kernel.refusals import Conflict, Invalid, Unavailable

Owner = Literal["legacy", "new"]
PATIENCE = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds for which new writers are held up at a time; in between they go first
_LOCK = "SELECT pg_advisory_xact_lock(7073)"
_HELD = "SELECT group_name, owner, epoch FROM tenure"
_SET = """
INSERT INTO tenure AS t (group_name, owner, epoch) VALUES ($1, $2, $3)
ON CONFLICT (the_one) DO UPDATE
SET group_name = excluded.group_name, owner = excluded.owner, epoch = excluded.epoch, changed_at = shop_now()"""
_UNSENT = "SELECT count(*) FROM {source} WHERE (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one)"
_THERE = """
SELECT tgrelid::regclass::text AS "table", tgname AS name FROM pg_trigger
WHERE NOT tgisinternal AND starts_with(tgname, 'tenure_')"""


@dataclass(frozen=True, slots=True)
class Fence:
    """A table that the old shop writes as long as it is the owner.

    `free`: columns which follow from others' facts; a change of these alone passes. `ours`: a condition in SQL over
    `row` for rows that never were the old shop's, such as the accounts of those who work here.
    """

    table: str
    free: tuple[str, ...] = ()
    ours: str = ""

    def triggers(self) -> dict[str, str]:
        """What must stand on the table, by name. The name tells one definition from another."""
        mark = blake2b(repr((self.table, self.free, self.ours)).encode(), digest_size=4).hexdigest()
        free = ", ".join(f"'{column}'" for column in self.free)
        made = {}
        for name, events, row in (("added", "INSERT", "new"), ("changed", "UPDATE OR DELETE", "old")):
            ours = f" AND NOT ({self.ours.replace('row.', f'{row}.')})" if self.ours else ""
            made[f"tenure_{name}_{mark}"] = (
                f"BEFORE {events} ON {self.table} FOR EACH ROW"
                f" WHEN (current_setting('banyan.intake', true) IS DISTINCT FROM 'on'{ours})"
                f" EXECUTE FUNCTION tenure_stands({free})"
            )
        made[f"tenure_emptied_{mark}"] = (
            f"BEFORE TRUNCATE ON {self.table} FOR EACH STATEMENT EXECUTE FUNCTION tenure_stands()"
        )
        return made


class Tenure(Protocol):
    """What is asked of each service (contracts.legacy.TENURE)."""

    group: str
    owner: Owner | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds until the transaction ends. `epoch` is 0 where nobody ever said who owns it."""

    owner: Owner | None
    epoch: int

    @property
    def legacys(self) -> bool:
        """Whether the old shop may still write: it owns this, or nobody has said anything yet."""
        return self.owner == "legacy" or self.epoch == 0


def over(*tables: Fence | str, outbox: str = "outbox") -> CallHandler:
    """The answer to a service's tenure call: these tables, all together, are the old shop's or ours.

    `outbox` is the table that the service's relay reads (Service.outbox).
    """
    fences = tuple(Fence(each) if isinstance(each, str) else each for each in tables)

    async def answer(ports: Ports, call: Any) -> Held:
        held = await set_tenure(ports, fences, call)
        return held.model_copy(update={"unsent": await ports.db.fetchval(_UNSENT.format(source=outbox))})

    return answer


async def set_tenure(
    ports: Ports, fences: Sequence[Fence], wish: Tenure, *, patience: Sequence[float] = PATIENCE
) -> Held:
    """Say who owns these tables from now on; when it returns, no write of the other side is under way. Said again: the same.

    Invalid; Conflict `stale_epoch` (it names the epoch that holds) and `other_group`; Unavailable when open transactions do not
    end in time: nothing has changed then.
    """
    if not 1 <= wish.epoch < 1 << 62 or not 1 <= len(wish.group) <= 100 or "\0" in wish.group:
        raise Invalid("a tenure is of a group by name, and its epochs count from 1")
    row = await ports.db.fetchrow(_HELD)
    if _is_so(row, wish) and await _complete(ports.db, () if wish.owner is None else fences):
        return Held(owner=wish.owner, epoch=wish.epoch)
    for last, seconds in enumerate(patience, 1):
        try:
            return await ports.db.retrying(_effect(fences, wish, seconds))
        except Unavailable:
            if last == len(patience):
                raise
            await ports.clock.sleep(seconds / 4)
    raise AssertionError("unreachable: the last attempt returns or raises")


async def taking(tx: Tx) -> Standing:
    """Let this transaction through the fence, and hold off changes of the tenure until it ends. For intakes alone."""
    row = await tx.fetchrow("SELECT owner, epoch FROM tenure_taking()")
    assert row is not None
    return Standing(row["owner"], row["epoch"] or 0)


async def let_through(tx: Tx) -> None:
    """Let this transaction through the fence: for what is nobody's write, such as ending holds whose time is over."""
    await tx.execute("SELECT set_config('banyan.intake', 'on', true)")


async def legacy_owns(source: "_Asks") -> bool:
    """Whether the fence stands: for an action that can leave a part undone instead of being refused whole."""
    return bool(await source.fetchval("SELECT EXISTS (SELECT FROM tenure WHERE owner = 'legacy')"))


async def may_go_back(source: "_Asks") -> bool:
    """Whether an old shop owns this or could still get it back: from the first word of who owns it to the last."""
    return bool(await source.fetchval("SELECT EXISTS (SELECT FROM tenure WHERE owner IS NOT NULL)"))


class _Asks(Protocol):
    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    async def fetchval(self, sql: str, *values: Any) -> Any: ...


def _effect(fences: Sequence[Fence], wish: Tenure, seconds: float) -> Callable[[Tx], Awaitable[Held]]:
    async def effect(tx: Tx) -> Held:
        await tx.execute(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
        await tx.execute(_LOCK)
        _allow(await tx.fetchrow(_HELD), wish)
        await _build(tx, () if wish.owner is None else fences)
        await tx.execute(_SET, wish.group, wish.owner, wish.epoch)
        return Held(owner=wish.owner, epoch=wish.epoch)

    return effect


def _is_so(row: Row | None, wish: Tenure) -> bool:
    return row is not None and tuple(row) == (wish.group, wish.owner, wish.epoch)


def _allow(row: Row | None, wish: Tenure) -> None:
    """Conflict when what is wished comes too late, or from another group while one holds the service."""
    if row is None or _is_so(row, wish):
        return
    if wish.epoch <= row["epoch"]:
        raise Conflict(
            f"epoch {wish.epoch} is over: {row['owner'] or 'nobody'} holds it since epoch {row['epoch']}",
            code="stale_epoch",
            more={"owner": row["owner"], "epoch": row["epoch"]},
        )
    if row["owner"] is not None and row["group_name"] != wish.group:
        raise Conflict(
            f"a service changes hands as a whole, and the group {row['group_name']} holds this one", code="other_group"
        )


async def _there(source: _Asks) -> dict[str, str]:
    """The fence as it stands: triggers, and on which table."""
    return {row["name"]: row["table"] for row in await source.fetch(_THERE)}


async def _complete(source: _Asks, fences: Sequence[Fence]) -> bool:
    return {name for fence in fences for name in fence.triggers()} == set(await _there(source))


async def _build(tx: Tx, fences: Sequence[Fence]) -> None:
    """Make what is missing and take away what is not wanted; both only where something differs."""
    wanted = {name: sql for fence in fences for name, sql in fence.triggers().items()}
    there = await _there(tx)
    for name, sql in wanted.items():
        if name not in there:
            await tx.execute(f"CREATE TRIGGER {name} {sql}")
    for name, table in there.items():
        if name not in wanted:
            await tx.execute(f"DROP TRIGGER {name} ON {table}")
