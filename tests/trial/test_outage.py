"""The trial of a provider that is away sees it everywhere, judges by the providers' books, and passes on a shop that is well."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.outage import Verdict, Wish, outage_trial
from banyan.trial.outage.books import Books, Charge, Order, of_stripe
from banyan.trial.outage.judging import AWAY, CALM, HANGS, HEAD, Slower, p50, p95, places
from banyan.trial.outage.seeing import Shown, of_metrics, of_page
from banyan.trial.outage.shopping import Bought, Turn

OPEN = Shown("open", "open", "open")
EVERYWHERE = {"metrics", "api", "console"}
SHORT = Wish(rounds=1, calm=1.0, hangs=4.5, away=1.5, looks=6, checkouts=8, products=12, warm=0.5)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="banyan-outage-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.slow
async def test_with_stripe_hanging_and_killed_another_provider_takes_the_money_once(folder: Path) -> None:
    clock = SystemClock()
    env = {"BANYAN_CHECKOUT_SECONDS": "1"}  # who waits for Stripe is told sooner that it goes on by itself
    verdict = await outage_trial(folder, SHORT, clock=clock, ids=SystemIds(clock), env=env)
    by_kind = {each.kind: each for each in verdict.turns}
    assert verdict.opened == {HANGS: EVERYWHERE, AWAY: EVERYWHERE}
    assert verdict.closed == EVERYWHERE
    bought = [bought.order for each in verdict.turns for bought in each.bought]
    keepers = {order: verdict.books.keepers(verdict.books.orders[order].payment) for order in bought}
    assert {len(each) for each in keepers.values()} == {1}, "each order is paid once, by the providers' own books"
    assert {verdict.books.orders[order].status for order in bought} == {"confirmed"}
    assert {tuple(keepers[each.order]) for each in by_kind[CALM].bought} == {("stripe",)}
    assert {tuple(keepers[each.order]) for each in by_kind[AWAY].bought} == {("testbank",)}
    assert ["testbank"] in [keepers[each.order] for each in by_kind[HANGS].bought]
    telling = ("looks", "at once")  # how a busy machine is, in so short a run
    assert [each for each in verdict.wrong if not any(word in each for word in telling)] == []


def turn(kind: str, *, p95_ms: float = 10.0, orders: int = 2, answered: str = "confirmed") -> Turn:
    name = f"{kind}_{p95_ms}".replace(" ", "_")
    return Turn(kind, [p95_ms / 1e3] * 20, bought=[Bought(f"ord_{name}_{n}", answered, 0.05) for n in range(orders)])


def paid(*turns: Turn, by: str = "testbank") -> Books:
    """Every order of these, paid once by this provider."""
    bought = [each.order for one in turns for each in one.bought]
    orders = {order: Order("confirmed", 500, f"pay_{order}") for order in bought}
    return Books(orders, {"stripe": {}, "testbank": {}} | {by: {f"pay_{order}": [Charge(0, 500)] for order in bought}})


def judged(*turns: Turn, books: Books | None = None, opened: Shown = OPEN, closed: bool = True) -> Verdict:
    verdict = Verdict(list(turns), closed=set(EVERYWHERE) if closed else set(), books=books or paid(*turns))
    verdict.opened = {kind: places(opened, "open") for kind in (HANGS, AWAY)}
    verdict.judge()
    return verdict


WELL = (turn(CALM), turn(HANGS), turn(CALM, p95_ms=10.5), turn(AWAY))


def test_a_shop_that_is_well_passes_and_says_so() -> None:
    verdict = judged(*WELL)
    assert verdict.wrong == []
    assert verdict.lines()[-1].startswith("no look failed, no checkout was refused")
    assert "8 orders acknowledged, 8 of them paid once" in verdict.lines()[2]
    assert {len(row) for row in verdict.rows()} == {len(HEAD)}
    assert verdict.as_json()["turns"][1]["paid_by"] == {"testbank": 2}


@pytest.mark.parametrize(
    ("hangs", "said", "wrong"),
    [
        (10.9, "within 10%", False),
        (13.0, "too much", True),
        (9.0, "within 10%", False),
    ],
)
def test_looks_may_be_a_tenth_slower_while_a_provider_hangs(hangs: float, said: str, wrong: bool) -> None:
    verdict = judged(turn(CALM), turn(HANGS, p95_ms=hangs), turn(CALM, p95_ms=10.1), turn(AWAY))
    assert said in verdict.slower().line()
    assert bool(verdict.wrong) is wrong
    assert verdict.as_json()["looks"]["too_much"] is wrong


def test_what_calm_turns_differ_by_cannot_be_told_from_the_hang() -> None:
    verdict = judged(turn(CALM), turn(HANGS, p95_ms=14.0), turn(CALM, p95_ms=15.0), turn(AWAY))
    assert verdict.wrong == []
    assert "less than can be told here" in verdict.slower().line()
    assert Slower(0.0, 0.0, 0.0).share == 0.0


def test_one_disturbed_turn_among_three_decides_nothing() -> None:
    turns = [turn(kind, p95_ms=ms) for kind, ms in ((CALM, 10.0), (HANGS, 10.2), (CALM, 10.1), (HANGS, 90.0))]
    verdict = judged(*turns, turn(HANGS, p95_ms=10.3), turn(CALM, p95_ms=10.05), turn(AWAY))
    assert not verdict.slower().too_much


def test_a_look_that_failed_and_a_checkout_that_was_refused_are_wrong() -> None:
    verdict = judged(
        replace(WELL[0], refused=Counter({"503 overloaded": 2})),
        replace(WELL[1], failed=Counter({"search 503": 1})),
        *WELL[2:],
    )
    assert verdict.wrong == [
        "stripe hangs: of 20 looks failed 1 × search 503",
        "calm: 2 checkouts refused: 503 overloaded",
    ]


def test_where_calm_turns_fail_as_well_the_machine_is_too_busy_to_show_anything() -> None:
    (wrong,) = judged(replace(WELL[0], failed=Counter({"cart 503": 3})), *WELL[1:]).wrong
    assert wrong.startswith("calm: of 40 looks failed 3 × cart 503; this machine")


def test_nobody_waits_for_a_provider_that_is_not_even_reached() -> None:
    late = turn(AWAY, answered="processing")
    assert any("2 orders were not confirmed at once" in each for each in judged(*WELL[:3], late).wrong)
    hangs = turn(HANGS, answered="processing")
    assert judged(WELL[0], hangs, *WELL[2:]).wrong == [], "who was asked of one that hangs may have to"


def test_a_breaker_that_is_not_shown_everywhere_is_wrong() -> None:
    verdict = judged(*WELL, opened=Shown("open", "open", "half_open"))
    assert verdict.wrong == [f"{kind}: the breaker was never seen open in console" for kind in (HANGS, AWAY)]
    assert judged(*WELL, closed=False).wrong == ["the breaker did not close again in api, console, metrics"]


@pytest.mark.parametrize(
    ("charges", "said"),
    [
        ([], "was paid 0 times"),
        ([Charge(0, 500), Charge(0, 500)], "was paid 2 times: testbank, testbank"),
        ([Charge(0, 400)], "keeps 400 of pay_ord_calm_10.0_0, 500 are due"),
        ([Charge(0, 500), Charge(500, 0)], "holds 500 and keeps 0"),
    ],
)
def test_the_providers_books_say_what_was_paid(charges: list[Charge], said: str) -> None:
    books = paid(*WELL)
    broken = dict(books.charges) | {"testbank": dict(books.charges["testbank"]) | {"pay_ord_calm_10.0_0": charges}}
    (wrong,) = judged(*WELL, books=replace(books, charges=broken)).wrong
    assert said in wrong


def test_money_without_an_order_and_an_order_that_is_not_there_are_wrong() -> None:
    books = paid(*WELL)
    stray = dict(books.charges) | {"stripe": {"pay_of_nobody": [Charge(0, 700)]}}
    assert judged(*WELL, books=replace(books, charges=stray)).wrong == [
        "stripe holds 0 and keeps 700 of pay_of_nobody, 0 are due"
    ]
    lost = {id: order for id, order in books.orders.items() if id != "ord_calm_10.0_0"}
    assert any(
        "acknowledged and is not there" in each for each in judged(*WELL, books=replace(books, orders=lost)).wrong
    )


def test_without_another_provider_that_took_anything_nothing_is_shown() -> None:
    verdict = judged(*WELL, books=paid(*WELL, by="stripe"))
    assert verdict.wrong == [f"{kind}: no other provider took anything" for kind in (HANGS, AWAY)]


def test_stripes_book_is_read_by_our_payment() -> None:
    intent = {"id": "pi_1", "status": "succeeded", "amount_received": 900, "amount_capturable": 0}
    held = {"id": "pi_2", "status": "requires_capture", "amount_received": 0, "amount_capturable": 300}
    objects = {
        "payment_intent": {
            "pi_1": intent | {"metadata": {"payment_id": "pay_1"}},
            "pi_2": held | {"metadata": {}},
            "pi_3": held | {"id": "pi_3", "status": "canceled", "metadata": {"payment_id": "pay_3"}},
        },
        "charge": {"ch_1": {"payment_intent": "pi_1", "amount_refunded": 400}},
    }
    assert of_stripe(objects) == {"pay_1": [Charge(0, 500)], "": [Charge(300, 0)]}
    assert of_stripe({}) == {}


@pytest.mark.parametrize(("value", "state"), [("0.0", "closed"), ("1.0", "half_open"), ("2.0", "open")])
def test_a_breaker_is_read_from_the_metrics(value: str, state: str) -> None:
    others = 'banyan_provider_breaker{operation="capture",provider="stripe"} 1.0\n'
    told = f'{others}banyan_provider_breaker{{operation="authorize",provider="stripe"}} {value}\n'
    assert of_metrics(told) == state
    assert of_metrics(others) == "closed"


@pytest.mark.parametrize(
    ("cell", "state"),
    [("Authorize: not asked", "open"), ("Authorize: one probe", "half_open"), ("Capture: not asked", "closed")],
)
def test_a_breaker_is_read_from_the_consoles_page(cell: str, state: str) -> None:
    rows = f"<tr><th>Testbank</th><td>Authorize: not asked</td></tr><tr><th>Stripe</th><td><b>{cell}</b></td></tr>"
    assert of_page(rows) == state
    assert of_page("<h1>Sign in</h1>") == ""


def test_times_of_nobody_are_none() -> None:
    assert (p50([]), p95([])) == (0.0, 0.0)
    assert (p50([3.0, 1.0, 2.0]), p95([n / 100 for n in range(1, 101)])) == (2.0, 0.96)
