"""A process that dies between any two phases leaves an intent behind, and the poller brings it to its one end."""

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest

from banyan.contracts.payments import Authorize, PaymentState
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.payments.domain import Account, Charge, Evidence
from banyan.payments.providers import (
    Card,
    Errand,
    NotAsked,
    Notice,
    Provider,
    Rejected,
    Unclear,
    Vaulted,
    Way,
    testbank,
)
from banyan.payments.providers.line import Line, State
from banyan.payments.storage import accounts, operations
from tests.payments.conftest import PRICE, OpenTill, Till

AUTHORIZED, CAPTURED, REFUNDED = PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.REFUNDED


class Died(Exception):
    """As if the process had been killed here."""


class Mortal:
    """The real client of the test bank, in a process that dies before or after a call when it is told to."""

    def __init__(self) -> None:
        self.bank: Provider = testbank.Client()
        self.dies = ""
        self.asked: list[str] = []

    async def _ask(self, what: str, ports: Ports, errand: Errand) -> Evidence:
        self.asked.append(what)
        when, _, which = self.dies.partition(" ")
        if which == what:
            self.dies = ""
            if when == "before":
                raise Died
        answer: Evidence = await getattr(self.bank, what)(ports, errand)
        if which == what and when == "after":
            raise Died
        return answer

    def configured(self, settings: Settings) -> bool:
        return self.bank.configured(settings)

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return self.bank.ways(settings)

    def check(self, settings: Settings) -> None:
        self.bank.check(settings)

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        return await self._ask("authorize", ports, errand)

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        return await self._ask("capture", ports, errand)

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        return await self._ask("void", ports, errand)

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        return await self._ask("refund", ports, errand)

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        return await self.bank.look_up(ports, errand)

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return await self.bank.verify_webhook(ports, headers, body)

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        return await self.bank.vault(ports, card)


@pytest.fixture(scope="module")
def mortal() -> Mortal:
    return Mortal()


@pytest.fixture(scope="module")
async def till(open_till: OpenTill, mortal: Mortal) -> Till:
    return await open_till({"testbank": mortal})


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_each_call_is_finished_by_the_poller(till: Till, mortal: Mortal, when: str) -> None:
    order = f"ord_{when}"
    mortal.dies = f"{when} authorize"
    with pytest.raises(Died):
        await till.authorize(order)
    assert (await till.stands(order)).state is PaymentState.CREATED
    await till.settle(order, AUTHORIZED, seconds=15)
    mortal.dies = f"{when} capture"
    with pytest.raises(Died):
        await till.capture(order)
    await till.settle(order, CAPTURED, seconds=15)
    mortal.dies = f"{when} refund"
    with pytest.raises(Died):
        await till.refund(order, "rfd_1", 1299)
    payment = await till.settle(order, REFUNDED, seconds=15)
    charge = await till.charge(payment.payment_id)
    assert charge
    assert (charge["captured"], charge["refunded"]) == (1299, 1299)
    assert await till.told(order) == ["PaymentAuthorized", "PaymentCaptured", "PaymentRefunded"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_the_void_is_finished_by_the_poller(till: Till, mortal: Mortal, when: str) -> None:
    order = f"ord_void_{when}"
    await till.authorize(order)
    mortal.dies = f"{when} void"
    with pytest.raises(Died):
        await till.void(order)
    await till.settle(order, PaymentState.VOIDED, seconds=15)
    assert (await till.told(order)).count("PaymentVoided") == 1


async def test_a_refund_cut_off_half_way_is_found_again_by_its_key_and_made_once(till: Till, mortal: Mortal) -> None:
    payment = await till.sold("ord_key")

    async def press() -> HttpAnswer:
        body, headers = {"amount": {"amount": 100, "currency": "EUR"}}, {"idempotency-key": "once"}
        path = f"/v1/payments/{payment.payment_id}/refunds"
        return await till.http("POST", path, body, may=["payments:write"], headers=headers)

    mortal.dies = "after refund"
    assert (await press()).status == 500
    assert (await press()).json()["code"] == "in_flight"
    await till.quiet()
    till.clock.advance(30)
    answer = await press()
    assert (answer.status, answer.json()["refunded"]["amount"]) == (201, 100)
    assert [each["state"] for each in answer.json()["refunds"]] == ["done"]
    assert (await press()).header("idempotent-replayed") == "true"


async def test_what_the_poller_does_not_survive_is_finished_by_the_next_pass(till: Till, mortal: Mortal) -> None:
    payment = await till.authorize("ord_twice", "tok_5xx")
    assert payment.state is PaymentState.UNKNOWN
    till.clock.advance(1)
    mortal.dies = "before authorize"
    await till.look()
    assert mortal.dies == ""
    await till.settle("ord_twice", AUTHORIZED, seconds=30)


async def test_two_pollers_never_take_the_same_operation_and_a_late_one_concludes_nothing(till: Till) -> None:
    await till.authorize("ord_lease", "tok_5xx")
    till.clock.advance(5)
    db = till.ports.db
    claim = partial(operations.claim_due, db, "testbank", 8, 8.0, 600.0, 840.0)
    first, second = await asyncio.gather(claim(), claim())
    [job] = [*first, *second]
    till.clock.advance(9)
    [taken] = await claim()
    async with db.transaction() as tx:
        account = (await accounts.lock(tx, [job.payment.id]))[job.payment.id]
        assert not account.put_off(job.operation, "late", 60)
        assert not account.end(job.operation.id, "failed", "late", epoch=job.operation.epoch)
        assert account.put_off(taken.operation, "in time", 0.1)
        await accounts.write(tx, [account])
    late = Account(job.payment, [job.operation])  # by one who did not look
    assert late.end(job.operation.id, "failed", "late", epoch=job.operation.epoch)
    await accounts.write_as_assumed(db, till.ports.ids, [late])
    assert not await db.fetchval("SELECT count(*) FROM operation WHERE state = 'failed'")
    await till.quiet()


async def test_both_books_agree_after_all_of_this(till: Till) -> None:
    await till.quiet()
    assert await till.broken() == {}


async def test_a_provider_that_is_away_is_not_asked_for_a_while_and_nothing_is_lost(
    open_till: OpenTill, mortal: Mortal
) -> None:
    till = await open_till({"testbank": mortal})
    mortal.asked.clear()
    with till.cut_off("testbank"):
        for number in range(14):
            assert (await till.authorize(f"ord_away_{number}")).state is PaymentState.UNKNOWN
    assert len(mortal.asked) == 10
    for number in range(14):
        await till.settle(f"ord_away_{number}", AUTHORIZED, seconds=30)
    assert await till.broken() == {}


async def test_a_rested_line_is_tried_again_and_a_refusal_is_no_failure(till: Till) -> None:
    line = Line("bank")

    async def fails() -> None:
        raise Unclear("away")

    async def refuses() -> None:
        raise Rejected("no")

    async def works() -> str:
        return "yes"

    for _ in range(9):
        with pytest.raises(Unclear):
            await line.ask(till.ports, "authorize", fails)
    with pytest.raises(Rejected):
        await line.ask(till.ports, "authorize", refuses)
    for _ in range(10):
        with pytest.raises(Unclear):
            await line.ask(till.ports, "authorize", fails)
    with pytest.raises(Unclear):
        await line.ask(till.ports, "authorize", works)
    till.clock.advance(1.1)
    assert await line.ask(till.ports, "authorize", works) == "yes"


async def test_after_a_rest_one_probe_goes_and_the_others_wait_for_its_end(till: Till) -> None:
    line, gate = Line("probed"), asyncio.Event()
    asked: list[str] = []

    async def fails() -> None:
        asked.append("fails")
        raise Unclear("away")

    async def slow() -> str:
        asked.append("slow")
        await gate.wait()
        return "yes"

    for _ in range(12):
        with pytest.raises(Unclear):
            await line.ask(till.ports, "authorize", fails)
    assert len(asked) == 10
    assert line.states(till.clock.monotonic())["authorize"] is State.OPEN
    assert line.states(till.clock.monotonic())["capture"] is State.CLOSED, "each operation has its own"
    till.clock.advance(1.1)
    with pytest.raises(Unclear):  # the probe
        await line.ask(till.ports, "authorize", fails)
    till.clock.advance(1.1)
    with pytest.raises(NotAsked):  # its rest is twice as long
        await line.ask(till.ports, "authorize", slow)
    till.clock.advance(1.0)
    probe = asyncio.ensure_future(line.ask(till.ports, "authorize", slow))
    await asyncio.sleep(0)
    with pytest.raises(NotAsked):
        await line.ask(till.ports, "authorize", slow)
    probe.cancel()  # who probed went away: another may
    await asyncio.gather(probe, return_exceptions=True)
    gate.set()
    assert await line.ask(till.ports, "authorize", slow) == "yes"
    assert line.states(till.clock.monotonic())["authorize"] is State.CLOSED


async def test_a_refund_of_another_amount_in_the_providers_book_is_held(open_till: OpenTill, mortal: Mortal) -> None:
    class Generous(Mortal):
        async def refund(self, ports: Ports, errand: Errand) -> Evidence:
            return Evidence(errand.payment_id, "", PRICE, Charge.CAPTURED, 1299, {errand.reference: 1299})

    till = await open_till({"testbank": Generous()})
    call = Authorize(order_id="ord_much", amount=PRICE, provider="testbank", token="tok_ok")
    await till.shop.peers.ask(call)
    await till.capture("ord_much")
    held = await till.refund("ord_much", "rfd_1", 1)
    assert (held.state, held.refunded.amount) == (CAPTURED, 0)
    assert held.reason == "held: a refund is of another amount"
