"""Hazards of a connector's settings: those that make events poorer, above all where no event would tell us."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from banyan.move.assess.found import OURS, Survey
from banyan.move.assess.hazards import Hazard, Severity, names
from banyan.move.assess.kinds import hazard

_B, _W = Severity.BLOCKER, Severity.WARNING


@dataclass(frozen=True, slots=True)
class Wanted:
    """A setting: Debezium's own default, the values that are good, and what happens with another."""

    name: str
    default: str
    good: tuple[str, ...]
    severity: Severity
    otherwise: str


_WANTED = (
    Wanted(
        "provide.transaction.metadata",
        "false",
        ("true",),
        _B,
        "nothing says where a transaction ends: the stream halts",
    ),
    Wanted("skipped.operations", "t", ("none",), _B, "a TRUNCATE is left out, and nothing tells us"),
    Wanted("include.schema.changes", "true", ("true",), _W, "of ALTER and DROP only changed columns are noticed"),
    Wanted(
        "decimal.handling.mode",
        "precise",
        ("precise", "string"),
        _B,
        "amounts come as floating point: the stream halts",
    ),
    Wanted("bigint.unsigned.handling.mode", "long", ("precise", "long"), _B, "large numbers are not told exactly"),
    Wanted("binary.handling.mode", "bytes", ("bytes",), _B, "bytes cannot be told from text: the stream halts"),
    Wanted(
        "time.precision.mode",
        "adaptive_time_microseconds",
        ("adaptive_time_microseconds",),
        _B,
        "times lose their microseconds, or come as another type: the stream halts",
    ),
    Wanted("enable.time.adjuster", "true", ("false",), _B, "the year 12 comes as 2012, and nothing tells us"),
    Wanted(
        "event.converting.failure.handling.mode", "warn", ("fail",), _B, "NULL comes for a value, and nothing tells us"
    ),
    Wanted(
        "event.processing.failure.handling.mode", "fail", ("fail",), _B, "events are left out, and nothing tells us"
    ),
    Wanted("inconsistent.schema.handling.mode", "fail", ("fail",), _B, "events are left out, and nothing tells us"),
    Wanted("skip.messages.without.change", "false", ("false",), _B, "events are left out that a transaction counts"),
    Wanted(
        "snapshot.mode",
        "initial",
        ("no_data", "schema_only", "never"),
        _W,
        "the connector reads all tables, which we do ourselves; after lost offsets that halts the stream",
    ),
    Wanted("topic.transaction", "transaction", ("transaction",), _B, "transactions' ends are not found"),
    Wanted("topic.delimiter", ".", (".",), _B, "its topics are not found"),
)
_CONVERTER = (
    Wanted("schemas.enable", "true", ("true",), _B, "a column is read by its schema: the stream halts"),
    Wanted(
        "replace.null.with.default",
        "true",
        ("false",),
        _W,
        "NULL comes as the column's default: one query more a batch",
    ),
)
_THINNING = re.compile(r"column\.(mask|truncate)\..+|column\.(exclude|include)\.list")


def check(seen: Survey, given: Mapping[str, str], prefix: str) -> Iterator[Hazard]:
    """All hazards of the settings. Values that may hold a secret are never shown."""
    for each in _WANTED:
        yield from _judge(each, each.name, given)
    yield from _converters(given)
    for name in sorted(given):
        if _THINNING.fullmatch(name) and given[name]:
            yield _set(f"{name} is set: values or columns are changed or left out", f"-- take out: {name}")
    kinds = {name: given[name] for name in given if re.fullmatch(r"transforms\.[^.]+\.type", name)}
    if given.get("transforms"):
        flat = any("ExtractNewRecordState" in value for value in kinds.values())
        found = f"events pass through {given['transforms']} ({', '.join(sorted(kinds.values())) or 'of unknown types'})"
        yield _set(found, "-- take out: transforms", severity=_B if flat else _W)
    if given.get("converters"):
        yield _set(f"columns are converted by {given['converters']}", "-- take out: converters", severity=_W)
    if prefix and given.get("topic.prefix", "") != prefix:
        found = f"topic.prefix is {given.get('topic.prefix') or 'not set'}, and BANYAN_LEGACY_STREAM says {prefix}"
        yield _set(found, f"topic.prefix={prefix}")
    yield from _left_out(seen, given)


def _judge(each: Wanted, name: str, given: Mapping[str, str]) -> Iterator[Hazard]:
    value = given.get(name, each.default)
    if value.strip().lower() not in each.good:
        said = f"{name} is {value}" + ("" if name in given else " (by default)")
        yield _set(f"{said}: {each.otherwise}", f"{name}={each.good[0]}", severity=each.severity)


def _converters(given: Mapping[str, str]) -> Iterator[Hazard]:
    """Of Kafka Connect's values or of an embedded engine; a worker's own default we do not see, its events tell."""
    for root in ("value.converter", "converter"):
        named = given.get(root, "")
        if named and not named.endswith("JsonConverter"):
            yield _set(
                f"{root} is {named}: events cannot be read", f"{root}=org.apache.kafka.connect.json.JsonConverter"
            )
        elif named or any(name.startswith(root + ".") for name in given):
            for each in _CONVERTER:
                yield from _judge(each, f"{root}.{each.name}", given)


def _left_out(seen: Survey, given: Mapping[str, str]) -> Iterator[Hazard]:
    """Tables that no event will come of."""
    here = seen.database
    of_database, of_table = _chosen(given, "database"), _chosen(given, "table")
    wanted = [table.name for table in seen.in_use] + [f"{OURS}watermark"]
    out = wanted if not of_database(here) else [name for name in wanted if not of_table(f"{here}.{name}")]
    if out:
        fix = f"table.include.list={','.join(re.escape(f'{here}.{name}') for name in wanted)}"
        said = f"{len(out)} of {len(wanted)} tables are left out: {names(out)}"
        yield hazard(
            "debezium-tables", said, f"database.include.list={here}" if not of_database(here) else fix, tables=out
        )


def _chosen(given: Mapping[str, str], what: str) -> Callable[[str], bool]:
    """Whether a name is in: Debezium's lists are regular expressions of whole names, whatever the case."""
    inside, outside = (_pattern(given.get(f"{what}.{which}.list", "")) for which in ("include", "exclude"))

    def chosen(name: str) -> bool:
        if inside is not None:
            return inside.fullmatch(name) is not None
        return outside is None or outside.fullmatch(name) is None

    return chosen


def _pattern(listed: str) -> re.Pattern[str] | None:
    each = [part.strip() for part in listed.split(",") if part.strip()]
    if not each:
        return None
    try:
        return re.compile("|".join(f"(?:{part})" for part in each), re.IGNORECASE)
    except re.error:
        return re.compile(".*")  # of Java's own spelling: not ours to judge


def _set(found: str, fix: str, *, severity: Severity | None = None) -> Hazard:
    return hazard("debezium-setting", found, fix, severity=severity)
