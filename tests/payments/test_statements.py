"""What a line of a provider's report comes to: the transfer it is, what the ledger books of it, or how it differs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.money import Money
from banyan.payments.domain import comparing, statement
from banyan.payments.domain.comparing import Difference, Differs, Ours
from banyan.payments.domain.statement import Line, Moved
from banyan.payments.providers.statements import Unreadable, reporter_of

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def line(kind: Moved = Moved.PAYMENT, amount: int = 1299, currency: str = "EUR", **of: object) -> Line:
    told: dict[str, object] = {"id": "txn_1", "source": "ch_1", "at": AT, "payment_id": "pay_1"} | of
    return Line(kind=kind, amount=Money(amount, currency), **told)  # type: ignore[arg-type]


def ours(name: str, kind: str, amount: int, currency: str = "EUR", *, taken: bool = False) -> Ours:
    return Ours(name, "pay_1", kind, Money(amount, currency), taken)


CAPTURE = ours("pay_1.capture", "capture", 1299)


@given(kind=st.sampled_from(Moved), amount=st.integers(-(10**9), 10**9), fee=st.integers(-(10**6), 10**6))
def test_whatever_a_provider_reports_is_booked_balanced(kind: Moved, amount: int, fee: int) -> None:
    made = statement.bookings("stripe", line(kind, amount, fee=fee))
    assert all(sum(each.moved.values()) == 0 and all(each.moved.values()) for each in made)
    at_the_provider = sum(each.moved["provider_clearing"] for each in made)
    asked_for = kind in statement.ASKED_FOR or kind is Moved.OTHER
    assert at_the_provider == (-fee if asked_for else amount - fee)


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        (line(Moved.FEE, -30), {"provider_fees": 30, "provider_clearing": -30}),
        (line(Moved.PAYOUT, -900), {"bank": 900, "provider_clearing": -900}),
        (line(Moved.PAYOUT, 900), {"bank": -900, "provider_clearing": 900}),
        (line(Moved.DISPUTE, -500), {"disputes": 500, "provider_clearing": -500}),
        (line(Moved.DISPUTE_REVERSAL, 500), {"disputes": -500, "provider_clearing": 500}),
        (line(Moved.REFUND_RETURNED, 70), {"refunds_owed": -70, "provider_clearing": 70}),
    ],
)
def test_money_beside_payments_has_an_account_of_its_own(told: Line, moved: dict[str, int]) -> None:
    (made,) = statement.bookings("stripe", told)
    assert (made.name, made.moved) == ("stripe.txn_1", moved)


def test_a_dispute_s_fee_is_a_transfer_of_its_own() -> None:
    withdrawn, fee = statement.bookings("stripe", line(Moved.DISPUTE, -500, fee=1500))
    assert (withdrawn.kind, fee.kind, fee.name) == ("dispute", "dispute_fee", "stripe.txn_1.fee")


def test_what_was_lost_leaves_the_disputes_and_is_a_loss() -> None:
    assert statement.lost("stripe.txn_1", "pay_1", Money(500, "EUR")).moved == {
        "chargeback_losses": 500,
        "disputes": -500,
    }


@pytest.mark.parametrize(
    ("told", "known", "end"),
    [
        (line(), [CAPTURE], "pay_1.capture"),
        (line(), [], Differs.THEIRS_ONLY),
        (line(amount=1298), [CAPTURE], Differs.AMOUNT),
        (line(currency="USD"), [CAPTURE], Differs.CURRENCY),
        (line(), [ours("pay_1.capture", "capture", 1299, taken=True)], Differs.DUPLICATE),
        (
            line(Moved.REFUND, -300, reference="pop_2"),
            [ours("pop_1", "refund", -300), ours("pop_2", "refund", -300)],
            "pop_2",
        ),
        (line(Moved.REFUND, -300), [ours("pop_1", "refund", -200), ours("pop_2", "refund", -300)], "pop_2"),
        (line(Moved.REFUND, -300), [ours("pop_1", "refund", -300, taken=True)], Differs.THEIRS_ONLY),
        (line(Moved.REFUND, -300, reference="pop_1"), [ours("pop_1", "refund", -200)], Differs.AMOUNT),
        (line(Moved.REFUND, -1299), [CAPTURE], Differs.THEIRS_ONLY),
    ],
)
def test_a_line_is_one_of_our_transfers_or_differs(told: Line, known: list[Ours], end: object) -> None:
    found = comparing.compare(told, known, open_yet=False)
    assert (found.kind if isinstance(found, Difference) else found.id) == end


def test_what_is_being_settled_is_only_early() -> None:
    found = comparing.compare(line(), [], open_yet=True)
    assert isinstance(found, Difference)
    assert found.kind is Differs.TIMING


STRIPE = """balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,\
payment_metadata[payment_id],refund_metadata[reference]
txn_1,2026-01-05 12:00:00,eur,12.99,0.68,12.31,charge,ch_1,pi_1,pay_1,
txn_2,2026-01-05 12:00:01,jpy,-1299,0,-1299,refund,re_1,pi_1,pay_1,pop_1
txn_3,2026-01-05 12:00:02,kwd,-5.120,0,-5.120,dispute,dp_1,pi_1,,
txn_4,2026-01-05 12:00:03,eur,-1.00,0,-1.00,something_new,x_1,,,
"""
PAYPAL = """"RH","2026/01/06 00:00:00 +0000","A","7XPQL4M2ZK9HA","011"
"CH","Transaction ID","Invoice ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",\
"Transaction Initiation Date","Transaction Completion Date","Transaction Debit or Credit","Gross Transaction Amount",\
"Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency","Custom Field"
"SB","8AB","pay_1","","","T0006","2026/01/05 12:00:00 +0000","2026/01/05 12:00:00 +0000","CR",1299,"EUR","DR",94,"EUR","pay_1"
"SB","9AB","pay_1","8AB","TXN","T1107","2026/01/05 12:00:01 +0000","2026/01/05 12:00:01 +0000","DR",300,"HUF","",,"","pop_1"
"SB","7AB","","","","T0400","2026/01/05 12:00:02 +0000","2026/01/05 12:00:02 +0000","DR",800,"EUR","",,"",""
"""
RAZORPAY = """entity_id,type,debit,credit,amount,currency,fee,tax,created_at,settled_at,settlement_id,payment_id,\
order_receipt,dispute_id
pay_A,payment,0,97640,100000,INR,2360,360,1767614400,1767700800,setl_A,,pay_1,
rfnd_A,refund,5000,0,5000,INR,0,0,1767614400,1767700800,setl_A,pay_A,pay_1,
disp_A,adjustment,7000,0,7000,INR,0,0,1767614400,1767700800,setl_A,pay_A,pay_1,disp_A
"""
TESTBANK = """id,kind,reference,charge_reference,charge_id,amount,currency,made_at
capture pay_1.capture,capture,pay_1.capture,pay_1,tb_1,1299,EUR,2026-01-05 12:00:00
refund pop_1,refund,pop_1,pay_1,tb_1,-300,EUR,2026-01-05 12:00:01
"""
Told = tuple[Moved, int, str, int, str, str]  # kind, amount, currency, fee, payment, reference
READ: dict[str, tuple[str, list[Told]]] = {
    "stripe": (
        STRIPE,
        [
            (Moved.PAYMENT, 1299, "EUR", 68, "pay_1", ""),
            (Moved.REFUND, -1299, "JPY", 0, "pay_1", "pop_1"),
            (Moved.DISPUTE, -5120, "KWD", 0, "", ""),
            (Moved.OTHER, -100, "EUR", 0, "", ""),
        ],
    ),
    "paypal": (
        PAYPAL,
        [
            (Moved.PAYMENT, 1299, "EUR", 94, "pay_1", ""),
            (Moved.REFUND, -30000, "HUF", 0, "pay_1", "pop_1"),
            (Moved.PAYOUT, -800, "EUR", 0, "", ""),
        ],
    ),
    "razorpay": (
        RAZORPAY,
        [
            (Moved.PAYMENT, 100000, "INR", 2360, "pay_1", ""),
            (Moved.REFUND, -5000, "INR", 0, "pay_1", ""),
            (Moved.DISPUTE, -7000, "INR", 0, "pay_1", ""),
            (Moved.PAYOUT, -85640, "INR", 0, "", ""),
        ],
    ),
    "testbank": (
        TESTBANK,
        [(Moved.PAYMENT, 1299, "EUR", 0, "pay_1", ""), (Moved.REFUND, -300, "EUR", 0, "pay_1", "pop_1")],
    ),
}


@pytest.mark.parametrize("provider", READ)
def test_a_report_is_read_as_its_provider_publishes_it(provider: str) -> None:
    text, expected = READ[provider]
    reporter = reporter_of(provider)
    assert reporter
    told = reporter.read("\ufeff" + text)
    found = [
        (each.kind, each.amount.amount, each.amount.currency, each.fee, each.payment_id, each.reference)
        for each in told.lines
    ]
    assert found == expected
    assert all(timedelta() <= each.at - AT.replace(hour=0) < timedelta(days=2) for each in told.lines)


@pytest.mark.parametrize("provider", READ)
@pytest.mark.parametrize(
    "broken",
    [
        lambda text: "",
        lambda text: "a,b\n1,2\n",
        lambda text: text.replace("1299", "12x").replace("12.99", "12,99").replace("97640", "?"),
        lambda text: text.replace("2026-01-05 12", "yesterday 12").replace("2026/01/05 12", "x").replace("176761", "x"),
    ],
)
def test_what_is_no_report_is_refused(provider: str, broken: object) -> None:
    reporter = reporter_of(provider)
    assert reporter
    with pytest.raises(Unreadable):
        reporter.read(broken(READ[provider][0]))  # type: ignore[operator]
