"""Passwords as an old shop gets them back: in the form it can check, for as long as it may, and never in a weak one."""

from collections.abc import AsyncIterator
from hashlib import md5

import bcrypt
import pytest

from banyan.users import passwords
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import PASSWORD, Desk
from tests.users.test_intake import back, customer, newer, owner, taken

OLD = md5(PASSWORD.encode()).hexdigest()
NEW = " two lamps in the attic\t"


def as_php(password: str, kept: str) -> bool:
    """What `password_verify` says in OpenCart 4, which cuts blanks off what is typed."""
    assert kept.startswith("$2y$10$")
    assert len(kept) == 60
    return bcrypt.checkpw(password.strip().encode(), kept.encode())


@pytest.fixture(scope="module")
async def room(open_shop: OpenShop) -> Desk:
    return Desk(await open_shop(service()))


@pytest.fixture
async def desk(room: Desk) -> AsyncIterator[Desk]:
    """A shop whose accounts are ours now, and may go back."""
    await owner(room, "new")
    yield room
    await owner(room, None)


async def hashes(desk: Desk) -> int:
    return int(await desk.ports.db.fetchval("SELECT count(*) FROM account WHERE legacy_hash IS NOT NULL"))


async def test_signing_in_upgrades_a_hash_and_the_old_one_goes_back(desk: Desk) -> None:
    await owner(desk, "legacy")
    record = customer(password_scheme="md5", password_hash=OLD)
    await taken(desk, record)
    await owner(desk, "new")
    for _ in range(2):
        session = (await desk.sign_in(record.email)).json()
    kept = await desk.ports.db.fetchrow("SELECT * FROM account WHERE id = $1", record.id)
    assert kept is not None
    assert kept["password_scheme"] == "argon2id"
    assert await back(desk, record.id) == [record]
    assert (
        await desk.ask("PATCH", "/v1/me", {"name": "Grace"}, token=session["access_token"], match="*")
    ).status == 200
    assert await back(desk, record.id) == [record.model_copy(update={"name": "Grace"})]


async def test_what_the_old_shop_says_after_it_got_them_back_leaves_an_unchanged_password_alone(desk: Desk) -> None:
    await owner(desk, "legacy")
    record = customer(password_scheme="md5", password_hash=OLD)
    await taken(desk, record)
    await owner(desk, "new")
    session = (await desk.sign_in(record.email)).json()
    await owner(desk, "legacy")
    await taken(desk, newer(record, name="Grace"))
    assert (await desk.refresh(session["refresh_token"])).status == 200
    scheme = await desk.ports.db.fetchval("SELECT password_scheme FROM account WHERE id = $1", record.id)
    assert scheme == "argon2id"
    other = md5(b"another one by the sea").hexdigest()
    await taken(desk, newer(newer(record), password_hash=other))
    assert (await desk.sign_in(record.email)).status == 401
    assert (await desk.sign_in(record.email, "another one by the sea")).status == 201
    [now] = await back(desk, record.id)
    assert (now.password_scheme, now.password_hash) == ("md5", other)


async def test_a_password_that_is_set_here_goes_back_as_bcrypt_and_is_told(desk: Desk) -> None:
    await owner(desk, "legacy")
    record = customer(password_scheme="md5", password_hash=OLD)
    await taken(desk, record)
    await owner(desk, "new")
    session = (await desk.sign_in(record.email)).json()
    change = {"current": PASSWORD, "new": NEW}
    assert (await desk.ask("POST", "/v1/me/password", change, token=session["access_token"])).status == 204
    assert (await desk.facts(record.id))[-2:] == ["PasswordChanged", "SessionsEnded password_changed"]
    [now] = await back(desk, record.id)
    assert now.password_scheme == "bcrypt"
    assert as_php(NEW, now.password_hash)
    assert not as_php(PASSWORD, now.password_hash)
    assert (await desk.sign_in(record.email, NEW)).status == 201
    assert await back(desk, record.id) == [now]


async def test_who_signs_up_here_can_sign_in_there_too(desk: Desk) -> None:
    made = await desk.newcomer()
    [now] = await back(desk, made["id"])
    assert now.password_scheme == "bcrypt"
    assert as_php(PASSWORD, now.password_hash)


async def test_a_password_that_is_forgotten_is_forgotten_in_every_form_and_told(desk: Desk) -> None:
    made = await desk.newcomer()
    await desk.ask("POST", "/v1/sessions/magic-link", {"email": made["email"]})
    assert (await desk.redeem(await desk.link_to(made["email"]))).status == 201
    [now] = await back(desk, made["id"])
    assert (now.password_scheme, now.password_hash) == (None, None)
    assert "PasswordChanged" in await desk.facts(made["id"])


async def test_when_no_old_shop_gets_them_back_nothing_is_kept_for_it(desk: Desk) -> None:
    made = await desk.newcomer()
    assert await hashes(desk)
    await owner(desk, None)
    assert await hashes(desk) == 0
    assert (await desk.sign_in(made["email"])).status == 201
    [now] = await back(desk, made["id"])
    assert now.password_scheme == "argon2id"
    await desk.newcomer()
    assert await hashes(desk) == 0


@pytest.mark.parametrize("password", ["x" * 72 + "tail", "ö" * 50, "\tp & <b>'\" ", "zero\0byte"])
async def test_every_password_is_hashed_as_php_would_or_not_at_all(password: str) -> None:
    kept = await passwords.hashed_for_php(password, b"0123456789abcdef")
    if "\0" in password:
        assert kept is None
        return
    assert kept is not None
    assert bcrypt.checkpw(password.strip().encode()[:72], kept.encode())
    assert passwords.VERIFIERS["bcrypt"](password, kept)
    assert not passwords.VERIFIERS["bcrypt"]("y" + password, kept)
    assert await passwords.hashed_for_php(password, b"0123456789abcdeg") != kept
