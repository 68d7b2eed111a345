"""The SQL in one file of PHP: texts as they are joined together, as far as they can be known without running it."""

import re
from collections.abc import Iterator, Mapping

from banyan.move.assess.php import Token
from banyan.move.assess.statements import HOLE, PREFIX

_SQL = re.compile(
    r"^[\s(]*(?:select\b|insert\s|update\s|delete\s|replace\s|truncate\s|alter\s+table|drop\s+table|create\s+(?:temporary\s+)?table|"
    r"with\s|show\s+(?:columns|tables|index)|left\s+join|inner\s+join|right\s+join|join\s|from\s|union\s|set\s)"
    r"|\b(?:FROM|JOIN|INTO|UPDATE)\s+[`\x01]",
    re.IGNORECASE,
)
_ASKS = frozenset(
    ("query", "multi_query", "prepare", "exec", "execute", "getrow", "getvalue", "executes", "get_results", "get_var")
)
_ASKS_SECOND = frozenset(("mysqli_query", "mysqli_multi_query", "mysqli_prepare"))
PREFIXED = re.compile(r"prefix", re.IGNORECASE)


class Finder:
    """The texts of SQL in one file, with their lines; None where a query is asked whose text was never seen."""

    def __init__(self, source: list[Token], constants: Mapping[str, str]) -> None:
        self._source = source
        self._constants = constants
        self._closing = _pairs(source)
        self._values: dict[str, str] = {}  # variables that hold a text, since the function began
        self._asked: set[str] = set()  # those that hold SQL

    def texts(self) -> Iterator[tuple[int, str | None]]:
        """In the order in which they stand there."""
        at = 0
        while at < len(self._source):
            token = self._source[at]
            if token.sort == "word" and token.text.lower() == "function":
                self._values = {name: value for name, value in self._values.items() if name.startswith("->")}
                self._asked.clear()
            if self._begins(at):
                text, end = self._chain(at)
                to = self._assigned(at)
                if to:
                    adds = self._sign(at - 1) == ".="
                    self._values[to] = (self._values.get(to, "") if adds else "") + text[:10_000]
                if _SQL.search(text):
                    if to:
                        self._asked.add(to)
                    yield token.line, text
                elif not to and self._is_asked(at, end):
                    yield token.line, None
                at = max(end, at + 1) if token.sort == "string" else at + 1
            else:
                at += 1

    def _begins(self, at: int) -> bool:
        """Whether a text may begin here: a string, a constant or a variable that is joined or asked."""
        token, before = self._source[at], self._sign(at - 1)
        if before in ("->", "::", "?->", ".") or token.sort == "sign":
            return False
        if token.sort == "string":
            return True
        if token.sort == "word":
            return self._sign(at + 1) == "." and token.text.isupper()
        _, end = self._operand(at)
        return self._sign(end) == "." or self._is_asked(at, end)

    def _is_asked(self, at: int, end: int) -> bool:
        """`->query($sql)` or `mysqli_query($link, $sql)`, with a variable that never held SQL here."""
        token, after = self._source[at], self._sign(end)
        if token.sort != "var" or token.text in self._asked or after not in (")", ","):
            return False
        if self._sign(at - 1) == "," and after == ")" and at > 3:
            return self._source[at - 4].text.lower() in _ASKS_SECOND and self._sign(at - 3) == "("
        name = self._source[at - 2].text if self._sign(at - 1) == "(" and at > 2 else ""
        if name == "execute":  # of a prepared statement: these are its values
            return False
        return name.lower() in _ASKS and self._sign(at - 3) in ("->", "::", "?->")

    def _chain(self, at: int) -> tuple[str, int]:
        """What is joined by `.` from here on, and where it ends."""
        text, at = self._operand(at)
        pieces = [text]
        while self._sign(at) == ".":
            text, at = self._operand(at + 1)
            pieces.append(text)
        return "".join(pieces), at

    def _operand(self, at: int) -> tuple[str, int]:
        if at >= len(self._source):
            return HOLE, at
        token = self._source[at]
        if token.sort == "string":
            return "".join(value if sort == "text" else self._variable(value) for sort, value in token.parts), at + 1
        if token.text == "(":
            end = self._closing.get(at, len(self._source))
            inner = self._source[at + 1 : end]
            if (
                len(inner) == 1
                and inner[0].sort == "word"
                and inner[0].text.lower() in ("int", "float", "string", "bool", "array")
            ):
                return self._operand(end + 1)  # a cast
            return HOLE, end + 1
        if token.sort == "sign":
            return HOLE, at + 1
        return self._named(at)

    def _named(self, at: int) -> tuple[str, int]:
        """A variable, property, constant or call: its value where that is known."""
        token = self._source[at]
        last, called = token, False
        at += 1
        while at < len(self._source):
            sign = self._sign(at)
            if sign in ("->", "::", "?->") and at + 1 < len(self._source):
                last, called = self._source[at + 1], False
                at += 2
            elif (
                sign in ("[", "(", "{") and at in self._closing and (sign != "{" or self._sign(at - 1) in ("->", "::"))
            ):
                called = called or sign == "("
                inner = self._source[at + 1]
                if sign == "[" and inner.sort == "string" and PREFIXED.search(inner.text):
                    last = inner  # $data['db_prefix']
                at = self._closing[at] + 1
            else:
                break
        if called and not PREFIXED.search(last.text):
            return HOLE, at
        if token.sort == "word" and last is token:
            return self._constants.get(token.text) or (PREFIX if PREFIXED.search(token.text) else HOLE), at
        return self._variable(last.text if last is token else f"->{last.text}"), at

    def _variable(self, name: str) -> str:
        value = self._values.get(name) or self._values.get(f"->{name}")
        if value is not None:
            return value
        bare = name.removeprefix("->")
        return self._constants.get(bare, PREFIX if PREFIXED.search(bare) else HOLE)

    def _assigned(self, at: int) -> str:
        """`$sql =` or `.=` before here: the variable's name; a property's with `->`."""
        if self._sign(at - 1) not in ("=", ".=") or at < 2:
            return ""
        name = self._source[at - 2]
        if name.sort == "var":
            before = self._source[at - 3].text.lower() if at > 2 else ""
            return f"->{name.text}" if before in ("protected", "private", "public", "static", "var") else name.text
        return f"->{name.text}" if name.sort == "word" and self._sign(at - 3) in ("->", "::") else ""

    def _sign(self, at: int) -> str:
        return self._source[at].text if 0 <= at < len(self._source) and self._source[at].sort == "sign" else ""


def _pairs(source: list[Token]) -> dict[int, int]:
    """Each opening bracket's closing one."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for at, token in enumerate(source):
        if token.sort == "sign" and token.text in "([{":
            open_at.append(at)
        elif token.sort == "sign" and token.text in ")]}" and open_at:
            pairs[open_at.pop()] = at
    return pairs
