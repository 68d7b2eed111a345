"""A column's value in a Debezium event as the bytes that MySQL's text protocol sends; UNSURE where the event cannot tell.

An event says NULL or 1970-01-01 for every zero and partial date, a default for NULL, U+FFFD for bytes that are no
characters. None of these is guessed at: UNSURE columns are read from the source. A setting that loses more is a Halt.
"""

import re
import struct
from base64 import b64decode
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from banyan.move.binlog import Halt
from banyan.move.rows import CODECS, Column
from banyan.move.source import labels


class Sure(Enum):
    """Beside bytes and None."""

    NOT = 0


UNSURE = Sure.NOT
Spelt = bytes | None | Sure
Spell = Callable[[Any], Spelt]
Field = Mapping[str, Any]
"""A column in an event's schema."""

_CONNECT, _TIME, _DATA = "org.apache.kafka.connect.data.", "io.debezium.time.", "io.debezium.data."
_MANY_BYTES = frozenset(
    ("gbk", "gb2312", "big5", "sjis", "ujis", "euckr")
)  # Java's tables for these differ from MySQL's
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_GEOMETRIES = (
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
)  # fmt: skip
_DATES = ("date", "datetime", "timestamp")
_numbers = re.compile(r"\((\d+)(?:,(\d+))?\)").search
_number = re.compile(r"-?\d+(\.\d+)?").fullmatch
_moment = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z").fullmatch
_float = struct.Struct("<f")


class Lossy(Halt):
    """Debezium is set to write less than what the column holds."""

    def __init__(self, column: Column, field: Field, setting: str) -> None:
        self.setting, self.told_as = setting, str(field.get("name") or field.get("type"))
        super().__init__(
            f"Debezium writes {column.name} ({column.full}) as {self.told_as}, which cannot hold every value of it: "
            f"set {setting}, and copy afresh"
        )


def spelling(column: Column, field: Field) -> Spell:
    """How this column is spelt, given how the event's schema describes it. Lossy when that loses something."""
    spell = _spelling(column, field)
    default, has_default = field.get("default"), column.nullable and field.get("default") is not None

    def spelt(value: Any) -> Spelt:
        if has_default and value == default:
            return UNSURE  # Kafka's JSON converter writes the default for NULL unless replace.null.with.default=false
        if value is None:
            if column.type in _DATES:
                return UNSURE
            if not column.nullable:
                raise Halt(
                    f"Debezium gives NULL for {column.name}, which cannot be NULL: a value was not converted "
                    "(event.converting.failure.handling.mode=fail), or rows are not whole (binlog_row_image=FULL). Copy afresh"
                )
            return None
        return spell(value)

    return spelt


def _spelling(column: Column, field: Field) -> Spell:
    kind = column.type
    if kind in _INTEGERS:
        return _integer(column, field)
    if kind in _DATES or kind in ("time", "year"):
        return _time(column, field)
    if kind in _TEXTS:
        return _text(column, field)
    if kind in ("enum", "set"):
        return _listed(column, field)
    plain = {"decimal": _decimal, "float": _real, "double": _real, "bit": _bits, **dict.fromkeys(_BYTES, _bytes)}
    if kind in plain:
        return plain[kind](column, field)
    if kind in _GEOMETRIES and field.get("type") == "struct":
        return lambda value: (value.get("srid") or 0).to_bytes(4, "little") + b64decode(value["wkb"])
    return lambda value: UNSURE  # MySQL's JSON, uuid, inet4, inet6 and whatever comes


def _integer(column: Column, field: Field) -> Spell:
    width = _numbers(column.full) if "zerofill" in column.full else None
    digits = int(width[1]) if width else 0
    if field.get("type") == "boolean":
        raise Lossy(column, field, "no TinyIntOneToBooleanConverter")
    if field.get("name") == _CONNECT + "Decimal":
        return lambda value: b"%0*d" % (digits, int.from_bytes(b64decode(value), "big", signed=True))
    if field.get("type") not in ("int8", "int16", "int32", "int64", "string"):
        raise Lossy(column, field, "bigint.unsigned.handling.mode=precise")
    turn = 1 << 64 if column.type == "bigint" and column.unsigned else 0  # as `long`, the upper half is negative

    def spell(value: Any) -> bytes:
        number = int(value)
        return b"%0*d" % (digits, number + turn if number < 0 else number)

    return spell


def _decimal(column: Column, field: Field) -> Spell:
    given = _numbers(column.full)
    scale = int(given[2] or 0) if given else 0
    width = (int(given[1]) - scale if given else 10) if "zerofill" in column.full else 1

    def spell(unscaled: int) -> bytes:
        whole, part = divmod(abs(unscaled), 10**scale)
        text = b"%0*d" % (width, whole) + (b".%0*d" % (scale, part) if scale else b"")
        return b"-" + text if unscaled < 0 else text

    if field.get("name") == _CONNECT + "Decimal" and int(field["parameters"]["scale"]) == scale:
        return lambda value: spell(int.from_bytes(b64decode(value), "big", signed=True))
    if field.get("type") == "string":
        return lambda value: _of_text(column, value, scale, spell)
    raise Lossy(column, field, "decimal.handling.mode=precise")


def _of_text(column: Column, value: str, scale: int, spell: Callable[[int], bytes]) -> bytes:
    whole, _, part = value.partition(".")
    if not _number(value) or len(part) > scale:
        raise Halt(f"Debezium gives {value[:40]!r} for {column.name}, which is no {column.full}")
    return spell(int(whole + part.ljust(scale, "0")))


def _real(column: Column, field: Field) -> Spell:
    if field.get("type") not in ("float", "double"):
        raise Lossy(column, field, "no converter for it")
    if column.type == "float":
        return lambda value: repr(_float.unpack(_float.pack(value))[0]).encode()
    return lambda value: repr(float(value)).encode()


def _bits(column: Column, field: Field) -> Spell:
    given = _numbers(column.full)
    size = ((int(given[1]) if given else 1) + 7) // 8
    if field.get("type") == "boolean":
        return lambda value: b"\x01" if value else b"\x00"
    if field.get("name") != _DATA + "Bits":
        raise Lossy(column, field, "no converter for it")
    return lambda value: int.from_bytes(b64decode(value), "little").to_bytes(size, "big")


def _bytes(column: Column, field: Field) -> Spell:
    if field.get("type") != "bytes":
        raise Lossy(column, field, "binary.handling.mode=bytes")
    given = _numbers(column.full)
    size = int(given[1]) if given and column.type == "binary" else 0
    return lambda value: b64decode(value).ljust(size, b"\0")


def _text(column: Column, field: Field) -> Spell:
    charset = column.charset or ""
    codec = CODECS.get(charset)
    if field.get("type") != "string":
        raise Lossy(column, field, "no converter for it")
    if codec is None or charset in _MANY_BYTES:
        return lambda value: UNSURE

    def spell(value: str) -> Spelt:
        if "\ufffd" in value:
            return UNSURE
        try:
            return value.encode(codec)
        except UnicodeEncodeError:
            return UNSURE

    return spell


def _listed(column: Column, field: Field) -> Spell:
    codec = CODECS.get(column.charset or "")
    if field.get("type") != "string":
        raise Lossy(column, field, "no converter for it")
    if codec is None:
        return lambda value: UNSURE
    known = {"": b""}
    for label in labels(column):
        known[label.replace(",", "\\,")] = label.encode(codec, "replace")

    def spell(value: str) -> Spelt:
        if column.type == "enum":
            return known.get(value, UNSURE)
        members = [known.get(member) for member in value.split(",")]
        return UNSURE if None in members else b",".join(member for member in members if member is not None)

    return spell


def _time(column: Column, field: Field) -> Spell:
    given, name = _numbers(column.full), str(field.get("name"))
    digits = int(given[1]) if given else 0
    if column.type == "year" and field.get("type") in ("int16", "int32"):
        # The year 0000 comes as 1900, which no YEAR can be.
        return lambda value: UNSURE if digits == 2 else b"0000" if value in (0, 1900) else b"%04d" % value
    if column.type == "date" and name in (_TIME + "Date", _CONNECT + "Date"):
        return lambda value: b"%04d-%02d-%02d" % _civil(value) if value else UNSURE
    if column.type == "datetime":
        unit = {_TIME + "Timestamp": 1000, _TIME + "MicroTimestamp": 1, _CONNECT + "Timestamp": 1000}.get(name)
        if unit and (unit == 1 or digits <= 3):
            return lambda value: _datetime(value * unit, digits) if value else UNSURE
    if column.type == "timestamp" and name == _TIME + "ZonedTimestamp":
        return lambda value: _timestamp(column, value, digits)
    if column.type == "time" and name == _TIME + "MicroTime":
        return lambda value: _duration(value, digits)
    raise Lossy(column, field, "time.precision.mode=adaptive_time_microseconds")


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970, in a calendar without end (Hinnant, `civil_from_days`)."""
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    return year + era * 400 + (month >= 10), month + 3 if month < 10 else month - 9, day - (153 * month + 2) // 5 + 1


def _clock(micros: int, digits: int) -> bytes:
    seconds, part = divmod(micros, 1_000_000)
    text = b"%02d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return text + (b"." + (b"%06d" % part)[:digits] if digits else b"")


def _datetime(micros: int, digits: int) -> bytes:
    days, rest = divmod(micros, 86_400_000_000)
    return b"%04d-%02d-%02d " % _civil(days) + _clock(rest, digits)


def _duration(micros: int, digits: int) -> bytes:
    return b"-" + _clock(-micros, digits) if micros < 0 else _clock(micros, digits)


def _timestamp(column: Column, value: str, digits: int) -> Spelt:
    found = _moment(value)
    if found is None:
        raise Halt(f"Debezium gives {value[:40]!r} for {column.name}, which is no moment in UTC")
    if found[1] == "1970-01-01" and found[2] == "00:00:00":
        return UNSURE
    text = f"{found[1]} {found[2]}"
    return (f"{text}.{(found[3] or '').ljust(6, '0')[:digits]}" if digits else text).encode()
