"""Notices to an Amazon SNS topic: `sns://arn:aws:sns:eu-central-1:123456789012:orders.fifo`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from banyan.foundation.aws import Aws, Place
from banyan.foundation.outlets import Notice, turns
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable

_BATCH = 10  # the most SNS takes at once


class SnsOutlet:
    """A FIFO topic keeps the order of each key (its message group), and knows a notice again for five minutes.

    The role needs sns:Publish on the topic.
    """

    def __init__(self, where: Place) -> None:
        parts = where.name.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns":
            raise WrongSettings(
                "BANYAN_OUTLETS: sns:// names a topic by its ARN, as sns://arn:aws:sns:eu-central-1:1:orders"
            )
        self._topic = where.name
        self._fifo = where.name.endswith(".fifo")
        self.name = f"sns {where.name}"
        self._aws = Aws("BANYAN_OUTLETS", "sns", replace(where, region=where.region or parts[3]))

    async def send(self, notices: Sequence[Notice]) -> None:
        for turn in turns(notices, _BATCH):
            entries = [self._entry(str(number), each) for number, each in enumerate(turn)]
            told = await self._aws.ask("publish_batch", TopicArn=self._topic, PublishBatchRequestEntries=entries)
            if failed := told.get("Failed"):
                raise Unavailable(f"sns did not take {len(failed)} of {len(turn)}: {failed[0].get('Code')}")

    async def close(self) -> None:
        await self._aws.close()

    def _entry(self, id: str, notice: Notice) -> dict[str, Any]:
        about = {"type": notice.type, **notice.about}
        fifo = {"MessageGroupId": notice.key, "MessageDeduplicationId": notice.id} if self._fifo else {}
        return {
            "Id": id,
            "Message": orjson.dumps(notice.cloud_event()).decode(),
            "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in about.items()},
            **fifo,
        }
