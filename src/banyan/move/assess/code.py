"""A PHP tree read for its SQL: which files read and write which tables, and which texts are put together too late to know."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from banyan.move.assess.finding import PREFIXED, Finder
from banyan.move.assess.php import Token, tokens
from banyan.move.assess.statements import HOLE, PREFIX, tables_in

SUFFIXES = (".php", ".phtml", ".inc", ".php5", ".php7", ".tpl")
SKIPPED = frozenset(("vendor", "node_modules", ".git", "storage", "cache", "logs"))
LARGEST = 2 << 20  # bytes; a larger file holds data
MOST = 30_000  # files
_MAYBE = re.compile(rb"\b(?:from|into|update|join|table|query|prepare)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    file: str  # below the tree's root
    line: int


@dataclass(frozen=True, slots=True)
class Query:
    """One text of SQL and the tables it names, as far as the database has them."""

    place: Place
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    text: str


@dataclass(slots=True)
class Code:
    """`dynamic`: SQL whose tables are known only when it runs."""

    files: int = 0
    unread: int = 0
    queries: list[Query] = field(default_factory=list)
    dynamic: list[tuple[Place, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)  # tables named that the database does not have

    def by_table(self) -> dict[str, tuple[Counter[str], Counter[str]]]:
        """For each table the files that read it and that write it, with how many queries each."""
        found: dict[str, tuple[Counter[str], Counter[str]]] = defaultdict(lambda: (Counter(), Counter()))
        for query in self.queries:
            for table in query.reads:
                found[table][0][query.place.file] += 1
            for table in query.writes:
                found[table][1][query.place.file] += 1
        return dict(found)


def read_tree(root: Path, tables: Iterable[str], prefix: str = "") -> Code:
    """Read all PHP files below `root`. NotADirectoryError where there is no such folder; an unreadable file is counted."""
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is no folder")
    known = frozenset(tables)
    code = Code()
    sources: dict[str, list[Token]] = {}
    for path in _files(root):
        try:
            raw = path.read_bytes() if path.stat().st_size <= LARGEST else None
        except OSError:
            raw = None
        code.files += 1
        if raw is None:
            code.unread += 1
        elif _MAYBE.search(raw) or b"define" in raw:
            sources[str(path.relative_to(root))] = tokens(raw.decode("utf-8", "replace"))
    constants = {name: text for each in sources.values() for name, text in _constants(each)}
    for name, each in sources.items():
        read_source(each, name, known, prefix, constants, code)
    return code


def read_source(
    source: list[Token], file: str, known: frozenset[str], prefix: str, constants: Mapping[str, str], code: Code
) -> None:
    """Find the SQL of one file and add it to `code`."""
    for line, text in Finder(source, constants).texts():
        if text is None:
            code.dynamic.append((Place(file, line), "the text is put together elsewhere"))
            continue
        touched = tables_in(text)
        reads, writes = (_named(names, known, prefix, code.unknown) for names in (touched.reads, touched.writes))
        if reads or writes:
            code.queries.append(Query(Place(file, line), reads, writes, _short(text)))
        if touched.holes:
            code.dynamic.append((Place(file, line), _short(text)))


def _named(names: list[str], known: frozenset[str], prefix: str, unknown: Counter[str]) -> tuple[str, ...]:
    found = []
    for name in names:
        full = name.replace(PREFIX, prefix)
        if full in known:
            found.append(full)
        elif prefix and PREFIX not in name and prefix + full in known:
            found.append(prefix + full)  # the prefix came from where we do not look
        elif PREFIX in name:
            unknown[full] += 1
    return tuple(dict.fromkeys(found))


def _short(text: str) -> str:
    plain = " ".join(text.replace(PREFIX, "").replace(HOLE, "…").split())
    return plain if len(plain) <= 160 else plain[:159] + "…"


def _files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if name.lower() not in SKIPPED)
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES):
                count += 1
                if count > MOST:
                    return
                yield Path(folder, name)


def _constants(source: list[Token]) -> Iterator[tuple[str, str]]:
    """`define('TABLE_ORDERS', DB_PREFIX . 'orders')` and `const ORDERS = 'orders'`."""
    for at, token in enumerate(source):
        after = source[at + 1 : at + 9]
        if token.sort != "word":
            continue
        if token.text == "define" and len(after) > 3 and after[0].text == "(" and after[1].sort == "string":
            yield after[1].text, _joined(after[3:])
        elif token.text == "const" and len(after) > 2 and after[1].text == "=":
            yield after[0].text, _joined(after[2:])


def _joined(source: list[Token]) -> str:
    text = ""
    for token in source:
        if token.sort == "string":
            text += token.text
        elif token.sort == "word":
            text += PREFIX if PREFIXED.search(token.text) else HOLE
        elif token.text != ".":
            break
    return text
