"""What every outlet promises, and what third parties are told of orders."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from banyan.contracts import EVENTS, Event
from banyan.contracts.examples import FOLDER, example
from banyan.contracts.orders import OrderCancelled, OrderConfirmed
from banyan.foundation import choose
from banyan.foundation.envelope import Envelope
from banyan.foundation.outlets import Notice, Outlet, turns
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import Unavailable
from banyan.orders.actions.announcing import announce
from banyan.orders.app import service
from tests.backends.aws_server import AwsServer
from tests.conftest import OpenShop

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
KINDS = sorted(path.stem for path in FOLDER.glob("orders.*.json") if path.stem in EVENTS)


@dataclass
class Ear:
    """An outlet, and what a third party hears through a queue of its own."""

    url: str
    outlet: Outlet
    heard: Callable[[], Awaitable[list[dict[str, Any]]]]


async def queue_of(aws: AwsServer, name: str, **more: str) -> tuple[str, str]:
    made = await aws.ask("sqs", "create_queue", QueueName=name, Attributes=more)
    asked = await aws.ask("sqs", "get_queue_attributes", QueueUrl=made["QueueUrl"], AttributeNames=["QueueArn"])
    return made["QueueUrl"], asked["Attributes"]["QueueArn"]


async def sns(aws: AwsServer, name: str, *, fifo: bool) -> tuple[str, str]:
    name, more = (f"{name}.fifo", {"FifoQueue": "true"}) if fifo else (name, {})
    topic = (await aws.ask("sns", "create_topic", Name=name, Attributes={"FifoTopic": "true"} if fifo else {}))[
        "TopicArn"
    ]
    url, arn = await queue_of(aws, name, **more)
    raw = {"RawMessageDelivery": "true"}
    await aws.ask("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    return aws.url("sns", topic), url


async def eventbridge(aws: AwsServer, name: str) -> tuple[str, str]:
    await aws.ask("events", "create_event_bus", Name=name)
    url, arn = await queue_of(aws, name)
    pattern = json.dumps({"source": ["banyan.orders"]})
    await aws.ask("events", "put_rule", Name=name, EventBusName=name, EventPattern=pattern)
    await aws.ask("events", "put_targets", Rule=name, EventBusName=name, Targets=[{"Id": "q", "Arn": arn}])
    return aws.url("eventbridge", name), url


@pytest.fixture(params=["sns", "sns fifo", "eventbridge"])
async def ear(request: pytest.FixtureRequest, aws: AwsServer) -> AsyncIterator[Ear]:
    name = aws.fresh("orders")
    kind = request.param
    url, queue = await (eventbridge(aws, name) if kind == "eventbridge" else sns(aws, name, fifo=kind != "sns"))

    async def heard() -> list[dict[str, Any]]:
        """The data of each notice with its id, in the order of arrival."""
        found: list[dict[str, Any]] = []
        while got := (await aws.ask("sqs", "receive_message", QueueUrl=queue, MaxNumberOfMessages=10)).get("Messages"):
            for each in got:
                await aws.ask("sqs", "delete_message", QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
                body = json.loads(each["Body"])
                found.append(body["detail"] if kind == "eventbridge" else {"id": body["id"], **body["data"]})
        return found

    [outlet] = await choose.outlets(Settings(outlets=url))
    yield Ear(url, outlet, heard)
    await outlet.close()


def notice(number: int, key: str = "ord_1", status: str = "confirmed") -> Notice:
    data = {"order_id": key, "status": status, "n": number}
    return Notice(f"evt_{number}", "OrderStatusChanged", "banyan.orders", key, AT, data, {"status": status})


async def test_a_third_party_hears_all_of_it_in_order_for_each_order(ear: Ear) -> None:
    told = [notice(number, f"ord_{number % 4}") for number in range(25)]
    await ear.outlet.send(told)
    heard = await ear.heard()
    for key in ("ord_0", "ord_1", "ord_2", "ord_3"):
        assert [each["n"] for each in heard if each["order_id"] == key] == [
            each.data["n"] for each in told if each.key == key
        ]
    assert {each["id"] for each in heard} == {each.id for each in told}


async def test_what_is_told_again_has_the_same_id(ear: Ear) -> None:
    for _ in range(2):
        await ear.outlet.send([notice(1)])
    assert {each["id"] for each in await ear.heard()} == {"evt_1"}


async def test_a_shop_tells_its_outlet_as_orders_change(ear: Ear, open_shop: OpenShop) -> None:
    total = Money(3261, "EUR")
    shop = await open_shop(service(), outlets=ear.url)
    await tell(
        shop.ports["orders"].bus,
        OrderConfirmed(order_id="ord_7", number="B-7", email="ada@example.com", total=total),
        OrderCancelled(order_id="ord_7", reason="Ada Byron rang", by="usr_1"),
    )
    shop.work(service())
    heard: list[dict[str, Any]] = []
    while len(heard) < 2:
        heard += await ear.heard()
    assert [{name: each[name] for name in each if name != "id"} for each in heard] == [
        {"order_id": "ord_7", "status": "confirmed", "number": "B-7", "amount": {"amount": 3261, "currency": "EUR"}},
        {"order_id": "ord_7", "status": "cancelled"},
    ]


async def tell(bus: Any, *events: Event) -> None:
    await bus.publish(
        [
            Envelope(f"evt_{number}", each.TYPE, each.key, AT, each.model_dump(mode="json"))
            for number, each in enumerate(events)
        ]
    )


async def test_an_outlet_that_does_not_answer_is_told_later_and_holds_up_nobody_else(
    aws: AwsServer, open_shop: OpenShop
) -> None:
    name = aws.fresh("orders")
    good, queue = await sns(aws, name, fifo=True)
    bad = "eventbridge://nobody?region=eu-central-1&endpoint=http://127.0.0.1:1"
    shop = await open_shop(service(), outlets=f"{bad},{good}")
    bus = shop.ports["orders"].bus
    await tell(bus, OrderCancelled(order_id="ord_1", reason="", by="usr_1"))
    shop.work(service())
    while not (await aws.ask("sqs", "receive_message", QueueUrl=queue)).get("Messages"):
        pass
    assert await bus.lag("outlet eventbridge nobody", frozenset({"orders"})) == 1


async def test_a_refused_batch_is_an_outage_so_that_it_is_sent_again(aws: AwsServer) -> None:
    outlets = await choose.outlets(
        Settings(outlets=aws.url("sns", f"arn:aws:sns:{aws.region}:123456789012:nobody-made-this"))
    )
    with pytest.raises(Unavailable, match="sns refused: NotFound"):
        await outlets[0].send([notice(1)])
    await outlets[0].close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_of_an_order_names_nobody(kind: str) -> None:
    """Nothing that was said of a person, and no free words, are in what goes out."""
    told = announce(Envelope("evt_1", kind, "ord_1", AT, example(kind)))
    if told is None:
        return
    kept = {"order_id", "status", "number", "amount", "parcel_id", "refund_id"}
    assert set(told.data) <= kept
    said = json.dumps([told.cloud_event(), told.about])
    for name in ("email", "user_id", "address", "reason", "by", "tracking", "lines"):
        value = example(kind).get(name)
        for words in value.values() if isinstance(value, dict) else [value]:
            assert not (isinstance(words, str) and len(words) > 2 and words in said), (name, words)


def test_these_facts_change_what_third_parties_know() -> None:
    told = {kind: announce(Envelope("evt_1", kind, "ord_1", AT, example(kind))) for kind in KINDS}
    assert {kind.partition(".")[2]: each.data["status"] for kind, each in told.items() if each} == {
        "OrderPlaced": "placed",
        "OrderConfirmed": "confirmed",
        "OrderPaymentCaptured": "paid",
        "OrderRejected": "rejected",
        "OrderPaymentFailed": "payment_failed",
        "OrderCancelled": "cancelled",
        "OrderFulfilled": "fulfilled" if example("orders.OrderFulfilled")["complete"] else "shipped",
        "OrderRefunded": "refunded",
    }


def test_no_batch_has_an_order_twice() -> None:
    keys = ["a", "b", "a", "c", "d", "e", "f", "f"]
    made = list(turns([notice(number, key) for number, key in enumerate(keys)], 4))
    assert [[each.key for each in turn] for turn in made] == [["a", "b"], ["a", "c", "d", "e"], ["f"], ["f"]]


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ("sns://orders?region=eu-west-1", "by its ARN"),
        ("eventbridge://?region=eu-west-1", "name the bus"),
        ("kafka://orders", "no backend for outlets"),
        ("eventbridge://a?region=x,eventbridge://a?region=x", "same outlet twice"),
    ],
)
async def test_a_wrong_url_stops_the_start(urls: str, said: str) -> None:
    with pytest.raises(WrongSettings, match=said):
        await choose.outlets(Settings(outlets=urls))
