"""A browser for tests: cookies, forms with their hidden fields, and a page that can be looked into. No script runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from banyan.foundation import loopback

_VOID_TEXT = "area base br col embed hr img input link meta source track wbr use path"
_VOID = frozenset(_VOID_TEXT.split())


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: "list[Element | str]" = field(default_factory=list)

    def all(self, *tags: str, **attributes: str) -> Iterator["Element"]:
        """Every element below of one of these tags, with these attributes; `class_` is one of its classes."""
        for each in self.inside:
            if isinstance(each, Element):
                if (not tags or each.tag in tags) and each._has(attributes):
                    yield each
                yield from each.all(*tags, **attributes)

    def first(self, *tags: str, **attributes: str) -> "Element":
        found = next(self.all(*tags, **attributes), None)
        assert found is not None, f"no {tags} with {attributes}"
        return found

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for each in self.inside:
            if isinstance(each, str):
                yield each
            elif each.tag not in ("script", "style"):
                yield from each._texts()

    def _has(self, wanted: Mapping[str, str]) -> bool:
        for name, value in wanted.items():
            given = self.attributes.get(name.rstrip("_"))
            if given is None or (value not in given.split() if name == "class_" else given != value):
                return False
        return True


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and tag not in _VOID:
            if self._open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


@dataclass
class Page:
    """An answer."""

    path: str
    status: int
    headers: dict[str, str]
    html: str
    root: Element

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        return list(self.root.all(*tags, **attributes))

    def first(self, *tags: str, **attributes: str) -> Element:
        return self.root.first(*tags, **attributes)

    @property
    def text(self) -> str:
        return self.first("body").text if any(self.root.all("body")) else ""

    @property
    def to(self) -> str:
        """Where it sends to."""
        return self.headers.get("location", "")

    def form(self, action: str) -> Element:
        return self.first("form", action=action)

    def error(self, name: str) -> str:
        """What is said beside a field."""
        return self.first(id=f"e-{name}").text


def fields(form: Element) -> dict[str, str]:
    """What a form would send as it stands, without pressing a button that says more."""
    sent = {}
    for each in form.all("input", "select"):
        name, kind = each.attributes.get("name", ""), each.attributes.get("type", "text")
        if not name or (kind in ("radio", "checkbox") and "checked" not in each.attributes):
            continue
        if each.tag == "select":
            options = list(each.all("option"))
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
            sent[name] = chosen[0].attributes["value"]
        else:
            sent[name] = each.attributes.get("value", "")
    return sent


class Browser:
    """Keeps cookies; `headers` go with every request."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.page = Page("", 0, {}, "", Element(""))

    async def get(self, path: str, *, follow: bool = True, **headers: str) -> Page:
        page = await self.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
        return await self._followed(page) if follow else page

    async def post(self, path: str, sent: Mapping[str, str], *, follow: bool = False, **headers: str) -> Page:
        given = {"content-type": "application/x-www-form-urlencoded", "origin": "http://shop.test"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        page = await self.request("POST", path, headers=given, body=urlencode(sent).encode())
        return await self._followed(page) if follow else page

    async def submit(self, action: str, *, follow: bool = True, **sent: str) -> Page:
        """Fill in the form of the page that is open, and send it. A trailing _ in a name is taken off, __ is a dot."""
        typed = {name.rstrip("_").replace("__", "."): value for name, value in sent.items()}
        return await self.post(action, {**fields(self.page.form(action)), **typed}, follow=follow)

    async def request(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Page:
        given = {"host": "shop.test", **self.headers, **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await loopback.request(self.app, method, path, headers=given, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        parser = _Parser()
        kind = answer.header("content-type") or ""
        html = answer.body.decode() if kind.startswith("text/html") else ""
        parser.feed(html)
        self.page = Page(path, answer.status, dict(answer.headers), html, parser.root)
        return self.page

    async def _followed(self, page: Page) -> Page:
        for _ in range(5):
            if page.status not in (301, 303):
                break
            page = await self.request("GET", page.to, headers={})
        return page

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0" or morsel["max-age"] == 0:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def query_of(path: str) -> list[tuple[str, str]]:
    return parse_qsl(path.partition("?")[2])
