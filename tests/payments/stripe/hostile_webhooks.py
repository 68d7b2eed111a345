"""Webhooks that Stripe never sent, or that do not fit; each with the answer it is to get.

`signed` takes: secret, seconds (its time, from now), scheme, payload (what is signed instead of the body), how (a digest).
"""

import gzip
import json
from collections.abc import Callable

from tests.payments.hostile import Hostile, Told, deep, swap, within

HEADER = "stripe-signature"
Headers = dict[str, str]


def header(change: Callable[[str], str]) -> Callable[[Headers], object]:
    return lambda headers: headers.__setitem__(HEADER, change(headers[HEADER]))


def told(*path: str, value: object = None, gone: bool = False) -> Callable[[Told], None]:
    """A change of the object that the event tells of."""
    return within("data", "object", *path, value=value, gone=gone)


def anew(change: Callable[[Told], object]) -> Callable[[Told], None]:
    """The same under an id that was not seen before."""

    def changed(event: Told) -> None:
        change(event)
        event["id"] += "x"

    return changed


def as_type(name: str) -> Callable[[Told], None]:
    return within("type", value=name)


def redirect(url: str) -> Callable[[Told], None]:
    def change(event: Told) -> None:
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": "https://shop.example/"}}
        event["type"] = "payment_intent.requires_action"
        event["data"]["object"] |= {"status": "requires_action", "amount_capturable": 0, "next_action": action}

    return change


def amounts(amount: object, capturable: object) -> Callable[[Told], None]:
    return lambda event: event["data"]["object"].update(amount=amount, amount_capturable=capturable)


_UNSIGNED: list[tuple[str, Callable[[str], str]]] = [
    ("empty", lambda it: ""),
    ("no time", lambda it: it.partition(",")[2]),
    ("no signature", lambda it: it.partition(",")[0]),
    ("an empty time", lambda it: "t=," + it.partition(",")[2]),
    ("a time in words", lambda it: "t=now," + it.partition(",")[2]),
    ("a time below zero", lambda it: it.replace("t=", "t=-")),
    ("a time with a fraction", lambda it: it.replace(",", ".0,", 1)),
    ("a time of twenty digits", lambda it: "t=" + "9" * 20 + "," + it.partition(",")[2]),
    ("a time in Arabic digits", lambda it: "t=١٧٦٧٢٢٥٦٠٠," + it.partition(",")[2]),
    ("two times", lambda it: it.partition(",")[0] + "," + it),
    ("the signature first", lambda it: ",".join(reversed(it.split(",")))),
    ("its signature in capitals", lambda it: it[: it.index("v1=") + 3] + it.partition("v1=")[2].upper()),
    ("its signature cut", lambda it: it[:-1]),
    ("its signature half", lambda it: it[:-32]),
    ("its signature and more", lambda it: it + "0"),
    ("an empty signature", lambda it: it.partition("v1=")[0] + "v1="),
    ("scheme v0", lambda it: it.replace("v1=", "v0=")),
    ("scheme v2", lambda it: it.replace("v1=", "v2=")),
    ("scheme V1", lambda it: it.replace("v1=", "V1=")),
    ("no scheme", lambda it: it.replace("v1=", "")),
    ("a space after the comma", lambda it: it.replace(",", ", ")),
    ("a semicolon", lambda it: it.replace(",", ";")),
    ("a comma at its end", lambda it: it + ","),
    ("a word before", lambda it: "Stripe " + it),
    ("twelve signatures", lambda it: it.partition(",")[0] + (",v1=" + "0" * 64) * 12),
    ("9,000 letters", lambda it: it + ",v1=" + "a" * 9000),
    ("no ASCII", lambda it: it.partition("v1=")[0] + "v1=" + "é" * 64),
    ("a null byte", lambda it: it + "\x00"),
    ("a time one second off", lambda it: it.replace("t=", "t=1", 1)[:12] + it[12:]),
]
SIGNATURE = [
    Hostile("no header", 400, "bad_signature", headers=lambda headers: headers.clear()),
    Hostile(
        "the header of another provider",
        400,
        "bad_signature",
        headers=lambda headers: headers.update({"testbank-signature": headers.pop(HEADER)}),
    ),
    *(Hostile(f"header: {name}", 400, "bad_signature", headers=header(change)) for name, change in _UNSIGNED),
    *(
        Hostile(f"signed with {name}", 400, "bad_signature", signed={"secret": secret})
        for name, secret in (
            ("a guessed secret", "whsec_guess"),
            ("no secret", ""),
            ("the secret without its prefix", "second"),
            ("both secrets as they are set", "whsec_first,whsec_second"),
            ("the API key", "sk_test_simulated"),
            ("the publishable key", "pk_test_simulated"),
            ("the secret and a space", "whsec_second "),
            ("the secret in capitals", "WHSEC_SECOND"),
        )
    ),
    *(
        Hostile(f"signed {name}", 400, "bad_signature", signed={"payload": payload})
        for name, payload in (
            ("over the body without its time", "{body}"),
            ("over the time without the body", "{time}."),
            ("with another sign between", "{time}:{body}"),
            ("over the body and its time", "{body}.{time}"),
            ("over nothing", ""),
        )
    ),
    Hostile("signed by SHA-1", 400, "bad_signature", signed={"how": "sha1"}),
    Hostile("signed by SHA-512", 400, "bad_signature", signed={"how": "sha512"}),
]
BODY = [
    Hostile(f"after signing: {name}", 400, "bad_signature", after=change)
    for name, change in (
        ("a byte altered", swap(b"1299", b"1298")),
        ("a space added", lambda body: body + b" "),
        ("a line end added", lambda body: body + b"\n"),
        ("a line end changed", lambda body: body.replace(b",", b",\r\n", 1)),
        ("a byte order mark", lambda body: b"\xef\xbb\xbf" + body),
        ("written anew", lambda body: json.dumps(json.loads(body)).encode()),
        (
            "its keys in order",
            lambda body: json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode(),
        ),
        ("its keys in another order", lambda body: json.dumps(dict(reversed(json.loads(body).items()))).encode()),
        ("a letter as an escape", swap(b'"eur"', b'"\\u0065ur"')),
        ("compressed", gzip.compress),
        ("cut", lambda body: body[:-1]),
        ("empty", lambda body: b""),
        ("twice", lambda body: body + body),
    )
]
TIME = [
    Hostile(f"signed {name}", 400, "stale_signature", signed={"seconds": seconds})
    for name, seconds in (
        ("301 seconds ago", -301),
        ("301 seconds ahead", 301),
        ("a day ago", -86_400),
        ("a year ahead", 31_536_000),
        ("in 1970", -1_767_225_600),
    )
]
OTHERS = [
    Hostile("an event of live mode", 400, "webhook_of_another", event=within("livemode", value=True)),
    Hostile("a payment of live mode", 400, "webhook_of_another", event=told("livemode", value=True)),
    Hostile("of a connected account", 400, "webhook_of_another", event=within("account", value="acct_1Other")),
    Hostile("of an account without a name", 400, "webhook_malformed", event=within("account", value="")),
    Hostile("a charge of live mode", 400, "webhook_of_another", of="charge", event=told("livemode", value=True)),
]
SHAPE = [
    *(
        Hostile(f"signed: {name}", 400, "webhook_malformed", raw=change)
        for name, change in (
            ("nothing", lambda body: b""),
            ("half of it", lambda body: body[: len(body) // 2]),
            ("a list", lambda body: b"[" + body + b"]"),
            ("null", lambda body: b"null"),
            ("a string", lambda body: b'"evt_1"'),
            ("a number", lambda body: b"1299"),
            ("an empty object", lambda body: b"{}"),
            ("not UTF-8", lambda body: body.replace(b"eur", b"eu\xff")),
            ("UTF-16", lambda body: body.decode().encode("utf-16")),
            ("with a byte order mark", lambda body: b"\xef\xbb\xbf" + body),
            ("deep", deep),
            ("of 70,000 bytes", lambda body: body + b" " * 70_000),
            ("with a comment", lambda body: body + b"//"),
            ("two events", lambda body: body + body),
            ("an amount twice", swap(b'"amount":1299', b'"amount":1,"amount":1299')),
            ("a type twice", swap(b'"type":"payment_intent', b'"type":"x","type":"payment_intent')),
            ("an id twice", swap(b'"id":"evt', b'"id":"evt_other","id":"evt')),
            ("an amount with a fraction", swap(b'"amount":1299', b'"amount":1299.0')),
            ("an amount with an exponent", swap(b'"amount":1299', b'"amount":1299e0')),
            ("an amount of NaN", swap(b'"amount":1299', b'"amount":NaN')),
            ("an amount of Infinity", swap(b'"amount":1299', b'"amount":Infinity')),
            ("an amount of 5,000 digits", swap(b'"amount":1299', b'"amount":' + b"9" * 5000)),
            ("an amount in hexadecimal", swap(b'"amount":1299', b'"amount":0x513')),
            ("an amount with a zero before", swap(b'"amount":1299', b'"amount":01299')),
            ("half a letter in its id", swap(b'"id":"evt', b'"id":"\\ud800evt')),
            ("a null byte in its id", swap(b'"id":"evt', b'"id":"\\u0000evt')),
        )
    ),
    *(
        Hostile(f"an amount of {amount!r}", 400, "webhook_malformed", event=amounts(amount, amount))
        for amount in (-1299, 0, "1299", True, None, [1299], 2**53, 2**63)
    ),
    *(
        Hostile(f"without {name}", 400, "webhook_malformed", event=within(*path, gone=True))
        for name, path in (
            ("an id", ("id",)),
            ("a type", ("type",)),
            ("a mode", ("livemode",)),
            ("what it tells of", ("data",)),
            ("an object", ("data", "object")),
            ("an amount", ("data", "object", "amount")),
            ("a currency", ("data", "object", "currency")),
            ("a status", ("data", "object", "status")),
            ("a payment's id", ("data", "object", "id")),
            ("a payment's mode", ("data", "object", "livemode")),
            ("metadata", ("data", "object", "metadata")),
        )
    ),
    *(
        Hostile(f"{name} of {value!r}"[:60], 400, "webhook_malformed", event=within(*path, value=value))
        for name, path, value in (
            ("a mode", ("livemode",), "false"),
            ("an id", ("id",), "evt 1"),
            ("an id", ("id",), "evt_" + "1" * 300),
            ("an id", ("id",), 7),
            ("an object", ("object",), "list"),
            ("what it tells", ("data", "object"), []),
            ("what it tells", ("data", "object", "object"), "charge"),
            ("a currency", ("data", "object", "currency"), "EUR"),
            ("a currency", ("data", "object", "currency"), "euro"),
            ("metadata", ("data", "object", "metadata"), ["payment_id"]),
            ("a reference", ("data", "object", "metadata", "payment_id"), 1),
            ("a reference", ("data", "object", "metadata", "payment_id"), "pay' OR '1'='1"),
            ("a reference", ("data", "object", "metadata", "payment_id"), "pay_\n"),
            ("a reference", ("data", "object", "metadata", "payment_id"), "p" * 121),
            ("a payment's id", ("data", "object", "id"), "../../v1/charges"),
            ("a status", ("data", "object", "status"), {"requires_capture": True}),
            ("what can be captured", ("data", "object", "amount_capturable"), 0),
            ("what was received before the capture", ("data", "object", "amount_received"), 1299),
        )
    ),
    Hostile(
        "more received than wanted",
        400,
        "webhook_malformed",
        of="taken",
        event=anew(told("amount_received", value=9999)),
    ),
    Hostile(
        "nothing received of what succeeded",
        400,
        "webhook_malformed",
        of="taken",
        event=anew(told("amount_received", value=0)),
    ),
    Hostile("a page of javascript", 400, "webhook_malformed", event=redirect("javascript:alert(1)")),
    Hostile("a page with a space", 400, "webhook_malformed", event=redirect("https://hooks.stripe.com/ x")),
]
MISFITS = [
    *(
        Hostile(name, 422, "evidence_mismatch", event=event)
        for name, event in (
            ("one unit less", amounts(1298, 1298)),
            ("one unit more", amounts(1300, 1300)),
            ("one unit", amounts(1, 1)),
            ("a hundred times as much", amounts(129_900, 129_900)),
            ("only part of it on hold", amounts(1299, 1000)),
            ("more on hold than asked", amounts(1299, 1300)),
            ("in another currency", told("currency", value="usd")),
            ("in a currency without minor units", told("currency", value="jpy")),
            ("in a currency that is none", told("currency", value="zzz")),
            ("a page without TLS", redirect("http://evil.example/")),
            ("a page with a name before its host", redirect("https://hooks.stripe.com@evil.example/")),
        )
    ),
    Hostile(
        "less taken than was asked for",
        422,
        "evidence_mismatch",
        of="taken",
        event=anew(told("amount_received", value=1)),
    ),
    Hostile(
        "of another payment intent", 422, "evidence_mismatch", of="taken", event=anew(told("id", value="pi_other"))
    ),
    Hostile(
        "of another order's payment",
        422,
        "evidence_mismatch",
        event=told("metadata", "payment_id", value="{other}"),
    ),
    Hostile(
        "of a payment that another provider has",
        422,
        "unknown_payment",
        event=told("metadata", "payment_id", value="{bank}"),
    ),
    Hostile(
        "of a payment that nobody has", 422, "unknown_payment", event=told("metadata", "payment_id", value="pay_nobody")
    ),
    Hostile(
        "its payment in capitals", 422, "unknown_payment", event=told("metadata", "payment_id", value="{CAPITALS}")
    ),
    Hostile("an id that was another event", 409, "event_reused", of="taken", event=within("created", value=1)),
    Hostile("an id that was another payment's event", 409, "event_reused", event=within("id", value="{taken}")),
]
ASKED_BACK = [
    Hostile(name, 400, "webhook_malformed", of=of, event=event)
    for name, of, event in (
        ("more refunded than was captured", "charge", told("amount_refunded", value=1300)),
        ("more captured than was asked for", "charge", told("amount_captured", value=1300)),
        ("a charge of another amount", "charge", told("amount", value=2000)),
        ("a charge in another currency", "charge", told("currency", value="usd")),
        ("a charge of another payment intent", "charge", told("payment_intent", value="pi_other")),
        ("a charge of another payment", "charge", told("metadata", "payment_id", value="{bank}")),
        ("a refund below zero", "refund", told("amount", value=-300)),
        ("a refund of nothing", "refund", told("amount", value=0)),
        ("a refund as text", "refund", told("amount", value="300")),
        ("a refund of another amount", "refund", told("amount", value=299)),
        ("a refund in another currency", "refund", told("currency", value="usd")),
        ("a refund that Stripe does not have", "refund", told("id", value="re_other")),
        ("a refund of another payment", "refund", told("metadata", "payment_id", value="{bank}")),
        ("a refund of another payment intent", "refund", told("payment_intent", value="pi_other")),
        ("a refund that is a charge", "refund", told("object", value="charge")),
    )
]
IGNORED = [
    *(
        Hostile(f"of type {name!r}, and no such thing", 400, "webhook_malformed", event=as_type(name))
        for name in ("payout.paid", "charge.dispute.created")
    ),
    *(
        Hostile(f"of type {name!r}", 200, event=as_type(name))
        for name in (
            "payment_intent.created",
            "payment_intent.processing",
            "payment_intent.paid",
            "PAYMENT_INTENT.SUCCEEDED",
            "payment_intent.succeeded ",
            "plan.created",
            "",
        )
    ),
    Hostile("of a payment that is not ours", 200, event=told("metadata", value={})),
    Hostile(
        "a state that is none", 200, event=lambda it: it["data"]["object"].update(status="paid", amount_capturable=0)
    ),
    Hostile(
        "still under way", 200, event=lambda it: it["data"]["object"].update(status="processing", amount_capturable=0)
    ),
    Hostile(
        "not tried yet",
        200,
        event=lambda it: it["data"]["object"].update(status="requires_payment_method", amount_capturable=0),
    ),
    Hostile("a refund that is not ours", 200, of="refund", event=told("metadata", value={})),
    Hostile("a charge that is not ours", 200, of="charge", event=told("metadata", value={})),
    Hostile("a charge without a payment intent", 200, of="charge", event=told("payment_intent", value=None)),
    Hostile(
        "a price with a fraction",
        200,
        event=lambda it: it.update(type="price.created", data={"object": {"percent": 0.5}}),
    ),
]
HOSTILE = [*SIGNATURE, *BODY, *TIME, *OTHERS, *SHAPE, *MISFITS, *ASKED_BACK, *IGNORED]
