"""Each invariant is able to fail: what it forbids is made with the constraint taken away, and found."""

import pytest

from banyan.users.app import service
from banyan.users.invariants import INVARIANTS
from tests.conftest import OpenShop
from tests.damage import found_after
from tests.users.desk import Desk

HOME = {"name": "Ada", "line1": "12 Long Lane", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"}
DAMAGE = {
    "I23 a session goes on": (
        "I23",
        """INSERT INTO erasure (id, account_id, due_at, next_at) SELECT 'era_1', account_id, shop_now(), shop_now() FROM session
        WHERE ended_at IS NULL LIMIT 1""",
    ),
    "U1 twice": (
        "U1",
        """INSERT INTO account (id, email_raw, email_canonical)
        SELECT 'usr_twice', upper(email_raw), 'other spelling' FROM account LIMIT 1""",
    ),
    "U1 kept under another": ("U1", "UPDATE account SET email_canonical = 'x' || email_canonical"),
    "U2 no way on": ("U2", "DELETE FROM refresh_token WHERE used_at IS NULL"),
    "U2 two ways on": (
        "U2",
        """DROP INDEX refresh_token_one_unused; INSERT INTO refresh_token (hash, session_id, expires_at)
        SELECT id::bytea, id, expires_at FROM session""",
    ),
    "U2 a chain into another session": (
        "U2",
        """INSERT INTO session (id, account_id, method, expires_at, ended_at, end_reason)
        SELECT 'ses_x', account_id, 'x', expires_at, shop_now(), 'x' FROM session LIMIT 1;
        UPDATE refresh_token SET session_id = 'ses_x' WHERE used_at IS NOT NULL""",
    ),
    "U3 no default": ("U3", "UPDATE address SET is_default = false"),
    "U3 two defaults": ("U3", "DROP INDEX address_one_default; UPDATE address SET is_default = true"),
    "U4 unknown role": ("U4", "UPDATE account SET roles = array_append(roles, 'king')"),
    "U4 no operator": ("U4", "UPDATE account SET roles = ARRAY['support'] WHERE roles <> '{}'"),
    "U5 eternal token": ("U5", "UPDATE refresh_token SET expires_at = expires_at + interval '1 second'"),
    "U5 eternal session": ("U5", "UPDATE session SET expires_at = created_at + interval '31 days'"),
    "U6 nobody signs": ("U6", "UPDATE signing_key SET signs_from = shop_now() + interval '1 day'"),
    "U6 no newest": ("U6", "UPDATE signing_key SET retires_at = shop_now() + interval '1 day'"),
}


@pytest.fixture(scope="module")
async def busy(open_shop: OpenShop) -> Desk:
    """A desk with one of everything."""
    desk = Desk(await open_shop(service()))
    made = await desk.newcomer("ada@example.com")
    await desk.refresh(made["refresh_token"])
    for _ in range(2):
        await desk.ask("POST", "/v1/me/addresses", HOME, token=made["access_token"])
    await desk.operator("op@example.com")
    return desk


async def test_all_hold_in_a_busy_shop(busy: Desk) -> None:
    assert await busy.broken() == {}
    assert len({each.id for each in INVARIANTS}) == len(INVARIANTS)


@pytest.mark.parametrize("name", DAMAGE)
async def test_damage_is_found(busy: Desk, name: str) -> None:
    expected, damage = DAMAGE[name]
    assert await found_after(busy.ports.db, INVARIANTS, damage) == [expected]
    assert await busy.broken() == {}


def test_every_invariant_is_shown_to_fail() -> None:
    assert {expected for expected, _ in DAMAGE.values()} == {each.id for each in INVARIANTS}
