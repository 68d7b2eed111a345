"""Cards come in, are kept for a shopper, are handed over once by a reference, and go."""

from dataclasses import dataclass
from hashlib import sha256

from banyan.contracts.vault import CardForgotten, ForgetCard, KeepCard, KeptCard
from banyan.foundation.service import Ports
from banyan.kernel import cards
from banyan.kernel.ids import spell
from banyan.kernel.refusals import NotFound, TooMany, Unavailable
from banyan.vault import domain, storage
from banyan.vault.domain import Plain
from banyan.vault.safe import Safe

PER_ADDRESS, PER_CARD = (20, 60.0), (20, 86_400.0)  # so many in so many seconds: shoppers mistype, card testers try
_SWEPT = 500
_SWEEPING = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of a card."""

    token: str
    brand: str
    last4: str


async def put_in(safe: Safe, ports: Ports, card: Plain, code: str, address: str) -> Told:
    """Seal a card: its token. Invalid for what cannot be one, TooMany for who tries many.

    The same card twice has two tokens; no token tells anything of its card or of another token.
    """
    await _not_too_many(ports, f"address:{address}", PER_ADDRESS)
    domain.check(card.number, card.exp_month, card.exp_year, code, ports.clock.now().date())
    fingerprint = await safe.fingerprint(ports, "number", card.number)
    await _not_too_many(ports, f"card:{fingerprint.hex()}", PER_CARD)
    told = Told(
        f"card_{spell(int.from_bytes(ports.ids.secret(17)) >> 6, 26)}", cards.brand_of(card.number), card.number[-4:]
    )
    sealed = await safe.seal(ports, told.token, card)
    async with ports.db.transaction() as tx:
        await storage.make(
            tx,
            told.token,
            *(sealed.sealed, sealed.wrapped, sealed.generation, fingerprint),
            brand=told.brand,
            last4=told.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
            gone_at=storage.later(ports.clock.now(), domain.UNKEPT_SECONDS),
        )
        await storage.note(tx, told.token, "made", "shopper")
    if code:
        safe.codes.put(told.token, code, ports.clock.monotonic() + domain.CODE_SECONDS)
    return told


async def keep_card(safe: Safe, ports: Ports, call: KeepCard) -> KeptCard:
    shopper = await safe.fingerprint(ports, "shopper", call.user_id)
    row = await storage.card(ports.db, call.card)
    if row is None or row["shopper"] not in (None, shopper):
        raise _no_such_card()
    before = await storage.kept_before(ports.db, shopper, row["fingerprint"])
    token = before["token"] if before else call.card
    sealed = None if token == call.card else await safe.seal(ports, token, await safe.open(ports, row))
    async with ports.db.transaction() as tx:
        await storage.one_at_a_time(tx, shopper)
        now = await storage.kept_before(tx, shopper, row["fingerprint"])
        if (now and now["token"]) != (before and before["token"]):
            raise _being_saved()
        if sealed:  # the same card again: the first token goes on, with the date that was typed now
            if not await storage.take_over(tx, token, row, sealed.sealed, sealed.wrapped, sealed.generation):
                raise _being_saved()
        elif not await storage.keep(tx, token, shopper):
            raise _no_such_card()
        await storage.note(tx, token, "kept", "payments")
    return KeptCard(
        token=token, brand=row["brand"], last4=row["last4"], exp_month=row["exp_month"], exp_year=row["exp_year"]
    )


async def forget_card(safe: Safe, ports: Ports, call: ForgetCard) -> CardForgotten:
    """Its row and with it its data key: what may still lie in a backup has no key any more that is not there, too."""
    safe.codes.take(call.card, 0.0)
    async with ports.db.transaction() as tx:
        forgotten = await storage.forget(tx, call.card)
        if forgotten:
            await storage.note(tx, call.card, "forgotten", "payments")
    return CardForgotten(forgotten=forgotten)


async def refer(ports: Ports, token: str) -> str:
    """A reference to a card: for one use, for minutes."""
    reference = f"ref_{ports.ids.secret(18).hex()}"
    until = storage.later(ports.clock.now(), domain.REFERENCE_SECONDS)
    async with ports.db.transaction() as tx:
        await storage.refer(tx, sha256(reference.encode()).digest(), token, until)
    return reference


async def redeem(ports: Ports, reference: str) -> Told:
    """NotFound for one that is used up, too old, or none of ours."""
    async with ports.db.transaction() as tx:
        row = await storage.redeem(tx, sha256(reference.encode()).digest())
        if row is None:
            raise NotFound("this reference is used up or too old; type the card again", code="no_such_reference")
        await storage.note(tx, row["token"], "redeemed", "shop")
    return Told(row["token"], row["brand"], row["last4"])


async def sweep(safe: Safe, ports: Ports) -> float:
    """Let go of codes and of cards that nobody keeps."""
    safe.codes.sweep(ports.clock.monotonic())
    async with ports.db.transaction() as tx:
        tokens = await storage.gone(tx, _SWEPT)
        for token in tokens:
            await storage.note(tx, token, "forgotten", "vault", outcome="not kept")
    return 0.0 if len(tokens) == _SWEPT else _SWEEPING


async def _not_too_many(ports: Ports, what: str, allowed: tuple[int, float]) -> None:
    most, seconds = allowed
    if not ports.settings.rate_limits:
        return
    count, left = await ports.cache.count(f"vault:{what}", window=seconds)
    if count > most:
        raise TooMany("too many cards were tried; wait and try again", retry_after=left)


def _being_saved() -> Unavailable:
    return Unavailable("this card is being saved or removed just now; try again", retry_after=1)


def _no_such_card() -> NotFound:
    return NotFound("there is no such card", code="no_such_card")
