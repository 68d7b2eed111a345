"""Paying with a card of our own vault: its number goes from the vault to the provider, and never comes by here.

For providers that take cards: write the request as if the card were known, with what stands for it (contracts.vault.NUMBER …)
in its body, and let the vault send it.
"""

from collections.abc import Mapping

from banyan.contracts.vault import ForgetCard, ForwardCard, Forwarded, KeepCard, KeptCard, Purpose
from banyan.foundation import deadlines
from banyan.foundation.egress import NotSent
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import DeadlinePassed, NotFound, Refusal, Unavailable
from banyan.payments.providers import Rejected

_SECONDS = 3.0
_TRANSIENT = (408, 425, 429)


def is_ours(token: str) -> bool:
    """Whether this is a card of our vault, and no token of a provider's."""
    return token.startswith("card_")


async def send(
    ports: Ports,
    card: str,
    *,
    provider: str,
    url: str,
    headers: Mapping[str, str],
    body: str,
    without_code: str = "",
    purpose: Purpose = Purpose.PAY,
    payment_id: str = "",
) -> HttpAnswer:
    """The provider's answer to this request with the card in its body, the card's number taken out.

    `without_code`: the body where the security code is not there any more. NotSent where nothing left for the provider,
    Unavailable or DeadlinePassed where it may have; Rejected for a card that is gone, or that the vault will not send there.
    """
    asked = ForwardCard(
        card=card,
        purpose=purpose,
        provider=provider,
        payment_id=payment_id,
        url=url,
        headers=dict(headers),
        body=body,
        without_code=without_code,
        seconds=max(0.1, min(_SECONDS, deadlines.remaining(_SECONDS) - 0.2)),
    )
    try:
        told: Forwarded = await ports.peers.ask(asked)
    except NotFound:
        raise Rejected("card_gone") from None
    except Refusal as refusal:
        if refusal.code == "no_such_card":
            raise Rejected("card_gone") from None
        if refusal.code == "not_sent":
            raise NotSent(refusal.detail, retry_after=1) from None
        if isinstance(refusal, (Unavailable, DeadlinePassed)) or refusal.status >= 500:
            raise Unavailable(refusal.detail, retry_after=1) from None
        if refusal.status in _TRANSIENT:
            raise NotSent(refusal.detail, retry_after=refusal.retry_after) from None
        raise Rejected(refusal.code) from None
    return HttpAnswer(told.status, tuple(told.headers.items()), told.body.encode())


async def keep(ports: Ports, card: str, user_id: str) -> KeptCard:
    """Have a card kept for its shopper: what nobody keeps is gone after a day. NotFound for one that is not there."""
    return await ports.peers.ask(KeepCard(card=card, user_id=user_id))


async def forget(ports: Ports, card: str) -> None:
    """Have a card destroyed."""
    await ports.peers.ask(ForgetCard(card=card))
