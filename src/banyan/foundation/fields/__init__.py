"""The page on which a card is typed, of whoever keeps cards (our vault, the test bank): in a frame of the shop's payment page, or
as a page of its own where no scripts run. What is typed goes to the page's own origin, and only a token comes back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from banyan.foundation.face.assets import Assets
from banyan.foundation.face.forms import Form
from banyan.foundation.face.look import templates
from banyan.kernel import cards
from banyan.kernel.refusals import NotFound, Refusal

_HERE = Path(__file__).parent
_RETURN = re.compile(r"/[A-Za-z0-9_./-]{0,200}")
_EXPIRY = re.compile(r"(\d{1,2})\s*[/ .-]?\s*(\d{2}|20\d{2})")
_POINTED = {"number": "number", "exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc"}
MAX_BODY, MAX_FIELDS = 4_096, 12
_NOTHING_WRONG = {"": "", "number": "", "expiry": "", "cvc": ""}
_ALWAYS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",  # with no-referrer a form says that it comes from nowhere
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A card as it was typed, its digits alone."""

    number: SecretStr
    exp_month: int
    exp_year: int
    cvc: SecretStr


class Fields:
    """The pages of one keeper of cards. `shop`: the origin they are made for, and no other."""

    def __init__(self, *, shop: str, origin: str, keeper: str, base: str = "", secure: bool = False) -> None:
        """`origin`: where these pages are; `base`: below which path. `keeper`: who keeps the card, in words."""
        parts = urlsplit(shop)
        self.shop = f"{parts.scheme}://{parts.netloc}"
        self._origin, self._keeper, self._base = origin.rstrip("/"), keeper, base
        self._assets = Assets(_HERE / "static", f"{base}/fields")
        self._look = templates(_HERE / "templates")
        self._look.globals["asset"] = self._assets.url
        self._rules = dict(_ALWAYS) | ({"strict-transport-security": "max-age=31536000"} if secure else {})

    def asset(self, request: Request) -> Response:
        """The style or script that the path's `name` is. NotFound for none of ours."""
        found = self._assets.serve(request)
        if found is None:
            raise NotFound("There is nothing here")
        return found

    def frame(self) -> Response:
        """The fields for a frame. Only the shop may embed them, and only our own script runs in them."""
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
            f"base-uri 'none'; frame-ancestors {self.shop}"
        )
        rules = self._rules | {"content-security-policy": policy}
        if self._origin == self.shop:
            rules["x-frame-options"] = "SAMEORIGIN"
        page = self._look.get_template("frame.html").render(
            shop=self.shop, send=f"{self._base}/fields/cards", keeper=self._keeper, wrong=_NOTHING_WRONG
        )
        return HTMLResponse(page, 200, rules)

    def page(self, back: str, wrong: Mapping[str, str] | None = None, status: int = 200) -> Response:
        """The fields as a page of their own, for browsers without scripts. Nothing that was typed is shown again."""
        policy = f"default-src 'none'; style-src 'self'; form-action 'self' {self.shop}; base-uri 'none'; frame-ancestors 'none'"
        page = self._look.get_template("page.html").render(
            back=_way_back(back),
            shop=self.shop,
            send=f"{self._base}/card",
            keeper=self._keeper,
            wrong=_NOTHING_WRONG | dict(wrong or {}),
        )
        return HTMLResponse(page, status, self._rules | {"content-security-policy": policy, "x-frame-options": "DENY"})

    def back(self, back: str, reference: str) -> Response:
        """To the shop, which redeems the reference: the address holds nothing else."""
        return RedirectResponse(f"{self.shop}{_way_back(back)}?card={reference}", 303, self._rules)

    def comes_from_elsewhere(self, origin: str | None) -> bool:
        """Whether a browser says that another page than these or the shop's sends this."""
        return origin is not None and origin not in (self._origin, self.shop)


def typed(form: Form) -> Typed | dict[str, str]:
    """The card of a form; what is wrong, by field, where it is none."""
    number, expiry, code = re.sub(r"[ -]", "", form["number"]), _EXPIRY.fullmatch(form["expiry"]), form["cvc"]
    wrong = {}
    if not re.fullmatch(r"[0-9]{12,19}", number) or not cards.fits_check_digit(number):
        wrong["number"] = "Please check the digits of the card number"
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        wrong["expiry"] = "Month and year, like 08/29"
    if not re.fullmatch(r"[0-9]{3,4}", code):
        wrong["cvc"] = "3 or 4 digits, beside the signature or on the front"
    if wrong or expiry is None:
        return wrong
    year = int(expiry[2])
    return Typed(SecretStr(number), int(expiry[1]), year if year > 99 else 2000 + year, SecretStr(code))


def wrongs(refusal: Refusal) -> dict[str, str]:
    """A refusal of the card, by field of the page."""
    found = {_POINTED.get(fault.pointer.rpartition("/")[2], ""): fault.detail for fault in refusal.errors}
    return found or {"": refusal.detail}


def _way_back(path: str) -> str:
    """A path of the shop, and nothing that leads elsewhere."""
    return path if _RETURN.fullmatch(path) and not path.startswith("//") and ".." not in path else "/checkout/payment"
