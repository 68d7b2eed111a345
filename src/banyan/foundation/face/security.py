"""How one signs in, changed by oneself: passkeys, an app's codes, recovery codes. What every face's security page can do.

Its templates are `totp.html` (what is in it: `totp_setup.html`) and `codes.html` (`recovery_codes.html`).
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from typing import Any, Generic, TypeVar

from starlette.responses import Response

from banyan.foundation.face import ways_in
from banyan.foundation.face.passkeys import answered, asked
from banyan.foundation.face.visit import Message, Visit
from banyan.kernel.refusals import Refusal

Visiting = TypeVar("Visiting", bound=Visit[Any])
_OVER = ("session_ended", "token_expired", "invalid_token", "unauthenticated")  # unlike a passkey that does not fit

TOLD: Mapping[str, Message] = {
    "passkey-added": Message("good", "Your passkey is ready. Next time you sign in with a touch."),
    "passkey-removed": Message("good", "That passkey is removed here. Delete it on your device as well."),
    "totp-removed": Message("good", "No codes are asked for any more."),
    "wrong-code": Message("bad", "That code did not fit. Begin again, and type the code the app shows."),
}


class Security(ABC, Generic[Visiting]):
    def __init__(self, here: str, below: str) -> None:
        """`here`: the security page. `below`: what the addresses of its forms begin with."""
        self.here = here
        self._below = below

    @abstractmethod
    async def refused(self, visit: Visiting, refusal: Refusal) -> Response:
        """The page itself, with what was refused."""

    @abstractmethod
    def again(self, visit: Visiting) -> Response:
        """The way to show that it is still them: the last sign-in was too long ago for this."""

    def changed(self, visit: Visiting) -> None:
        """Something was changed; nothing more is to be done, where a face does not say so."""

    async def for_one_more(self, visit: Visiting) -> Response:
        return await asked(visit, ways_in.passkey_options(visit.line, ""))

    async def add_passkey(self, visit: Visiting) -> Response:
        ceremony, credential = answered(visit)
        adding = ways_in.add_passkey(visit.line, ceremony, credential, visit.form["name"][:60])
        return await self.done(visit, adding, "passkey-added")

    async def remove_passkey(self, visit: Visiting) -> Response:
        return await self.done(visit, ways_in.remove_passkey(visit.line, visit.path["id"]), "passkey-removed")

    async def begin_totp(self, visit: Visiting) -> Response:
        """The QR code of a new secret."""
        try:
            totp = await ways_in.begin_totp(visit.line)
        except Refusal as refusal:
            return await self._not_done(visit, refusal)
        return await visit.page("totp.html", totp=totp, to=f"{self._below}/totp/confirm")

    async def confirm_totp(self, visit: Visiting) -> Response:
        return await self._codes(visit, ways_in.confirm_totp(visit.line, visit.form["code"] or "-"))

    async def remove_totp(self, visit: Visiting) -> Response:
        return await self.done(visit, ways_in.remove_totp(visit.line), "totp-removed")

    async def renew_codes(self, visit: Visiting) -> Response:
        return await self._codes(visit, ways_in.renew_recovery_codes(visit.line))

    async def done(self, visit: Visiting, doing: Awaitable[None], told: str) -> Response:
        """Back to the page with a message, or with what was refused."""
        try:
            await doing
        except Refusal as refusal:
            return await self._not_done(visit, refusal)
        self.changed(visit)
        return visit.to(self.here, told)

    async def _codes(self, visit: Visiting, asking: Awaitable[tuple[str, ...]]) -> Response:
        try:
            codes = await asking
        except Refusal as refusal:
            return await self._not_done(visit, refusal)
        self.changed(visit)
        return await visit.page("codes.html", codes=codes, back=self.here)

    async def _not_done(self, visit: Visiting, refusal: Refusal) -> Response:
        if refusal.code == "sign_in_again":
            return self.again(visit)
        if refusal.code == "wrong_code":
            return visit.to(self.here, "wrong-code")
        if refusal.code in _OVER or refusal.status >= 500:
            raise refusal
        return await self.refused(visit, refusal)
