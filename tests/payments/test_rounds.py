"""Many wishes at once cost a handful of statements, and each has its own answer, as if it had come alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.payments import Authorize, CapturePayment, Payment, PaymentState, VoidPayment
from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid, NotFound, Refusal
from banyan.payments.app import service as payments_service
from banyan.payments.domain import Evidence
from banyan.payments.providers import Card, Errand, Notice, Provider, Vaulted, Way, testbank
from banyan.testbank.app import service as bank_service
from tests.orders.world import counted
from tests.payments.conftest import PRICE, OpenTill, Till
from tests.payments.test_webhooks import event, send

AUTHORIZED, CAPTURED, CREATED = PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.CREATED
DECLINED, VOIDED = PaymentState.DECLINED, PaymentState.VOIDED


async def all_at_once(*wishes: Awaitable[Any]) -> list[Any]:
    """The answers, refusals among them."""
    return list(await asyncio.gather(*wishes, return_exceptions=True))


@pytest.fixture(scope="module")
async def live(open_till: OpenTill) -> Till:
    """A till on a real clock: a statement of its own is no transaction there."""
    return await open_till(clock=SystemClock())


# ---- what it costs --------------------------------------------------------------------------------------------------


async def _cost(ask: Callable[[str], Awaitable[Any]], name: str, count: int) -> int:
    with counted() as statements:
        await asyncio.gather(*(ask(f"{name}{number}") for number in range(count)))
    return len(statements)


async def test_twenty_at_once_cost_what_one_costs(live: Till) -> None:
    for name, warm in (("warm", 1), ("warmer", 20)):
        for ask in (live.authorize, live.capture):
            await asyncio.gather(*(ask(f"{name}{number}") for number in range(warm)))
    # For the payment: its intent, and its result with what is told of it. The other one is the bank's.
    assert [await _cost(live.authorize, "one", 1), await _cost(live.authorize, "many", 20)] == [3, 3]
    assert [await _cost(live.capture, "one", 1), await _cost(live.capture, "many", 20)] == [4, 4]
    assert await _cost(live.stands, "many", 20) == 1


async def test_the_webhooks_of_what_is_known_cost_two_statements_for_all_of_them(live: Till) -> None:
    for name in ("warm", "told"):
        while await live.shop.ports["testbank"].db.fetchval("SELECT count(*) FROM webhook WHERE next_at IS NOT NULL"):
            await live.deliver()
        await asyncio.gather(*(live.authorize(f"hooks_{name}{number}") for number in range(20)))
    with counted() as statements:
        await live.deliver()
    assert len(statements) <= 5, statements  # claimed, looked up, noted here, noted there, and when the next is due
    assert await live.ports.db.fetchval("SELECT count(*) FROM webhook_event WHERE digest IS NOT NULL") >= 40


# ---- each its own answer --------------------------------------------------------------------------------------------


async def test_fifty_wishes_for_twenty_five_orders_make_twenty_five_charges(till: Till) -> None:
    answers = await asyncio.gather(*(till.authorize(f"ord_pair_{number // 2}") for number in range(50)))
    assert len({each.payment_id for each in answers}) == 25
    assert sorted(each.state for each in answers) == [AUTHORIZED] * 25 + [CREATED] * 25
    answers = await asyncio.gather(*(till.capture(f"ord_pair_{number // 2}") for number in range(50)))
    assert sorted(each.state for each in answers) == [AUTHORIZED] * 25 + [CAPTURED] * 25
    for number in range(25):
        assert await till.told(f"ord_pair_{number}") == ["PaymentAuthorized", "PaymentCaptured"]


async def test_of_wishes_of_every_kind_each_has_the_answer_it_would_have_had_alone(till: Till) -> None:
    tokens = {
        "tok_ok": AUTHORIZED,
        "tok_declined": DECLINED,
        "tok_nobody_knows": DECLINED,
        "not a token": DECLINED,
        "4242424242424242": DECLINED,
        "tok_5xx": PaymentState.UNKNOWN,
        "tok_timeout": PaymentState.UNKNOWN,
        "tok_partial": PaymentState.UNKNOWN,
        "tok_slow": AUTHORIZED,
    }
    await till.void("ord_mixed_buried")
    asked = [till.authorize(f"ord_mixed_{number}", token) for number, token in enumerate(tokens)]
    *answers, again, buried, free = await all_at_once(
        *asked,
        till.authorize("ord_mixed_0", amount=Money(1, "EUR")),
        till.authorize("ord_mixed_buried"),
        till.authorize("ord_mixed_free", amount=Money(0, "EUR")),
    )
    assert [each.state for each in answers] == list(tokens.values())
    assert (type(again), buried.state, type(free)) == (Conflict, VOIDED, Invalid)
    assert await till.charge(buried.payment_id) is None
    await till.void("ord_mixed_7")  # what is held would stay so
    captured, absent, declined = await all_at_once(
        till.capture("ord_mixed_0"), till.capture("ord_mixed_nobody"), till.capture("ord_mixed_1")
    )
    assert (captured.state, type(absent), declined.state) == (CAPTURED, NotFound, DECLINED)


async def test_captures_that_were_refused_are_asked_again_beside_new_ones(till: Till) -> None:
    await till.authorize("ord_old", "tok_capture_declined")
    await till.authorize("ord_new")
    refused = await till.capture("ord_old")
    new, *again = await all_at_once(till.capture("ord_new"), till.capture("ord_old"), till.capture("ord_old"))
    assert (new.state, [each.reason for each in again]) == (CAPTURED, [refused.reason] * 2)
    epoch = (
        "SELECT epoch FROM operation JOIN payment ON payment.id = payment_id WHERE order_id = $1 AND kind = 'capture'"
    )
    assert await till.ports.db.fetchval(epoch, "ord_old") == 2


async def test_voids_of_all_kinds_at_once_keep_nothing(till: Till) -> None:
    for number in range(3):
        await till.authorize(f"ord_gone_{number}")
    await till.capture("ord_gone_1")
    orders = [f"ord_gone_{number % 6}" for number in range(24)]
    await all_at_once(*(till.void(order) for order in orders))
    await till.quiet()
    ends = [(await till.stands(f"ord_gone_{number}")).state for number in range(6)]
    assert ends == [VOIDED, PaymentState.REFUNDED, VOIDED, VOIDED, VOIDED, VOIDED]
    assert await till.told("ord_gone_5") == ["PaymentVoided"]


async def test_a_wish_that_nobody_foresaw_fails_alone(till: Till) -> None:
    odd = Authorize.model_construct(
        order_id="ord_odd\0", amount=PRICE, provider="testbank", token="tok_ok", user_id=None
    )
    answers = await all_at_once(till.shop.peers.ask(odd), *(till.authorize(f"ord_even_{n}") for n in range(9)))
    assert isinstance(answers[0], Exception)
    assert {each.state for each in answers[1:]} == {AUTHORIZED}


# ---- nobody waits for another's provider ----------------------------------------------------------------------------


@dataclass(slots=True)
class Deaf:
    """A provider that never answers; what it was asked stays unknown for as long as a question may take."""

    bank: Provider
    asked: int = 0

    async def _never(self) -> Evidence:
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError

    def configured(self, settings: Settings) -> bool:
        return True

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return ()

    def check(self, settings: Settings) -> None: ...

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        return await self._never()

    capture = void = refund = authorize

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        return await self._never()

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return None

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        raise AssertionError


async def test_a_provider_that_never_answers_holds_up_nobody_else(open_till: OpenTill) -> None:
    deaf = Deaf(testbank.Client())
    till = await open_till({"testbank": testbank.Client(), "deaf": deaf}, clock=SystemClock())
    call = [Authorize(order_id=f"ord_deaf_{n}", amount=PRICE, provider="deaf", token="tok") for n in range(20)]
    waiting = [asyncio.create_task(till.shop.peers.ask(each)) for each in call]
    while deaf.asked < 20:
        await asyncio.sleep(0)
    answers = await asyncio.gather(*(till.authorize(f"ord_quick_{number}") for number in range(20)))
    assert {each.state for each in answers} == {AUTHORIZED}
    assert {(await till.capture(f"ord_quick_{number}")).state for number in range(3)} == {CAPTURED}
    assert not any(each.done() for each in waiting)
    # The poller: what the deaf one was asked is due, and looked at, and the bank's is looked at meanwhile.
    await till.ports.db.execute("UPDATE operation SET next_look_at = shop_now() WHERE next_look_at IS NOT NULL")
    looking = asyncio.ensure_future(till.payments.chores["settle deaf"](till.ports))
    unclear = await till.authorize("ord_unclear", "tok_5xx")
    assert unclear.state is PaymentState.UNKNOWN
    await till.ports.db.execute(
        "UPDATE operation SET next_look_at = shop_now() WHERE payment_id = $1", unclear.payment_id
    )
    await till.payments.chores["settle testbank"](till.ports)
    await till.ports.db.execute(
        "UPDATE operation SET next_look_at = shop_now() WHERE payment_id = $1", unclear.payment_id
    )
    await till.payments.chores["settle testbank"](till.ports)
    assert (await till.stands("ord_unclear")).state is AUTHORIZED
    assert not looking.done()
    for each in (looking, *waiting):
        each.cancel()
    await all_at_once(looking, *waiting)


# ---- two processes --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def twins(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Till, Till]]:
    """Two processes of the same services over the same databases."""
    urls, made = await fresh("bus", "payments", "testbank"), []
    for _ in range(2):
        clock = SystemClock()
        given = Settings(data_dir=tmp_path_factory.mktemp("twin"), search_url="embedded://memory", pool_size=5)
        shop = Shop.over(given, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
        services = payments_service(), bank_service()
        for each in services:
            await shop.open(each, urls[each.name])
        made.append(Till(shop, *services))
    yield made[0], made[1]
    for till in made:
        await till.shop.close()


async def test_two_processes_with_rounds_over_the_same_orders_move_each_money_once(twins: tuple[Till, Till]) -> None:
    orders = [f"ord_twin_{number}" for number in range(30)]
    for step in (Till.authorize, Till.capture):
        answers = await asyncio.gather(*(step(till, order) for till in twins for order in orders))
        assert len({each.payment_id for each in answers}) == 30
        await _settled(twins)
    for order in orders:
        assert await twins[0].told(order) == ["PaymentAuthorized", "PaymentCaptured"]
    assert await twins[0].broken() == {}


async def test_two_processes_that_capture_and_void_the_same_orders_keep_all_or_nothing(
    twins: tuple[Till, Till],
) -> None:
    one, two = twins
    orders = [f"ord_duel_{number}" for number in range(20)]
    await asyncio.gather(*(one.authorize(order) for order in orders))
    asked = [*(one.capture(order) for order in orders), *(two.void(order) for order in reversed(orders))]
    assert not [each for each in await all_at_once(*asked, one.deliver(), two.deliver()) if isinstance(each, Refusal)]
    await _settled(twins)
    assert {(await one.stands(order)).state for order in orders} <= {VOIDED, PaymentState.REFUNDED}
    assert await one.broken() == {}


async def test_two_processes_that_take_the_same_webhooks_take_each_once(twins: tuple[Till, Till]) -> None:
    one, _ = twins
    lost = await asyncio.gather(*(one.authorize(f"ord_lost_{number}", "tok_5xx") for number in range(10)))
    told = [event(one, each.payment_id) for each in lost]
    answers = await asyncio.gather(*(send(till, each) for till in twins for each in told))
    assert {status for status, _ in answers} == {200}
    assert sorted(each["duplicate"] for _, each in answers) == [False] * 10 + [True] * 10
    for number in range(10):
        assert await one.told(f"ord_lost_{number}") == ["PaymentAuthorized"]


async def _settled(twins: tuple[Till, Till]) -> None:
    """Both processes work until nothing is open at the provider, and every webhook is taken."""
    open_ones = "SELECT count(*) FROM operation WHERE next_look_at IS NOT NULL"
    due = "SELECT count(*) FROM webhook WHERE next_at IS NOT NULL"
    async with asyncio.timeout(30):
        while True:
            await asyncio.gather(*(work() for till in twins for work in (till.look, till.deliver)))
            left = await twins[0].ports.db.fetchval(open_ones)
            if not left and not await twins[0].shop.ports["testbank"].db.fetchval(due):
                return
            await asyncio.sleep(0.05)


# ---- a round of many is many of one ---------------------------------------------------------------------------------

refunds = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from((0, 1, 400, 500, 1299))), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=refunds)
async def test_refunds_together_end_as_one_after_another(till: Till, asked: list[tuple[str, int]]) -> None:
    together, alone = till.ports.ids.new("ord"), till.ports.ids.new("ord")
    await asyncio.gather(till.sold(together), till.sold(alone))
    one = [await _outcome(till.refund(alone, id, amount)) for id, amount in asked]
    many = await asyncio.gather(*(_outcome(till.refund(together, id, amount)) for id, amount in asked))
    await till.quiet()
    assert list(many) == one
    assert await _end(till, together) == await _end(till, alone)


authorizations = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(("tok_ok", "tok_declined", "no token")), st.sampled_from((1, 2))),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=authorizations, then=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("cv")), max_size=5))
async def test_payments_together_end_as_one_after_another(
    till: Till, asked: list[tuple[str, str, int]], then: list[tuple[str, str]]
) -> None:
    many, one = till.ports.ids.new("ord"), till.ports.ids.new("ord")
    first = [await _outcome(till.authorize(one + order, token, Money(amount, "EUR"))) for order, token, amount in asked]
    await asyncio.gather(*(_outcome(till.authorize(many + o, token, Money(n, "EUR"))) for o, token, n in asked))
    ends = [await _end(till, each + order) for order in "ab" for each in (many, one)]
    assert ends[::2] == ends[1::2]
    assert len(first) == len(asked)
    for order, _ in (each for each in then if each[1] == "v"):
        await _outcome(till.void(one + order))
    await asyncio.gather(*(_outcome(_step(till, many + order, what)) for order, what in then))
    await till.quiet()
    for order in {order for order, what in then if what == "v"}:
        end = await till.stands(many + order)
        assert end.state in (VOIDED, PaymentState.REFUNDED, DECLINED)
        assert (await till.stands(one + order)).state in (VOIDED, DECLINED)
    assert await till.broken() == {}


def _step(till: Till, order: str, what: str) -> Awaitable[Payment]:
    call = (
        CapturePayment(order_id=order)
        if what == "c"
        else VoidPayment(order_id=order, amount=PRICE, provider="testbank")
    )
    return till.shop.peers.ask(call)


async def _outcome(asked: Awaitable[Payment]) -> str:
    """`taken`, or the code of the refusal."""
    try:
        await asked
    except Refusal as refusal:
        return refusal.code
    return "taken"


async def _end(till: Till, order: str) -> tuple[Any, ...] | None:
    try:
        known = await till.stands(order)
    except NotFound:
        return None
    return known.state, known.amount, known.captured, known.refunded, known.reason, sorted(await till.told(order))


async def test_both_books_agree_after_all_of_this(till: Till) -> None:
    await till.quiet()
    assert await till.broken() == {}
