"""Operators declare attributes."""

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints, model_validator

from banyan.catalog.actions import attributes as actions
from banyan.catalog.api.words import GONE, AtName, Code, IfMatch, Label, Option, answers, safe
from banyan.catalog.domain.attributes import Attribute, Kind
from banyan.catalog.domain.naming import LINE, code_of
from banyan.foundation.service import Ports
from banyan.foundation.web import Body, MaybeKey, Who, told

Unit = Annotated[str, StringConstraints(max_length=20, pattern=LINE)]
Choices = Annotated[tuple[Option, ...], Field(max_length=500)]


class AttributeBody(Body):
    name: Label
    kind: Kind
    code: Code | None = None
    unit: Unit = ""
    choices: Choices = ()


class AttributeEdit(Body):
    """What is left out stays. The kind of an attribute never changes."""

    name: Label | None = None
    unit: Unit | None = None
    choices: Choices | None = None

    @model_validator(mode="after")
    def _nothing_is_null(self) -> Self:
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("nothing here can be null")
        return self


def add_to(router: APIRouter, ports: Ports) -> None:
    @router.post("/v1/attributes", status_code=201, response_model=None, responses=answers(201, "The new attribute"))
    async def add_attribute(who: Who, key: MaybeKey, body: AttributeBody) -> Response:
        """`code` is made of the name when it is not given; `choices` belong to the kind `choice` alone."""
        new = Attribute(body.code or code_of(body.name), body.name, body.kind, body.unit, body.choices)
        return told(await actions.add(ports, key, new))

    @router.patch("/v1/attributes/{code}", response_model=None, responses=answers(200, "The attribute"))
    async def edit_attribute(who: Who, code: AtName, body: AttributeEdit, if_match: IfMatch = None) -> Response:
        return told(await actions.edit(ports, safe(code), if_match, body.model_dump(exclude_unset=True)))

    @router.delete("/v1/attributes/{code}", status_code=204, response_model=None, responses=GONE)
    async def remove_attribute(who: Who, code: AtName) -> Response:
        """Only one that no product has."""
        await actions.remove(ports, safe(code))
        return Response(status_code=204)
