"""Webhooks that Razorpay never sent, or that fit no payment of ours; each with the answer it is to get.

`signed` takes: secret, hash, over (what is signed instead of the body), form (hex, HEX, base64).
"""

import json
from typing import Any

from tests.payments.hostile import Hostile, deep, swap, within

PAYMENT = ("payload", "payment", "entity")
REFUND = ("payload", "refund", "entity")


def header(name: str, value: str):  # type: ignore[no-untyped-def]
    return lambda headers: headers.__setitem__(name, value)


def edited(edit):  # type: ignore[no-untyped-def]
    """The signature, changed."""
    return lambda headers: headers.__setitem__("x-razorpay-signature", edit(headers["x-razorpay-signature"]))


SIGNATURE = [
    Hostile("no headers at all", 400, "bad_signature", headers=lambda headers: headers.clear()),
    Hostile("no signature", 400, "bad_signature", headers=lambda headers: headers.pop("x-razorpay-signature")),
    *(
        Hostile(f"a signature that is {name}", 400, "bad_signature", headers=edited(edit))
        for name, edit in (
            ("empty", lambda it: ""),
            ("in capitals", str.upper),
            ("cut", lambda it: it[:-1]),
            ("longer", lambda it: it + "0"),
            ("turned by a bit", lambda it: ("1" if it[0] == "0" else "0") + it[1:]),
            ("named", lambda it: f"sha256={it}"),
            ("like another provider's", lambda it: f"t=1767225600,v1={it}"),
            ("one of two", lambda it: f"{it},{'0' * 64}"),
            ("between spaces", lambda it: f" {it} "),
            ("of other letters", lambda it: "é" * 64),
            ("of full-width digits", lambda it: "\xb2" * 64),
            ("zero", lambda it: "0" * 64),
        )
    ),
    *(
        Hostile(f"signed with {name}", 400, "bad_signature", signed=signed)
        for name, signed in (
            ("the key's secret", {"secret": "key-secret"}),
            ("the key's id", {"secret": "rzp_test_key"}),
            ("nothing", {"secret": ""}),
            ("a guess", {"secret": "secret"}),
            ("both secrets as they are set", {"secret": "webhook-secret,next-secret"}),
            ("the secret before the last", {"secret": "old-secret"}),
            ("SHA-1", {"hash": "sha1"}),
            ("SHA-512", {"hash": "sha512"}),
            ("MD5", {"hash": "md5"}),
            ("base64", {"form": "base64"}),
            ("nothing to sign", {"over": b""}),
            ("the ids of a checkout", {"over": b"order_1|pay_1"}),
        )
    ),
]
EVENT_ID = [
    Hostile("no event id", 400, "webhook_malformed", headers=lambda headers: headers.pop("x-razorpay-event-id")),
    *(
        Hostile(f"event id {value[:12]!r}", 400, "webhook_malformed", headers=header("x-razorpay-event-id", value))
        for value in ("", "short", "with a space", "a/b/c/d", "x" * 65, "é" * 10)
    ),
]
BYTES = [
    Hostile("a byte altered", 400, "bad_signature", after=swap(b"authorized", b"captured__")),
    Hostile("written anew", 400, "bad_signature", after=lambda body: json.dumps(json.loads(body), indent=1).encode()),
    Hostile("a line end after it", 400, "bad_signature", after=lambda body: body + b"\n"),
    Hostile("half of it", 400, "bad_signature", after=lambda body: body[: len(body) // 2]),
    Hostile("another event with its signature", 400, "bad_signature", after=lambda body: b'{"event":"payment.captured"}'),
    Hostile("nothing", 400, "webhook_malformed", raw=lambda body: b""),
    *(
        Hostile(f"signed rubbish {rubbish[:12]!r}", 400, "webhook_malformed", raw=lambda body, it=rubbish: it)
        for rubbish in (b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe{}", b'{"event":"\xe9"}', b"event=payment.captured")
    ),
    Hostile("a byte order mark", 400, "webhook_malformed", raw=lambda body: b"\xef\xbb\xbf" + body),
    Hostile("in UTF-16", 400, "webhook_malformed", raw=lambda body: body.decode().encode("utf-16")),
    Hostile("deep", 400, "webhook_malformed", raw=deep),
    Hostile("huge", 400, "webhook_malformed", raw=lambda body: body + b" " * 70_000),
    Hostile("two kinds", 400, "webhook_malformed", raw=swap(b'"event":', b'"event":"payment.failed","event":')),
    Hostile("two accounts", 400, "webhook_malformed", raw=swap(b'"account_id":', b'"account_id":"acc_X","account_id":')),
    Hostile("two amounts", 400, "webhook_malformed", raw=swap(b'"amount":', b'"amount":1,"amount":')),
    Hostile("two payment ids", 400, "webhook_malformed", raw=swap(b'"payment_id":', b'"payment_id":"pay_x","payment_id":')),
    *(
        Hostile(f"an amount of {value.decode()[:12]}", 400, "webhook_malformed", raw=swap(b'"amount":1299', b'"amount":' + value))
        for value in (b"NaN", b"-Infinity", b"1299.0", b"1.299e3", b"1299e0", b"-1299", b"0x513", b'"1299"', b"null", b"true",
                      b"[1299]", b"1" + b"0" * 40, b"01299", b"18446744073709551616")
    ),
]  # fmt: skip
SHAPE = [
    *(
        Hostile(f"without {'/'.join(path)}", 400, "webhook_malformed", event=within(*path, gone=True))
        for path in (
            ("entity",),
            ("event",),
            ("account_id",),
            ("payload",),
            ("created_at",),
            ("payload", "payment"),
            PAYMENT,
            (*PAYMENT, "id"),
            (*PAYMENT, "amount"),
            (*PAYMENT, "currency"),
            (*PAYMENT, "status"),
        )
    ),
    *(
        Hostile(f"{'/'.join(path[-2:])} is {value!r}", 400, "webhook_malformed", event=within(*path, value=value))
        for path, value in (
            (("entity",), "payment"),
            (("account_id",), 7),
            (("account_id",), "ACC_1"),
            (("payload",), []),
            (("payload", "payment"), []),
            (("created_at",), "now"),
            (("created_at",), -1),
            ((*PAYMENT, "id"), "order_1"),
            ((*PAYMENT, "id"), "pay_1/capture"),
            ((*PAYMENT, "currency"), "inr"),
            ((*PAYMENT, "captured"), "yes"),
            ((*PAYMENT, "captured"), True),
            ((*PAYMENT, "status"), "captured"),
            ((*PAYMENT, "status"), "created"),
            ((*PAYMENT, "status"), "failed"),
            ((*PAYMENT, "status"), "refunded"),
            ((*PAYMENT, "status"), "paid"),
            ((*PAYMENT, "status"), None),
            ((*PAYMENT, "notes"), "payment_id"),
            ((*PAYMENT, "amount_refunded"), -5),
        )
    ),
]
TIME = [
    Hostile(f"of {name}", 400, "stale_signature", event=within("created_at", value=value))
    for name, value in (
        ("1970", 1),
        ("a year ago", 1_735_689_600),
        ("three days ago", 1_766_966_400),
        ("next year", 1_800_000_000),
    )
]


def of_refund(name: str, *path: str, **change: Any) -> Hostile:
    return Hostile(name, 400, "webhook_malformed", of="refund", event=within(*path, **change))


MARK = (*PAYMENT, "notes", "payment_id")
CONTENT = [
    Hostile("for another account", 400, "webhook_of_another", event=within("account_id", value="acc_SomebodyElse1")),
    *(
        Hostile(
            f"{what} instead of what was asked", 422, "evidence_mismatch", event=within(*PAYMENT, name, value=value)
        )
        for what, name, value in (
            ("one paisa", "amount", 1),
            ("one less", "amount", 1298),
            ("one more", "amount", 1300),
            ("nothing", "amount", 0),
            ("dollars", "currency", "USD"),
            ("yen", "currency", "JPY"),
        )
    ),
    *(
        Hostile(f"of {value!r}, no payment of ours", 422, "unknown_payment", event=within(*MARK, value=value))
        for value in ("pay_00000000000000000000000000", "ord_1", "' OR 1=1 --")
    ),
    Hostile("of nul", 400, "webhook_malformed", event=within(*MARK, value="nul\x00")),
    Hostile("of another payment of ours", 422, "evidence_mismatch", event=within(*MARK, value="{other}")),
    of_refund("a refund above what was captured", *REFUND, "amount", value=999_999),
    of_refund("a refund of nothing", *REFUND, "amount", value=0),
    of_refund("a refund of less than nothing", *REFUND, "amount", value=-300),
    of_refund("a refund of another payment", *REFUND, "payment_id", value="pay_1"),
    of_refund("a refund in another currency", *REFUND, "currency", value="USD"),
    of_refund("a refund on its way", *REFUND, "status", value="pending"),
    of_refund("a refund without its payment", "payload", "payment", gone=True),
    of_refund("a refund without itself", "payload", "refund", gone=True),
    of_refund("more went back than came", *PAYMENT, "amount_refunded", value=5000),
    of_refund("a refund of what was not captured", *PAYMENT, "captured", value=False),
    Hostile("a refund that is not ours", 422, "unknown_payment", of="refund", event=within(*MARK, value="pay_x")),
    Hostile("a link of another payment", 400, "webhook_malformed", of="link"),
    Hostile("no link", 400, "webhook_malformed", of="link", event=within("payload", "payment_link", gone=True)),
    Hostile("a link of no payment of ours", 422, "unknown_payment", of="stranger"),
]
SETTLED = ("payload", "settlement", "entity")
OF_SETTLEMENTS = [
    Hostile(f"a settlement {name}", 400, "webhook_malformed", of="settled", event=within(*SETTLED, *path, **to))
    for name, path, to in (
        ("of nothing", ("amount",), {"value": 0}),
        ("of less than nothing", ("amount",), {"value": -1}),
        ("of a text", ("amount",), {"value": "1299"}),
        ("of too much", ("amount",), {"value": 2**53}),
        ("that failed", ("status",), {"value": "failed"}),
        ("that is under way", ("status",), {"value": "created"}),
        ("that is a payout", ("entity",), {"value": "payout"}),
        ("by a name of another currency", ("id",), {"value": "setl_1.EUR"}),
        ("by the name of a payment", ("id",), {"value": "pay_1"}),
        ("without an id", ("id",), {"gone": True}),
        ("without an amount", ("amount",), {"gone": True}),
        ("of no time", ("created_at",), {"value": None}),
        ("without itself", (), {"gone": True}),
    )
]
IGNORED = [
    Hostile("a dispute that is none", 400, "webhook_malformed", event=within("event", value="payment.dispute.created")),
    Hostile("a settlement that is none", 400, "webhook_malformed", event=within("event", value="settlement.processed")),
    *(
        Hostile(f"of the kind {kind!r}", 200, event=within("event", value=kind))
        for kind in ("payment.failed", "order.paid", "settlement.failed", "subscription.charged",
                     "PAYMENT.CAPTURED", "payment.captured ", "", "refund.created", "payment_link.cancelled")
    ),
    Hostile("of a payment of the account that is not this shop's", 200, event=within(*PAYMENT, "notes", value=[])),
    Hostile("of a payment without a mark of ours", 200, event=within(*PAYMENT, "notes", value={"order": "7"})),
]  # fmt: skip
HOSTILE = SIGNATURE + EVENT_ID + BYTES + SHAPE + TIME + CONTENT + OF_SETTLEMENTS + IGNORED
