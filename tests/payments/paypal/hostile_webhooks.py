"""Webhooks that PayPal never sent, or that say what PayPal does not confirm; each with the answer it is to get.

`signed` takes: key, cert_url, webhook_id, seconds (its time, from now), transmission_id. Certificates that are not to be
believed lie at the pinned host under their names (tests/payments/paypal/test_webhooks.py puts them there).
"""

import base64
import json

from tests.payments.hostile import Hostile, deep, swap, within

CERTS = "https://api.paypal.com/v1/notifications/certs"
GOOD = f"{CERTS}/CERT-360caa42-fca2a594-df8cd2d5"
AMOUNT = ("resource", "amount", "value")
CURRENCY = ("resource", "amount", "currency_code")
ORDER = ("resource", "supplementary_data", "related_ids", "order_id")


def without(name: str):  # type: ignore[no-untyped-def]
    return lambda headers: headers.pop(name)


def header(name: str, value: str):  # type: ignore[no-untyped-def]
    return lambda headers: headers.__setitem__(name, value)


def flipped(headers: dict[str, str]) -> None:
    raw = bytearray(base64.b64decode(headers["paypal-transmission-sig"]))
    raw[7] ^= 1
    headers["paypal-transmission-sig"] = base64.b64encode(raw).decode()


def shifted(headers: dict[str, str]) -> None:
    """The same text between the bars, cut at another place."""
    time = headers["paypal-transmission-time"]
    headers["paypal-transmission-id"] += f"|{time}"


SIGNATURE = [
    Hostile("no headers at all", 400, "bad_signature", headers=lambda headers: headers.clear()),
    *(
        Hostile(f"without {name}", 400, code, headers=without(name))
        for name, code in (
            ("paypal-auth-algo", "bad_signature"),
            ("paypal-cert-url", "bad_certificate"),
            ("paypal-transmission-id", "bad_signature"),
            ("paypal-transmission-time", "bad_signature"),
            ("paypal-transmission-sig", "bad_signature"),
        )
    ),
    *(
        Hostile(f"algorithm {name!r}", 400, "bad_signature", headers=header("paypal-auth-algo", name))
        for name in ("SHA1withRSA", "none", "sha256withrsa", "SHA256withRSA ", "HS256", "")
    ),
    *(
        Hostile(f"signature {name}", 400, "bad_signature", headers=header("paypal-transmission-sig", value))
        for name, value in (
            ("empty", ""),
            ("no base64", "%%%%"),
            ("of three bytes", "AAAA"),
            ("of zeros", base64.b64encode(bytes(256)).decode()),
            ("too long", "A" * 9000),
            ("not ASCII", "é" * 344),
        )
    ),
    Hostile("a bit of the signature turned", 400, "bad_signature", headers=flipped),
    Hostile(
        "half of the signature",
        400,
        "bad_signature",
        headers=lambda h: h.__setitem__("paypal-transmission-sig", h["paypal-transmission-sig"][:172]),
    ),
    Hostile("signed by another key", 400, "bad_signature", signed={"key": "other"}),
    Hostile("signed with SHA-1", 400, "bad_signature", signed={"hash": "sha1"}),
    Hostile("signed with PSS padding", 400, "bad_signature", signed={"padding": "pss"}),
    Hostile("another transmission id", 400, "bad_signature", headers=header("paypal-transmission-id", "t-1")),
    Hostile("a bar in the transmission id", 400, "bad_signature", headers=shifted),
    Hostile("signed with a bar in the id", 400, "bad_signature", signed={"transmission_id": "a|b"}),
    Hostile("empty transmission id", 400, "bad_signature", signed={"transmission_id": ""}),
    Hostile("signed for another webhook", 400, "bad_signature", signed={"webhook_id": "1JE4291016473214C"}),
    Hostile("signed for no webhook", 400, "bad_signature", signed={"webhook_id": ""}),
    Hostile("signed for the event's id", 400, "bad_signature", signed={"webhook_id": "WH-1"}),
]
TIME = [
    Hostile(
        "another time than signed",
        400,
        "bad_signature",
        headers=header("paypal-transmission-time", "2026-01-01T00:00:01Z"),
    ),
    *(
        Hostile(f"time {value!r}", 400, "bad_signature", headers=header("paypal-transmission-time", value))
        for value in ("", "1767225600", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z", "now")
    ),
    Hostile("four days old", 400, "stale_signature", signed={"seconds": -4 * 86_400}),
    Hostile("of 1970", 400, "stale_signature", signed={"seconds": -56 * 365 * 86_400}),
    Hostile("of ten minutes from now", 400, "stale_signature", signed={"seconds": 600}),
]
CERT_URL = [
    Hostile(f"certificate at {url}", 400, "bad_certificate", signed={"cert_url": url})
    for url in (
        GOOD.replace("https", "http"),
        GOOD.replace("https", "HTTPS"),
        GOOD.replace("api.paypal.com", "API.PAYPAL.COM"),
        GOOD.replace("api.paypal.com", "evil.example"),
        GOOD.replace("api.paypal.com", "api.paypal.com.evil.example"),
        GOOD.replace("api.paypal.com", "api.paypal.com."),
        GOOD.replace("api.paypal.com", "api.paypal.com@evil.example"),
        GOOD.replace("api.paypal.com", "evil.example@api.paypal.com"),
        GOOD.replace("api.paypal.com", "api.paypal.com:8443"),
        GOOD.replace("api.paypal.com", "api.sandbox.paypal.com"),
        GOOD.replace("api.paypal.com", "127.0.0.1"),
        GOOD.replace("api.paypal.com/", "api.paypal.com\\@evil.example/"),
        GOOD.replace("https:", ""),
        f"{CERTS}/../certs/CERT-360caa42-fca2a594-df8cd2d5",
        f"{CERTS}/..%2f..%2f/CERT-1",
        f"{CERTS}/CERT-1/../CERT-360caa42-fca2a594-df8cd2d5",
        f"{GOOD}?to=https://evil.example",
        f"{GOOD}#x",
        f"{GOOD} ",
        f"{GOOD};x",
        "https://api.paypal.com/v2/checkout/orders/CERT-1",
        "https://api.paypal.com//v1/notifications/certs/CERT-1",
        f"{CERTS}/360caa42",
        f"{CERTS}/CERT-{'a' * 80}",
        "file:///etc/ssl/cert.pem",
        "data:application/x-pem-file,CERT-1",
        "",
    )
]
CERTIFICATE = [
    Hostile(f"a certificate that is {name}", 400, "bad_certificate", signed={"cert_url": f"{CERTS}/CERT-{name}"})
    for name in (
        "redirected",
        "missing",
        "empty",
        "garbage",
        "huge",
        "self-signed",
        "expired",
        "not-yet",
        "of-another-authority",
        "of-another-name",
        "for-clients",
        "not-for-signing",
        "issued-by-no-authority",
        "weak",
    )
]
BYTES = [
    Hostile("a byte altered", 400, "bad_signature", after=swap(b"CREATED", b"CREATEd")),
    Hostile("written anew", 400, "bad_signature", after=lambda body: json.dumps(json.loads(body), indent=1).encode()),
    Hostile("a space after it", 400, "bad_signature", after=lambda body: body + b" "),
    Hostile("another body with the same CRC length", 400, "bad_signature", after=lambda body: body[::-1]),
    Hostile("nothing", 400, "webhook_malformed", raw=lambda body: b""),
    *(
        Hostile(f"signed rubbish {rubbish[:12]!r}", 400, "webhook_malformed", raw=lambda body, it=rubbish: it)
        for rubbish in (b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe{}", b'{"id":"\xe9"}', b"<event/>")
    ),
    Hostile("a byte order mark", 400, "webhook_malformed", raw=lambda body: b"\xef\xbb\xbf" + body),
    Hostile("in UTF-16", 400, "webhook_malformed", raw=lambda body: body.decode().encode("utf-16")),
    Hostile("deep", 400, "webhook_malformed", raw=deep),
    Hostile("huge", 400, "webhook_malformed", raw=lambda body: body + b" " * 70_000),
    Hostile("two ids", 400, "webhook_malformed", raw=swap(b'"id":', b'"id":"WH-1","id":')),
    Hostile("two amounts", 400, "webhook_malformed", raw=swap(b'"amount":', b'"amount":{},"amount":')),
    Hostile("two kinds", 400, "webhook_malformed", raw=swap(b'"event_type":', b'"event_type":"X","event_type":')),
    Hostile("NaN", 400, "webhook_malformed", raw=swap(b'"12.99"', b"NaN")),
    Hostile("infinity", 400, "webhook_malformed", raw=swap(b'"12.99"', b"Infinity")),
    Hostile("a float", 400, "webhook_malformed", raw=swap(b'"12.99"', b"12.99")),
    Hostile("an exponent", 400, "webhook_malformed", raw=swap(b'"12.99"', b"1299e-2")),
]
SHAPE = [
    *(
        Hostile(f"without {'/'.join(path)}", 400, "webhook_malformed", event=within(*path, gone=True))
        for path in (("id",), ("event_type",), ("resource",), ("resource", "id"), ("resource", "amount"), AMOUNT)
    ),
    *(
        Hostile(f"{'/'.join(path)} is {value!r}", 400, "webhook_malformed", event=within(*path, value=value))
        for path, value in (
            (("id",), 1),
            (("id",), ""),
            (("id",), "WH 1"),
            (("id",), "W" * 80),
            (("resource",), []),
            (("resource", "id"), "../orders"),
            (ORDER, "1/../2"),
            (AMOUNT, 1299),
            (CURRENCY, "eur"),
        )
    ),
]
CONTENT = [
    *(
        Hostile(f"an amount of {value!r}", 422, "evidence_mismatch", event=within(*AMOUNT, value=value))
        for value in ("12.98", "0.01", "0.00", "-12.99", "1e1", "12,99", "+12.99", "12.9900", " 12.99", "999999999999")
    ),
    *(
        Hostile(f"in {value}", 422, "evidence_mismatch", event=within(*CURRENCY, value=value))
        for value in ("USD", "JPY", "XXX")
    ),
    Hostile("of a thing PayPal does not have", 422, "evidence_mismatch", event=within("resource", "id", value="NOBODYS")),
    Hostile("of an order PayPal does not have", 422, "evidence_mismatch", event=within(*ORDER, value="NOBODYS")),
    Hostile("of another payment's order", 422, "evidence_mismatch", event=within(*ORDER, value="{other}")),
    Hostile(
        "a capture that is a hold",
        422,
        "evidence_mismatch",
        event=within("event_type", value="PAYMENT.CAPTURE.COMPLETED"),
    ),
    Hostile(
        "a refund that is a hold",
        422,
        "evidence_mismatch",
        event=within("event_type", value="PAYMENT.CAPTURE.REFUNDED"),
    ),
    Hostile("a refund above what was captured", 422, "evidence_mismatch", of="refund", event=within(*AMOUNT, value="99.99")),
    Hostile("a refund nobody made", 422, "evidence_mismatch", of="refund", event=within("resource", "id", value="R1")),
    Hostile("a refund of an unknown capture", 422, "evidence_mismatch", of="refund", event=within("resource", "links", value=[])),
    Hostile("an approval of another amount", 422, "evidence_mismatch", of="approval",
            event=within("resource", "purchase_units", 0, "amount", "value", value="0.01")),
    Hostile("an approval without a unit", 400, "webhook_malformed", of="approval",
            event=within("resource", "purchase_units", value=[])),
    Hostile("of an order we never made", 422, "unknown_payment", of="stranger"),
    Hostile("of another merchant's order", 400, "webhook_of_another", of="foreign"),
]  # fmt: skip
IGNORED = [
    Hostile(
        "a dispute that is none", 400, "webhook_malformed", event=within("event_type", value="CUSTOMER.DISPUTE.CREATED")
    ),
    *(
        Hostile(f"of the kind {kind}", 200, event=within("event_type", value=kind))
        for kind in (
            "PAYMENT.SALE.COMPLETED",
            "PAYMENT.CAPTURE.REVERSED",
            "VAULT.PAYMENT-TOKEN.CREATED",
            "payment.authorization.created",
            "PAYMENT.AUTHORIZATION.CREATED ",
            "BILLING.SUBSCRIPTION.CREATED",
        )
    ),
]
HOSTILE = SIGNATURE + TIME + CERT_URL + CERTIFICATE + BYTES + SHAPE + CONTENT + IGNORED
