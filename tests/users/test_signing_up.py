"""One account per mailbox, whoever comes first; retries and refusals change nothing."""

import asyncio

import pytest

from tests.users.desk import PASSWORD, Desk, fresh_email


def form(email: str, **other: object) -> dict[str, object]:
    return {"email": email, "password": PASSWORD, "name": "Ada"} | other


async def test_a_newcomer_is_signed_in_and_told_about(desk: Desk) -> None:
    made = await desk.newcomer("Ada.Lovelace@Example.com", name="Ada Lovelace")
    assert made["id"].startswith("usr_")
    assert (made["email"], made["name"], made["roles"]) == ("Ada.Lovelace@Example.com", "Ada Lovelace", [])
    assert made["token_type"] == "Bearer"
    me = await desk.ask("GET", "/v1/me", token=made["access_token"])
    assert me.json()["id"] == made["id"]
    assert (await desk.refresh(made["refresh_token"])).status == 200
    assert await desk.facts(made["id"]) == ["UserRegistered"]


async def test_of_many_who_sign_up_with_one_mailbox_at_once_exactly_one_does(desk: Desk) -> None:
    spellings = ["grace@bücher.example", "GRACE@BÜCHER.example", "Grace@xn--bcher-kva.example", "grace@BÜCHER.EXAMPLE"]
    answers = await asyncio.gather(*(desk.ask("POST", "/v1/users", form(each)) for each in spellings * 4))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 15
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"email_taken"}
    assert await desk.ports.db.fetchval("SELECT count(*) FROM account WHERE email_canonical LIKE 'grace@%'") == 1


async def test_a_repeated_request_gets_the_same_answer_and_its_tokens_are_kept_sealed(desk: Desk) -> None:
    asked = form(fresh_email())
    first = await desk.ask("POST", "/v1/users", asked, key="k-1")
    again = await desk.ask("POST", "/v1/users", asked, key="k-1")
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.header("idempotent-replayed") == "true"
    kept = await desk.ports.db.fetchval("SELECT body FROM idempotency WHERE key = 'k-1'")
    for secret in (first.json()["refresh_token"], first.json()["access_token"]):
        assert secret.encode() not in kept
    other = await desk.ask("POST", "/v1/users", form(fresh_email()), key="k-1")
    assert (other.status, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("Password1234567", "password_too_common"),
        ("dragon 1234 !!!!", "password_too_common"),
        ("1qaz2wsx3edc4rfv", "password_too_common"),
        ("abcabcabcabcabc", "password_too_common"),
        ("qwertyuiopasdfg", "password_too_common"),
        ("987654321098765", "password_too_common"),
        ("weak.person@example.com", "password_is_address"),
        ("Weak.Person@example.com1", "password_is_address"),
    ],
)
async def test_a_weak_password_is_refused_and_no_account_made(desk: Desk, password: str, code: str) -> None:
    answer = await desk.ask("POST", "/v1/users", form("weak.person@example.com", password=password))
    assert (answer.status, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == "/body/password"
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM account WHERE email_canonical LIKE 'weak.person@%'")


async def test_passwords_keep_their_blanks_and_do_not_depend_on_the_keyboard(desk: Desk) -> None:
    email = fresh_email()
    await desk.newcomer(email, "  caf\u00e9 und kuchen ")
    assert (await desk.sign_in(email, "  cafe\u0301 und\u00a0kuchen ")).status == 201
    assert (await desk.sign_in(email, "caf\u00e9 und kuchen")).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b"null",
        b"[" * 100_000,
        b'{"email": 1, "password": "a long walk by the sea"}',
        b'{"email": "a@example.com"}',
        b'{"email": "\\ud800@example.com", "password": "a long walk by the sea"}',
        b'{"email": "a\\u0000@example.com", "password": "a long walk by the sea"}',
        b'{"email": "n@example.com", "password": "\\ud800 a long walk by the sea"}',
        b'{"email": "n@example.com", "password": "a long walk by the sea", "name": "\\u0000"}',
        b'{"email": "n@example.com", "password": "a long walk by the sea", "name": "a\\u202eb"}',
        b'{"email": "n@example.com", "password": "a long walk by the sea", "roles": ["operator"]}',
        b'{"email": "n@example.com", "password": "a long walk by the sea", "\\ud800": 1}',
        b'{"email": "n@example.com", "password": ' + b"9" * 5000 + b"}",
    ],
)
async def test_hostile_bodies_are_refused_and_change_nothing(desk: Desk, body: bytes) -> None:
    before = await desk.ports.db.fetchval("SELECT count(*) FROM account")
    answer = await desk.ask("POST", "/v1/users", body)
    assert answer.status in (400, 422), answer.body
    assert answer.json()["code"]
    assert await desk.ports.db.fetchval("SELECT count(*) FROM account") == before


async def test_a_password_may_hold_any_character(desk: Desk) -> None:
    email, password = fresh_email(), "nul \x00 and \U0001f332 are fine"
    await desk.newcomer(email, password)
    assert (await desk.sign_in(email, password)).status == 201
    assert (await desk.sign_in(email, "nul ")).status == 401
