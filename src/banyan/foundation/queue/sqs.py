"""A queue of Amazon SQS, polled long: `sqs://queue-name?region=…`."""

from collections.abc import Sequence

from banyan.foundation.aws import Aws, Place
from banyan.foundation.queue import Delivery, unwrapped
from banyan.foundation.settings import WrongSettings

WAIT = 20  # seconds that SQS holds a request open while there is nothing: the most it allows
_BATCH = 10  # the most it hands over, and takes back, at once


class SqsQueue:
    """The role needs sqs:ReceiveMessage, DeleteMessage, GetQueueUrl and GetQueueAttributes on the queue."""

    def __init__(self, setting: str, where: Place) -> None:
        if not where.name or "/" in where.name:
            raise WrongSettings(f"{setting}: name the queue, as sqs://warehouse-feed?region=eu-central-1")
        wait = where.options.get("wait", str(WAIT))
        if not wait.isdigit() or int(wait) > WAIT:
            raise WrongSettings(f"{setting}: wait is 0 to {WAIT} seconds")
        self._wait = int(wait)
        self.name = where.name
        self._aws = Aws(setting, "sqs", where, read_seconds=self._wait + 5.0)
        self._url = ""

    async def receive(self) -> Sequence[Delivery]:
        told = await self._aws.ask(
            "receive_message",
            QueueUrl=await self._place(),
            MaxNumberOfMessages=_BATCH,
            WaitTimeSeconds=self._wait,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Delivery(
                each["MessageId"],
                unwrapped(each["Body"]),
                each["ReceiptHandle"],
                int(each.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for each in told.get("Messages", ())
        ]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """What SQS does not delete, because a receipt is too old, comes again and is known by then."""
        entries = [{"Id": str(number), "ReceiptHandle": each.handle} for number, each in enumerate(deliveries)]
        if entries:
            await self._aws.ask("delete_message_batch", QueueUrl=await self._place(), Entries=entries)

    async def sets_aside(self) -> bool:
        """Asked each time: a redrive policy may be given to a queue at any moment."""
        told = await self._aws.ask(
            "get_queue_attributes", QueueUrl=await self._place(), AttributeNames=["RedrivePolicy"]
        )
        return bool(told.get("Attributes", {}).get("RedrivePolicy"))

    async def close(self) -> None:
        await self._aws.close()

    async def _place(self) -> str:
        if not self._url:
            self._url = (await self._aws.ask("get_queue_url", QueueName=self.name))["QueueUrl"]
        return self._url
