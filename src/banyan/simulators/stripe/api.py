"""Stripe's operations, as far as payments uses them: what each is asked with, and what it does."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from banyan.simulators.stripe import intents, methods, money, refunds, showing
from banyan.simulators.stripe.book import ApiError, Book, Obj

Do = Callable[[Book, Obj, str], Obj]
"""Does an operation: the book, what was asked, the id in the path."""

_LIST = ("created", "ending_before", "expand", "limit", "starting_after")
LISTS: dict[str, tuple[str, tuple[str, ...]]] = {  # by path: the kind, and what may be filtered by
    "payment_intents": ("payment_intent", ("customer", "created")),
    "charges": ("charge", ("customer", "payment_intent", "created")),
    "refunds": ("refund", ("charge", "payment_intent", "created")),
    "customers": ("customer", ("email", "created")),
    "events": ("event", ("type", "created")),
    "balance_transactions": ("balance_transaction", ("source", "type", "currency", "payout", "created")),
    "payouts": ("payout", ("status", "created")),
    "disputes": ("dispute", ("charge", "payment_intent", "created")),
    "webhook_endpoints": ("webhook_endpoint", ()),
    "payment_methods": ("payment_method", ("customer", "type")),
}
SEARCH_LAG = 5.0  # seconds by which the search index is behind


@dataclass(frozen=True, slots=True)
class Operation:
    path: str  # as in the published description
    takes: frozenset[str]
    do: Do


def _intent(do: Callable[[Book, Obj, Obj], Obj]) -> Do:
    return lambda book, asked, name: do(book, book.find("payment_intent", name), asked)


def _update(kind: str) -> Do:
    def do(book: Book, asked: Obj, name: str) -> Obj:
        known = book.find(kind, name)
        known["metadata"] = {k: v for k, v in (known["metadata"] | (asked.get("metadata") or {})).items() if v != ""}
        return known

    return do


def _attach(book: Book, asked: Obj, name: str) -> Obj:
    customer = book.find("customer", asked.get("customer"), "customer")["id"]
    return methods.attach(book, methods.given(book, name), customer)


def _set_up(book: Book, asked: Obj, _: str) -> Obj:
    """A setup intent that is confirmed at once, as the shopper's page would: its card may be used without them."""
    method = methods.given(book, asked["payment_method"]) if "payment_method" in asked else None
    made = book.add(
        "setup_intent",
        "seti",
        application=None,
        automatic_payment_methods=None,
        cancellation_reason=None,
        client_secret=f"seti_secret_{book.ids.secret(12).hex()}",
        customer=asked.get("customer"),
        description=None,
        flow_directions=None,
        last_setup_error=None,
        latest_attempt=None,
        livemode=False,
        mandate=None,
        metadata=asked.get("metadata") or {},
        next_action=None,
        on_behalf_of=None,
        payment_method=method["id"] if method else None,
        payment_method_options={},
        payment_method_types=["card"],
        single_use_mandate=None,
        status="requires_payment_method" if method is None else "requires_confirmation",
        usage=asked.get("usage", "off_session"),
    )
    if asked.get("confirm") == "true" and method is not None:
        book.set_up.add(method["id"])
        if made["customer"]:
            methods.attach(book, method, book.find("customer", made["customer"], "customer")["id"])
        made["status"] = "succeeded"
        book.tell("setup_intent.succeeded", made)
    return made


def _report(book: Book, asked: Obj, _: str) -> Obj:
    if asked.get("report_type") != "balance_change_from_activity.itemized.3":
        raise ApiError("Invalid report_type", param="report_type")
    within = asked.get("parameters") or {}
    begin, end = intents.number(within, "interval_start"), intents.number(within, "interval_end")
    file = book.add("file", "file", purpose="finance_report_run", text=money.report(book, begin, end), type="csv")
    shown = {name: value for name, value in file.items() if name != "text"}
    shown["url"] = f"{book.origin}/v1/files/{file['id']}/contents"
    return book.add(
        "reporting.report_run",
        "frr",
        error=None,
        livemode=False,
        parameters=within,
        report_type=asked["report_type"],
        result=shown,
        status="succeeded",
        succeeded_at=book.now(),
    )


def _takes(names: str) -> frozenset[str]:
    return frozenset(names.split()) | {"expand"}


_CREATE = """amount capture_method confirm confirmation_method currency customer description error_on_requires_action metadata
off_session payment_method payment_method_data payment_method_types receipt_email return_url setup_future_usage
statement_descriptor"""
POSTS = [
    Operation("/v1/payment_intents", _takes(_CREATE), lambda book, asked, _: intents.create(book, asked)),
    Operation("/v1/payment_intents/{intent}", _takes("metadata"), _update("payment_intent")),
    Operation(
        "/v1/payment_intents/{intent}/confirm",
        _takes("error_on_requires_action off_session payment_method payment_method_data return_url"),
        _intent(intents.confirmed),
    ),
    Operation("/v1/payment_intents/{intent}/capture", _takes("amount_to_capture"), _intent(intents.captured)),
    Operation(
        "/v1/payment_intents/{intent}/cancel",
        _takes("cancellation_reason"),
        _intent(lambda book, intent, asked: intents.canceled(book, intent, asked.get("cancellation_reason"))),
    ),
    Operation(
        "/v1/refunds",
        _takes("amount charge metadata payment_intent reason"),
        lambda book, asked, _: refunds.create(book, asked),
    ),
    Operation("/v1/refunds/{refund}", _takes("metadata"), _update("refund")),
    Operation(
        "/v1/customers",
        _takes("description email metadata name phone"),
        lambda book, asked, _: methods.customer(book, asked),
    ),
    Operation("/v1/customers/{customer}", _takes("metadata"), _update("customer")),
    Operation("/v1/payment_methods", _takes("card type"), lambda book, asked, _: methods.create(book, asked)),
    Operation("/v1/payment_methods/{payment_method}/attach", _takes("customer"), _attach),
    Operation(
        "/v1/payment_methods/{payment_method}/detach",
        _takes(""),
        lambda book, _, name: methods.detach(book, book.find("payment_method", name)),
    ),
    Operation(
        "/v1/setup_intents", _takes("confirm customer metadata payment_method payment_method_types usage"), _set_up
    ),
    Operation(
        "/v1/disputes/{dispute}/close",
        _takes(""),
        lambda book, _, name: money.end_dispute(book, book.find("dispute", name), "lost"),
    ),
    Operation("/v1/reporting/report_runs", _takes("parameters report_type"), _report),
]
_PATTERNS = [(re.compile(re.sub(r"\{\w+\}", "([A-Za-z0-9_]+)", each.path)), each) for each in POSTS]


def post(book: Book, path: str, asked: Obj) -> Obj:
    """ApiError for what is not known, and for what it says no to."""
    for pattern, operation in _PATTERNS:
        if fits := pattern.fullmatch(path):
            if strange := asked.keys() - operation.takes:
                name = min(strange)
                raise ApiError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
            return showing.shown(book, operation.do(book, asked, fits[1] if fits.groups() else ""), asked.get("expand"))
    raise ApiError(f"Unrecognized request URL (POST: {path}).", 404)


def get(book: Book, path: str, asked: Obj) -> Obj:
    parts = path.removeprefix("/v1/").split("/")
    if path == "/v1/balance":
        return money.balance(book)
    if path == "/v1/payment_intents/search":
        return showing.shown(
            book, showing.searched(book, "payment_intent", asked, path, SEARCH_LAG), asked.get("expand")
        )
    if len(parts) == 1 and parts[0] in LISTS:
        kind, filters = LISTS[parts[0]]
        if strange := asked.keys() - {*filters, *_LIST}:
            raise ApiError(f"Received unknown parameter: {min(strange)}", code="parameter_unknown", param=min(strange))
        return showing.shown(book, showing.listed(book, kind, asked, path, filters), asked.get("expand"))
    if len(parts) == 2 and parts[0] in LISTS:
        return showing.shown(book, book.find(LISTS[parts[0]][0], parts[1]), asked.get("expand"))
    if path.startswith("/v1/reporting/report_runs/"):
        return book.find("reporting.report_run", parts[-1])
    raise ApiError(f"Unrecognized request URL (GET: {path}).", 404)
