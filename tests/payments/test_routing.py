"""Where a payment goes: the table of routes, and on to another provider only where the first was definitely not asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.payments import ROUTED, Authorize, Payment, PaymentState
from banyan.foundation.egress import NotSent
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import Unavailable
from banyan.payments.domain import Charge, Evidence, routing
from banyan.payments.domain.routing import Choice
from banyan.payments.providers import Card, Errand, NotAsked, Notice, Rejected, Unclear, Vaulted, Way
from tests.payments.conftest import PRICE, OpenTill, Till

CARD = "card_01jd3v8m2k7q0x4c9n5b6t1wab"
AUTHORIZED, DECLINED, UNKNOWN = PaymentState.AUTHORIZED, PaymentState.DECLINED, PaymentState.UNKNOWN


@dataclass
class Bank:
    """A provider by hand: its book, and the trouble that it makes when it is asked to authorize."""

    name: str
    trouble: BaseException | None = None
    on: bool = True
    cards: bool = True
    book: dict[str, Money] = field(default_factory=dict)
    asked: int = 0

    def configured(self, settings: Settings) -> bool:
        return self.on

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return (Way("card", cards=self.cards), Way("wallet", frozenset({"EUR"}), token="wallet"))

    def check(self, settings: Settings) -> None: ...

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        self.book[errand.reference] = errand.amount
        return Evidence(errand.payment_id, f"{self.name}_1", errand.whole, Charge.AUTHORIZED)

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        return None

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        raise Rejected("no")

    void = refund = capture

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return None

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        raise Rejected("no")


async def pay(till: Till, order: str, provider: str = ROUTED, token: str = CARD, amount: Money = PRICE) -> Payment:
    return await till.shop.peers.ask(Authorize(order_id=order, amount=amount, provider=provider, token=token))


async def row(till: Till, order: str) -> tuple[str, list[str]]:
    """The provider that a payment is with, and those that it left."""
    payment = await till.ports.db.fetchrow("SELECT id, provider FROM payment WHERE order_id = $1", order)
    assert payment
    shown = await till.http("GET", f"/v1/payments/{payment['id']}", may=["payments:read"])
    assert shown.json()["provider"] == payment["provider"]
    return payment["provider"], [each["provider"] for each in shown.json()["attempts"]]


@pytest.mark.parametrize("why", [NotSent("refused"), NotAsked("come back later")])
async def test_a_card_of_the_vault_goes_on_where_the_first_was_definitely_not_asked(
    open_till: OpenTill, why: Exception
) -> None:
    away, also_away, good = Bank("away", why), Bank("also_away", why), Bank("good")
    routes = "away 100+0; also_away 200+0; good 300+0"
    till = await open_till({"away": away, "also_away": also_away, "good": good}, payment_routes=routes)
    assert (await pay(till, "ord_1")).state is AUTHORIZED
    assert await row(till, "ord_1") == ("good", ["away", "also_away"])
    assert (len(good.book), away.asked, also_away.asked) == (1, 1, 1)
    assert (await pay(till, "ord_1")).state is AUTHORIZED
    assert await till.told("ord_1") == ["PaymentAuthorized"]
    named = await pay(till, "ord_2", provider="away")  # whoever was named: the card is good elsewhere, too
    assert named.state is AUTHORIZED
    own = await pay(till, "ord_3", provider="away", token="tok_of_away")
    assert own.state is UNKNOWN, "its own token is good nowhere else, so it is asked again"
    assert await row(till, "ord_3") == ("away", [])


@pytest.mark.parametrize("trouble", [Unclear("no answer"), Unavailable("cut off")])
async def test_it_never_goes_on_from_one_who_may_have_done_it(open_till: OpenTill, trouble: Exception) -> None:
    first, second = Bank("first", trouble), Bank("second")
    till = await open_till({"first": first, "second": second})
    assert (await pay(till, "ord_1")).state is UNKNOWN
    assert await row(till, "ord_1") == ("first", [])
    first.trouble = NotSent("away now")  # … and not later either: the first question may have been heard
    for _ in range(5):
        till.clock.advance(20)
        await till.look()
    assert not second.book
    first.trouble = None
    await till.settle("ord_1", AUTHORIZED, seconds=60)
    assert (len(first.book), len(second.book)) == (1, 0)


async def test_a_refusal_is_an_end_and_no_reason_to_ask_another(open_till: OpenTill) -> None:
    first, second = Bank("first", Rejected("card_declined")), Bank("second")
    till = await open_till({"first": first, "second": second})
    assert (await pay(till, "ord_1")).state is DECLINED
    assert not second.asked


async def test_an_open_breaker_is_gone_round_and_its_provider_is_offered_last(open_till: OpenTill) -> None:
    first, second = Bank("first", Unclear("hangs")), Bank("second")
    till = await open_till({"first": first, "second": second}, payment_routes="first 1+0; second 2+0")
    for number in range(10):
        await pay(till, f"ord_{number}")
    assert (await pay(till, "ord_after")).state is AUTHORIZED
    assert first.asked == 10
    options = (await till.http("GET", "/v1/payment-options?currency=EUR")).json()["items"]
    assert [(each["provider"], each["available"]) for each in options if each["method"] == "card"] == [
        ("second", True),
        ("first", False),
    ]
    shown = (await till.http("GET", "/v1/payment-providers", may=["payments:read"])).json()["items"]
    assert [each["breakers"]["authorize"] for each in shown] == ["open", "closed"]
    assert [each["breakers"]["refund"] for each in shown] == ["closed", "closed"]
    assert (await till.http("GET", "/v1/payment-providers")).status in (401, 403)


async def test_while_one_payment_probes_no_other_is_sent_that_way(open_till: OpenTill) -> None:
    class Slow(Bank):
        answers = asyncio.Event()

        async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
            if self.trouble is None:
                self.asked += 1
                await self.answers.wait()
            return await super().authorize(ports, errand)

    first, second = Slow("first", Unclear("hangs")), Bank("second")
    till = await open_till({"first": first, "second": second}, payment_routes="first 1+0; second 2+0")
    for number in range(10):
        await pay(till, f"ord_{number}")
    till.clock.advance(1.1)
    first.trouble, first.asked = None, 0
    probe = asyncio.ensure_future(pay(till, "ord_probe"))
    while not first.asked:
        await asyncio.sleep(0)
    assert (await pay(till, "ord_meanwhile")).state is AUTHORIZED
    assert await row(till, "ord_meanwhile") == ("second", []), "it never came by the first one"
    options = (await till.http("GET", "/v1/payment-options?currency=USD")).json()["items"]
    assert [(each["provider"], each["available"]) for each in options] == [("second", True), ("first", False)]
    first.answers.set()
    assert (await probe).state is AUTHORIZED
    assert (await pay(till, "ord_after")).state is AUTHORIZED
    assert await row(till, "ord_after") == ("first", [])


async def test_without_any_provider_for_the_card_the_payment_is_declined(open_till: OpenTill) -> None:
    till = await open_till({"first": Bank("first", cards=False), "off": Bank("off", on=False)})
    assert ((await pay(till, "ord_1")).state, (await till.stands("ord_1")).reason) == (DECLINED, "unknown_provider")
    assert (await pay(till, "ord_2", provider="off")).reason == "not_offered"
    assert (await pay(till, "ord_3", token="tok_x")).state is DECLINED
    options = (await till.http("GET", "/v1/payment-options?currency=USD")).json()["items"]
    assert [(each["provider"], each["method"]) for each in options] == [("first", "card")]
    assert (await till.http("POST", "/webhooks/off", {})).status == 404


async def test_one_provider_that_hangs_keeps_no_place_of_another(open_till: OpenTill) -> None:
    class Hangs(Bank):
        async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
            self.asked += 1
            await asyncio.Event().wait()
            raise AssertionError

    hangs, good = Hangs("hangs"), Bank("good")
    till = await open_till({"hangs": hangs, "good": good})
    waiting = [asyncio.ensure_future(pay(till, f"ord_h{number}", "hangs", "tok")) for number in range(40)]
    while hangs.asked < 32:
        await asyncio.sleep(0)
    assert [(await pay(till, f"ord_g{number}", "good", "tok")).state for number in range(5)] == [AUTHORIZED] * 5
    assert hangs.asked == 32
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("routes", ["stripe", "nobody 1+1", "testbank 1", "testbank 10000000+1", "testbank 1+1 eur"])
async def test_a_table_that_cannot_be_read_stops_the_start(open_till: OpenTill, routes: str) -> None:
    with pytest.raises(WrongSettings, match="BANYAN_PAYMENT_ROUTES"):
        await open_till(payment_routes=routes)


ROUTES = "stripe 150+25 EUR,GBP; stripe 290+30\npaypal/paypal 349+35; testbank 0+0"


@pytest.mark.parametrize(
    ("provider", "method", "money", "cost"),
    [
        ("stripe", "card", Money(10_000, "EUR"), 150 + 25),
        ("stripe", "card", Money(10_000, "USD"), 290 + 30),
        ("paypal", "paypal", Money(10_000, "USD"), 349 + 35),
        ("paypal", "card", Money(10_000, "USD"), None),
        ("testbank", "card", Money(10_000, "JPY"), 0),
    ],
)
def test_the_first_row_that_fits_says_what_a_payment_costs(
    provider: str, method: str, money: Money, cost: int | None
) -> None:
    found = routing.cost(routing.read(ROUTES), Choice(provider, method), money)
    assert found == (None if cost is None else cost * 10_000)


@given(st.permutations(["stripe", "paypal", "testbank", "other"]), st.sets(st.sampled_from(["stripe", "testbank"])))
def test_the_well_come_first_and_of_these_the_cheapest(names: list[str], away: set[str]) -> None:
    choices = [Choice(name, "card", name not in away) for name in names]
    ranked = routing.ranked(routing.read("stripe 290+30; testbank 0+0"), choices, Money(1000, "EUR"))
    assert [each.well for each in ranked] == sorted((each.well for each in ranked), reverse=True)
    rank = {"testbank": 0, "stripe": 1, "paypal": 2, "other": 2}
    for well in (True, False):
        assert [rank[e.provider] for e in ranked if e.well is well] == sorted(
            rank[e.provider] for e in ranked if e.well is well
        )
    assert routing.others("tok_1", "stripe", ranked, ()) == []
    onward = routing.others("card_1", "stripe", ranked, ["paypal"])
    assert not {"stripe", "paypal", *away} & set(onward)
