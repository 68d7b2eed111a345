"""PHP source as tokens: enough to find its strings and what is joined to them. Tolerant of any bytes; it never fails."""

import re
from dataclasses import dataclass
from typing import Literal

Part = tuple[Literal["text", "var"], str]


@dataclass(frozen=True, slots=True)
class Token:
    """`sort`: string (with its parts), var, word, sign. A variable's text has no `$`."""

    sort: Literal["string", "var", "word", "sign"]
    text: str
    line: int
    parts: tuple[Part, ...] = ()


_OPEN = re.compile(r"<\?(?:php\b|=|(?=\s))", re.IGNORECASE)
_TOKEN = re.compile(
    r"""
      (?P<close> \?> )
    | (?P<comment> /\*.*?(?:\*/|\Z) | // (?:(?!\?>)[^\r\n])* | \# (?!\[) (?:(?!\?>)[^\r\n])* )
    | ' (?P<single> [^'\\]*+ (?: \\. [^'\\]*+ )*+ ) (?: ' | \\?\Z )
    | " (?P<double> [^"\\]*+ (?: \\. [^"\\]*+ )*+ ) (?: " | \\?\Z )
    | <<<[ \t]*(?P<quote>['"]?)(?P<label>[A-Za-z_]\w{0,60})(?P=quote)[ \t]*\r?\n
    | \$ (?P<var> [A-Za-z_\x7f-\U0010ffff]\w* )
    | (?P<word> \\? [A-Za-z_\x7f-\U0010ffff]\w*+ (?: \\ [A-Za-z_]\w*+ )*+ )
    | (?P<number> \d [\w.]* )
    | (?P<sign> \?->|->|::|\.=|\?\?=|=>|==|!=|<=|>=|&&|\|\| | [^\s\w] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([nrtvef\\$\"])|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u\{([0-9A-Fa-f]{1,6})\})")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f", "\\": "\\", "$": "$", '"': '"'}
_HOLE = re.compile(
    r"""(?<!\\)(?:
      \{\$(?P<braced>[^{}]{1,300})\}
    | \$\{(?P<old>\w{1,100})\}
    | \$(?P<plain>[A-Za-z_]\w{0,100})(?:\[[^\]]{0,100}\]|->(?P<property>[A-Za-z_]\w{0,100}))?
    )""",
    re.VERBOSE,
)
_LAST_NAME = re.compile(r"([A-Za-z_]\w*)(?:\([^()]*\))?\s*\]?['\"]?\]?\s*$")


def tokens(source: str) -> list[Token]:
    """The tokens between `<?php` and `?>`; comments and numbers are left out."""
    found: list[Token] = []
    at, line, counted = 0, 1, 0
    while opened := _OPEN.search(source, at):
        at = opened.end()
        while at < len(source):
            match = _TOKEN.search(source, at)
            if match is None:
                return found
            start, at = match.start(), match.end()
            line += source.count("\n", counted, start)
            counted = start
            sort = match.lastgroup
            if sort == "close":
                break
            if match["label"] is not None:
                at = _heredoc(source, match, line, found)
            elif match["single"] is not None:
                text = match["single"].replace("\\'", "'").replace("\\\\", "\\")
                found.append(Token("string", text, line, (("text", text),)))
            elif match["double"] is not None:
                found.append(_interpolated(match["double"], line))
            elif match["var"] is not None:
                found.append(Token("var", match["var"], line))
            elif match["word"] is not None:
                found.append(Token("word", match["word"].rpartition("\\")[2], line))
            elif match["sign"] is not None:
                found.append(Token("sign", match["sign"], line))
        else:
            return found
    return found


def _heredoc(source: str, match: "re.Match[str]", line: int, found: list[Token]) -> int:
    """A here-document up to its label on a line of its own; without one, up to the end."""
    end = re.compile(r"^[ \t]*" + match["label"] + r"\b", re.MULTILINE).search(source, match.end())
    text = source[match.end() : end.start() if end else len(source)]
    found.append(Token("string", text, line, (("text", text),)) if match["quote"] == "'" else _interpolated(text, line))
    return end.end() if end else len(source)


def _interpolated(text: str, line: int) -> Token:
    """A string in double quotes: its text, with a hole for each variable in it."""
    parts: list[Part] = []
    at = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > at:
            parts.append(("text", _unescaped(text[at : hole.start()])))
        at = hole.end()
        if hole["braced"] is not None:
            name = _LAST_NAME.search(hole["braced"])
            parts.append(("var", name[1] if name else ""))
        else:
            parts.append(("var", hole["property"] or hole["old"] or hole["plain"] or ""))
    if at < len(text) or not parts:
        parts.append(("text", _unescaped(text[at:])))
    return Token("string", "".join(text for sort, text in parts if sort == "text"), line, tuple(parts))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_escape, text) if "\\" in text else text


def _escape(match: "re.Match[str]") -> str:
    simple, hexadecimal, octal, code = match.groups()
    if simple:
        return _SIMPLE[simple]
    number = int(hexadecimal or code or "0", 16) if not octal else int(octal, 8)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else "?"
