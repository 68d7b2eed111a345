"""Each invariant of the vault is able to fail, every card can be tried, and a card that goes in the middle goes whole."""

from typing import Any

import pytest

from banyan.commands.invariants import reaches_the_vault
from banyan.contracts.vault import ForgetCard, ForwardCard, KeepCard
from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import NotFound, Unavailable
from banyan.vault import actions
from banyan.vault.domain import Plain
from banyan.vault.invariants import INVARIANTS
from banyan.vault.safe import Safe
from tests.damage import found_after
from tests.vault.conftest import PROVIDER, World

_UNLOCK = "ALTER TABLE audit DISABLE TRIGGER audit_stays; "
DAMAGE = {
    "V1 nobody wrote it down": ("V1", _UNLOCK + "DELETE FROM audit WHERE deed = 'made' AND token = (SELECT kept())"),
    "V1 sent for no purpose": (
        "V1",
        _UNLOCK + "UPDATE audit SET purpose = NULL WHERE deed IN ('forwarded', 'answered')",
    ),
    "V2 it stays too long": (
        "V2",
        "UPDATE card SET gone_at = shop_now() - interval '2 hours' WHERE shopper IS NULL",
    ),
    "V2 nobody keeps it for ever": ("V2", "UPDATE card SET gone_at = NULL WHERE shopper IS NULL"),
    "V3 lost": ("V3", "DELETE FROM card WHERE token = kept()"),
    "V3 a forgotten one is there": ("V3", "INSERT INTO audit (token, deed, who) VALUES (kept(), 'forgotten', 'x')"),
    "V4 sent after it was forgotten": (
        "V4",
        """INSERT INTO audit (token, deed, who, purpose, host)
        SELECT token, 'forwarded', who, 'pay', 'x' FROM audit WHERE deed = 'forgotten' LIMIT 1""",
    ),
    "V4 kept after it was forgotten": (
        "V4",
        "INSERT INTO audit (token, deed, who) SELECT token, 'kept', who FROM audit WHERE deed = 'forgotten' LIMIT 1",
    ),
    "V5 kept by nobody knows whom": ("V5", _UNLOCK + "DELETE FROM audit WHERE deed = 'kept'"),
    "V5 an answer to nothing": (
        "V5",
        "INSERT INTO audit (token, deed, who, purpose, host) VALUES (kept(), 'answered', 'x', 'save', 'x')",
    ),
    "V6 twice": (
        "V6",
        """DROP INDEX card_of_shopper;
        UPDATE card SET (shopper, fingerprint, gone_at) = (SELECT shopper, fingerprint, gone_at FROM card WHERE token = kept());
        INSERT INTO audit (token, deed, who) SELECT token, 'kept', 'x' FROM card""",
    ),
}
_KEPT = """CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS
    'SELECT token FROM card WHERE shopper IS NOT NULL ORDER BY token LIMIT 1'; """


def request(card: str) -> ForwardCard:
    given = {"purpose": "pay", "provider": "stripe", "payment_id": "pay_1", "url": f"{PROVIDER}/v1/payment_methods"}
    return ForwardCard.model_validate(given | {"card": card, "headers": {}, "body": "card={{number}}"})


@pytest.fixture(scope="module")
async def busy(world: World) -> World:
    """One card that is kept and paid with, one that nobody keeps, one that is forgotten."""
    kept, forgotten = await world.card(), await world.card()
    await world.card(number="5555555555554444")
    await world.payments.ask(KeepCard(card=kept, user_id="usr_a"))
    await world.payments.ask(request(kept))
    await world.payments.ask(request(forgotten))
    await world.payments.ask(ForgetCard(card=forgotten))
    return world


async def broken(busy: World, damage: str = "") -> list[str]:
    """What the damage breaks; it is rolled back."""
    return await found_after(busy.ports.db, INVARIANTS, _KEPT + damage.replace("kept()", "pg_temp.kept()"))


@pytest.mark.parametrize("name", DAMAGE)
async def test_damage_is_found(busy: World, name: str) -> None:
    expected, damage = DAMAGE[name]
    assert await broken(busy, damage) == [expected]
    assert await broken(busy) == []


def test_every_invariant_is_shown_to_fail() -> None:
    assert {expected for expected, _ in DAMAGE.values()} == {each.id for each in INVARIANTS}
    assert len({each.id for each in INVARIANTS}) == len(INVARIANTS)


async def test_every_card_is_opened_and_one_that_is_not_what_its_row_says_is_named(busy: World) -> None:
    count, wrong = await actions.check(busy.safe, busy.ports)
    assert (count, wrong) == (await busy.ports.db.fetchval("SELECT count(*) FROM card"), [])
    spoilt = {
        "cannot be opened": "sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
        "the key-encryption key is another": "wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        "fingerprint": "fingerprint = sha256('another card')",
        "what is told of it": "last4 = '0000'",
    }
    for why, change in spoilt.items():
        token = await busy.card(number="4111111111111111")
        await busy.ports.db.execute(f"UPDATE card SET {change} WHERE token = $1", token)
        seen: list[int] = []
        told, found = await actions.check(busy.safe, busy.ports, progress=seen.append)
        assert [(each.token, why in each.why) for each in found] == [(token, True)], found
        assert seen == [told] == [count + 1]
        await busy.payments.ask(ForgetCard(card=token))


@pytest.mark.parametrize(
    ("reached", "given"),
    [
        (True, {"card_fields": "vault"}),
        (True, {"environment": "production", "vault_database_url": "postgresql://u:p@h/vault"}),
        (False, {}),
        (False, {"card_fields": "vault", "postgres_url": "postgresql://u:p@h/"}),
        (False, {"card_fields": "vault", "environment": "production"}),
    ],
)
def test_the_vault_is_proved_with_all_services_where_its_database_is_reached(reached: bool, given: Any) -> None:
    assert reaches_the_vault(Settings.model_validate(given)) is reached


class Forgetting(Safe):
    """Somebody removes the card at the worst moment."""

    dropped = ""

    async def open(self, ports: Ports, row: Row) -> Plain:
        card = await Safe.open(self, ports, row)
        await actions.forget_card(self, ports, ForgetCard(card=self.dropped))
        return card


async def test_a_card_that_is_forgotten_while_it_is_opened_is_not_sent(busy: World) -> None:
    safe = Forgetting()
    safe.dropped = await busy.card()
    heard = len(busy.bank.heard)
    with pytest.raises(NotFound):
        await actions.forward_card(safe, busy.ports, request(safe.dropped))
    assert len(busy.bank.heard) == heard
    assert [deed for deed, *_ in await busy.audit(safe.dropped)] == ["made", "forgotten"]


async def test_a_card_that_is_forgotten_while_it_is_saved_again_is_not_said_to_be_kept(busy: World) -> None:
    first, again = await busy.card(), await busy.card()
    await busy.payments.ask(KeepCard(card=first, user_id="usr_b"))
    safe = Forgetting()
    safe.dropped = first
    with pytest.raises(Unavailable):
        await actions.keep_card(safe, busy.ports, KeepCard(card=again, user_id="usr_b"))
    assert [deed for deed, *_ in await busy.audit(first)] == ["made", "kept", "forgotten"]
    assert (await busy.payments.ask(KeepCard(card=again, user_id="usr_b"))).token == again
    assert await broken(busy) == []
