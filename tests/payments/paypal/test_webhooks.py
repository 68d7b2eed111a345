"""PayPal's webhooks are believed when PayPal signed them, now, and confirms them; all else changes nothing, over HTTP."""

import asyncio
import copy
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from banyan.contracts.payments import Authorize, PaymentState
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Malformed
from banyan.payments.providers import paypal, testbank
from banyan.simulators.common import Answer, Asked, asgi
from banyan.simulators.paypal import MERCHANT, SIGNER, WEBHOOK_ID, PayPal, signing
from tests.payments.conftest import PRICE, OpenTill, Till
from tests.payments.hostile import Hostile, dumped, standing
from tests.payments.paypal.conftest import settings
from tests.payments.paypal.hostile_webhooks import HOSTILE
from tests.payments.played import Bench

DAY = timedelta(days=1)


@dataclass
class Stage:
    """A shop with a payment whose answer was lost, and the genuine events that PayPal has to tell."""

    till: Till
    paypal: PayPal
    events: dict[str, dict[str, Any]]
    other_order: str
    other_key: rsa.RSAPrivateKey
    taken: int

    async def send(self, hostile: Hostile) -> tuple[int, Any]:
        told = copy.deepcopy(self.events[hostile.of])
        hostile.event(told)
        body = hostile.raw(dumped(told).replace(b"{other}", self.other_order.encode()))
        headers = self.sign(body, **(hostile.signed or {}))
        hostile.headers(headers)
        if hostile.of == "foreign":
            self.paypal.shapes._merchant = "SOMEBODYELSE1"
        answer = await self.till.http("POST", "/webhooks/paypal", hostile.after(body), headers=headers)
        self.paypal.shapes._merchant = MERCHANT
        return answer.status, answer.json()

    def sign(
        self, body: bytes, *, key: str = "", cert_url: str | None = None, webhook_id: str = WEBHOOK_ID,
        seconds: int = 0, transmission_id: str = "t-42", padding: str = "", hash: str = "",
    ) -> dict[str, str]:  # fmt: skip
        sent = self.till.clock.now() + timedelta(seconds=seconds)
        signer: Any = self.other_key if key else Odd(self.paypal.key, padding, hash)
        url = self.paypal.cert_url if cert_url is None else cert_url
        return dict(signing.headers(signer, url, transmission_id, sent, webhook_id, body))


@dataclass
class Odd:
    """The right key, signing in another way."""

    key: rsa.RSAPrivateKey
    padding: str
    hash: str

    def sign(self, message: bytes, *_: Any) -> bytes:
        pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH)
        return self.key.sign(message, pss if self.padding else padding.PKCS1v15(), SHA1() if self.hash else SHA256())


def bad_certificates(played: PayPal, key: rsa.RSAPrivateKey) -> dict[str, Answer]:
    """What lies at the pinned host and is not to be believed."""
    now = played.book.clock.now()
    other = signing.Authority.begin(now, "Somebody Else")
    leaf = played.authority.issue(key, SIGNER, now - DAY, now + DAY)
    no_authority = signing.Authority(key, leaf)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    ours = played.authority.issue
    made: dict[str, list[x509.Certificate]] = {
        "self-signed": [signing.Authority(key, played.authority.certificate).issue(key, SIGNER, now - DAY, now + DAY)],
        "expired": [ours(played.key, SIGNER, now - 9 * DAY, now - DAY)],
        "not-yet": [ours(played.key, SIGNER, now + DAY, now + 9 * DAY)],
        "of-another-authority": [other.issue(played.key, SIGNER, now - DAY, now + DAY), other.certificate],
        "of-another-name": [ours(played.key, "messageverificationcerts.paypal.com.evil.example", now - DAY, now + DAY)],
        "for-clients": [ours(played.key, SIGNER, now - DAY, now + DAY, client=True)],
        "not-for-signing": [ours(played.key, SIGNER, now - DAY, now + DAY, signs=False)],
        "issued-by-no-authority": [no_authority.issue(played.key, SIGNER, now - DAY, now + DAY), leaf],
        "weak": [ours(weak, SIGNER, now - DAY, now + DAY)],
    }
    answers = {name: Answer(200, b"".join(each.public_bytes(Encoding.PEM) for each in made[name])) for name in made}
    return answers | {
        "redirected": Answer(302, b"", {"location": played.cert_url}),
        "missing": Answer(404),
        "empty": Answer(200),
        "garbage": Answer(200, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "huge": Answer(200, b"x" * 70_000),
    }


async def authorize(till: Till, order_id: str, token: str) -> str:
    call = Authorize(order_id=order_id, amount=PRICE, provider="paypal", token=token)
    return (await till.shop.peers.ask(call)).payment_id


@pytest.fixture(scope="module")
async def stage(open_till: OpenTill, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    clock = VirtualClock()

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        return (await till.http("POST", "/webhooks/paypal", body, headers=headers)).status

    played = PayPal(clock, SeededIds(clock, 11), post)
    roots = tmp_path_factory.mktemp("roots") / "roots.pem"
    roots.write_bytes(played.authority.pem())
    providers = {"testbank": testbank.Client(), "paypal": paypal.Client()}
    till = await open_till(providers, clock=clock, **settings(roots))
    other_key = signing.new_key()
    bad = bad_certificates(played, other_key)

    async def certificates(asked: Asked) -> Answer:
        return bad.get(asked.path.rpartition("CERT-")[2]) or await played._answer(asked)

    egress = till.ports.egress
    egress.stand_in("https://api-m.paypal.com", played.app)
    egress.stand_in("https://api.paypal.com", asgi(certificates))
    played.hooks.held = True
    wallet = played.act("wallets", {})["id"]
    await authorize(till, "ord_taken", wallet)
    await till.capture("ord_taken")
    await till.refund("ord_taken", "rfd_1", 300)
    other = next(iter(played.book.orders))
    stranger = played.book.begin(_order(played, wallet, "somebody.elses"))
    played.api._tell_held(stranger)
    strange = json.loads(played.hooks.told[-1].body)
    played.troubles.add("lost", "POST /v2/checkout/orders$")
    await authorize(till, "ord_lost", wallet)
    assert (await till.stands("ord_lost")).state is PaymentState.UNKNOWN
    events = {"held": json.loads(played.hooks.told[-1].body), "stranger": strange}
    for event in (json.loads(each.body) for each in played.hooks.told):
        if event["event_type"] == "PAYMENT.CAPTURE.REFUNDED":
            events["refund"] = event
    events["foreign"] = events["held"]
    waiting = played.book.begin(_order(played, None, "approval"))
    played.choose(waiting, "approve")
    events["approval"] = json.loads(played.hooks.told[-1].body)
    return Stage(till, played, events, other, other_key, len(played.hooks.told))


def _order(played: PayPal, wallet: str | None, custom_id: str) -> Any:
    from banyan.simulators.paypal.book import Order

    return Order(played.book.id(), 1299, "EUR", custom_id, None, played.book.clock.now(), vault_id=wallet)


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(HOSTILE) >= 80
    assert len({each.name for each in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
async def test_a_hostile_webhook_changes_nothing(stage: Stage, hostile: Hostile) -> None:
    before = await standing(stage.till)
    status, told = await stage.send(hostile)
    assert (status, told.get("code", "")) == (hostile.status, hostile.code)
    assert await standing(stage.till) == before


async def test_while_paypal_is_down_a_webhook_is_to_come_again(stage: Stage) -> None:
    before = await standing(stage.till)
    stage.paypal.troubles.add("error", "GET /v2/checkout/orders")
    assert (await stage.send(Hostile("genuine", 200)))[0] == 503
    assert await standing(stage.till) == before


async def test_while_paypal_reviews_a_payment_its_webhooks_say_nothing_yet(stage: Stage) -> None:
    order = stage.paypal.book.begin(_order(stage.paypal, None, "reviewed"))
    stage.paypal.choose(order, "review")
    stage.events["review"] = json.loads(stage.paypal.hooks.told.pop().body)
    stage.paypal.book.authorize(order)
    before = await standing(stage.till)
    assert (await stage.send(Hostile("reviewed", 200, of="review")))[0] == 200
    assert await standing(stage.till) == before


async def test_the_genuine_one_is_believed_once_and_its_id_never_again(stage: Stage) -> None:
    for duplicate in (False, True):
        assert await stage.send(Hostile("genuine", 200)) == (200, {"duplicate": duplicate})
        assert (await stage.till.stands("ord_lost")).state is PaymentState.AUTHORIZED
    before = await standing(stage.till)
    other = Hostile("reused", 409, event=lambda told: told.update(summary="another one"))
    assert (await stage.send(other))[0] == 409
    assert await standing(stage.till) == before


async def test_all_that_paypal_tells_is_taken_in_any_order_and_twice(stage: Stage) -> None:
    stage.paypal.hooks.held, stage.paypal.hooks.twice, stage.paypal.hooks.backwards = False, True, True
    before = await standing(stage.till)
    await stage.paypal.deliver()
    ours = [
        each
        for each in stage.paypal.hooks.waiting
        if b"somebody.elses" not in each.body and b"approval" not in each.body
    ]
    assert ours == []
    assert {name: rows for name, rows in (await standing(stage.till)).items() if name in ("transfer", "entry")} == {
        name: rows for name, rows in before.items() if name in ("transfer", "entry")
    }
    assert (await stage.till.stands("ord_taken")).refunded.amount == 300


async def test_a_certificate_is_fetched_once_and_again_when_it_has_ended(stage: Stage) -> None:
    fetched = []
    certificates = paypal.Certificates()

    async def count(asked: Asked) -> Answer:
        fetched.append(asked.path)
        return await stage.paypal._answer(asked)

    egress = stage.till.ports.egress
    before = egress._stand_ins["https://api.paypal.com"]
    egress.stand_in("https://api.paypal.com", asgi(count))
    await asyncio.gather(*(certificates.key(stage.till.ports, stage.paypal.cert_url) for _ in range(5)))
    assert len(fetched) == 1
    stage.till.clock.advance(401 * 86_400)
    with pytest.raises(Exception, match="vouches"):
        await certificates.key(stage.till.ports, stage.paypal.cert_url)
    assert len(fetched) == 2
    egress.stand_in("https://api.paypal.com", before)


@pytest.mark.parametrize(("environment", "good"), [("laptop", True), ("production", False)])
async def test_only_on_a_laptop_a_simulator_on_this_machine_may_do_without_tls(environment: str, good: bool) -> None:
    origin, clock = "http://127.0.0.1:12112", VirtualClock()
    folder = Path(tempfile.mkdtemp(prefix="banyan-paypal-"))
    played = PayPal(
        clock, SeededIds(clock, 2), no_post, cert_origin=origin, signer="messageverificationcerts.paypal.test"
    )
    (folder / "roots.pem").write_bytes(played.authority.pem())
    bench = Bench(
        folder,
        environment=environment,
        paypal_cert_host="127.0.0.1:12112",
        paypal_cert_roots=str(folder / "roots.pem"),
    )
    bench.egress.stand_in(origin, played.app)
    with nullcontext() if good else pytest.raises(Malformed):
        assert (await paypal.Certificates().key(bench.ports, played.cert_url)).key_size == 2048
    shutil.rmtree(folder)


async def no_post(headers: Mapping[str, str], body: bytes) -> int:
    return 200


def test_where_no_roots_are_given_the_systems_vouch() -> None:
    bench = Bench(Path("unused"))
    paypal.Certificates().check(bench.ports.settings)
