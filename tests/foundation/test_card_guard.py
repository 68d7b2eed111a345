"""No card number passes the door: refused in an address, a header or a body, and nowhere repeated; what only looks like one
passes.
"""

import logging
from typing import Any

import pytest

from banyan.foundation.card_guard import CardGuard
from banyan.foundation.edge import Edge
from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer
from banyan.kernel import cards
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from tests.foundation.test_edge import Inside

NUMBER = "4242424242424242"
WRITTEN = [
    NUMBER,
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "4242%204242%204242%204242",
    "4242+4242+4242+4242",
    "4242.4242.4242.4242",
    "378282246310005",
    "3782 822463 10005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "3056 930902 5904",
    "5555555555554444",
    "2223003122003222",
    "6200000000000005",
    "4000 0000 0000 0000 006",
]
NO_CARDS = [
    "4242424242424241",  # no check digit
    "4006381333931",  # an EAN whose check digit is Luhn's, too
    "4548736020122",  # … and a Visa of long ago, of 13
    "+49 1523 3456 7890",
    "+4915233456789012",  # a telephone number of 16
    "1700000000000000",  # microseconds of a clock
    "DE89370400440532013000",  # an IBAN
    "tok4242424242424242",
    "00-42424242424242424242424242424242-4242424242424242a-01",
    "d4242424242424242",
    "pay_01jd3v8m2k7q0x4c9n5b6t1wab",
    "9f3c4242-4242-4242-8242-424242424242",  # a UUID
    "42424242424242424242424242",
    "52.5200066 13.4049540",
    "1Z999AA10123456784",
]


class Door:
    def __init__(self, **of: Any) -> None:
        self.inside, clock = Inside(), SystemClock()
        self.edge = Edge(
            self.inside,
            "guard-test",
            clock=clock,
            ids=SystemIds(clock),
            ready=self._ready,
            trust=False,
            guard=CardGuard(**of),
        )

    async def _ready(self) -> bool:
        return True

    async def ask(self, path: str = "/v1/carts", method: str = "POST", body: bytes = b"", **headers: str) -> HttpAnswer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await request(self.edge, method, path, headers=given, body=body)

    async def in_pieces(self, *pieces: bytes) -> int:
        left, told = list(pieces), []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/carts", "headers": [], "query_string": b""}
        await self.edge(scope, receive, send)
        return int(told[0]["status"])


@pytest.mark.parametrize("written", WRITTEN)
async def test_a_card_number_is_refused_wherever_it_is_typed_and_not_repeated(
    written: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door = Door()
    text = written.replace(" ", "%20")
    answers = [
        await door.ask(body=f'{{"note":"call me, {written}."}}'.encode()),
        await door.ask(body=f"note={written}&a=b".encode()),
        await door.ask(f"/v1/search?q={text}", "GET"),
        await door.ask(f"/v1/products/{text}", "GET"),
        await door.ask(x_note=written.replace("%20", " ")),
        await door.ask(cookie=f"a=b; c={written}"),
    ]
    assert [(each.status, each.json()["code"]) for each in answers] == [(422, "card_number")] * 6
    assert door.inside.body == b""
    assert written not in caplog.text
    assert text not in caplog.text
    assert not any(written.encode() in each.body for each in answers)


@pytest.mark.parametrize("text", NO_CARDS)
async def test_what_only_looks_like_a_card_passes(text: str) -> None:
    door = Door()
    assert (await door.ask(body=f'{{"note":"{text}"}}'.encode(), x_note=text)).status == 200
    assert not cards.holds_one(text.encode())


async def test_a_number_in_two_pieces_of_a_body_is_refused_and_many_pieces_without_one_pass() -> None:
    assert await Door().in_pieces(b'{"note":"4242 42', b"42 4242 ", b'4242"}') == 422
    assert await Door().in_pieces(b'{"note":"', *(b"4242 x" for _ in range(50)), b'"}') == 200


async def test_a_header_of_tracing_that_holds_one_is_left_out() -> None:
    door = Door()
    answer = await door.ask(
        traceparent=f"00-{'a' * 32}-{NUMBER}-01", x_request_id="5555555555554444", x_note="something else"
    )
    assert answer.status == 200
    assert NUMBER not in door.inside.trace
    assert door.inside.request_id != "5555555555554444"


async def test_cards_go_in_where_they_are_typed_and_webhooks_are_not_lost() -> None:
    door = Door()
    for path in ("/v1/vault/cards", "/bank/cards/fields/cards", "/webhooks/stripe"):
        assert (await door.ask(path, body=NUMBER.encode())).status == 200
        assert (await door.ask(f"{path}?x={NUMBER}", body=b"")).status == 422


async def test_beside_a_legacy_shop_its_own_forms_are_left_alone() -> None:
    door = Door(legacy=True)
    assert (await door.ask("/index.php?route=checkout", body=f"card={NUMBER}".encode())).status == 200
    assert (await door.ask("/v1/carts", body=NUMBER.encode())).status == 422


def test_schemes_are_told_by_their_first_digits_and_expiry_is_the_end_of_the_month() -> None:
    from datetime import date

    assert [cards.brand_of(each) for each in ("4", "51", "2720", "2721", "37", "6011", "62", "3056", "9")] == [
        *("visa", "mastercard", "mastercard", "card", "amex", "discover", "unionpay", "diners", "card")
    ]
    assert not cards.expired(2026, 11, date(2026, 11, 30))
    assert cards.expired(2026, 10, date(2026, 11, 1))
    assert cards.could_be(NUMBER)
    assert not cards.could_be("42424242424242")


@pytest.mark.parametrize(
    "form",
    [
        "note=%3A%204242424242424242%20x",
        "note=call%3A+4242424242424242+now",
        "note=4242+4242+4242+4242",
    ],
)
async def test_as_forms_and_addresses_spell_it_a_number_is_seen(form: str) -> None:
    assert (await Door().ask(body=form.encode())).status == 422
    assert (await Door().ask(f"/v1/search?{form}", "GET")).status == 422
    assert not cards.holds_one(b"phone=%2B4915233456789012")


async def test_who_reads_a_body_and_makes_the_best_of_it_cannot_answer_otherwise() -> None:
    door = Door()

    async def forgiving(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
        except Exception:
            await send({"type": "http.response.start", "status": 400, "headers": []})

    door.edge._app = forgiving
    answer = await door.ask(body=NUMBER.encode())
    assert (answer.status, answer.json()["code"]) == (422, "card_number")
