"""A browser for tests: keeps cookies, follows redirects, fills in and sends the forms of the page it is on. No scripts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer


@dataclass
class FormSeen:
    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """What a page says: its text, its links and its forms as they would be sent untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormSeen] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._form: FormSeen | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "form":
            self._form = FormSeen(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag == "input" and "disabled" not in given:
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked and "name" in given:
                self._form.fields.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            chosen = [value for name, value in self._form.fields if name == self._select]
            if not chosen or "selected" in given:
                self._form.fields = [each for each in self._form.fields if each[0] != self._select]
                self._form.fields.append((self._select, given.get("value", "")))
        elif tag == "textarea":
            self._area = given["name"]
            self._form.fields.append((self._area, ""))
        elif tag == "button":
            self._button = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "button":
            self._button = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._form and self._area:
            name, value = self._form.fields[-1]
            self._form.fields[-1] = (name, value + (data[1:] if not value and data.startswith("\n") else data))
        if self._form and self._button:
            self._form.buttons.append(data.strip())


@dataclass
class Page:
    """An answer as it is seen."""

    status: int
    html: str
    at: str
    answer: HttpAnswer

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.html)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(" ".join(reader.words).split())

    def form(self, action: str = "", button: str = "") -> FormSeen:
        """The form that goes there, or that has such a button. AssertionError where there is not exactly one such address."""
        found = [
            each
            for each in self.forms
            if each.method == "post" and (each.action == action if action else button in each.buttons)
        ]
        assert found, f"no form for {action or button} on {self.at} ({self.status}): {self.text[:600]}"
        return found[0]


class Browser:
    def __init__(self, app: Any, *, origin: str = "http://127.0.0.1:8000") -> None:
        self._app = app
        self._origin = origin
        self.cookies: dict[str, str] = {}
        self.written: list[str] = []  # every set-cookie line

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, headers, b"")

    async def post(self, path: str, fields: list[tuple[str, str]] | dict[str, str], **headers: str) -> Page:
        """A form as it is, without looking at any page."""
        body = urlencode(list(fields.items()) if isinstance(fields, dict) else fields).encode()
        given = {"content-type": "application/x-www-form-urlencoded", "origin": self._origin, **headers}
        return await self._ask("POST", path, given, body)

    async def send(
        self, page: Page, *, to: str = "", button: str = "", but: tuple[str, ...] = (), **typed: str
    ) -> Page:
        """Fill in a form of the page and send it. `but`: fields taken out, as boxes that are not ticked."""
        form = page.form(to, button)
        names = {name.replace("__", ":"): value for name, value in typed.items()}
        fields = [(name, names.pop(name, value)) for name, value in form.fields if name not in but]
        return await self.post(form.action, [*fields, *names.items()])

    async def _ask(self, method: str, path: str, given: dict[str, str], body: bytes) -> Page:
        headers = {
            "host": urlsplit(self._origin).netloc,
            **{name.replace("_", "-"): text for name, text in given.items()},
        }
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await loopback.request(self._app, method, path, headers=headers, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        if answer.status == 303:
            return await self._ask("GET", answer.header("location") or "", {}, b"")
        return Page(answer.status, answer.body.decode(), path, answer)

    def _keep(self, line: str) -> None:
        self.written.append(line)
        name, _, value = line.partition(";")[0].partition("=")
        if "Max-Age=0" in line:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value.strip('"')


def query_of(place: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(place).query))
