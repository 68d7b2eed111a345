"""Stripe's own card fields on our pages: a card is typed in Stripe's frame, and its token, `pm_…`, comes by here.

The payment does not exist yet when the token is asked for; payments confirms it with the token afterwards
(docs.stripe.com/payments/finalize-payments-on-the-server).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from banyan.foundation.settings import Settings
from banyan.kernel.money import Money
from banyan.storefront.shop_api.shapes import PaymentOption, VaultCard
from banyan.storefront.visit import Visit

PROVIDER = "stripe"
WAY = "card:stripe"
FIELD = "stripe"  # under which is told what is wrong with the card
TYPE_IT = {FIELD: "Please type your card."}
_TOKEN = re.compile(r"pm_[0-9A-Za-z_]{4,100}")
_BRAND, _LAST4 = re.compile(r"[a-z_]{0,30}"), re.compile(r"(?:[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class StripeFields:
    """What the page's script needs, or the card that is typed already and waits for its form."""

    script: str  # where Stripe.js is
    key: str  # the publishable one
    account: str
    currency: str
    amount: int  # in minor units; 0: the card is kept, and nothing is paid
    page: str  # where another one is typed
    card: VaultCard | None = None


def fields(
    visit: Visit, options: Iterable[PaymentOption], page: str, total: Money | None, errors: dict[str, str]
) -> StripeFields | None:
    """Stripe's fields on the page at `page`, which may then load them; None where Stripe is not offered just now, or cards
    are typed at our vault. A card that was refused is typed again."""
    settings = visit.front.settings
    option = next((each for each in options if _is_typed(each)), None)
    if option is None or settings.card_fields != "provider":
        return None
    card = None if FIELD in errors else typed(visit)
    if card is None:
        frames, connects = sources(settings)
        visit.allow(frames=frames, connects=connects)
    return StripeFields(
        script=settings.stripe_js_url,
        key=option.public["publishable_key"],
        account=option.public.get("account", ""),
        currency=(total.currency if total else visit.currency).lower(),
        amount=total.amount if total else 0,
        page=page,
        card=card,
    )


def typed(visit: Visit) -> VaultCard | None:
    """The card that Stripe gave the form a token for."""
    form = visit.form
    if not _TOKEN.fullmatch(form["stripe_token"]):
        return None
    if not (_BRAND.fullmatch(form["stripe_brand"]) and _LAST4.fullmatch(form["stripe_last4"])):
        return VaultCard(token=form["stripe_token"])
    return VaultCard(token=form["stripe_token"], brand=form["stripe_brand"], last4=form["stripe_last4"])


def sources(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a page with these fields may frame, and what its scripts may ask, as Stripe has it for Stripe.js
    (docs.stripe.com/security/guide#content-security-policy). The script itself runs by the page's nonce."""
    parts = urlsplit(settings.stripe_js_url)
    if parts.hostname == "js.stripe.com":
        frames = ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com")
        return frames, ("https://api.stripe.com",)
    origin = f"{parts.scheme}://{parts.netloc}"
    return (origin,), (origin,)


def _is_typed(option: PaymentOption) -> bool:
    return option.provider == PROVIDER and option.available and bool(option.public.get("publishable_key"))
