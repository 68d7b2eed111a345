"""What payments is promised by every provider, whoever it is: the provider's own book is the judge."""

from contextlib import suppress

import pytest

from banyan.foundation import deadlines
from banyan.foundation.egress import NotSent
from banyan.kernel.money import Money
from banyan.kernel.refusals import DeadlinePassed, Malformed, Unavailable
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import NotAsked, Rejected, Unclear
from tests.payments.providers.stages import PRICE, Stage, Sums

ALL = PRICE.amount
LOST = (Unclear, Unavailable, DeadlinePassed)


async def test_an_authorization_holds_the_money_and_takes_none(stage: Stage) -> None:
    errand, seen = await stage.held()
    assert (seen.reference, seen.amount, seen.captured, seen.refunds) == (errand.payment_id, PRICE, 0, {})
    assert seen.charge_id
    assert await stage.sums(errand.payment_id) == Sums(1, held=ALL)


async def test_the_same_authorization_twice_is_one_charge(stage: Stage) -> None:
    errand, seen = await stage.held()
    again = await stage.provider.authorize(stage.ports, errand)
    assert (again.charge_id, again.state) == (seen.charge_id, Charge.AUTHORIZED)
    assert (await stage.sums(errand.payment_id)).charges == 1


async def test_a_decline_holds_nothing_and_says_why(stage: Stage) -> None:
    if not stage.poor:
        pytest.skip(f"{stage.name} declines at its own page only")
    errand = stage.errand(stage.poor)
    seen = await stage.provider.authorize(stage.ports, errand)
    assert (seen.state, seen.reason) == (Charge.DECLINED, "insufficient_funds")
    assert await stage.sums(errand.payment_id) == Sums()


async def test_a_token_that_is_none_is_rejected_or_declined(stage: Stage) -> None:
    if stage.confirms:
        pytest.skip(f"{stage.name} is sent no token")
    errand = stage.errand("pm_card_nobody" if stage.name == "stripe" else "tok_nobody")
    with suppress(Rejected):
        assert (await stage.provider.authorize(stage.ports, errand)).state is Charge.DECLINED
    assert await stage.sums(errand.payment_id) == Sums()


async def test_a_capture_takes_the_money_once(stage: Stage) -> None:
    errand, seen = await stage.held()
    capture = stage.deed(errand, seen, "capture")
    for _ in range(2):
        taken = await stage.provider.capture(stage.ports, capture)
        assert (taken.state, taken.captured, taken.amount) == (Charge.CAPTURED, ALL, PRICE)
    assert await stage.sums(errand.payment_id) == Sums(1, taken=ALL)


async def test_part_can_be_captured_and_the_rest_is_let_go_of(stage: Stage) -> None:
    if not stage.captures_parts:
        pytest.skip(f"{stage.name} captures all or nothing")
    errand, seen = await stage.held()
    taken = await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture", amount=Money(500, "EUR")))
    assert (taken.state, taken.captured, taken.amount) == (Charge.CAPTURED, 500, PRICE)
    assert await stage.sums(errand.payment_id) == Sums(1, taken=500)


async def test_more_than_is_held_cannot_be_captured(stage: Stage) -> None:
    errand, seen = await stage.held()
    with pytest.raises(Rejected):
        await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture", amount=Money(ALL + 1, "EUR")))
    assert await stage.sums(errand.payment_id) == Sums(1, held=ALL)


async def test_a_void_lets_go_of_the_money_any_number_of_times(stage: Stage) -> None:
    errand, seen = await stage.held()
    void = stage.deed(errand, seen, "void")
    for _ in range(2):
        assert (await stage.provider.void(stage.ports, void)).state is Charge.VOIDED
    assert await stage.sums(errand.payment_id) == Sums()


async def test_what_was_taken_is_not_voided(stage: Stage) -> None:
    errand, seen = await stage.taken()
    with suppress(Rejected):
        told = await stage.provider.void(stage.ports, stage.deed(errand, seen, "void"))
        assert (told.state, told.captured) == (Charge.CAPTURED, ALL)
    assert await stage.sums(errand.payment_id) == Sums(1, taken=ALL)


async def test_after_a_void_that_came_first_no_charge_is_ever_made(stage: Stage) -> None:
    errand = stage.errand()
    voided = await stage.provider.void(stage.ports, stage.deed(errand, None, "void"))
    assert (voided.state, voided.captured) == (Charge.VOIDED, 0)
    stage.clock.advance(stage.lag)
    try:
        late: Evidence | None = await stage.provider.authorize(stage.ports, errand)
    except (Rejected, Unclear):
        late = None
    assert late is None or late.state in (Charge.VOIDED, Charge.DECLINED, Charge.ACTION)
    if late and late.action and stage.agree:
        await stage.agree(late.action, True)
    assert await stage.sums(errand.payment_id) == Sums()


async def test_a_void_finds_a_charge_whose_answer_was_lost(stage: Stage) -> None:
    errand = stage.errand()
    stage.troubles.add("cut", stage.paths["authorize"])
    with pytest.raises(LOST):
        await stage.provider.authorize(stage.ports, errand)
    voided = await stage.provider.void(stage.ports, stage.deed(errand, None, "void"))
    assert voided.state is Charge.VOIDED
    assert await stage.sums(errand.payment_id) == Sums()


async def test_refunds_in_parts_are_each_made_once(stage: Stage) -> None:
    errand, seen = await stage.taken()
    first, second = (stage.deed(errand, seen, "refund", amount=Money(part, "EUR")) for part in (300, 999))
    for refund in (first, first, second, second):
        told = await stage.provider.refund(stage.ports, refund)
    assert told.refunds == {first.reference: 300, second.reference: 999}
    assert await stage.sums(errand.payment_id) == Sums(1, taken=ALL, refunded=ALL)


async def test_more_than_was_taken_is_not_refunded(stage: Stage) -> None:
    errand, seen = await stage.taken()
    with pytest.raises(Rejected):
        await stage.provider.refund(stage.ports, stage.deed(errand, seen, "refund", amount=Money(ALL + 1, "EUR")))
    assert await stage.sums(errand.payment_id) == Sums(1, taken=ALL)


async def test_what_was_never_authorized_is_neither_captured_nor_refunded(stage: Stage) -> None:
    errand = stage.errand()
    for ask in (stage.provider.capture, stage.provider.refund):
        with pytest.raises(Rejected):
            await ask(stage.ports, stage.deed(errand, None, "deed"))


async def test_a_look_finds_a_charge_by_its_id_and_by_our_reference(stage: Stage) -> None:
    errand, seen = await stage.held()
    stage.clock.advance(stage.lag)
    for charge_id in (seen.charge_id, None):
        found = await stage.provider.look_up(stage.ports, stage.deed(errand, seen, "look", charge_id=charge_id))
        assert found
        assert (found.charge_id, found.state, found.reference) == (seen.charge_id, Charge.AUTHORIZED, errand.payment_id)


async def test_a_look_for_what_was_never_asked_finds_none(stage: Stage) -> None:
    if stage.finds_by_asking:
        pytest.skip(f"{stage.name} has no search: a look sends the authorization once more, by its reference")
    assert await stage.provider.look_up(stage.ports, stage.errand()) is None


@pytest.mark.parametrize("kind", ["lost", "cut"])
@pytest.mark.parametrize("deed", ["authorize", "capture", "refund"])
async def test_done_and_the_answer_lost_is_unclear_and_done_once_when_asked_again(
    stage: Stage, kind: str, deed: str
) -> None:
    errand, seen = (stage.errand(), None) if deed == "authorize" else await stage.held()
    if deed == "refund":
        seen = await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture"))
    asked = errand if deed == "authorize" else stage.deed(errand, seen, deed)
    ask = getattr(stage.provider, deed)
    stage.troubles.add(kind, stage.paths[deed])
    with pytest.raises(LOST) as lost:
        await ask(stage.ports, asked)
    assert not isinstance(lost.value, NotAsked | NotSent)
    stage.clock.advance(stage.lag)
    again = await ask(stage.ports, asked)
    assert again.reference == errand.payment_id
    sums = await stage.sums(errand.payment_id)
    assert sums.charges == (0 if again.state is Charge.ACTION else 1)
    assert sums.refunded == (ALL if deed == "refund" else 0)


@pytest.mark.parametrize("kind", ["error", "too_many", "down", "hang"])
async def test_what_was_not_done_is_unclear_or_known_not_to_be_and_done_when_asked_again(
    stage: Stage, kind: str
) -> None:
    errand = stage.errand()
    stage.troubles.add(kind, stage.paths["authorize"])
    with pytest.raises(LOST) as why:
        async with deadlines.within(0.05 if kind == "hang" else 5):
            await stage.provider.authorize(stage.ports, errand)
    if kind == "down":
        assert isinstance(why.value, NotAsked | NotSent)
    elif kind in ("error", "hang"):
        assert not isinstance(why.value, NotAsked | NotSent)
    assert await stage.sums(errand.payment_id) == Sums()
    assert (await stage.provider.authorize(stage.ports, errand)).state in (Charge.AUTHORIZED, Charge.ACTION)


@pytest.mark.parametrize("yes", [True, False])
async def test_a_shopper_confirms_or_refuses_at_the_provider(stage: Stage, yes: bool) -> None:
    if stage.agree is None:
        pytest.skip(f"{stage.name} has no page for shoppers")
    errand = stage.errand(stage.confirm)
    seen = await stage.provider.authorize(stage.ports, errand)
    assert seen.state is Charge.ACTION
    assert seen.action
    assert await stage.sums(errand.payment_id) == Sums()
    back = await stage.agree(seen.action, yes)
    if yes or back.status != 200:  # who refuses may be kept at the page, to try another way
        assert (back.header("location") or "").startswith(errand.return_url)
    look = stage.deed(errand, seen, "look", reference=errand.reference)
    after = await stage.provider.look_up(stage.ports, look)
    assert after
    assert after.state is Charge.AUTHORIZED if yes else after.state in (Charge.DECLINED, Charge.VOIDED, Charge.ACTION)
    assert await stage.sums(errand.payment_id) == Sums(int(yes), held=ALL * yes)


async def test_nobody_to_send_means_no_page(stage: Stage) -> None:
    if not stage.confirm or stage.confirms:
        pytest.skip(f"{stage.name} always or never asks the shopper")
    seen = await stage.provider.authorize(stage.ports, stage.errand(stage.confirm, return_url=""))
    assert (seen.state, seen.reason) == (Charge.DECLINED, "authentication_required")


async def test_a_way_to_pay_that_was_kept_pays_without_the_shopper(stage: Stage) -> None:
    if not stage.keeps:
        pytest.skip(f"{stage.name} keeps no ways to pay")
    user = stage.ports.ids.new("usr")
    _, seen = await stage.held(customer=user, save=True)
    assert seen.saved
    assert seen.saved.token
    later = stage.errand(seen.saved.token, customer=user, return_url="")
    assert (await stage.provider.authorize(stage.ports, later)).state is Charge.AUTHORIZED
    assert await stage.sums(later.payment_id) == Sums(1, held=ALL)


async def test_its_webhooks_are_believed_and_say_what_its_book_says(stage: Stage) -> None:
    if stage.webhooks is None:
        pytest.skip(f"{stage.name}: tests/payments/test_webhooks.py")
    errand, _ = await stage.taken()
    told = [await stage.provider.verify_webhook(stage.ports, *each) for each in stage.webhooks()]
    mine = [each.evidence for each in told if each and each.evidence.reference == errand.payment_id]
    assert Charge.CAPTURED in {each.state for each in mine}
    assert {(each.amount, each.captured) for each in mine} <= {(PRICE, 0), (PRICE, ALL)}


async def test_a_webhook_that_was_touched_is_refused(stage: Stage) -> None:
    if stage.webhooks is None:
        pytest.skip(f"{stage.name}: tests/payments/test_webhooks.py")
    await stage.taken()
    for headers, body in stage.webhooks()[-3:]:
        with pytest.raises(Malformed):
            await stage.provider.verify_webhook(stage.ports, headers, body + b" ")
        with pytest.raises(Malformed):
            await stage.provider.verify_webhook(stage.ports, {}, body)
