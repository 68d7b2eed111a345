"""The Lambda function, given events as AWS documents them, and an inventory that answers over HTTP."""

import json
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp.web
import pytest

from banyan import lambda_handler
from banyan.contracts import CALLS
from banyan.contracts.inventory import FeedStock, StockFed
from banyan.foundation.peers import CALL_PATH
from banyan.foundation.settings import Settings
from banyan.inventory.app import service
from banyan.lambda_handler import NotHandled
from tests.conftest import OpenShop
from tests.inventory.floor import Floor

# docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
SQS = {
    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
    "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
    "body": "Test message.",
    "attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    },
    "messageAttributes": {},
    "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
    "awsRegion": "us-east-2",
}
# docs.aws.amazon.com/lambda/latest/dg/with-sns.html
SNS = {
    "EventVersion": "1.0",
    "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:sns-lambda:21be56ed-a058-49f5-8c98-aedd2564c486",
    "EventSource": "aws:sns",
    "Sns": {
        "SignatureVersion": "1",
        "Timestamp": "2019-01-02T12:45:07.000Z",
        "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j...65r==",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "Message": "Hello from SNS!",
        "MessageAttributes": {"Test": {"Type": "String", "Value": "TestString"}},
        "Type": "Notification",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:sns-lambda",
        "Subject": "TestInvoke",
    },
}
# docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
EVENTBRIDGE = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "StockCounted",
    "source": "com.example.wms",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {},
}


@dataclass
class Inventory:
    """The service, reached as Lambda reaches it."""

    floor: Floor
    settings: Settings

    async def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        return await lambda_handler.handle(event, self.settings)


@pytest.fixture(scope="module")
async def inventory(open_shop: OpenShop) -> AsyncIterator[Inventory]:
    secret = "between us"
    shop = await open_shop(service(), peer_secret=secret)
    local = shop.peers.local("inventory")
    assert local is not None

    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        shop.peers.admit(request.headers["x-banyan-peer"])
        assert request.path == f"{CALL_PATH}inventory.FeedStock"
        call = CALLS["inventory.FeedStock"].model_validate_json(await request.read())
        told = await local.calls[FeedStock](local.ports, call)  # type: ignore[arg-type]
        assert isinstance(told, StockFed)
        return aiohttp.web.Response(body=told.model_dump_json())

    app = aiohttp.web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield Inventory(Floor(shop), Settings(inventory_url=url, peer_secret=secret))
    await runner.cleanup()


def said(id: str, sku: str, change: int = 1, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(minutes=1)
    return {"id": id, "sku": sku, "warehouse": "wh_main", "time": at.isoformat(), "change": change, **more}


def from_sqs(*bodies: object, queue: str = "my-queue") -> dict[str, Any]:
    records = []
    for number, body in enumerate(bodies):
        record = deepcopy(SQS) | {
            "messageId": f"m{number}",
            "body": body if isinstance(body, str) else json.dumps(body),
        }
        records.append(record | {"eventSourceARN": f"arn:aws:sqs:us-east-2:123456789012:{queue}"})
    return {"Records": records}


def failures(answer: dict[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


async def test_a_batch_of_sqs_reaches_the_books_and_only_failures_come_again(inventory: Inventory) -> None:
    event = from_sqs(
        said("l1", "LAMBDA-1", 5),
        "Test message.",
        said("l2", "LAMBDA-1", 2),
        said("l3", "LAMBDA-1", 1, warehouse="wh_nowhere"),
        json.dumps({"Type": "Notification", "Message": json.dumps(said("l4", "LAMBDA-1", 3))}),
    )
    for _ in range(2):
        assert failures(await inventory.handle(event)) == ["m1", "m3"]
    assert await inventory.floor.level("LAMBDA-1") == (10, 0)


async def test_of_a_fifo_queue_all_behind_the_first_failure_come_again(inventory: Inventory) -> None:
    event = from_sqs(said("f1", "FIFO"), "Test message.", said("f2", "FIFO"), queue="my-queue.fifo")
    assert failures(await inventory.handle(event)) == ["m1", "m2"]


async def test_a_large_batch_is_handed_over_in_parts(inventory: Inventory) -> None:
    assert failures(await inventory.handle(from_sqs(*(said(f"b{n}", "LARGE") for n in range(25))))) == []
    assert await inventory.floor.level("LARGE") == (25, 0)


async def test_sns_brings_messages_and_is_asked_again_when_one_failed(inventory: Inventory) -> None:
    event = {"Records": [deepcopy(SNS)]}
    event["Records"][0]["Sns"]["Message"] = json.dumps(said("s1", "SNS", 4))  # type: ignore[index]
    for _ in range(2):
        assert await inventory.handle(event) == {}
    assert await inventory.floor.level("SNS") == (4, 0)
    with pytest.raises(NotHandled, match="1 of 1"):
        await inventory.handle({"Records": [SNS]})


async def test_eventbridge_brings_a_message_as_its_detail(inventory: Inventory) -> None:
    assert await inventory.handle(EVENTBRIDGE | {"detail": said("e1", "BRIDGE", 6)}) == {}
    assert await inventory.floor.level("BRIDGE") == (6, 0)
    with pytest.raises(NotHandled):
        await inventory.handle(EVENTBRIDGE)


async def test_an_inventory_that_does_not_answer_fails_all_and_loses_none(inventory: Inventory) -> None:
    event = from_sqs(said("d1", "DOWN"), said("d2", "DOWN"))
    nowhere = Settings(inventory_url="http://127.0.0.1:1", peer_secret="between us")
    assert failures(await lambda_handler.handle(event, nowhere)) == ["m0", "m1"]
    assert failures(await inventory.handle(event)) == []
    assert await inventory.floor.level("DOWN") == (2, 0)


def test_the_handler_is_called_as_lambda_calls_it_and_says_what_it_does_not_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BANYAN_INVENTORY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("BANYAN_PEER_SECRET", "between us")
    assert failures(lambda_handler.stock_feed(from_sqs("x"), None)) == ["m0"]
    for strange in ({}, {"Records": []}, {"Records": [{"eventSource": "aws:s3"}]}):
        with pytest.raises(ValueError, match="SQS, SNS and EventBridge"):
            lambda_handler.stock_feed(strange, None)
