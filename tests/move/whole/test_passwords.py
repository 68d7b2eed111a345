"""Customers of a shop that moved in sign in with the passwords they have, whatever the old shop made of them."""

import hashlib
from collections import Counter
from functools import cache

import orjson
import pytest

from banyan.foundation.peers import HttpAnswer
from banyan.users.passwords import VERIFIERS
from tests.move.whole.world import Whole

SCHEMES = {"bcrypt", "sha1-salted", "md5"}
HARD = ("correct horse", "Tr0ub4dor&3", "p@ss<word>", "passwörd")


async def sign_in(whole: Whole, email: str, password: str, network: str = "") -> HttpAnswer:
    body = orjson.dumps({"email": email, "password": password})
    headers = {"content-type": "application/json", "x-forwarded-for": network}
    return await whole.shop.peers.http("users", "POST", "/v1/sessions", headers=headers, body=body)


def known(whole: Whole) -> dict[int, str]:
    """Customer → the password they have, found in the legacy rows alone: the generator says which it used, not for whom."""
    passwords = whole.manifest["passwords"]
    by_md5 = {hashlib.md5(each.encode()).hexdigest(): each for each in passwords}
    found = {}
    for customer, kept, salt in whole.legacy("SELECT customer_id, password, salt FROM {customer} WHERE password <> ''"):
        if kept.startswith("$2y$"):
            found[customer] = next((each for each in passwords if fits("bcrypt", each, kept)), "")
        else:
            found[customer] = by_md5.get(kept) or next((each for each in passwords if sha1(each, salt) == kept), "")
    return {customer: password for customer, password in found.items() if password}


@cache
def fits(scheme: str, password: str, kept: str) -> bool:
    """Whether it would sign in. Bcrypt is slow, and the hashes of all generated shops are eight."""
    return VERIFIERS[scheme](password, kept)


def sha1(password: str, salt: str) -> str:
    """As OpenCart 1.5 to 3 hash: over the text as their forms escape it."""
    told = password.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    for before in ("", salt, salt):
        told = hashlib.sha1((before + told).encode()).hexdigest()
    return told


async def test_each_known_password_fits_what_is_kept_of_it(whole: Whole) -> None:
    """Every customer with a hash, by the verifier that signs them in."""
    passwords = known(whole)
    ids = {
        row["key"]: row["id"]
        for row in await whole.ours("move", "SELECT key, id FROM identity WHERE kind = 'customer'")
    }
    kept = {
        row["id"]: row for row in await whole.ours("users", "SELECT * FROM account WHERE password_hash IS NOT NULL")
    }
    generated = whole.one("SELECT COUNT(*) FROM {customer} WHERE password <> '' AND customer_id >= %s",
                          whole.manifest["first_ids"]["customer"])  # fmt: skip
    assert len(passwords) >= generated
    assert len(kept) == whole.one("SELECT COUNT(*) FROM {customer} WHERE password <> ''")
    schemes: Counter[str] = Counter()
    for customer, password in passwords.items():
        row = kept[ids[str(customer)]]
        assert fits(row["password_scheme"], password, row["password_hash"]), (customer, row["password_scheme"])
        schemes[row["password_scheme"]] += 1
    assert set(schemes) == SCHEMES


async def test_customers_of_each_scheme_sign_in(whole: Whole) -> None:
    """Over the API: one of each scheme with each password that HTML, UTF-8 or a blank could spoil; no closed account."""
    passwords = known(whole)
    rows = await whole.ours("move", "SELECT key, id FROM identity WHERE kind = 'customer'")
    ids = {row["id"]: int(row["key"]) for row in rows}
    people: dict[tuple[str, str, str], str] = {}
    for row in await whole.ours("users", "SELECT id, email_raw, password_scheme, status FROM account ORDER BY id"):
        if passwords.get(ids[row["id"]]) in HARD:
            people.setdefault((row["password_scheme"], passwords[ids[row["id"]]], row["status"]), row["email_raw"])
    active = {asked: email for asked, email in people.items() if asked[2] == "active"}
    assert {asked[:2] for asked in active} == {(scheme, password) for scheme in SCHEMES for password in HARD}
    answers = {asked: (await sign_in(whole, email, asked[1])).status for asked, email in active.items()}
    assert answers == dict.fromkeys(active, 201)
    closed = next(asked for asked in people if asked[2] == "closed")
    assert (await sign_in(whole, people[closed], closed[1])).status == 401
    assert (await sign_in(whole, active["md5", HARD[0], "active"], HARD[1])).status == 401


async def test_whoever_has_no_password_is_let_in_by_none(whole: Whole) -> None:
    customer = whole.manifest["dirt"]["password_empty"]["examples"][0]
    email = await whole.our(
        "users", "SELECT email_raw FROM account WHERE id = $1", await whole.id("customer", customer)
    )
    for password in ("", whole.manifest["passwords"][0]):
        assert (await sign_in(whole, email, password)).status in (401, 422)


@pytest.mark.parametrize("spelling", ["zoe.mueller@example.com", "Zoe.Mueller@Example.COM"])
async def test_a_customer_of_opencart_3_signs_in_with_what_she_types(third: Whole, spelling: str) -> None:
    """That shop hashed `s3cret&amp;Pass`, and lets nobody of hers in any more after its own upgrade."""
    assert (await sign_in(third, spelling, "s3cret&Pass")).status == 201
    assert (await sign_in(third, spelling, "s3cret&Pas")).status == 401
