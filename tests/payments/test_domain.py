"""The rules of a payment: evidence in any order, any number of times, leads to one end, and the ledger balances."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.payments import PaymentState
from banyan.kernel.money import Money
from banyan.payments import domain
from banyan.payments.domain import Charge, Evidence, Standing

PRICE = Money(1299, "EUR")
NEW = Standing("pay_1", "ord_1", "testbank", "tok_ok", PRICE, PaymentState.CREATED)
_TAKEN = {Charge.CAPTURED: 1299}

# What a provider's book can show one after another.
STORIES = (
    (Charge.DECLINED,),
    (Charge.AUTHORIZED, Charge.VOIDED),
    (Charge.AUTHORIZED, Charge.CAPTURED),
    (Charge.VOIDED,),
    (Charge.ACTION, Charge.DECLINED),
    (Charge.ACTION, Charge.AUTHORIZED, Charge.CAPTURED),
    (Charge.ACTION, Charge.AUTHORIZED, Charge.VOIDED),
)


def seen(state: Charge, **of: object) -> Evidence:
    return replace(Evidence("pay_1", "tb_1", PRICE, state, _TAKEN.get(state, 0)), **of)  # type: ignore[arg-type]


def after(known: Standing, evidence: Evidence) -> Standing:
    for state in domain.follows(known, evidence):
        assert state in domain.NEXT[known.state], "only along the graph"
        authorized = 1299 if state in (PaymentState.AUTHORIZED, PaymentState.CAPTURED) else known.authorized
        captured = 1299 if state is PaymentState.CAPTURED else known.captured
        known = replace(known, state=state, authorized=authorized, captured=captured)
    return known


@given(st.sampled_from(STORIES), st.booleans(), st.data())
def test_snapshots_late_doubled_and_out_of_order_end_as_the_book_does(
    story: tuple[Charge, ...], void_wanted: bool, data: st.DataObject
) -> None:
    start = replace(NEW, void_wanted=void_wanted)
    arriving = data.draw(st.permutations([*story, story[-1], *data.draw(st.lists(st.sampled_from(story)))]))
    known = start
    for state in arriving:
        before, known = known, after(known, seen(state))
        assert (known.authorized, known.captured) >= (before.authorized, before.captured)
    settled = after(start, seen(story[-1]))
    if story[-1] is Charge.VOIDED and Charge.AUTHORIZED in story:
        assert known.state in (PaymentState.VOIDED, PaymentState.DECLINED)  # as the authorization was seen first or not
    else:
        assert known.state is settled.state


@given(st.sampled_from(list(Charge)), st.sampled_from(list(PaymentState)), st.booleans())
def test_the_same_evidence_twice_adds_nothing(charge: Charge, state: PaymentState, void_wanted: bool) -> None:
    known = after(replace(NEW, state=state, void_wanted=void_wanted), seen(charge))
    assert domain.follows(known, seen(charge)) == ()


@given(st.sampled_from(list(Charge)), st.sampled_from(sorted(domain.FINAL)))
def test_an_end_stays_the_end(charge: Charge, state: PaymentState) -> None:
    assert domain.follows(replace(NEW, state=state), seen(charge)) == ()


@given(
    st.sampled_from(list(Charge)),
    st.sampled_from(["pay_1", "pay_2"]),
    st.integers(0, 2**53 - 1),
    st.sampled_from(["EUR", "USD", "JPY"]),
    st.integers(0, 2**53 - 1),
    st.dictionaries(st.sampled_from(["pop_1", "pop_2"]), st.integers(-5, 2000)),
)
def test_evidence_fits_only_with_payment_amount_and_currency(
    state: Charge, reference: str, amount: int, currency: str, captured: int, refunds: dict[str, int]
) -> None:
    evidence = Evidence(reference, "tb_1", Money(amount, currency), state, captured, refunds)
    if domain.misfit(NEW, evidence) is None:
        assert (reference, evidence.amount) == ("pay_1", PRICE)
        assert captured in (0, 1299)
        assert 0 <= sum(refunds.values()) <= captured
        assert all(part > 0 for part in refunds.values())


def test_evidence_of_another_charge_does_not_fit() -> None:
    assert domain.misfit(replace(NEW, charge_id="tb_0"), seen(Charge.AUTHORIZED))
    assert domain.misfit(replace(NEW, charge_id="tb_1"), seen(Charge.AUTHORIZED)) is None


@given(st.integers(1, 1299), st.integers(1, 1299))
def test_a_part_fits_only_as_it_was_asked_for_and_stays_the_part(asked: int, captured: int) -> None:
    part = seen(Charge.CAPTURED, captured=captured)
    authorized = replace(NEW, state=PaymentState.AUTHORIZED, authorized=1299)
    assert (domain.misfit(authorized, part, asked) is None) is (asked == captured)
    assert (domain.misfit(authorized, part) is None) is (captured == 1299)
    taken = replace(authorized, state=PaymentState.CAPTURED, captured=asked)
    assert (domain.misfit(taken, part) is None) is (asked == captured)


def test_a_wanted_void_is_believed_of_a_wrong_amount_because_no_money_is_kept() -> None:
    wrong = seen(Charge.VOIDED, amount=Money(1, "EUR"))
    assert domain.misfit(replace(NEW, void_wanted=True), wrong) is None
    assert domain.misfit(NEW, wrong)


@given(st.sampled_from(["authorize", "capture", "release", "refund"]), st.integers(1, 2**53 - 1))
def test_every_transfer_balances(kind: domain.Kind, amount: int) -> None:
    moved = domain.movements(kind, amount)  # type: ignore[arg-type]
    assert sum(moved.values()) == 0
    assert all(moved.values())


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_to_a_cap(attempts: int, chance: float) -> None:
    assert 0.125 <= domain.pause(attempts, chance) <= domain.LONGEST_WAIT


@given(st.from_regex(r"[0-9]{11,18}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_card_numbers_are_told_from_tokens(digits: str, gap: str) -> None:
    number = next(digits + check for check in "0123456789" if domain.looks_like_a_card(digits + check))
    assert domain.looks_like_a_card(gap.join(number))
    wrong = str((int(number[-1]) + 1) % 10)
    assert not domain.looks_like_a_card(number[:-1] + wrong)
    assert not domain.looks_like_a_card("tok_" + number)
