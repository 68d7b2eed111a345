"""Sessions in one DynamoDB table: `dynamodb://table?region=…`. Every change is made under a condition.

An item per session (`s#id`) and one per refresh token (`t#digest`). The session's item names the family's unused token
and counts its changes: what depends on both items is one transaction on them. Both go by themselves (TTL) a month
after the session's end, so that a token used before is known as one until then.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from banyan.foundation.aws import Aws, Place, Refused
from banyan.foundation.sessions import Ended, Presented, Session
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable

KEPT = timedelta(days=30)
OF_ACCOUNT, UNTOLD = "of_account", "untold"  # its indexes
_MET = ("ConditionalCheckFailedException", "TransactionCanceledException")
_BUSY = "TransactionConflictException"  # a transaction is at the item just now
_TRIES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
Item = dict[str, dict[str, Any]]


class DynamoSessions:
    """The role needs dynamodb:GetItem, PutItem, UpdateItem, DeleteItem and Query on the table and its indexes."""

    def __init__(self, where: Place) -> None:
        if not where.name or "/" in where.name:
            raise WrongSettings(
                "BANYAN_SESSIONS_URL: name the table, as dynamodb://banyan-sessions?region=eu-central-1"
            )
        self._table = where.name
        self._aws = Aws("BANYAN_SESSIONS_URL", "dynamodb", where)

    async def begin(self, session: Session, refresh_hash: bytes) -> None:
        item = {
            "pk": _s(f"s#{session.id}"),
            "id": _s(session.id),
            "account_id": _s(session.account_id),
            "epoch": _n(session.epoch),
            "method": _s(session.method),
            "user_agent": _s(session.user_agent),
            "created_at": _t(session.created_at),
            "last_used_at": _t(session.last_used_at),
            "expires_at": _t(session.expires_at),
            "unused": {"B": refresh_hash},
            "version": _n(1),
            "ttl": _ttl(session.expires_at),
        }
        await self._together(
            {"Put": self._new(item)}, {"Put": self._new(_token(refresh_hash, session.id, session.expires_at))}
        )

    async def drop(self, session_id: str, refresh_hash: bytes) -> None:
        for key in (f"s#{session_id}", _of(refresh_hash)):
            await self._aws.ask("delete_item", TableName=self._table, Key={"pk": _s(key)})

    async def presented(self, refresh_hash: bytes) -> Presented | None:
        token = await self._get(_of(refresh_hash))
        item = await self._get(f"s#{token['session_id']['S']}") if token else None
        if token is None or item is None:
            return None
        following = _bytes(token, "replaced_by")
        return Presented(
            session=_session(item),
            ended="ended_at" in item,
            version=int(item["version"]["N"]),
            used_at=_time(token["used_at"]) if "used_at" in token else None,
            used_with=_bytes(token, "used_with"),
            seed=_bytes(token, "seed"),
            next_unused=following is not None and item["unused"]["B"] == following,
        )

    async def use(
        self,
        shown: Presented,
        refresh_hash: bytes,
        next_hash: bytes,
        *,
        seed: bytes,
        used_with: bytes | None,
        now: datetime,
    ) -> bool:
        family = self._change(
            f"s#{shown.session.id}",
            "SET unused = :next, last_used_at = :now, version = version + :one",
            "version = :version AND unused = :this AND attribute_not_exists(ended_at)",
            {
                ":next": {"B": next_hash},
                ":now": _t(now),
                ":one": _n(1),
                ":version": _n(shown.version),
                ":this": {"B": refresh_hash},
            },
        )
        with_key = ", used_with = :key" if used_with else ""
        used = self._change(
            _of(refresh_hash),
            f"SET used_at = :now, seed = :seed, replaced_by = :next{with_key}",
            "attribute_exists(pk) AND attribute_not_exists(used_at)",
            {":now": _t(now), ":seed": {"B": seed}, ":next": {"B": next_hash}}
            | ({":key": {"B": used_with}} if used_with else {}),
        )
        following = self._new(_token(next_hash, shown.session.id, shown.session.expires_at))
        return await self._together({"Update": family}, {"Update": used}, {"Put": following})

    async def end(self, session_id: str, account_id: str, reason: str, now: datetime) -> bool:
        return await self._alone(
            self._change(
                f"s#{session_id}",
                "SET ended_at = :now, end_reason = :reason, untold = :yes, version = version + :one",
                "account_id = :account AND attribute_not_exists(ended_at) AND expires_at > :now",
                {
                    ":now": _t(now),
                    ":reason": _s(reason),
                    ":yes": _s("yes"),
                    ":one": _n(1),
                    ":account": _s(account_id),
                },
            )
        )

    async def told(self, session_id: str) -> None:
        await self._alone(self._change(f"s#{session_id}", "REMOVE untold", "attribute_exists(untold)", {}))

    async def untold(self) -> list[Ended]:
        found = await self._aws.ask(
            "query",
            TableName=self._table,
            IndexName=UNTOLD,
            KeyConditionExpression="untold = :yes",
            ExpressionAttributeValues={":yes": _s("yes")},
            Limit=25,
        )
        return [Ended(each["id"]["S"], each["account_id"]["S"], each["end_reason"]["S"]) for each in found["Items"]]

    async def carry(self, session_id: str, account_id: str, epoch: int) -> None:
        await self._alone(
            self._change(
                f"s#{session_id}",
                "SET epoch = :epoch",
                "account_id = :account AND epoch < :epoch AND attribute_not_exists(ended_at)",
                {":epoch": _n(epoch), ":account": _s(account_id)},
            )
        )

    async def live(self, session_id: str, account_id: str, epoch: int, now: datetime) -> Session | None:
        item = await self._get(f"s#{session_id}")
        if item is None or "ended_at" in item:
            return None
        session = _session(item)
        is_so = session.account_id == account_id and session.epoch >= epoch and session.expires_at > now
        return session if is_so else None

    async def of_account(
        self, account_id: str, epoch: int, now: datetime, *, before: str | None, limit: int
    ) -> list[Session]:
        found: list[Session] = []
        further: dict[str, Any] = {}
        below = " AND id < :before" if before else ""
        values = {":account": _s(account_id), ":now": _t(now), ":epoch": _n(epoch)}
        while len(found) < limit:
            page = await self._aws.ask(
                "query",
                TableName=self._table,
                IndexName=OF_ACCOUNT,
                KeyConditionExpression=f"account_id = :account{below}",
                FilterExpression="attribute_not_exists(ended_at) AND expires_at > :now AND epoch >= :epoch",
                ExpressionAttributeValues=values | ({":before": _s(before)} if before else {}),
                ScanIndexForward=False,
                **further,
            )
            found += map(_session, page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            further = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return found[:limit]

    async def forget(self, account_id: str) -> None:
        further: dict[str, Any] = {}
        while True:
            page = await self._aws.ask(
                "query",
                TableName=self._table,
                IndexName=OF_ACCOUNT,
                KeyConditionExpression="account_id = :account",
                ExpressionAttributeValues={":account": _s(account_id)},
                **further,
            )
            for item in page["Items"]:
                await self._aws.ask("delete_item", TableName=self._table, Key={"pk": _s(f"s#{item['id']['S']}")})
            if "LastEvaluatedKey" not in page:
                return
            further = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def close(self) -> None:
        await self._aws.close()

    async def _get(self, key: str) -> Item | None:
        found = await self._aws.ask("get_item", TableName=self._table, Key={"pk": _s(key)}, ConsistentRead=True)
        return found.get("Item")

    async def _alone(self, change: dict[str, Any]) -> bool:
        """Make one change; False when its condition does not hold."""
        for _ in range(_TRIES):
            try:
                await self._aws.ask("update_item", **change)
            except Refused as refused:
                if refused.said == _BUSY:
                    continue
                if refused.said in _MET:
                    return False
                raise
            return True
        raise Unavailable("too many change one session at once", retry_after=1)

    async def _together(self, *writes: dict[str, Any]) -> bool:
        """All or none; False when a condition does not hold, or another was at the same items. Sent again, it is known."""
        try:
            await self._aws.ask("transact_write_items", TransactItems=list(writes))
        except Refused as refused:
            if refused.said in (*_MET, _BUSY, "TransactionInProgressException"):
                return False
            raise
        return True

    def _change(self, key: str, update: str, condition: str, values: Item) -> dict[str, Any]:
        given = {"ExpressionAttributeValues": values} if values else {}
        where = {"TableName": self._table, "Key": {"pk": _s(key)}}
        return {**where, "UpdateExpression": update, "ConditionExpression": condition, **given}

    def _new(self, item: Item) -> dict[str, Any]:
        return {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}


def _token(refresh_hash: bytes, session_id: str, expires_at: datetime) -> Item:
    return {"pk": _s(_of(refresh_hash)), "session_id": _s(session_id), "ttl": _ttl(expires_at)}


def _of(refresh_hash: bytes) -> str:
    return f"t#{refresh_hash.hex()}"


def _session(item: Item) -> Session:
    return Session(
        id=item["id"]["S"],
        account_id=item["account_id"]["S"],
        epoch=int(item["epoch"]["N"]),
        method=item["method"]["S"],
        user_agent=item["user_agent"]["S"],
        created_at=_time(item["created_at"]),
        last_used_at=_time(item["last_used_at"]),
        expires_at=_time(item["expires_at"]),
    )


def _s(text: str) -> dict[str, Any]:
    return {"S": text}


def _n(number: int) -> dict[str, Any]:
    return {"N": str(number)}


def _t(at: datetime) -> dict[str, Any]:
    """Microseconds: they compare as they came."""
    return _n((at - _EPOCH) // timedelta(microseconds=1))


def _time(value: dict[str, Any]) -> datetime:
    return _EPOCH + timedelta(microseconds=int(value["N"]))


def _ttl(expires_at: datetime) -> dict[str, Any]:
    """DynamoDB deletes after this second, some time within two days."""
    return _n((expires_at + KEPT - _EPOCH) // _SECOND)


def _bytes(item: Item, name: str) -> bytes | None:
    return bytes(item[name]["B"]) if name in item else None
