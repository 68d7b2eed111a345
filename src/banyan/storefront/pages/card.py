"""The card of a form: typed in a frame of the one who keeps cards, or on that one's own page. Only a token comes by here."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from banyan.foundation.settings import Settings
from banyan.kernel.refusals import Refusal
from banyan.storefront.shop_api import wallet
from banyan.storefront.shop_api.shapes import VaultCard
from banyan.storefront.visit import Visit

BANK = "/bank/cards"  # the test bank's own fields, which the gateway leads to
_TOKEN = re.compile(r"(?:card|tok_card)_[0-9a-z]{26}")
_REFERENCE = re.compile(r"ref_[0-9a-f]{36}")
_BRAND, _LAST4 = re.compile(r"[a-z]{0,20}"), re.compile(r"(?:[0-9]{4})?")
_TYPE_IT = {"card": "Please type your card."}


@dataclass(frozen=True, slots=True)
class CardFields:
    """Where a card is typed, and the one that is typed already: by its token, or by a reference of one use."""

    frame: str
    page: str
    token: str = ""
    brand: str = ""
    last4: str = ""
    reference: str = ""

    @property
    def ready(self) -> bool:
        return bool(self.token or self.reference)


def keeper(settings: Settings) -> str:
    """Below which address cards are typed: the vault's, or the bank's own."""
    return settings.vault_origin if settings.card_fields == "vault" else BANK


def frame_source(settings: Settings) -> str:
    """What our pages may put into a frame, for their Content-Security-Policy."""
    parts = urlsplit(keeper(settings))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'self'"


def card_fields(visit: Visit, back: str, errors: dict[str, str]) -> CardFields:
    """For the page at `back`. A card that was refused is typed again."""
    at = keeper(visit.front.settings)
    known = {} if errors.get("card") else _known(visit)
    return CardFields(f"{at}/fields", f"{at}/card?return={quote(back)}", **known)


async def typed_card(visit: Visit, key: str) -> VaultCard | dict[str, str]:
    """The card of the form that was sent; what is wrong, where there is none."""
    known = _known(visit)
    reference = known.get("reference", "")
    if not reference:
        return VaultCard(**known) if known.get("token") else _TYPE_IT
    try:
        return await visit.front.cards.once(f"{visit.nonce} {key}", lambda: wallet.redeem(visit.line, reference))
    except Refusal as refusal:
        if refusal.status not in (404, 422):
            raise
        return {"card": "That took too long, or was used before. Please type your card again."}


def _known(visit: Visit) -> dict[str, str]:
    """What the form, or the address that the card's own page leads back to, tells of a card."""
    form, told = visit.form, visit.request.query_params.get("card", "")
    token, reference = form["card_token"], form["card_reference"] or told
    if _TOKEN.fullmatch(token):
        fits = _BRAND.fullmatch(form["card_brand"]) and _LAST4.fullmatch(form["card_last4"])
        return {"token": token} | ({"brand": form["card_brand"], "last4": form["card_last4"]} if fits else {})
    if _TOKEN.fullmatch(reference):  # the bank's own page leads back with its token
        return {"token": reference}
    return {"reference": reference} if _REFERENCE.fullmatch(reference) else {}
