"""The mapping file of a shop nobody knows: read with line numbers, checked whole, every fault told with its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from banyan.foundation.settings import WrongSettings
from banyan.move.legacy.mapping.words import CHILDREN, FIELDS, FORMS, REQUIRED, TYPES

MOST = 500_000  # characters of a file


@dataclass(frozen=True, slots=True)
class Fault:
    line: int  # from 1
    what: str


class WrongMapping(WrongSettings):
    """The file cannot be used; the text has a line for each fault, as compilers write them."""

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(f"{path}:{fault.line}: {fault.what}" for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Field:
    """How one field of a record and columns of a row belong together. `form` says how the column spells it."""

    target: str
    type: str
    line: int
    columns: tuple[str, ...] = ()
    form: str = ""
    constant: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)  # as the legacy shop spells it → ours
    otherwise: Any = None
    ref: str = ""
    invert: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """Rows of another table that belong to an aggregate: addresses, lines, variants."""

    table: str
    of: str
    key: str
    fields: tuple[Field, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and where it is kept."""

    kind: str
    group: str
    table: str
    key: str
    fields: tuple[Field, ...]
    line: int
    children: Mapping[str, Child] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping file that holds together."""

    shop: str
    currency: str
    prefix: str
    groups: tuple[str, ...]
    kinds: Mapping[str, Kind]
    ignored: Mapping[str, str]


class Part(dict[str, Any]):
    """A mapping of the file that knows its lines."""

    line: int
    lines: dict[str, int]


def read(path: Path) -> Mapped:
    """The file as it is meant. WrongMapping names every fault with its line."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if len(text) > MOST:
        raise WrongMapping(path, [Fault(1, f"the file is longer than {MOST} characters")])
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        whole = None if node is None else _value(node, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise WrongMapping(path, [Fault(mark.line + 1 if mark else 1, f"this is no YAML: {error.problem}")]) from None
    except (yaml.YAMLError, RecursionError, _TooDeep) as error:
        raise WrongMapping(path, [Fault(1, f"this is no YAML: {str(error)[:200]}")]) from None
    reading = _Reading()
    mapped = reading.whole(whole)
    if reading.faults or mapped is None:
        raise WrongMapping(path, reading.faults)
    return mapped


class _TooDeep(Exception):
    pass


def _value(node: yaml.Node, depth: int) -> Any:
    """Plain values; mappings keep their lines, scalars are text but for true, false and whole numbers."""
    if depth > 20:
        raise _TooDeep("it is nested too deeply")
    if isinstance(node, yaml.MappingNode):
        part = Part()
        part.line, part.lines = node.start_mark.line + 1, {}
        for key, value in node.value:
            name = str(key.value)
            part[name] = _value(value, depth + 1)
            part.lines[name] = key.start_mark.line + 1
        return part
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, depth + 1) for each in node.value]
    if node.tag == "tag:yaml.org,2002:bool":
        return node.value.lower() in ("true", "yes", "on")
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return str(node.value)


class _Reading:
    """Goes through the whole file and gathers faults instead of stopping at the first."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, line: int, what: str) -> None:
        self.faults.append(Fault(line, what))

    def whole(self, part: Any) -> Mapped | None:
        if not isinstance(part, Part):
            self.fault(1, "a mapping file begins with `shop:`, `currency:` and `records:`")
            return None
        self._known(part, ("shop", "currency", "prefix", "groups", "records", "ignored"))
        shop, currency = self._text(part, "shop"), self._text(part, "currency")
        if len(currency) != 3 or not currency.isascii() or not currency.isupper():
            self.fault(part.lines.get("currency", 1), "currency is three capital letters (ISO 4217), as EUR")
        kinds: dict[str, Kind] = {}
        records = part.get("records")
        if not isinstance(records, list) or not records:
            self.fault(part.lines.get("records", 1), "records is a list, one for each kind: brand, product, customer …")
            records = []
        for each in records:
            kind = self._kind(each, part.lines.get("records", 1))
            if kind is None:
                continue
            if kind.kind in kinds:
                self.fault(kind.line, f"{kind.kind} is mapped twice; the first is on line {kinds[kind.kind].line}")
            kinds[kind.kind] = kind
        self._refs(kinds)
        named = tuple(dict.fromkeys(kind.group for kind in kinds.values()))
        groups = part.get("groups")
        if groups is not None and (not isinstance(groups, list) or set(groups) != set(named)):
            self.fault(part.lines["groups"], f"groups lists each group once, in the order to move: {', '.join(named)}")
        ignored = part.get("ignored") or {}
        if not isinstance(ignored, dict):
            self.fault(part.lines["ignored"], "ignored says of each table why it is left behind: `sessions: they end`")
            ignored = {}
        return Mapped(
            shop,
            currency,
            str(part.get("prefix") or ""),
            tuple(groups) if isinstance(groups, list) else named,
            kinds,
            {str(name): str(why) for name, why in ignored.items()},
        )

    def _kind(self, part: Any, line: int) -> Kind | None:
        if not isinstance(part, Part):
            self.fault(line, "each of records has `kind:`, `table:`, `key:` and `fields:`")
            return None
        name = str(part.get("kind") or "")
        if name not in FIELDS:
            self.fault(part.lines.get("kind", part.line), _unknown("kind", name, FIELDS))
            return None
        children = CHILDREN.get(name, {})
        self._known(part, ("kind", "group", "table", "key", "fields", *children))
        fields = self._fields(part, FIELDS[name])
        missing = sorted(set(REQUIRED.get(name, ())) - {each.target for each in fields})
        found = {
            child: made
            for child, targets in children.items()
            if child in part and (made := self._child(part, child, targets, f"{name}.{child}"))
        }
        if name == "product" and "variants" not in found:
            missing.append("variants")
        if missing:
            self.fault(part.line, f"a {name} needs {', '.join(missing)}")
        return Kind(
            name,
            self._text(part, "group"),
            self._text(part, "table"),
            self._text(part, "key"),
            fields,
            part.line,
            found,
        )

    def _child(self, part: Part, name: str, targets: Mapping[str, str], path: str) -> Child | None:
        given = part[name]
        if not isinstance(given, Part):
            self.fault(part.lines[name], f"{name} has `table:`, `of:`, `key:` and `fields:`")
            return None
        self._known(given, ("table", "of", "key", "fields"))
        fields = self._fields(given, targets)
        missing = sorted(set(REQUIRED.get(path, ())) - {each.target.partition(".")[0] for each in fields})
        if missing:
            self.fault(given.line, f"{name} need {', '.join(missing)}")
        own = "table" not in given and name == "variants"  # the product's row is its only variant
        table = str(part.get("table") or "") if own else self._text(given, "table")
        key = str(part.get("key") or "") if own else self._text(given, "key")
        of = str(part.get("key") or "") if own else self._text(given, "of")
        return Child(table, of, key, fields, given.line)

    def _fields(self, part: Part, targets: Mapping[str, str]) -> tuple[Field, ...]:
        given = part.get("fields")
        if not isinstance(given, Part):
            self.fault(part.lines.get("fields", part.line), "fields says for each field where it is: `name: title`")
            return ()
        found = (self._field(given, name, targets) for name in given)
        return tuple(each for each in found if each is not None)

    def _field(self, part: Part, target: str, targets: Mapping[str, str]) -> Field | None:
        line, spec = part.lines[target], part[target]
        type_ = targets.get(target) or targets.get(f"{target.partition('.')[0]}.*")
        if type_ is None or target.endswith("."):
            self.fault(line, _unknown("field", target, [each.replace(".*", ".NAME") for each in targets]))
            return None
        if isinstance(spec, str):
            return Field(target, type_, line, (spec,), FORMS[type_][0], ref=_ref(target))
        if not isinstance(spec, Part):
            self.fault(line, f"{target} is a column's name, or {{column: …, as: …}}")
            return None
        self._known(spec, ("column", "join", "value", "as", "values", "otherwise", "ref", "not"))
        if ("column" in spec) + ("join" in spec) + ("value" in spec) != 1:
            self.fault(line, f"{target} has one of column, join (a list of columns) and value (the same for all)")
            return None
        return self._described(line, target, type_, spec)

    def _described(self, line: int, target: str, type_: str, spec: Part) -> Field | None:
        form = str(spec.get("as") or FORMS[type_][0])
        if form not in FORMS[type_]:
            self.fault(spec.lines["as"], f"{target} can be spelt as {', '.join(FORMS[type_])}; not as {form}")
        join = spec.get("join")
        if join is not None and (type_ != "text" or not isinstance(join, list) or not all(map(str, join))):
            self.fault(spec.lines["join"], "join is a list of columns, for a text")
            return None
        values = spec.get("values") or {}
        if not isinstance(values, dict):
            self.fault(spec.lines["values"], 'values says what each legacy value means: {"1": published}')
            return None
        allowed = TYPES.get(type_)
        wrong = [each for each in [*values.values(), spec.get("otherwise"), spec.get("value")] if each is not None]
        if allowed:
            for each in wrong:
                if each not in allowed:
                    self.fault(line, f"{target} is one of {', '.join(allowed)}; not {each}")
        columns = tuple(str(each) for each in join) if join else (str(spec["column"]),) if "column" in spec else ()
        return Field(
            target,
            type_,
            line,
            columns,
            form,
            spec.get("value"),
            {str(name): value for name, value in values.items()},
            spec.get("otherwise"),
            str(spec.get("ref") or _ref(target)),
            spec.get("not") is True,
        )

    def _refs(self, kinds: Mapping[str, Kind]) -> None:
        for kind in kinds.values():
            for each in (*kind.fields, *(f for child in kind.children.values() for f in child.fields)):
                if each.type == "ref" and each.ref not in kinds:
                    self.fault(each.line, f"{each.target} refers to a {each.ref}, and no {each.ref} is mapped")

    def _known(self, part: Part, names: Iterable[str]) -> None:
        known = list(names)
        for name in part:
            if name not in known:
                self.fault(part.lines[name], _unknown("word", name, known))

    def _text(self, part: Part, name: str) -> str:
        value = part.get(name)
        if not isinstance(value, str) or not value.strip():
            self.fault(part.lines.get(name, part.line), f"{name} is missing")
            return ""
        return value.strip()


def _ref(target: str) -> str:
    """The kind that a field of this name refers to."""
    named = {"user_id": "customer", "parent_id": "category"}
    return named.get(target, target.removesuffix("_id") if target.endswith("_id") else "")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name or 'nothing'} is no {what} here{hint} Known: {', '.join(known)}"
