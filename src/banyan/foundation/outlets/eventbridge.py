"""Notices to an Amazon EventBridge bus: `eventbridge://bus-name?region=…`."""

from collections.abc import Sequence
from typing import Any

import orjson

from banyan.foundation.aws import Aws, Place
from banyan.foundation.outlets import Notice, turns
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable

_BATCH = 10  # the most EventBridge takes at once


class EventBridgeOutlet:
    """We send in order; EventBridge keeps none, so receivers go by `time`. The role needs events:PutEvents."""

    def __init__(self, where: Place) -> None:
        if not where.name:
            raise WrongSettings("BANYAN_OUTLETS: name the bus, as eventbridge://default?region=eu-central-1")
        self._bus = where.name
        self.name = f"eventbridge {where.name}"
        self._aws = Aws("BANYAN_OUTLETS", "events", where)

    async def send(self, notices: Sequence[Notice]) -> None:
        for turn in turns(notices, _BATCH):
            told = await self._aws.ask("put_events", Entries=[self._entry(each) for each in turn])
            if told.get("FailedEntryCount"):
                code = next((each["ErrorCode"] for each in told["Entries"] if "ErrorCode" in each), "unknown")
                raise Unavailable(f"events did not take {told['FailedEntryCount']} of {len(turn)}: {code}")

    async def close(self) -> None:
        await self._aws.close()

    def _entry(self, notice: Notice) -> dict[str, Any]:
        return {
            "EventBusName": self._bus,
            "Source": notice.source,
            "DetailType": notice.type,
            "Time": notice.time,
            "Resources": [notice.key],
            "Detail": orjson.dumps({"id": notice.id, **notice.data}).decode(),
        }
