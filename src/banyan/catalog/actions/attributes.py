"""Attributes are declared, renamed and forgotten. Their kind never changes: what products have would no longer fit."""

from collections.abc import Mapping
from typing import Any

import orjson

from banyan.catalog.domain.attributes import Attribute, Kind, choices_fit
from banyan.catalog.storage import clashes, shelves
from banyan.foundation import idempotency
from banyan.foundation.db import Row, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.web import etag, must_match
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound


async def add(ports: Ports, key: Key | None, new: Attribute) -> Answer:
    """Conflict when there is one of this code."""
    _must_fit(new.kind, new.choices)

    async def effect(tx: Tx) -> Answer:
        if await shelves.attribute(tx, new.code) is not None:
            raise Conflict("there is an attribute of this code", code="code_taken")
        await shelves.add_attributes(tx, [new])
        return await _answer(tx, new.code, 201)

    with clashes.told():
        return await idempotency.once(ports.db, key, effect)


async def edit(ports: Ports, code: str, if_match: str | None, changes: Mapping[str, Any]) -> Answer:
    """Change name, unit or choices. Conflict when a product has a choice that would be gone."""

    async def effect(tx: Tx) -> Answer:
        now = await _found(tx, code)
        if if_match is not None:
            must_match(if_match, now["version"])
        if "choices" in changes:
            _must_fit(Kind(now["kind"]), changes["choices"])
            gone = set(now["choices"]) - set(changes["choices"])
            if gone and (used := sorted(gone & await shelves.values_of(tx, code))):
                raise Conflict(f"products still have {', '.join(used[:5])}", code="choice_in_use")
        await shelves.change_attribute(tx, code, changes)
        await shelves.revise_having(tx, code)
        return await _answer(tx, code, 200)

    return await ports.db.retrying(effect)


async def remove(ports: Ports, code: str) -> None:
    """Conflict while a product has it."""

    async def effect(tx: Tx) -> None:
        await _found(tx, code)  # waits for those who are using it just now
        if not await shelves.remove_attribute(tx, code):
            raise Conflict("products have this attribute", code="attribute_in_use")

    await ports.db.retrying(effect)


async def _found(tx: Tx, code: str) -> Row:
    row = await shelves.attribute(tx, code)
    if row is None:
        raise NotFound(f"there is no attribute {code}", code="no_such_attribute")
    return row


async def _answer(tx: Tx, code: str, status: int) -> Answer:
    row = await _found(tx, code)
    told = {name: row[name] for name in ("code", "name", "kind", "unit", "choices")}
    return Answer(status, orjson.dumps(told), headers=(("etag", etag(row["version"])),))


def _must_fit(kind: Kind, choices: tuple[str, ...] | list[str]) -> None:
    if not choices_fit(kind, choices):
        raise Invalid(
            "some of what was sent cannot be accepted",
            errors=[Fault("/body/choices", "choices", "a choice has choices, each once; other kinds have none")],
        )
