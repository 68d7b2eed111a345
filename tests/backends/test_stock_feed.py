"""What warehouses say reaches the books once, whichever queue brings it and however often; what cannot is seen."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from banyan.contracts.inventory import FeedStock, StockFate, StockMessage
from banyan.foundation import choose, inbox
from banyan.foundation.db import Db
from banyan.foundation.queue import Queue, unwrapped
from banyan.foundation.settings import Settings, WrongSettings
from banyan.inventory.actions.feed_stock import BY, PATIENCE, feed
from banyan.inventory.app import service
from banyan.kernel.clock import SystemClock
from banyan.kernel.refusals import Unavailable
from tests.backends.aws_server import AwsServer
from tests.conftest import OpenShop
from tests.inventory.floor import Floor

NOW = datetime.now(UTC).replace(microsecond=0)
Put = Callable[[object], Awaitable[None]]


def said(id: str, sku: str, minutes: float = 0, **what: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=1) + timedelta(minutes=minutes)).isoformat()
    return {"id": id, "sku": sku, "warehouse": "wh_main", "time": at, **what}


@pytest.fixture(scope="module")
async def floor(open_shop: OpenShop) -> Floor:
    return Floor(await open_shop(service()))


@pytest.fixture(params=["file", "sqs"])
async def put(request: pytest.FixtureRequest, aws: AwsServer, floor: Floor, tmp_path: Path) -> AsyncIterator[Put]:
    """Put a message into the queue that inventory is fed from."""
    of_aws, name, count = request.param == "sqs", aws.fresh("feed"), 0
    url = aws.url("sqs", name, wait="0") if of_aws else "file://feed"
    made = await aws.ask("sqs", "create_queue", QueueName=name, Attributes={"VisibilityTimeout": "0"})

    async def send(message: object) -> None:
        nonlocal count
        count += 1
        body = message if isinstance(message, str) else json.dumps(message)
        if of_aws:
            await aws.ask("sqs", "send_message", QueueUrl=made["QueueUrl"], MessageBody=body)
        else:
            (tmp_path / "feed").mkdir(exist_ok=True)
            (tmp_path / "feed" / f"{count:04}.json").write_text(body)

    queue = await choose.queue("stock_feed", Settings(data_dir=tmp_path, stock_feed_url=url), Swift())
    floor.ports.feed = queue
    yield send
    floor.ports.feed = None
    assert queue is not None
    await queue.close()


class Swift(SystemClock):
    """A clock on which nobody waits."""

    async def sleep(self, seconds: float) -> None: ...


async def left(queue: Queue | None) -> int:
    assert queue is not None
    return len(await queue.receive())


async def test_a_count_and_changes_reach_the_books_and_the_queue_is_empty(floor: Floor, put: Put, sku: str) -> None:
    await put(said(f"{sku}-1", sku, 0, on_hand=40))
    await put(said(f"{sku}-2", sku, 1, change=-3))
    await put(said(f"{sku}-3", sku, 2, change=10))
    await floor.told()
    assert await feed(floor.ports) == 0
    assert await floor.level(sku) == (47, 0)
    assert await left(floor.ports.feed) == 0
    assert await floor.broken() == []


@pytest.fixture
def sku(request: pytest.FixtureRequest) -> str:
    """One of each test's own."""
    return "FEED-" + str(abs(hash(request.node.name)) % 10**8)


async def test_the_same_message_moves_the_books_once(floor: Floor, put: Put, sku: str) -> None:
    for _ in range(3):
        await put(said(f"{sku}-1", sku, change=5))
    await feed(floor.ports)
    await put(said(f"{sku}-1", sku, change=5))
    await feed(floor.ports)
    assert await floor.level(sku) == (5, 0)
    assert await left(floor.ports.feed) == 0


async def test_a_message_whose_effect_was_not_committed_comes_again(floor: Floor, put: Put, sku: str) -> None:
    await put(said(f"{sku}-1", sku, change=5))
    whole = floor.ports.db
    floor.ports.db = Failing(whole)  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await feed(floor.ports)
    floor.ports.db = whole
    await feed(floor.ports)
    assert await floor.level(sku) == (5, 0)
    assert await left(floor.ports.feed) == 0


class Failing:
    """A database that goes away when a transaction is to begin."""

    def __init__(self, whole: Db) -> None:
        self.fetch, self.fetchval = whole.fetch, whole.fetchval

    async def retrying(self, effect: object) -> None:
        raise Unavailable("the database went away")


async def test_what_nobody_can_read_is_parked_and_holds_up_nothing(floor: Floor, put: Put, sku: str) -> None:
    wrong: list[object] = [
        "no json",
        said(f"{sku}-a", sku),
        said(f"{sku}-b", sku, on_hand=1, change=1),
        said(f"{sku}-c", sku, on_hand=-1),
        said(f"{sku}-d", sku, change="5"),
        said(f"{sku}-e", sku, 24 * 60, change=5),
        said(f"{sku}-f", sku, -20 * 24 * 60, change=5),
        said(f"{sku}-g", "\x00", change=5),
    ]
    for each in wrong:
        await put(each)
    await put(said(f"{sku}-1", sku, change=5))
    while await left(floor.ports.feed):
        await feed(floor.ports)
    assert await floor.level(sku) == (5, 0)
    parked = await emptied(floor)
    assert len(parked) == len(wrong)
    assert {each["consumer"] for each in parked} == {BY}
    assert all(each["parked_at"] and each["error"] for each in parked)


async def emptied(floor: Floor) -> list[dict[str, Any]]:
    """What is parked, given up thereby."""
    found = await inbox.parked(floor.ports.db)
    for each in found:
        await inbox.discard(floor.ports.db, each["seq"])
    return found


async def test_what_cannot_be_so_yet_is_tried_for_a_while_then_parked_until_an_operator_wants_it(
    floor: Floor, put: Put, sku: str
) -> None:
    await put(said(f"{sku}-1", sku, 0, on_hand=5))
    await feed(floor.ports)
    await floor.hold(f"crt_{sku}", None, **{sku: 4})
    await put(said(f"{sku}-2", sku, 1, on_hand=2))
    for _ in range(PATIENCE):
        assert await inbox.parked(floor.ports.db) == []
        await feed(floor.ports)
    [parked] = await inbox.parked(floor.ports.db)
    assert "below_reserved" in parked["error"]
    assert await floor.level(sku) == (5, 4)
    await floor.release(cart=f"crt_{sku}")
    await inbox.retry(floor.ports.db, parked["seq"])
    await feed(floor.ports)
    assert (await floor.level(sku), await inbox.parked(floor.ports.db)) == ((2, 0), [])


async def fates(floor: Floor, *messages: dict[str, Any]) -> list[StockFate]:
    told = await floor.ask(FeedStock(messages=tuple(StockMessage.model_validate(each) for each in messages)))
    return [each.fate for each in told.fates]


async def test_the_books_end_the_same_in_whatever_order_messages_come(floor: Floor) -> None:
    for number, order in enumerate(permutations(range(4))):
        sku = f"ORDER-{number}"
        all_of_it = [
            said(f"{sku}-0", sku, 0, on_hand=50),
            said(f"{sku}-1", sku, 1, change=7),
            said(f"{sku}-2", sku, 2, on_hand=30),
            said(f"{sku}-3", sku, 3, change=1),
        ]
        await fates(floor, *(all_of_it[place] for place in order))
        assert await floor.level(sku) == (31, 0), order
    assert await floor.broken() == []


async def test_a_message_is_told_what_became_of_it(floor: Floor) -> None:
    one, late = said("fate-1", "FATE", 5, on_hand=3), said("fate-2", "FATE", 4, change=1)
    nowhere = {**said("fate-3", "FATE", 6, change=1), "warehouse": "wh_nowhere"}
    assert await fates(floor, one, one, late, nowhere) == ["applied", "again", "superseded", "refused"]


async def test_a_queue_with_a_redrive_policy_sets_poison_aside_by_itself(floor: Floor, aws: AwsServer) -> None:
    name = aws.fresh("feed")
    dead = (await aws.ask("sqs", "create_queue", QueueName=f"{name}-dead"))["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:123456789012:{name}-dead"
    redrive = {
        "VisibilityTimeout": "0",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"}),
    }
    url = (await aws.ask("sqs", "create_queue", QueueName=name, Attributes=redrive))["QueueUrl"]
    await aws.ask("sqs", "send_message", QueueUrl=url, MessageBody="no json")
    settings = Settings(stock_feed_url=aws.url("sqs", name, wait="0"))
    floor.ports.feed = await choose.queue("stock_feed", settings, SystemClock())
    for _ in range(3):
        await feed(floor.ports)
    assert await inbox.parked(floor.ports.db) == []
    [message] = (await aws.ask("sqs", "receive_message", QueueUrl=dead))["Messages"]
    assert message["Body"] == "no json"
    assert floor.ports.feed is not None
    await floor.ports.feed.close()
    floor.ports.feed = None


async def test_without_a_feed_nothing_is_asked(floor: Floor) -> None:
    assert await feed(floor.ports) > 60


@pytest.mark.parametrize("url", ["sqs://?region=eu-west-1", "sqs://a/b?region=eu-west-1", "sqs://a?wait=60&region=x"])
async def test_a_wrong_url_stops_the_start(url: str) -> None:
    with pytest.raises(WrongSettings, match="BANYAN_STOCK_FEED_URL"):
        await choose.queue("stock_feed", Settings(stock_feed_url=url), SystemClock())


def test_what_sns_and_eventbridge_put_around_a_message_is_taken_off() -> None:
    plain = json.dumps({"id": "1", "sku": "A"})
    assert unwrapped(plain) == plain
    assert unwrapped("no json") == "no json"
    assert unwrapped(json.dumps({"Type": "Notification", "MessageId": "x", "Message": plain})) == plain
    assert json.loads(unwrapped(json.dumps({"detail-type": "Stock", "detail": {"id": "1"}}))) == {"id": "1"}
