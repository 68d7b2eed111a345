"""Ways to pay over HTTP: a card that the vault keeps, and the cards a shopper saved."""

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.storefront.shop_api.shapes import Method, PaymentOption, VaultCard


class _Methods(Seen):
    items: tuple[Method, ...]


async def redeem(line: Line, reference: str) -> VaultCard:
    """The card that was typed on the vault's own page; once for each reference."""
    return shaped(VaultCard, await line.send("vault", "POST", "/v1/vault/redemptions", {"reference": reference}))


class _Options(Seen):
    items: tuple[PaymentOption, ...]


async def options(line: Line, currency: str) -> tuple[PaymentOption, ...]:
    """The ways to pay that there are just now, best first."""
    return (await line.get(_Options, "payments", "/v1/payment-options", [("currency", currency)])).items


async def methods(line: Line) -> tuple[Method, ...]:
    return (await line.get(_Methods, "payments", "/v1/me/payment-methods")).items


async def save(line: Line, card: VaultCard, *, key: str, provider: str = "testbank") -> None:
    body = {"provider": provider, "token": card.token, "brand": card.brand, "last4": card.last4}
    await line.send("payments", "POST", "/v1/me/payment-methods", body, key=key)


async def remove(line: Line, method_id: str) -> None:
    await line.send("payments", "DELETE", f"/v1/me/payment-methods/{segment(method_id)}")
