"""Operators change the category tree."""

from typing import Self

from fastapi import APIRouter, Response
from pydantic import model_validator

from banyan.catalog.actions import categories as actions
from banyan.catalog.api.words import GONE, AtName, IdOrSlug, IfMatch, Label, Slug, Whole, answers, safe
from banyan.foundation.service import Ports
from banyan.foundation.web import Body, MaybeKey, Who, told


class CategoryBody(Body):
    name: Label
    parent: IdOrSlug | None = None
    slug: Slug | None = None
    position: Whole = 0


class CategoryEdit(Body):
    """What is left out stays; `parent: null` makes it a root."""

    name: Label | None = None
    parent: IdOrSlug | None = None
    slug: Slug | None = None
    position: Whole | None = None

    @model_validator(mode="after")
    def _only_the_parent_can_be_null(self) -> Self:
        if any(getattr(self, name) is None for name in self.model_fields_set - {"parent"}):
            raise ValueError("only parent can be null")
        return self


def add_to(router: APIRouter, ports: Ports) -> None:
    @router.post("/v1/categories", status_code=201, response_model=None, responses=answers(201, "The new category"))
    async def add_category(who: Who, key: MaybeKey, body: CategoryBody) -> Response:
        return told(await actions.add(ports, key, body.model_dump()))

    @router.patch("/v1/categories/{category}", response_model=None, responses=answers(200, "The category"))
    async def edit_category(who: Who, category: AtName, body: CategoryEdit, if_match: IfMatch = None) -> Response:
        """Rename, reorder, or move it with all below it."""
        return told(await actions.edit(ports, safe(category), if_match, body.model_dump(exclude_unset=True)))

    @router.delete(
        "/v1/categories/{category}",
        status_code=204,
        response_model=None,
        responses=GONE,
    )
    async def remove_category(who: Who, category: AtName) -> Response:
        """Only an empty one."""
        await actions.remove(ports, safe(category))
        return Response(status_code=204)
