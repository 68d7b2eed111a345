"""The database refuses what may not be, and each invariant finds it where somebody forces it in."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.payments import Payment, PaymentState
from banyan.foundation.db import Tx
from banyan.kernel.money import Money
from banyan.kernel.refusals import Refusal
from tests.payments.conftest import OpenTill, Till
from tests.payments.test_capture_and_refund import take
from tests.payments.test_confirming import press


async def attempt(till: Till, *statements: str) -> None:
    """Run these as one transaction of payments."""
    async with till.ports.db.transaction() as tx:
        for each in statements:
            await tx.execute(each)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount = amount + 1",
        "DELETE FROM entry",
        "DELETE FROM transfer",
        "TRUNCATE entry",
        "TRUNCATE transfer CASCADE",
        "INSERT INTO entry SELECT transfer_id, 'sales_refunds', 5, 'EUR' FROM entry LIMIT 1",
        "INSERT INTO entry SELECT transfer_id, 'sales_refunds', 0, 'EUR' FROM entry LIMIT 1",
        "INSERT INTO entry SELECT transfer_id, 'my_pocket', 5, 'EUR' FROM entry LIMIT 1",
        "UPDATE payment SET refunded = captured + 1",
        "UPDATE payment SET refunding = captured + 1",
        "UPDATE payment SET captured = authorized + 1",
        "UPDATE payment SET state = 'authorized'",
        "UPDATE payment SET state = 'settled'",
        "UPDATE operation SET next_look_at = shop_now()",
        "INSERT INTO operation SELECT 'pop_2', payment_id, kind, 'other', NULL, 1, '', 'done' FROM operation LIMIT 1",
        """INSERT INTO payment (id, order_id, provider, token, amount, currency, state)
           VALUES ('pay_2', 'ord_ledger', 'testbank', '', 1, 'EUR', 'created')""",
    ],
)
async def test_the_database_refuses_it(till: Till, statement: str) -> None:
    await till.sold("ord_ledger")
    await till.refund("ord_ledger", "rfd_1", 5)
    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)):
        await attempt(till, statement)
    assert await till.broken() == {}


async def test_a_transfer_must_balance_in_each_currency_by_the_end_of_its_transaction(till: Till) -> None:
    payment = await till.sold("ord_balance")
    made = f"INSERT INTO transfer (id, payment_id, kind) VALUES ('t_1', '{payment.payment_id}', 'refund')"
    one = "INSERT INTO entry VALUES ('t_1', 'sales', 5, 'EUR')"
    with pytest.raises(asyncpg.RaiseError):
        await attempt(till, made, one, "INSERT INTO entry VALUES ('t_1', 'provider_clearing', -5, 'USD')")
    assert await till.broken() == {}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_course_of_a_payment_leaves_balanced_books(till: Till, data: st.DataObject) -> None:
    # All is drawn before anything is done: a draw may end this course, and what it had begun would stay open in the next.
    order = till.ports.ids.new("ord")
    amount = data.draw(st.integers(1, 10**6), label="amount")
    tokens = [
        "tok_ok",
        "tok_timeout",
        "tok_5xx",
        "tok_capture_timeout",
        "tok_refund_5xx",
        "tok_void_timeout",
        "tok_3ds",
    ]
    price = Money(amount, data.draw(st.sampled_from(["EUR", "JPY", "KWD"])))
    token = data.draw(st.sampled_from(tokens), label="token")
    step = st.tuples(st.sampled_from("csrwvpyn"), st.integers(1, amount))
    steps = data.draw(st.lists(step, max_size=6), label="steps")
    payment = await till.authorize(order, token, price, return_url="http://127.0.0.1/back")
    for number, (what, part) in enumerate(steps):
        doing: dict[str, Callable[[], Awaitable[Any]]] = {
            "c": lambda: till.capture(order),
            "s": lambda: till.look(),
            "r": lambda: till.refund(order, f"rfd_{number}", part),  # noqa: B023
            "w": lambda: till.deliver(),
            "v": lambda: till.void(order, price),
            "p": lambda: take(till, payment.payment_id, part, f"{order} {number}", price.currency),  # noqa: B023
            "y": lambda: confirmed(till, payment, "confirm"),
            "n": lambda: confirmed(till, payment, "refuse"),
        }
        with contextlib.suppress(Refusal):
            await doing[what]()
        till.clock.advance(1)
    # A bank that could not be asked for a while (a breaker is open, it took too long) has its page only once it was asked.
    for _ in range(120):
        await confirmed(till, payment, "refuse")
        await till.look()
        await till.deliver()
        if not await till.open():
            break
        till.clock.advance(1)
    assert await till.open() == []
    assert await till.broken() == {}


async def confirmed(till: Till, payment: Payment, answer: str) -> None:
    """Its shopper presses a button at the bank, where it asks them to."""
    charge = await till.charge(payment.payment_id)
    if charge and charge["action"]:
        await press(till, charge["action"].removeprefix(till.shop.settings.origin), answer)


BREAK = {
    "payments I1": ["INSERT INTO entry SELECT transfer_id, 'sales_refunds', 7, 'EUR' FROM entry LIMIT 1"],
    "payments I2": ["UPDATE payment SET captured = captured - 1, authorized = authorized - 1"],
    "payments I3": [
        "ALTER TABLE payment DROP CONSTRAINT payment_order_id_key",
        """INSERT INTO payment SELECT replace(id, 'pay_', 'pax_'), order_id, provider, token, amount, currency, state,
           authorized, captured, 0, refunded, charge_id, reason, user_id FROM payment LIMIT 1""",
    ],
    "payments I4": ["UPDATE payment SET refunding = 1"],
    "payments I17": ["UPDATE payment SET state = 'authorized', captured = 0, void_wanted = true"],
    "books": ["UPDATE payment SET currency = 'USD'"],
}


@pytest.mark.parametrize("found", BREAK)
async def test_each_invariant_finds_what_is_forced_in(open_till: OpenTill, found: str) -> None:
    till = await open_till()
    await till.sold("ord_1")
    assert await till.broken() == {}
    async with till.ports.db.transaction() as tx:
        await _unlock(tx)
        for statement in BREAK[found]:
            await tx.execute(statement)
    assert found in await till.broken()


async def _unlock(tx: Tx) -> None:
    """Take the database's own guards away."""
    for table in ("entry", "transfer"):
        await tx.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    checks = await tx.fetch(
        "SELECT conrelid::regclass AS table, conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY($1::regclass[])",
        ["payment", "operation"],
    )
    for each in checks:
        await tx.execute(f"ALTER TABLE {each['table']} DROP CONSTRAINT {each['conname']}")


async def test_the_state_names_of_contract_and_table_are_the_same(till: Till) -> None:
    check = await till.ports.db.fetchval(
        "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint WHERE conrelid = 'payment'::regclass"
    )
    assert all(f"'{state}'" in check for state in PaymentState)
