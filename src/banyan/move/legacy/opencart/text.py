"""Text as OpenCart keeps it: HTML-escaped once, by `htmlspecialchars(ENT_COMPAT)` (`& < > "`, not `'`), now and then mojibake.

Forwards one level of escaping is taken off, as a browser did that showed it; UTF-8 that was once read as Windows-1252 is put
right where all of a text reads as UTF-8 again; control characters become blanks. Back only what somebody changed is written.
"""

import codecs
import html
import re

# MySQL's latin1: Windows-1252, whose five holes stand for themselves.
_WINDOWS = {
    ord(bytes((byte,)).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(256)
}  # character → byte
_MANGLED = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
# Latin, Greek, Cyrillic, Vietnamese, punctuation and signs, emoji.
_LIKELY = re.compile(
    "[\x00-\u024f\u02b0-\u02ff\u0370-\u052f\u1e00-\u1eff\u2000-\u2bff\ufb01\ufb02\ufe0f\U0001f000-\U0001faff]*"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HIDDEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.S | re.I)
_BREAK = re.compile(r"\s*<(?:br|/p|/li|/h[1-6]|/div|/tr|/ul|/ol|/table)\b[^>]*>\s*", re.I)
_PARAGRAPH = re.compile(r"\s*</(?:p|h[1-6]|ul|ol|table)\b[^>]*>\s*", re.I)
_ITEM = re.compile(r"<li\b[^>]*>\s*", re.I)
_TAG = re.compile(r"</?[a-z!][^>]*>", re.I)
_BLANKS = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")
_BASIC = 0xFFFF


def line(stored: str, longest: int = 0) -> str:
    """One line of text as a browser showed it, without blanks around it; cut to `longest` characters unless that is 0."""
    text = _CONTROL.sub(" ", _read(stored)).strip()
    return text[:longest].rstrip() if longest and len(text) > longest else text


def note(stored: str) -> str:
    """Lines of text; what looks like HTML in them stays as it is written."""
    return _CONTROL_BUT_LINES.sub(" ", _read(stored).replace("\r\n", "\n").replace("\r", "\n")).strip()


def prose(stored: str) -> str:
    """An HTML description as plain text: paragraphs apart by an empty line, list items behind a dot."""
    text = _HIDDEN.sub(" ", _read(stored)) if "<" in stored or "&lt;" in stored else _read(stored)
    if "<" in text:
        text = " ".join(text.split())
        text = _BREAK.sub("\n", _PARAGRAPH.sub("\n\n", _ITEM.sub("• ", text)))
        text = _TAG.sub("", text)
    text = _mended(html.unescape(text))
    text = _CONTROL_BUT_LINES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _EMPTY_LINES.sub("\n\n", _LINES.sub("\n", _BLANKS.sub(" ", text))).strip()


def escaped(text: str) -> str:
    """As OpenCart stores a text that was typed into one of its forms."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def marked_up(text: str) -> str:
    """Plain text as the HTML that `prose` reads it from, escaped as it is stored."""
    paragraphs = (html.escape(part, quote=False).replace("\n", "<br>") for part in text.split("\n\n"))
    return escaped("".join(f"<p>{part}</p>" for part in paragraphs if part))


def narrowed(text: str) -> str:
    """Characters that three bytes of UTF-8 cannot hold, as HTML writes them in digits: a browser shows the same."""
    return "".join(each if ord(each) <= _BASIC else f"&#{ord(each)};" for each in text)


def code(name: str) -> str:
    """How two names are compared: only lower-case letters and digits of any script count."""
    return "_".join(re.findall(r"\w+", name.casefold().replace("_", " ")))


def _read(stored: str) -> str:
    text = html.unescape(stored) if "&" in stored else stored
    return text if text.isascii() else _mended(text)


def _mended(text: str) -> str:
    """UTF-8 that was read as Windows-1252, up to twice. Left alone unless the whole text becomes valid UTF-8, of letters and
    signs that stand beside Latin ones: `é––` is no Chinese."""
    for _ in range(2):
        if not _MANGLED.search(text):
            break
        try:
            better = codecs.charmap_encode(text, "strict", _WINDOWS)[0].decode("utf-8")
        except UnicodeError:
            break
        if not _LIKELY.fullmatch(better):
            break
        text = better
    return text
