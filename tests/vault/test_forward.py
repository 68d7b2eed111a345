"""A card leaves the vault only inside a request to a provider that is named, for a purpose that is written down."""

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from banyan.contracts.vault import ForwardCard, Purpose
from banyan.foundation.egress import NotSent
from banyan.kernel.refusals import Conflict, Invalid, NotFound, TooMany, Unavailable
from banyan.vault.domain import Plain, filled, scrubbed
from tests.vault.conftest import NUMBER, PROVIDER, World

BODY = "card[number]={{number}}&card[exp_month]={{exp_month}}&card[exp_year]={{exp_year}}"
WITH_CODE = BODY + "&card[cvc]={{cvc}}"


def request(card: str, **of: Any) -> ForwardCard:
    given = {"purpose": "pay", "provider": "stripe", "payment_id": "pay_1", "url": f"{PROVIDER}/v1/payment_methods"}
    return ForwardCard.model_validate(
        given | {"card": card, "headers": {"authorization": "Bearer sk"}, "body": BODY} | of
    )


async def test_the_provider_gets_the_card_and_payments_an_answer_without_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await world.card()
    world.bank.says = f'{{"id":"pm_1","echo":"{NUMBER}","spaced":"4242 4242 4242 4242","last4":"4242"}}'
    answer = await world.payments.ask(request(token))
    path, headers, body = world.bank.heard[-1]
    assert (path, headers["authorization"]) == ("/v1/payment_methods", "Bearer sk")
    assert body == f"card[number]={NUMBER}&card[exp_month]=12&card[exp_year]=2031"
    assert answer.body == '{"id":"pm_1","echo":"…4242","spaced":"…4242","last4":"4242"}'
    assert (answer.status, answer.headers) == (200, {"content-type": "application/json"})
    assert await world.audit(token) == [
        ("made", "shopper", None, None, None),
        ("forwarded", "payments", "pay", "pay_1", None),
        ("answered", "payments", "pay", "pay_1", "200"),
    ]
    assert NUMBER not in await world.everything() + caplog.text


async def test_the_security_code_goes_out_once_and_is_then_asked_for_without(world: World) -> None:
    token = await world.card(cvc="917")
    asked = request(token, body=WITH_CODE, without_code=BODY)
    await world.payments.ask(asked)
    assert world.bank.heard[-1][2].endswith("&card[cvc]=917")
    await world.payments.ask(asked)
    assert "cvc" not in world.bank.heard[-1][2]
    with pytest.raises(Conflict) as gone:
        await world.payments.ask(request(token, body=WITH_CODE))
    assert gone.value.code == "code_gone"


async def test_a_security_code_is_gone_after_minutes_and_after_a_restart(world: World) -> None:
    old, restarted = await world.card(), await world.card()
    world.clock.advance(601)
    with pytest.raises(Conflict):
        await world.payments.ask(request(old, body=WITH_CODE))
    world.safe.codes.clear()
    with pytest.raises(Conflict):
        await world.payments.ask(request(restarted, body=WITH_CODE))


async def test_a_security_code_that_was_never_sent_can_still_be(world: World) -> None:
    token = await world.card()

    async def down(*_: Any) -> None:
        raise NotSent("cannot be reached", retry_after=1)

    world.shop.egress.stand_in(PROVIDER, down)
    with pytest.raises(Unavailable) as refused:
        await world.payments.ask(request(token, body=WITH_CODE))
    world.shop.egress.stand_in(PROVIDER, world.bank)
    assert refused.value.code == "not_sent"
    await world.payments.ask(request(token, body=WITH_CODE))
    assert [each[-1] for each in await world.audit(token)] == [None, None, "not sent", None, "200"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://evil.example/v1", "host_not_allowed"),
        (f"{PROVIDER}.evil.example/v1", "host_not_allowed"),
        (f"{PROVIDER}@evil.example/v1", "host_not_allowed"),
        (f"{PROVIDER}:8443/v1", "host_not_allowed"),
        ("http://api.provider.test/v1", "host_not_allowed"),
        ("https://user@api.provider.test/v1", "host_not_allowed"),
        ("file:///etc/passwd", "host_not_allowed"),
        (f"{PROVIDER}/v1?number={{{{number}}}}", "card_in_address"),
        (f"{PROVIDER}/v1 /x", "card_in_address"),
    ],
)
async def test_a_card_goes_nowhere_else(world: World, url: str, code: str) -> None:
    token, heard = await world.card(), len(world.bank.heard)
    with pytest.raises(Invalid) as refused:
        await world.payments.ask(request(token, url=url))
    assert refused.value.code == code
    assert len(world.bank.heard) == heard
    assert len(await world.audit(token)) == 1


@pytest.mark.parametrize("header", ["Host", "content-length", "Transfer-Encoding"])
async def test_headers_that_lead_elsewhere_are_refused(world: World, header: str) -> None:
    with pytest.raises(Invalid):
        await world.payments.ask(request(await world.card(), headers={header: "evil.example"}))


async def test_a_card_is_not_written_into_headers_and_a_body_without_one_is_not_sent(world: World) -> None:
    token = await world.card()
    await world.payments.ask(request(token, headers={"x-note": "{{number}}"}))
    assert world.bank.heard[-1][1]["x-note"] == "{{number}}"
    with pytest.raises(Invalid):
        await world.payments.ask(request(token, body="amount=1"))


async def test_a_card_that_is_not_there_is_not_found_and_a_purpose_is_needed(world: World) -> None:
    with pytest.raises(NotFound):
        await world.payments.ask(request("card_" + "0" * 26))
    with pytest.raises(ValidationError):
        request("card_" + "0" * 26, purpose="curiosity")
    assert {each.value for each in Purpose} == {"pay", "save"}


async def test_one_card_is_not_sent_without_end(world: World) -> None:
    token = await world.card()
    for _ in range(60):
        await world.payments.ask(request(token))
    with pytest.raises(TooMany):
        await world.payments.ask(request(token))


def test_a_card_in_the_clear_prints_as_stars_and_fills_what_is_asked() -> None:
    card = Plain(NUMBER, 8, 2031)
    assert NUMBER not in f"{card} {card!r}"
    assert filled('{"n":"{{number}}","m":{{exp_month}},"y":{{exp_year}}}', card, "") == (
        f'{{"n":"{NUMBER}","m":8,"y":2031}}'
    )
    assert scrubbed("4242%204242-4242 4242 4242", NUMBER) == "…4242 4242"
