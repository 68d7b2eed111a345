"""Hashes of every kind are checked, old ones are left behind at the next sign-in, and nothing tells which there are."""

from collections.abc import Iterator
from hashlib import sha1

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from banyan.users import passwords
from banyan.users.domain import password_rules
from tests.users.desk import PASSWORD, Desk, fresh_email

SALT = b"sixteen bytes !!"


@pytest.fixture
def salted_sha1() -> Iterator[str]:
    """A scheme as a legacy shop might have had it, known while the test runs."""
    passwords.VERIFIERS["salted_sha1"] = lambda typed, kept: (
        sha1((kept.partition("$")[0] + typed).encode()).hexdigest() == kept.partition("$")[2]
    )
    yield "abc$" + sha1(b"abcold and short").hexdigest()
    del passwords.VERIFIERS["salted_sha1"]


async def test_a_hash_fits_its_password_only(desk: Desk) -> None:
    kept = await passwords.hashed("a password", SALT)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.check("a password", "argon2id", kept, SALT) == passwords.Verdict(True)
    for typed, scheme, hashed in [
        ("a passwore", "argon2id", kept),
        ("a password", "argon2id", "not a hash"),
        ("a password", "crypt16", kept),
        ("a password", None, None),
        ("", None, None),
    ]:
        assert await passwords.check(typed, scheme, hashed, SALT) == passwords.Verdict(False)


async def test_a_hash_of_weaker_cost_is_made_anew(desk: Desk) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(b"a password")
    verdict = await passwords.check("a password", "argon2id", weak, SALT)
    assert verdict.fits
    assert verdict.upgrade
    assert "m=19456,t=2,p=1" in verdict.upgrade


async def test_a_legacy_password_signs_in_and_its_hash_is_left_behind(desk: Desk, salted_sha1: str) -> None:
    made = await desk.newcomer()
    db = desk.ports.db
    async with db.transaction() as tx:
        await tx.execute(
            "UPDATE account SET password_scheme = 'salted_sha1', password_hash = $2 WHERE id = $1",
            made["id"],
            salted_sha1,
        )
    assert (await desk.sign_in(made["email"], "old and wrong")).status == 401
    assert await db.fetchval("SELECT password_scheme FROM account WHERE id = $1", made["id"]) == "salted_sha1"
    for _ in range(2):
        assert (await desk.sign_in(made["email"], "old and short")).status == 201
        assert await db.fetchval("SELECT password_scheme FROM account WHERE id = $1", made["id"]) == "argon2id"


async def test_an_unknown_scheme_refuses_without_an_error(desk: Desk) -> None:
    made = await desk.newcomer(fresh_email())
    async with desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET password_scheme = 'md4' WHERE id = $1", made["id"])
    assert (await desk.sign_in(made["email"], PASSWORD)).status == 401


@given(st.text(max_size=140))
def test_any_text_is_weak_for_a_known_reason_or_may_be_chosen(text: str) -> None:
    weak = password_rules.weakness(text, email="ada@example.com", name="Ada")
    length = len(password_rules.plain(text))
    assert (weak is not None and weak[0] == "password_too_short") == (length < 12)
    assert (weak is not None and weak[0] == "password_too_long") == (length > 128)


@given(st.text(min_size=12, max_size=14))
def test_roles_need_fifteen_characters(text: str) -> None:
    weak = password_rules.weakness(password_rules.plain(text), email="ada@example.com", has_roles=True)
    assert weak is not None


@given(st.text("abcXYZ019 .ßéЖ漢", min_size=1, max_size=4), st.integers(min_value=3, max_value=30))
def test_one_piece_over_and_over_is_common(piece: str, times: int) -> None:
    weak = password_rules.weakness((piece * times)[:100], email="ada@example.com")
    assert weak is not None


@pytest.mark.parametrize(
    "password",
    [
        "1qaz2wsx3edc4rfv",
        "PolniyPizdec0211",
        "correct horse battery staple",
        "Dragon 1234 5678",
        "!!basketball2026",
        "passwordpassword",
    ],
)
def test_what_leaked_or_is_a_common_word_with_trimmings_is_refused(password: str) -> None:
    weak = password_rules.weakness(password, email="ada@example.com")
    assert weak is not None
    assert weak[0] == "password_too_common"


@pytest.mark.parametrize(
    "password", ["a long walk by the sea", "four words in a row", "wv7rTq2mKx9zLp4b", "dragon 8391 7263 5540 11"]
)
def test_what_nobody_else_has_may_be_chosen(password: str) -> None:
    assert password_rules.weakness(password, email="ada@example.com") is None


def test_the_list_of_leaked_passwords_is_sorted_and_holds_no_password() -> None:
    kept = password_rules._digests()
    parts = [kept[at : at + 5] for at in range(0, len(kept), 5)]
    assert parts == sorted(set(parts))
    assert len(parts) > 70_000
    assert b"password" not in kept
