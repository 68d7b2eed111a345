"""One request of a browser: what it sent, what its forms are bound to, and the way it is sent on."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Generic, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from banyan.foundation.face import forms
from banyan.foundation.face.forms import Form
from banyan.foundation.face.jar import Cookie, Jar
from banyan.foundation.face.line import Line
from banyan.foundation.face.policy import NONCE_BYTES
from banyan.foundation.face.seal import FIELD, SIZE, Seal
from banyan.kernel.ids import Ids

_TOLD = 60  # seconds in which a message that is shown once reaches its page


class Message(NamedTuple):
    """What is shown once, after something was done: its code travels in a cookie, never its text."""

    tone: str  # good, note or bad
    text: str


class Visit(ABC, Generic[Cookie]):
    line: Line

    def __init__(
        self,
        request: Request,
        jar: Jar[Cookie],
        seal: Seal,
        ids: Ids,
        *,
        nonce: Cookie,
        told: Cookie,
        ceremony: Cookie,
        seconds: int,
    ) -> None:
        """`nonce`: the cookie that forms are bound to, kept for `seconds`. `told`: that of a message shown once.
        `ceremony`: of what a passkey's answer belongs to."""
        self.request = request
        self.ceremony = ceremony
        self.jar = jar
        self.form = Form()
        self.query = Form(request.query_params.multi_items())
        self._seal = seal
        self._ids = ids
        self._bound = nonce
        self._told = told
        self._seconds = seconds

    @cached_property
    def script_nonce(self) -> str:
        """What the scripts of this page carry, and its Content-Security-Policy names: of this answer alone."""
        return b64encode(self._ids.secret(NONCE_BYTES)).decode()

    @property
    def path(self) -> dict[str, str]:
        """The parts of the path that have names."""
        return {name: str(value) for name, value in self.request.path_params.items()}

    @property
    def here(self) -> str:
        return self.request.url.path

    @abstractmethod
    async def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """A page. `context` is what its template shows."""

    def new_key(self) -> str:
        """An Idempotency-Key for a form."""
        return self._ids.new("key")

    @property
    def nonce(self) -> str:
        """What this browser's forms are bound to; put into a cookie the first time it is asked for."""
        if not self.jar.get(self._bound):
            self.renew_seal()
        return self.jar.get(self._bound)

    def seal(self) -> str:
        """For the hidden field of this page's forms."""
        return self._seal.token(self.nonce, self._ids.secret(SIZE))

    def renew_seal(self) -> None:
        """Forms of before are void: who signs in or out is somebody else."""
        self.jar.put(self._bound, self._ids.secret(18).hex(), self._seconds)

    async def receive(self, *, max_body: int, max_fields: int) -> None:
        """Read the form that was sent. Forbidden unless it is one of our own; what `forms.read` refuses is refused."""
        self.form = await forms.read(self.request, max_body=max_body, max_fields=max_fields)
        self._seal.check(self.request, self.jar.get(self._bound), self.form.exact(FIELD))

    def told(self, messages: Mapping[str, Message]) -> Message | None:
        """The message, of these by their codes, that is to be shown now, this once."""
        code = self.jar.get(self._told)
        self.jar.drop(self._told)
        return messages.get(code)

    def to(self, place: str, told: str = "") -> Response:
        """Go on elsewhere by GET. `place` is one of our own paths; `told` the code of a message to be shown there."""
        if told:
            self.jar.put(self._told, told, _TOLD)
        return RedirectResponse(place, 303)
