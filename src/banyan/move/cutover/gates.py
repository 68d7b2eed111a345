"""What has to be so before a group may change hands: every gate is looked at, and each says its numbers and what to do.

A gate can be passed by name, with a reason that is kept in the log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from banyan.contracts import Call
from banyan.contracts.legacy import TENURE, AskUnsettled, Held
from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.cutover.owned import kinds, services
from banyan.move.source import SqlError, read_tables
from banyan.move.storage import back, checkpoints, checks, due, groups, hands, log, quarantine, tables, workers
from banyan.move.storage.groups import Group
from banyan.move.way_back.ground import Ground

MOST_LAG = 5.0  # seconds that the stream, or the way back, may be behind
MOST_DUE = 500  # aggregates that may be yet to be told
FRESH = 60.0  # seconds: age of the oldest unverified change
MOST_UNVERIFIED = 2_000  # rows that the pause itself has time to compare
LONG = 1.0  # seconds: a transaction on the source that is open for longer holds up the fence
REHEARSED = 7 * 86_400.0

_LONG = """
SELECT trx_mysql_thread_id, TIMESTAMPDIFF(MICROSECOND, trx_started, SYSDATE()) / 1000000, p.USER, LEFT(trx_query, 80)
FROM information_schema.INNODB_TRX t LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE TIMESTAMPDIFF(MICROSECOND, trx_started, SYSDATE()) > %s"""
_CASCADES = """
SELECT DISTINCT r.TABLE_NAME, r.REFERENCED_TABLE_NAME, r.DELETE_RULE, r.UPDATE_RULE
FROM information_schema.REFERENTIAL_CONSTRAINTS r WHERE r.CONSTRAINT_SCHEMA = DATABASE() AND r.TABLE_NAME IN %s
AND (r.DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR r.UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION'))"""


@dataclass(frozen=True, slots=True)
class Gate:
    """`said` has the numbers; `fix` what to do when it is shut."""

    name: str
    open: bool
    said: str
    fix: str = ""


class Shut(Conflict):
    """Gates are shut: nothing was changed."""

    code = "gate_shut"

    def __init__(self, what: str, group: str, shut: Sequence[Gate]) -> None:
        told = "; ".join(f"{gate.name}: {gate.said}" + (f" ({gate.fix})" if gate.fix else "") for gate in shut)
        listed = [
            {"name": gate.name, "said": gate.said, "fix": gate.fix, "passable": gate.name not in NEVER} for gate in shut
        ]
        super().__init__(
            f"{what} of {group} is not possible now: {told}. A gate is passed with --force {shut[0].name}=REASON",
            more={"gates": listed},
        )
        self.gates = tuple(shut)


NEVER = frozenset({"state", "halted", "tables", "source", "way_back"})
"""Gates that nobody may pass: behind them the protocol itself does not hold."""


async def pass_gates(
    ground: Ground, group: str, what: str, gates: Sequence[Gate], overrides: Mapping[str, str], who: str
) -> dict[str, str]:
    """Those that were shut and passed, with their reasons. Shut names the others."""
    unknown = set(overrides) - {gate.name for gate in gates}
    if unknown:
        known = ", ".join(sorted(gate.name for gate in gates if gate.name not in NEVER))
        raise Conflict(f"there is no gate {', '.join(sorted(unknown))}; there are {known}", code="unknown_gate")
    shut = [gate for gate in gates if not gate.open]
    left = [gate for gate in shut if not overrides.get(gate.name, "").strip() or gate.name in NEVER]
    if left:
        raise Shut(what, group, left)
    passed = {gate.name: overrides[gate.name] for gate in shut}
    if passed:
        numbers = {gate.name: gate.said for gate in shut}
        async with ground.ports.db.transaction() as tx:
            await log.add(tx, f"{what}: gates passed", group=group, who=who, reasons=passed, numbers=numbers)
    return passed


async def before_cutover(ground: Ground, group: Group, *, rehearsal: bool) -> list[Gate]:
    """The gates of C0. `rehearsal`: one of the last seven days is asked for."""
    found = [
        _state(group, ("in_sync", "verified"), f"copy and follow it first: banyan move copy {group.name}"),
        *await _stream(ground, group.name),
        await _quarantined(ground, group.name),
        *await _verified(ground, group.name),
        await _working_gateways(ground),
        await _services(ground, group),
        *await _source(ground, group.name),
    ]
    if rehearsal:
        found.append(await _rehearsed(ground, group.name))
    return found


async def before_revert(ground: Ground, group: Group) -> list[Gate]:
    """The gates of R0."""
    lag = await back.lag(ground.ports.db, group.name)
    late = lag.oldest_seconds > MOST_LAG
    return [
        _state(group, ("new_primary",), "only what our side owns, and has not been finalized, can go back"),
        Gate("way_back", group.way_back_from is not None, "the way back has no beginning" if late else "it is there"),
        Gate(
            "way_back_lag",
            not late and lag.due <= MOST_DUE,
            f"{lag.due} records are yet to go back, the oldest for {lag.oldest_seconds:.1f} s",
            "is the mover at work? banyan move status",
        ),
        Gate(
            "unwritable",
            not lag.flagged,
            f"{lag.flagged} records cannot be held by the legacy shop, {lag.waived} are waived",
            f"banyan move quarantine list {group.name}; then fix them here, or waive them by name",
        ),
        await _working_gateways(ground),
        await _services(ground, group),
        *await _unsettled(ground, group.name),
    ]


async def _unsettled(ground: Ground, group: str) -> list[Gate]:
    """Orders under way are no obstacle: the pause waits for them. Those that were tried often in vain it would not outlast."""
    try:
        gate, stuck = await settled(ground, group)
    except Refusal:  # the gate of the services says so
        return []
    return [] if gate is None else [replace(gate, open=not stuck)]


async def settled(ground: Ground, group: str, *, hurry: bool = False) -> tuple[Gate | None, int]:
    """The gate that is open when no order of the group is half done, and how many are stuck; None without orders."""
    if "order" not in kinds(ground.adapter, group):
        return None, 0
    found = await ground.ports.peers.ask(AskUnsettled(hurry=hurry))
    names = f" ({', '.join(found.numbers)})" if found.numbers else ""
    said = f"{found.under_way} orders are still being worked on{names}, {found.stuck} of them often and in vain"
    return Gate("settled", not found.under_way, said, "let what they wait for answer, or cancel them"), found.stuck


def _state(group: Group, allowed: Sequence[str], fix: str) -> Gate:
    free = group.attempt is None
    said = f"{group.name} is {group.state}" + ("" if free else f" (step {group.step})")
    return Gate("state", free and group.state in allowed, said, fix)


async def _stream(ground: Ground, group: str) -> list[Gate]:
    db = ground.ports.db
    row = await checkpoints.overview(db)
    if row is None:
        return [Gate("halted", False, "nothing is followed", "banyan move prepare")]
    waiting = await due.of_group(db, group)
    still = [each for each in ground.mirrors.of_group(group) if (await tables.states(db)).get(each.name) != "live"]
    return [
        Gate("halted", row["halted"] is None, row["halted"] or "the stream runs", "banyan move resume"),
        Gate(
            "tables",
            not still,
            f"{len(still)} tables are not live: {', '.join(each.name for each in still[:5])}" if still else "all live",
            "banyan move status",
        ),
        Gate("lag", row["lag_seconds"] <= MOST_LAG, f"the stream is {row['lag_seconds']:.1f} s behind", "wait"),
        Gate("due", waiting <= MOST_DUE, f"{waiting} records are yet to be told", "wait"),
    ]


async def _quarantined(ground: Ground, group: str) -> Gate:
    open_, waived = (await quarantine.counts(ground.ports.db)).get(group, (0, 0))
    return Gate(
        "quarantine",
        not open_,
        f"{open_} cases are open, {waived} waived",
        f"banyan move quarantine list --group {group}; retry, fix or waive each",
    )


async def _verified(ground: Ground, group: str) -> list[Gate]:
    db = ground.ports.db
    numbers = [each.number for each in ground.mirrors.of_group(group)]
    coverage = await checks.coverage(db, numbers)
    wrong = await checks.count_open(db, group)
    fresh = not coverage.unverified or (
        coverage.unverified <= MOST_UNVERIFIED and coverage.oldest_seconds <= FRESH and coverage.percent >= 95
    )
    return [
        Gate("coverage", fresh, coverage.words(), f"banyan move verify {group}"),
        Gate(
            "findings",
            not wrong,
            f"{wrong} differences were found and not mended",
            f"banyan move verify {group} --repair",
        ),
    ]


async def _working_gateways(ground: Ground) -> Gate:
    """A worker whose lease ran out a moment ago may come back in the middle of the pause: wait until it is surely gone."""
    known = await workers.read(ground.ports.db)
    lost = [each for each in known if -10 < each.left <= 0]
    said = f"{sum(each.left > 0 for each in known)} gateway workers, {len(lost)} of them lost just now"
    return Gate("workers", not lost, said, "wait ten seconds, or look after the gateway")


async def _services(ground: Ground, group: Group) -> Gate:
    """Whether each service answers, and its tenure is where this group's row says."""
    told = []
    for service in services(ground.adapter, group.name):
        call: Call[Held] = TENURE[service](group=group.name, owner=group.owner, epoch=group.epoch)  # type: ignore[assignment]
        try:
            await ground.ports.peers.ask(call)
        except Refusal as refusal:
            told.append(f"{service}: {refusal.detail}")
    return Gate("services", not told, "; ".join(told) or "all answer", "banyan move status")


async def _source(ground: Ground, group: str) -> list[Gate]:
    try:
        return await asyncio.to_thread(_look, ground, group)
    except (Refusal, SqlError) as error:
        return [Gate("source", False, str(error), "banyan move doctor")]


def _look(ground: Ground, group: str) -> list[Gate]:
    mine = [each for each in ground.mirrors if group in each.groups]
    names = sorted(each.name for each in mine)
    with ground.source.connect() as con:
        found = read_tables(con, names)
        long = con.query(_LONG, LONG * 1_000_000)
        cascades = con.query(_CASCADES, names) if names else []
    changed = [each.name for each in mine if each.name not in found or tables.hash_of(found[each.name]) != each.hash]
    outside = [row for row in cascades if _text(row[1]) not in names]
    who = ", ".join(f"thread {_text(row[0])} of {_text(row[2])} for {_text(row[1])} s" for row in long[:3])
    parents = ", ".join(f"{_text(row[1])} → {_text(row[0])}" for row in outside[:5])
    return [
        Gate("schema", not changed, f"changed: {', '.join(changed)}" if changed else "as it was", "banyan move status"),
        Gate(
            "long_transactions",
            not long,
            f"{len(long)} are open for more than {LONG:g} s ({who})" if long else "none",
            "let them end, or KILL them",
        ),
        Gate(
            "cascades",
            not outside,
            f"foreign keys write into the group past its fence: {parents}" if outside else "none from outside",
            "ALTER TABLE … make them ON DELETE RESTRICT ON UPDATE RESTRICT",
        ),
    ]


async def _rehearsed(ground: Ground, group: str) -> Gate:
    row = await hands.times(ground.ports.db, group)
    age = row["rehearsed"] if row else None
    said = "it was never rehearsed" if age is None else f"it was rehearsed {age / 86_400:.1f} days ago"
    return Gate("rehearsal", age is not None and age <= REHEARSED, said, f"banyan move rehearse {group}")


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode("utf-8", "replace")


async def group_named(ground: Ground, name: str) -> Group:
    """Conflict for a group that was never prepared."""
    group = await groups.one(ground.ports.db, name)
    if group is None:
        known = ", ".join(ground.adapter.groups)
        raise Conflict(f"{name} is not a group that was prepared; this shop has {known}", code="unknown_group")
    return group
