"""AWS Lambda: a warehouse's messages, brought by SQS, SNS or EventBridge, are handed to inventory.

For shops that would rather not poll: `banyan.lambda_handler.stock_feed` is the function's handler. It finds inventory by
BANYAN_INVENTORY_URL and proves itself with BANYAN_PEER_SECRET. Each message has its effect once, however often it comes.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from banyan.contracts.inventory import FeedStock, StockFate, StockMessage
from banyan.foundation.peers import Peers
from banyan.foundation.queue import unwrapped
from banyan.foundation.settings import Settings, read
from banyan.kernel.clock import SystemClock
from banyan.kernel.refusals import Refusal

_log = logging.getLogger(__name__)
_BATCH = 10  # messages for which inventory is asked at once
Brought = tuple[str, str]  # an id to name it by, and what was sent


class NotHandled(RuntimeError):
    """Some of what SNS or EventBridge brought was not handled: Lambda is to bring all of it again, then give it up."""


def stock_feed(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """The handler. SQS hears which of a batch failed (ReportBatchItemFailures must be on); others NotHandled."""
    return asyncio.run(handle(event, read(os.environ)))


async def handle(event: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """What Lambda is to answer to this event. ValueError for one of another kind; NotHandled."""
    records = event.get("Records", [])
    from_queue = bool(records) and records[0].get("eventSource") == "aws:sqs"
    brought = _brought(event)
    failed = await _hand_over(brought, settings)
    if not from_queue:
        if failed:
            raise NotHandled(f"{len(failed)} of {len(brought)} messages were not handled")
        return {}
    if failed and str(records[0].get("eventSourceARN", "")).endswith(".fifo"):
        # A FIFO queue's order would break if those behind the first failure counted as done.
        first = next(place for place, (id, _) in enumerate(brought) if id in failed)
        failed = {id for id, _ in brought[first:]}
    return {"batchItemFailures": [{"itemIdentifier": id} for id, _ in brought if id in failed]}


def _brought(event: dict[str, Any]) -> list[Brought]:
    """Messages by their id, out of an event of SQS, SNS or EventBridge."""
    if "detail-type" in event:
        return [(str(event.get("id", "")), orjson.dumps(event.get("detail")).decode())]
    brought = []
    for record in event.get("Records", []):
        if record.get("eventSource") == "aws:sqs":
            brought.append((record["messageId"], unwrapped(record["body"])))
        elif record.get("EventSource") == "aws:sns":
            brought.append((record["Sns"]["MessageId"], record["Sns"]["Message"]))
        else:
            raise ValueError("this function takes events of SQS, SNS and EventBridge")
    if not brought:
        raise ValueError("this function takes events of SQS, SNS and EventBridge")
    return brought


async def _hand_over(brought: Sequence[Brought], settings: Settings) -> set[str]:
    """Ask inventory to take the messages; the ids of those it did not."""
    failed, good = set[str](), list[tuple[str, StockMessage]]()
    for id, body in brought:
        try:
            good.append((id, StockMessage.model_validate_json(body)))
        except ValidationError as wrong:
            failed.add(id)
            _log.warning("no stock message", extra={"delivery": id, "faults": wrong.error_count()})
    peers = Peers(
        {"inventory": settings.inventory_url},
        clock=SystemClock(),
        secret=settings.peer_secret.get_secret_value(),
        caller="lambda",
    )
    try:
        for start in range(0, len(good), _BATCH):
            failed |= await _ask(peers, good[start : start + _BATCH])
    finally:
        await peers.close()
    return failed


async def _ask(peers: Peers, batch: Sequence[tuple[str, StockMessage]]) -> set[str]:
    try:
        answer = await peers.ask(FeedStock(messages=tuple(message for _, message in batch)))
    except Refusal as refusal:  # as a whole: inventory does not answer
        _log.warning("inventory took nothing", extra={"why": refusal.code})
        return {id for id, _ in batch}
    refused = set[str]()
    for (id, _), fated in zip(batch, answer.fates, strict=True):
        if fated.fate is StockFate.REFUSED:
            refused.add(id)
            _log.warning("stock message refused", extra={"delivery": id, "why": fated.code})
    return refused
