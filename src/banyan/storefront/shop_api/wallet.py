"""Ways to pay over HTTP: the vault that takes card numbers, and the cards a shopper saved."""

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.storefront.shop_api.shapes import Method, VaultCard


class _Methods(Seen):
    items: tuple[Method, ...]


async def keep_card(line: Line, *, number: str, exp_month: int, exp_year: int, cvc: str) -> VaultCard:
    """Hand a card to the vault: a token comes back, and nothing of the card stays here."""
    body = {"number": number, "exp_month": exp_month, "exp_year": exp_year, "cvc": cvc}
    return shaped(VaultCard, await line.send("payments", "POST", "/v1/vault/cards", body))


async def methods(line: Line) -> tuple[Method, ...]:
    return (await line.get(_Methods, "payments", "/v1/me/payment-methods")).items


async def save(line: Line, card: VaultCard, *, key: str, provider: str = "testbank") -> None:
    body = {"provider": provider, "token": card.token, "brand": card.brand, "last4": card.last4}
    await line.send("payments", "POST", "/v1/me/payment-methods", body, key=key)


async def remove(line: Line, method_id: str) -> None:
    await line.send("payments", "DELETE", f"/v1/me/payment-methods/{segment(method_id)}")
