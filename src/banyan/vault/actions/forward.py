"""A card goes to a provider: written into a request by the vault, to a host that is named, with its purpose in the audit."""

from banyan.contracts.vault import CVC, ForwardCard, Forwarded
from banyan.foundation.egress import NotSent
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Conflict, Invalid, NotFound, Refusal, TooMany, Unavailable
from banyan.vault import domain, storage
from banyan.vault.safe import Safe

LONGEST = 10.0  # seconds
PER_CARD = (60, 3600.0)  # requests with one card in so many seconds
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})  # headers that nobody sets but us


def allowed(settings: Settings) -> frozenset[str]:
    """The origins to which cards may go. WrongSettings for what is none."""
    production = settings.environment == "production"
    try:
        named = domain.origins(settings.vault_hosts, production=production)
    except ValueError as wrong:
        raise WrongSettings(f"BANYAN_VAULT_HOSTS: {wrong}") from None
    bank = settings.testbank_url or settings.origin
    return named if production else named | domain.origins(bank, production=False)


async def forward_card(safe: Safe, ports: Ports, call: ForwardCard) -> Forwarded:
    """Send it, once. Before it leaves, its purpose is in the audit; afterwards what came of it."""
    host = domain.host_of(call.url, allowed(ports.settings))
    if _OURS & {name.lower() for name in call.headers}:
        raise Invalid("these headers are the vault's to set", code="header_not_allowed")
    row = await storage.card(ports.db, call.card)
    if row is None:
        raise _no_such_card()
    await _not_too_often(ports, call.card)
    card = await safe.open(ports, row)
    code = safe.codes.take(call.card, ports.clock.monotonic()) if CVC in call.body else ""
    template = call.body if code or CVC not in call.body else call.without_code
    if not template or (not code and CVC in template):
        raise Conflict("the security code is not there any more; ask for it again", code="code_gone")
    said = {"provider": call.provider[:40], "host": host, "payment_id": call.payment_id[:80] or None}
    body = domain.filled(template, card, code).encode()
    async with ports.db.transaction() as tx:
        if not await storage.stays(tx, call.card):  # forgotten while it was opened
            raise _no_such_card()
        await storage.note(tx, call.card, "forwarded", "payments", purpose=call.purpose, **said)
    outcome = "no answer"
    try:
        answer = await ports.egress.send(
            call.method, call.url, headers=call.headers, body=body, seconds=min(call.seconds, LONGEST)
        )
        outcome = str(answer.status)
    except NotSent as not_sent:
        outcome = "not sent"
        if code:
            safe.codes.put(call.card, code, ports.clock.monotonic() + domain.CODE_SECONDS)
        raise Unavailable(not_sent.detail, code="not_sent", retry_after=1) from None
    except Refusal as refusal:
        outcome = refusal.code
        raise
    finally:
        await storage.note(ports.db, call.card, "answered", "payments", purpose=call.purpose, outcome=outcome, **said)
    return Forwarded(
        status=answer.status,
        headers={name: value for name, value in answer.headers if name in domain.TELLS},
        body=domain.scrubbed(answer.body.decode("utf-8", "replace"), card.number),
    )


def _no_such_card() -> NotFound:
    return NotFound("there is no such card", code="no_such_card")


async def _not_too_often(ports: Ports, token: str) -> None:
    most, seconds = PER_CARD
    count, left = await ports.cache.count(f"vault:sent:{token}", window=seconds)
    if count > most:
        raise TooMany("this card was sent too often", retry_after=left)
