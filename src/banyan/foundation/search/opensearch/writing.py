"""Keeping an OpenSearch index: documents in bulk, a position beside them, and a new index that takes an old one's place."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from banyan.foundation.search import Document, WritesLost
from banyan.foundation.search.opensearch import fields
from banyan.foundation.search.opensearch.server import READ, Refused, Server
from banyan.foundation.search.rows import is_text
from banyan.kernel.refusals import Unavailable

_AT_ONCE = 4_000_000  # bytes in a request
_GONE, _BUSY = 404, 429


class Writer:
    """Writes to one index by its own name, never through the alias: what is claimed of it is true of it.

    A new index is filled beside the one that answers, and takes over its alias at the commit. In the same step the old
    one loses the alias it is written to by: who still would is refused, and begins again from the position. It goes at
    the commit after, when nobody is still searching in it.
    """

    def __init__(self, server: Server, alias: str) -> None:
        self._server = server
        self._alias = alias
        self._index: str | None = None
        self._old: list[str] = []
        self._filling = self._lost = False
        self._one = asyncio.Lock()

    async def put(self, documents: Sequence[Document]) -> None:
        made = [fields.document(each) for each in documents]
        await self._bulk(
            orjson.dumps({"index": {"_id": key}}) + b"\n" + orjson.dumps(document) + b"\n" for key, document in made
        )

    async def remove(self, ids: Iterable[str]) -> None:
        keys = [fields.key(each) for each in ids if is_text(each)]
        await self._bulk(orjson.dumps({"delete": {"_id": key}}) + b"\n" for key in keys)

    async def commit(self, position: str | None) -> None:
        async with self._one:
            if self._lost:
                self._forget()
                raise WritesLost("writing to the search index failed before this commit")
            index = await self._target()
            try:
                await self._publish(index, position)
            except Refused as refused:
                self._forget()
                if refused.status == _GONE:
                    raise WritesLost("another search index took this one's place") from None
                raise
            except BaseException:
                # Whether it was done is not known. A new index that did not take over is not gone on with.
                self._index, self._filling, self._lost = None, False, self._filling
                raise
            self._filling = False

    async def clear(self) -> None:
        """Begin an empty index beside the one that answers. What nobody finished goes."""
        async with self._one:
            self._forget()
            current = await self._current()
            names = await self._indexes()
            await self._delete(name for name in names if name != current)
            self._index = await self._begin(names)

    async def position(self) -> str | None:
        if self._filling:
            return None
        try:
            found = await self._server.ask("GET", f"/{self._alias}/_doc/{fields.POSITION}", seconds=READ)
        except Refused as refused:
            if refused.status == _GONE:
                return None
            raise
        return str(found["_source"][fields.POSITION])

    async def _publish(self, index: str, position: str | None) -> None:
        """The documents are on the server's disk: what is said of them is so even if nothing after this is done."""
        if position is None:
            await self._server.ask("POST", f"/{index}/_refresh")
        else:
            at = f"/{_door(index)}/_doc/{fields.POSITION}"
            await self._server.ask(
                "PUT", at, {fields.POSITION: position}, params={"refresh": "true", "require_alias": "true"}
            )
        await self._delete(self._old)
        self._old = []
        if self._filling:
            indexes = await self._indexes()
            # In place of the door that has been shut there is none: writing through it is refused.
            shut = [
                {"remove": {"index": name, "alias": alias}}
                for name, aliases in indexes.items()
                if name < index
                for alias in aliases
            ]
            switch = {"actions": [{"add": {"index": index, "alias": self._alias}}, *shut]}
            await self._server.ask("POST", "/_aliases", switch)
            self._old = [name for name in indexes if name < index]

    async def _bulk(self, lines: Iterable[bytes]) -> None:
        async with self._one:
            index = await self._target()
        batch: list[bytes] = []
        size = 0
        for line in lines:
            if batch and size + len(line) > _AT_ONCE:
                await self._send(index, batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line)
        if batch:
            await self._send(index, batch)

    async def _send(self, index: str, batch: list[bytes]) -> None:
        """What was asked for may be done in part: until it is told again, no position is true."""
        params = {"require_alias": "true", "filter_path": "errors,items.*.status,items.*.error.type"}
        try:
            told = await self._server.ask("POST", f"/{_door(index)}/_bulk", b"".join(batch), params=params)
        except (Unavailable, Refused):
            self._lost = True
            raise
        if not told["errors"]:
            return
        wrong = [each for item in told["items"] for each in item.values() if "error" in each]
        if not wrong:
            return  # what was to be removed was not there
        self._lost = True
        status, kind = wrong[0]["status"], wrong[0]["error"]["type"]
        if status == _GONE:
            raise WritesLost("another search index took this one's place")
        if status == _BUSY or status >= 500:
            raise Unavailable(f"the search server answers {status} {kind}", retry_after=1)
        raise Refused(status, kind)

    async def _target(self) -> str:
        if self._index is None:
            self._index = await self._current() or await self._begin(await self._indexes())
        return self._index

    async def _begin(self, names: Iterable[str]) -> str:
        number = max((int(name.rpartition("-")[2]) for name in names), default=0) + 1
        while True:
            name = f"{self._alias}-{number:06}"
            body: dict[str, Any] = {**fields.index(), "aliases": {_door(name): {}}}
            try:
                await self._server.ask("PUT", f"/{name}", body)
            except Refused as refused:
                if refused.kind != "resource_already_exists_exception":
                    raise
                number += 1
                continue
            self._filling = True
            return name

    async def _current(self) -> str | None:
        try:
            found: dict[str, Any] = await self._server.ask("GET", f"/_alias/{self._alias}", seconds=READ)
        except Refused as refused:
            if refused.status == _GONE:
                return None
            raise
        return max(found)

    async def _indexes(self) -> dict[str, list[str]]:
        """Every index of ours, with its aliases."""
        found: dict[str, Any] = await self._server.ask("GET", f"/{self._alias}-*/_alias", seconds=READ)
        ours = (name for name in found if name.removeprefix(self._alias + "-").isdigit())
        return {name: list(found[name]["aliases"]) for name in ours}

    async def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                await self._server.ask("DELETE", f"/{name}")
            except Refused as refused:
                if refused.status != _GONE:
                    raise

    def _forget(self) -> None:
        self._index = None
        self._filling = self._lost = False


def _door(index: str) -> str:
    """The alias by which an index is written to: where it is gone, no other is made by writing to its name."""
    return f"{index}.writes"
