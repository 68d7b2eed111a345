"""Which tables an SQL text reads and writes. Tolerant: it looks for the words that stand before a table's name, and no more.

Texts may come out of a program with holes in them: PREFIX stands for the shop's table prefix, HOLE for what is not known.
"""

import re
from dataclasses import dataclass, field

PREFIX, HOLE = "\x01", "\x02"
_TOKEN = re.compile(
    r"""
      (?P<skip> /\*.*?(?:\*/|\Z) | (?:--\s|\#)[^\n]*
              | '(?:[^'\\]*+(?:\\.|''|\\\Z)?)*+(?:'|\Z)
              | "(?:[^"\\]*+(?:\\.|""|\\\Z)?)*+(?:"|\Z) )
    | `(?P<quoted>(?:[^`]|``)*)(?:`|\Z)
    | (?P<word>[\w$\x01\x02@:]+)
    | (?P<sign>[(),.;=*])
    """,
    re.VERBOSE | re.DOTALL,
)
_STOP = frozenset(
    re.findall(
        r"\w+",
        """where set on using group order having limit union values value select from left right inner cross outer join
        straight_join natural as use force ignore for lock partition into and or not when then else end procedure returning
        window except intersect key update delete insert replace default desc asc low_priority quick delayed high_priority
        if exists table tables temporary call begin do while loop return""",
    )
)
_FUNCTIONS = frozenset(("extract", "trim", "substring", "substr", "mid", "overlay"))
_ELSEWHERE = frozenset(("information_schema", "performance_schema", "mysql", "sys"))


@dataclass(slots=True)
class Touched:
    """Table names, in the order in which they come. `holes`: names that are not known whole."""

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    sort: str  # word, quoted, sign

    @property
    def key(self) -> str:
        return self.text.lower() if self.sort == "word" else self.text if self.sort == "sign" else ""


def tables_in(sql: str) -> Touched:
    """The tables an SQL text names. Names it gives to sub-queries come along; whoever knows the tables leaves them out."""
    return _Reader(sql).read()


class _Reader:
    def __init__(self, sql: str) -> None:
        self._words = [
            _Word(match["quoted"].replace("``", "`"), "quoted")
            if match["quoted"] is not None
            else _Word(match["word"], "word")
            if match["word"]
            else _Word(match["sign"], "sign")
            for match in _TOKEN.finditer(sql)
            if match["skip"] is None
        ]
        self._at = 0
        self._found = Touched()
        self._aliases: dict[str, str] = {}
        self._deleted: list[str] = []

    def read(self) -> Touched:
        open_functions: list[bool] = []  # for each parenthesis: is FROM in it a function's own word?
        before = ""
        while self._at < len(self._words):
            key = self._words[self._at].key
            self._at += 1
            if key == "(":
                open_functions.append(before in _FUNCTIONS)
            elif key == ")" and open_functions:
                open_functions.pop()
            elif key == "select" and open_functions:
                open_functions[-1] = False
            else:
                self._word(key, before, in_function=bool(open_functions and open_functions[-1]))
            before = key
        for name in self._deleted:
            self._add(self._found.writes, self._aliases.get(name.lower(), name))
        return self._found

    def _word(self, key: str, before: str, *, in_function: bool) -> None:
        reads, writes = self._found.reads, self._found.writes
        if key == "from" and not in_function and not self._compares():
            self._list(writes if before in ("delete", "ignore", "quick") and self._deletes() else reads)
        elif key in ("join", "straight_join"):
            self._list(reads)
        elif key == "into" and self._statement(("insert", "replace")):
            self._one(writes)
        elif key in ("insert", "replace") and self._next() not in ("(", "into", ""):
            self._past(("ignore", "low_priority", "delayed", "high_priority"))
            if self._next() != "into":
                self._one(writes)
        elif key == "update" and before not in ("for", "key", "on"):
            self._past(("ignore", "low_priority"))
            self._list(writes)
        elif key == "delete":
            self._past(("ignore", "low_priority", "quick"))
            if self._next() != "from":
                self._deleted = self._names()
        elif key == "truncate" or (
            key == "table" and before in ("alter", "drop", "create", "temporary", "ignore", "optimize")
        ):
            self._past(("table", "if", "not", "exists"))
            self._one(writes)

    def _compares(self) -> bool:
        """`IS DISTINCT FROM`, and not `SELECT DISTINCT * FROM`."""
        return [word.key for word in self._words[max(0, self._at - 3) : self._at - 1]] in (
            ["is", "distinct"],
            ["not", "distinct"],
        )

    def _deletes(self) -> bool:
        return self._statement(("delete",))

    def _statement(self, verbs: tuple[str, ...]) -> bool:
        """Whether one of these verbs stands a few words before here."""
        return any(word.key in verbs for word in self._words[max(0, self._at - 4) : self._at])

    def _next(self) -> str:
        return self._words[self._at].key if self._at < len(self._words) else ""

    def _past(self, words: tuple[str, ...]) -> None:
        while self._next() in words and self._next():
            self._at += 1

    def _list(self, into: list[str]) -> None:
        """`a, b AS x, c y`: names with their aliases, up to what is none."""
        while self._one(into):
            if self._next() == "as":
                self._at += 1
            if self._at < len(self._words) and self._words[self._at].sort != "sign" and self._next() not in _STOP:
                self._aliases[self._words[self._at].text.lower()] = self._last
                self._at += 1
            if self._next() != ",":
                return
            self._at += 1

    _last = ""

    def _one(self, into: list[str]) -> bool:
        """A table's name, qualified or not."""
        self._past(("(",))
        names = self._name()
        if not names:
            return False
        if len(names) > 1 and names[-2].lower() in _ELSEWHERE:
            self._last = ""
            return True
        self._last = names[-1]
        self._add(into, names[-1])
        return True

    def _name(self) -> list[str]:
        names: list[str] = []
        while self._at < len(self._words):
            word = self._words[self._at]
            if word.sort == "sign" or (
                word.sort == "word" and not names and (word.key in _STOP or word.text[0] in "@:")
            ):
                break
            names.append(word.text)
            self._at += 1
            if self._next() != ".":
                break
            self._at += 1
            if self._next() == "*":
                self._at += 1
                break
        return names

    def _names(self) -> list[str]:
        found = []
        while names := self._name():
            found.append(names[-1])
            if self._next() != ",":
                break
            self._at += 1
        return found

    def _add(self, into: list[str], name: str) -> None:
        name = name.strip()
        if HOLE in name:
            into = self._found.holes
        if name and name not in into and not name[0].isdigit():
            into.append(name)
