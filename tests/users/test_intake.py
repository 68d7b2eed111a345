"""Customers of an old shop come over with their passwords, go back as they came, and never take anything from a shopper."""

from datetime import UTC, datetime
from hashlib import md5, sha1
from itertools import count
from typing import Any

import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import (
    Customer,
    CustomerAddress,
    Fate,
    Outcome,
    UsersHandOver,
    UsersTake,
    UsersTenure,
)
from banyan.contracts.users import Address
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Invalid
from banyan.users import passwords
from banyan.users.app import service
from banyan.users.storage import accounts
from tests.conftest import OpenShop
from tests.users.desk import Desk, fresh_email

_ids = SeededIds(VirtualClock(), 3)
_number = count(1)
_epoch = count(1)
SALT = "xK3s9pQ2a"
TOLD = 'Tr0ub4dor&3 "q" <b>\'s'


def customer(version: int = 1, **given: Any) -> Customer:
    plain = {
        "id": _ids.new("usr"),
        "version": version,
        "email": f"legacy{next(_number)}@example.com",
        "name": "Ada Byron",
        "created_at": datetime(2019, 3, 2, 9, 15, tzinfo=UTC),
    }
    return Customer.model_validate(plain | given)


def address(city: str = "Berlin", *, default: bool = False, id: str = "") -> CustomerAddress:
    place = Address(name="Ada", line1="Linienstraße 7", city=city, postal_code="10178", country="DE")
    return CustomerAddress(id=id or _ids.new("adr"), address=place, is_default=default)


def newer(record: Customer, **changes: Any) -> Customer:
    return record.model_copy(update={"version": record.version + 1, **changes})


async def take(desk: Desk, *records: Customer, again: bool = False) -> list[Fate]:
    return list((await desk.shop.peers.ask(UsersTake(records=records, again=again))).fates)


async def taken(desk: Desk, *records: Customer) -> None:
    fates = await take(desk, *records)
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN] * len(records), fates


async def back(desk: Desk, *ids: str) -> list[Any]:
    return list((await desk.shop.peers.ask(UsersHandOver(kind="customer", ids=ids))).records)


async def owner(desk: Desk, whose: str | None) -> None:
    await desk.shop.peers.ask(UsersTenure.model_validate({"group": "users", "owner": whose, "epoch": next(_epoch)}))


@pytest.fixture(scope="module")
async def fenced(open_shop: OpenShop) -> Desk:
    """A desk of its own for tests that change who owns the accounts."""
    return Desk(await open_shop(service()))


def _chain(text: str) -> str:
    def digest(each: str) -> str:
        return sha1(each.encode()).hexdigest()

    return f"{SALT}${digest(SALT + digest(SALT + digest(text)))}"


_ESCAPED = "Tr0ub4dor&amp;3 &quot;q&quot; &lt;b&gt;'s"  # as PHP's htmlspecialchars(…, ENT_COMPAT) makes it


@pytest.mark.parametrize(
    ("scheme", "hashed"),
    [
        ("bcrypt", "$2y$" + bcrypt.hashpw(TOLD.encode(), b"$2b$05$abcdefghijklmnopqrstuu").decode()[4:]),
        ("sha1-salted", _chain(TOLD)),
        ("sha1-salted", _chain(_ESCAPED)),
        ("sha1-salted-escaped", _chain(_ESCAPED)),
        ("sha1-salted-escaped", _chain(TOLD)),
        ("md5", md5(TOLD.encode()).hexdigest()),
        ("md5", md5(_ESCAPED.encode()).hexdigest().upper()),
    ],
)
async def test_a_customer_signs_in_with_the_password_they_had_and_the_old_hash_is_left_behind(
    desk: Desk, scheme: str, hashed: str
) -> None:
    record = customer(password_scheme=scheme, password_hash=hashed)
    await taken(desk, record)
    assert (await desk.sign_in(record.email, TOLD + "x")).status == 401
    assert (await back(desk, record.id)) == [record]
    for _ in range(2):
        assert (await desk.sign_in(record.email, TOLD)).status == 201
        [now] = await back(desk, record.id)
        assert now.password_scheme == "argon2id"
    assert now == record.model_copy(update={"password_scheme": "argon2id", "password_hash": now.password_hash})


async def test_a_hash_too_dear_to_check_is_not_kept_here_and_not_lost(desk: Desk) -> None:
    dear = "$2y$31$" + "a" * 53
    record = customer(password_scheme="bcrypt", password_hash=dear)
    await taken(desk, record)
    assert (await desk.sign_in(record.email, TOLD)).status == 401
    assert await back(desk, record.id) == [record]


async def test_every_sign_in_is_as_dear_as_the_dearest_old_hash(fenced: Desk) -> None:
    """Time itself is not measured: that there is something to be even with, and that it changes no verdict."""
    desk = fenced
    assert await accounts.bcrypt_cost(desk.ports.db) == 0
    for cost in ("05", "06"):
        hashed = bcrypt.hashpw(TOLD.encode(), f"$2b${cost}$abcdefghijklmnopqrstuu".encode()).decode()
        await taken(desk, customer(password_scheme="bcrypt", password_hash=hashed))
    assert await accounts.bcrypt_cost(desk.ports.db) == 6
    ours, old = await passwords.hashed(TOLD, b"x" * 16), bcrypt.hashpw(TOLD.encode(), b"$2b$04$abcdefghijklmnopqrstuu")
    for scheme, kept in (("argon2id", ours), ("bcrypt", old.decode()), ("sha1-salted", _chain(TOLD))):
        for typed in (TOLD, "wrong"):
            verdict = await passwords.check(typed, scheme, kept, b"x" * 16, bcrypt_cost=6)
            assert verdict.fits == (typed == TOLD)
    assert not (await passwords.check(TOLD, None, None, b"x" * 16, bcrypt_cost=6)).fits


async def test_what_was_taken_goes_back_as_it_came(desk: Desk) -> None:
    record = customer(
        email="  Ada.Lovelace@Example.COM ",
        name="Ada\x07 \u202eByron\ufeff😀",
        phone="+49 30 1234567",
        newsletter=True,
        addresses=(address("Köln"), address("Bonn", default=True), address(default=True)),
    )
    strange = record.addresses[0].address.model_copy(update={"country": "de", "postal_code": "", "line1": "a\tb"})
    nowhere = CustomerAddress(id=_ids.new("adr"), address=strange.model_copy(update={"country": ""}))
    record = record.model_copy(update={"addresses": (nowhere, *record.addresses)})
    await taken(desk, record)
    assert await back(desk, record.id) == [record]
    account = (await desk.sign_in("ada.lovelace@example.com", "no")).status
    assert account == 401
    assert await desk.ports.db.fetchval("SELECT country FROM address WHERE id = $1", nowhere.id) == "ZZ"


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_places = st.builds(
    Address, name=_texts, line1=_texts, line2=_texts, city=_texts, region=_texts, postal_code=_texts,
    country=st.sampled_from(["DE", "fr", "", "XX", "United Kingdom"]), phone=_texts,
)  # fmt: skip


@st.composite
def _customers(draw: st.DrawFn) -> Customer:
    places = draw(st.lists(_places, max_size=3))
    scheme, hashed = draw(
        st.sampled_from([(None, None), ("md5", "ab" * 16), ("bcrypt", "junk"), (None, "x"), ("", "")])
    )
    return customer(
        version=draw(st.integers(1, 1 << 61)),
        email=draw(st.sampled_from(["{}@example.com", " {}@Example.com\t", "Ä{}@EXAMPLE.com"])).format(next(_number)),
        name=draw(_texts),
        phone=draw(_texts),
        newsletter=draw(st.booleans()),
        closed=draw(st.booleans()),
        password_scheme=scheme,
        password_hash=hashed,
        created_at=draw(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))),
        addresses=[
            CustomerAddress(id=_ids.new("adr"), address=place, is_default=draw(st.booleans())) for place in places
        ],
    )


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_comes_goes_back_as_it_came_also_when_it_comes_again(desk: Desk, data: st.DataObject) -> None:
    first = data.draw(st.lists(_customers(), min_size=1, max_size=4))
    await taken(desk, *first)
    assert await back(desk, *(each.id for each in first)) == first
    second = [data.draw(_customers()).model_copy(update={"id": each.id, "version": each.version + 1}) for each in first]
    await taken(desk, *second)
    assert await back(desk, *(each.id for each in second)) == second
    assert {fate.outcome for fate in await take(desk, *first, *second)} == {Outcome.STALE}
    assert await back(desk, *(each.id for each in second)) == second


async def test_what_somebody_changed_here_goes_back_changed_and_the_rest_as_it_came(desk: Desk) -> None:
    hashed = md5(b"a long walk by the sea").hexdigest()
    record = customer(
        name="Ada \x07",
        phone="123",
        password_scheme="md5",
        password_hash=hashed,
        addresses=[address(), address("Bonn")],
    )
    await taken(desk, record)
    session = (await desk.sign_in(record.email)).json()
    profile = await desk.ask("PATCH", "/v1/me", {"name": "Grace"}, token=session["access_token"], match="*")
    assert profile.status == 200, profile
    place = f"/v1/me/addresses/{record.addresses[1].id}"
    assert (await desk.ask("PATCH", place, {"city": "Ulm"}, token=session["access_token"], match="*")).status == 200
    [now] = await back(desk, record.id)
    assert (now.name, now.phone, now.version) == ("Grace", "123", 1)
    assert now.addresses[0] == record.addresses[0]
    assert now.addresses[1].address == record.addresses[1].address.model_copy(update={"city": "Ulm"})
    assert "AddressesChanged" in await desk.facts(record.id)


async def test_who_signed_up_here_is_handed_over_too(desk: Desk) -> None:
    made = await desk.newcomer()
    body = {"name": "A", "line1": "x", "city": "Ulm", "postal_code": "1", "country": "DE"}
    assert (await desk.ask("POST", "/v1/me/addresses", body, token=made["access_token"])).status == 201
    [now] = await back(desk, made["id"], "usr_nobody", "\0")
    assert (now.version, now.email, now.password_scheme) == (0, made["email"], "argon2id")
    assert [each.address.city for each in now.addresses] == ["Ulm"]
    with pytest.raises(Invalid):
        await desk.shop.peers.ask(UsersHandOver(kind="product", ids=()))


async def test_the_newest_version_wins_in_whatever_order_they_come(desk: Desk) -> None:
    record = customer(5)
    await taken(desk, record)
    late, next_one = customer(4, id=record.id, name="Late"), newer(record, name="Next")
    fates = await take(desk, late, next_one, newer(next_one, name="Last"), record)
    assert [fate.outcome for fate in fates] == [Outcome.STALE, Outcome.STALE, Outcome.TAKEN, Outcome.STALE]
    assert (await back(desk, record.id))[0].name == "Last"


async def test_what_should_be_mended_is_taken_again(desk: Desk) -> None:
    record = customer()
    await taken(desk, record)
    async with desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET name = 'Damaged' WHERE id = $1", record.id)
    assert [fate.outcome for fate in await take(desk, record)] == [Outcome.STALE]
    assert (await back(desk, record.id))[0].name == "Damaged"
    assert [fate.outcome for fate in await take(desk, record, again=True)] == [Outcome.TAKEN]
    assert await back(desk, record.id) == [record]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"email": ""}, "there is no e-mail address"),
        ({"email": "nobody"}, "cannot be used"),
        ({"email": "x" * 400 + "@example.com"}, "at most 254"),
        ({"name": "a\0b"}, "NUL"),
        ({"phone": "\ud800"}, "broken"),
        ({"id": "usr_1"}, "id is none"),
        ({"addresses": tuple(address() for _ in range(1_001))}, "at most 1000"),
        ({"addresses": (address(id="adr_00000000000000000000000001"),) * 2}, "an id of its own"),
        ({"version": 1 << 62}, "no version"),
    ],
)
async def test_one_that_cannot_be_taken_is_refused_in_plain_words_and_holds_up_nobody(
    desk: Desk, change: dict[str, Any], why: str
) -> None:
    good = [customer(), customer()]
    bad = customer().model_copy(update=change)
    fates = await take(desk, good[0], bad, good[1])
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN, Outcome.REFUSED, Outcome.TAKEN]
    assert why in fates[1].why
    assert await desk.ports.db.fetchval("SELECT count(*) FROM taken WHERE id = $1", customer().id) == 0


async def test_one_account_for_each_address_and_whoever_has_it_keeps_it(desk: Desk) -> None:
    here = await desk.newcomer()
    first, second = customer(), customer()
    twin = customer(email=first.email.upper())
    thief = customer(email=here["email"])
    fates = await take(desk, first, second, twin, thief)
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN, Outcome.TAKEN, Outcome.REFUSED, Outcome.REFUSED]
    assert fates[2].why == f"the e-mail address is used by another customer, {first.id}"
    assert fates[3].why == f"the e-mail address is used by another customer, {here['id']}"
    exchanged = [newer(first, email=second.email), newer(second, email=first.email)]
    await taken(desk, *exchanged)
    assert await back(desk, first.id, second.id) == exchanged
    # Who is refused keeps the address they have, so nobody else can have it.
    fates = await take(desk, newer(exchanged[0], email=here["email"]), newer(exchanged[1], email=second.email))
    assert [fate.outcome for fate in fates] == [Outcome.REFUSED, Outcome.REFUSED]
    assert await back(desk, first.id, second.id) == exchanged


async def test_an_address_is_one_customers(desk: Desk) -> None:
    place = address()
    owner_of_it, other = customer(addresses=[place]), customer(addresses=[place])
    assert [fate.outcome for fate in await take(desk, owner_of_it, other)] == [Outcome.TAKEN, Outcome.REFUSED]
    [fate] = await take(desk, newer(other))
    assert fate.why == f"the address {place.id} is another customer's, {owner_of_it.id}"


async def test_a_closed_account_and_another_password_end_sessions(desk: Desk) -> None:
    hashed = md5(b"a long walk by the sea").hexdigest()
    records = [customer(password_scheme="md5", password_hash=hashed) for _ in range(2)]
    await taken(desk, *records)
    tokens = [(await desk.sign_in(record.email)).json()["refresh_token"] for record in records]
    await taken(desk, newer(records[0], closed=True), newer(records[1], password_hash=md5(b"other").hexdigest()))
    assert [(await desk.refresh(token)).status for token in tokens] == [401, 401]
    assert (await desk.facts(records[0].id))[-1] == "SessionsEnded closed"
    assert (await desk.facts(records[1].id))[-1] == "SessionsEnded password_changed"
    assert (await desk.sign_in(records[0].email)).status == 401
    gone = customer(3, id=records[0].id, email="", name="", closed=True)  # its rows are gone
    never = customer(email="", name="", closed=True)
    await taken(desk, gone, never)
    assert await back(desk, gone.id, never.id) == [gone, never]


async def test_an_old_shop_cannot_make_itself_an_operator(desk: Desk) -> None:
    staff = await desk.operator()
    record = customer(
        id=staff["user"]["id"],
        email="mallory@example.com",
        closed=True,
        password_scheme="md5",
        password_hash=md5(b"mallory").hexdigest(),
    )
    await taken(desk, record)
    assert (await desk.sign_in("mallory@example.com", "mallory")).status == 401
    assert (await desk.sign_in(staff["user"]["email"], "mallory")).status == 401
    me = await desk.ask("GET", "/v1/me", token=staff["access_token"])
    assert me.json()["email"] == staff["user"]["email"]


async def test_every_write_is_refused_while_the_old_shop_owns_the_accounts_and_nothing_changes(fenced: Desk) -> None:
    desk = fenced
    record = customer(
        password_scheme="md5", password_hash=md5(b"a long walk by the sea").hexdigest(), addresses=[address()]
    )
    await taken(desk, record)
    staff = await desk.operator()
    await owner(desk, "legacy")
    before = await _rows(desk)
    signed_in = await desk.sign_in(record.email)  # a session is nothing that the old shop has
    assert signed_in.status == 201
    token, place = signed_in.json()["access_token"], record.addresses[0].id
    new_address = {"name": "A", "line1": "x", "city": "Ulm", "postal_code": "1", "country": "DE"}
    change = {"current": "a long walk by the sea", "new": "another walk by the sea"}
    for method, path, body in (
        ("POST", "/v1/users", {"email": fresh_email(), "password": "a long walk by the sea", "name": "x"}),
        ("PATCH", "/v1/me", {"name": "Grace"}),
        ("POST", "/v1/me/password", change),
        ("POST", "/v1/me/addresses", new_address),
        ("PATCH", f"/v1/me/addresses/{place}", {"city": "Ulm"}),
        ("DELETE", f"/v1/me/addresses/{place}", None),
    ):
        answer = await desk.ask(method, path, body, token=token if path != "/v1/users" else "", match="*")
        assert (answer.status, answer.json()["code"]) == (503, "moving"), (method, path, answer)
        assert answer.header("retry-after")
    roles = await desk.ask(
        "PUT", f"/v1/users/{record.id}/roles", {"roles": ["support"]}, token=staff["access_token"], match="*"
    )
    assert roles.status == 503
    assert await _rows(desk) == before
    assert (await desk.ask("GET", "/v1/me", token=token)).status == 200
    assert (await desk.operator())["user"]["roles"] == ["operator"]  # who works here is none of the old shop's
    await taken(desk, newer(record, name="Taken"))
    assert (await back(desk, record.id))[0].name == "Taken"
    await owner(desk, "new")
    assert (await desk.ask("PATCH", "/v1/me", {"name": "Grace"}, token=token, match="*")).status == 200


async def test_once_it_is_ours_no_late_record_overwrites_what_a_shopper_did(fenced: Desk) -> None:
    desk = fenced
    await owner(desk, "legacy")
    record = customer()
    await taken(desk, record)
    await owner(desk, "new")
    born = await desk.newcomer()
    late = newer(record, name="Late")
    fates = await take(desk, record, late, customer(9, id=born["id"]), waited := customer())
    assert [fate.outcome for fate in fates] == [Outcome.STALE, Outcome.REFUSED, Outcome.REFUSED, Outcome.TAKEN]
    assert "this shop owns it since epoch" in fates[1].why
    assert await back(desk, record.id, waited.id) == [record, waited]
    await owner(desk, None)
    assert [fate.outcome for fate in await take(desk, late)] == [Outcome.REFUSED]
    await owner(desk, "legacy")
    await taken(desk, late)
    assert await desk.broken() == {}


async def test_facts_are_told_of_what_changed_and_of_nothing_else(desk: Desk) -> None:
    record = customer(addresses=[address()])
    await taken(desk, record)
    assert await desk.facts(record.id) == []
    await taken(desk, newer(record))
    assert await desk.facts(record.id) == []
    await taken(desk, customer(9, id=record.id, email=record.email, name="Grace", addresses=[address("Ulm")]))
    assert await desk.facts(record.id) == ["ProfileChanged", "AddressesChanged"]


async def _rows(desk: Desk) -> list[list[str]]:
    return [
        [str(row) for row in await desk.ports.db.fetch(f"SELECT * FROM {table} ORDER BY id")]
        for table in ("account", "address")
    ]
