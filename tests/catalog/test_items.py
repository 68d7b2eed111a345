"""What carts ask at the same moment is answered by one statement, each cart in its own currency and order."""

import asyncio

from banyan.contracts.catalog import AskItems
from banyan.kernel.money import Money
from tests.catalog.counter import Counter
from tests.orders.world import counted


async def _kettles(counter: Counter) -> str:
    variants = [
        {
            "sku": f"KTL-{n}",
            "options": {"Size": str(n)},
            "prices": [{"amount": 1000 + n, "currency": "EUR"}, {"amount": 2000 + n, "currency": "USD"}],
        }
        for n in range(5)
    ]
    made = await counter.made("/v1/products", {"name": "Kettle", "status": "published", "variants": variants})
    return str(made["id"])


async def test_a_round_of_carts_costs_one_statement_and_each_has_its_own_answer(counter: Counter) -> None:
    await _kettles(counter)
    asked = [
        AskItems(skus=(f"KTL-{n % 5}", "nobody", f"KTL-{(n + 1) % 5}"), currency="USD" if n % 2 else "EUR")
        for n in range(20)
    ]
    await counter.ask(asked[0])
    with counted() as statements:
        alone = await counter.ask(asked[0])
        assert len(statements) == 1
        answers = await asyncio.gather(*(counter.ask(each) for each in asked))
    assert statements == [statements[0]] * 2  # which also tells what came between, if anything does
    assert answers[0] == alone
    for n, answer in enumerate(answers):
        base = 2000 if n % 2 else 1000
        prices = [Money(base + n % 5, asked[n].currency), Money(base + (n + 1) % 5, asked[n].currency)]
        assert [item.sku for item in answer.items] == [f"KTL-{n % 5}", f"KTL-{(n + 1) % 5}"]
        assert [item.price for item in answer.items] == prices


async def test_nobody_is_told_a_price_that_was_changed_before_they_asked(counter: Counter) -> None:
    await counter.product("PRC-1")

    async def ask() -> list[int]:
        answer = await counter.ask(AskItems(skus=("PRC-1",), currency="EUR"))
        return [item.price.amount for item in answer.items if item.price]

    for amount in (501, 502, 503):
        crowd = [asyncio.create_task(ask()) for _ in range(20)]
        async with counter.ports.db.transaction() as tx:
            await tx.execute(
                "UPDATE price SET amount = $1 FROM variant WHERE variant.id = variant_id AND sku = 'PRC-1'", amount
            )
        assert await ask() == [amount]
        await asyncio.gather(*crowd)


async def test_a_currency_that_cannot_be_spoils_nobody_elses_answer(counter: Counter) -> None:
    await counter.product("SPL-1")
    good = AskItems(skus=("SPL-1",), currency="EUR")
    answers = await asyncio.gather(
        counter.ask(good),
        counter.ask(AskItems(skus=("SPL-1",), currency="E\0R")),
        counter.ask(good),
        return_exceptions=True,
    )
    assert not isinstance(answers[0], BaseException)
    assert answers[0] == answers[2]
    assert [item.sku for item in answers[0].items] == ["SPL-1"]
