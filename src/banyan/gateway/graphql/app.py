"""`/graphql` as an ASGI application: reads a request, refuses what is too much before any of it runs, and executes the rest."""

import logging
from typing import Any

import orjson
from graphql import GraphQLError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from banyan.foundation.auth import Authority
from banyan.foundation.peers import Peers
from banyan.foundation.web import problem
from banyan.gateway.graphql import limits
from banyan.gateway.graphql.limits import TooMuch
from banyan.gateway.graphql.schema import schema
from banyan.gateway.graphql.shop import Shop, refused
from banyan.kernel.refusals import Refusal

_log = logging.getLogger(__name__)
SDL = schema.as_str() + "\n"
MAX_BODY = 100_000
_PASSED_ON = ("authorization", "cookie")
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>GraphQL</title>
<h1>GraphQL</h1><p>POST <code>{"query": "…", "variables": {…}}</code> here as <code>application/json</code>.
The schema is at <a href="/graphql/schema.graphql">/graphql/schema.graphql</a>.</p></html>"""


class Asked(BaseModel):
    """One operation as clients send it (GraphQL over HTTP)."""

    model_config = ConfigDict(extra="ignore")

    query: str = Field(min_length=1)
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the field's name in the specification


class Endpoint:
    """The application; `peers` is how it reaches the services, `authority` knows who asks."""

    def __init__(self, peers: Peers, authority: Authority) -> None:
        self._peers = peers
        self._authority = authority

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refusal as refusal:
            answer = problem(refusal)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == "/graphql/schema.graphql":
            return PlainTextResponse(SDL, headers={"cache-control": "public, max-age=300"})
        if request.url.path.rstrip("/") != "/graphql":
            raise Refusal("there is nothing here", status=404, code="not_found")
        if request.method in ("GET", "HEAD"):
            return HTMLResponse(
                _PAGE, headers={"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
            )
        if request.method != "POST":
            raise Refusal("send POST", status=405, code="method_not_allowed")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal("send application/json", status=415, code="not_json")
        return await self._post(request)

    async def _post(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > MAX_BODY:
            return _errors(TooMuch(f"a request is at most {MAX_BODY} bytes", "request_too_large"))
        try:
            given = orjson.loads(body)
            batch = [Asked.model_validate(each) for each in (given if isinstance(given, list) else [given])]
        except (orjson.JSONDecodeError, ValidationError, RecursionError):
            return _errors(GraphQLError('send {"query": "…"}', extensions={"code": "malformed"}))
        if not 1 <= len(batch) <= limits.MAX_BATCH:
            return _errors(TooMuch(f"a batch is 1 to {limits.MAX_BATCH} operations", "batch_too_large"))
        try:
            self._weigh(batch)
        except GraphQLError as error:
            return _errors(error)
        passed = {name: value for name in _PASSED_ON if (value := request.headers.get(name))}
        shop = Shop(self._peers, passed, self._authority)
        answers = [await self._run(asked, shop) for asked in batch]
        response = Response(
            orjson.dumps(answers if isinstance(given, list) else answers[0]), media_type="application/json"
        )
        response.headers["cache-control"] = "no-store"
        for cookie in shop.cookies:
            response.headers.append("set-cookie", cookie)
        return response

    def _weigh(self, batch: list[Asked]) -> None:
        """All of a batch counts together, so that asking in pieces is no way around the limits."""
        cost = sum(limits.check(limits.read(a.query), a.variables or {}, a.operationName) for a in batch)
        if cost > limits.MAX_COST:
            raise TooMuch(f"together these cost {cost}, at most {limits.MAX_COST} is allowed", "too_costly")

    async def _run(self, asked: Asked, shop: Shop) -> dict[str, Any]:
        result = await schema.execute(
            asked.query,
            variable_values=asked.variables,
            operation_name=asked.operationName,
            context_value={"shop": shop},
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [_told(error) for error in result.errors]
        return answer


def _told(error: GraphQLError) -> Any:
    """An error in the specification's shape; what we did not foresee stays in the log."""
    if isinstance(error.original_error, Refusal):
        return {**refused(error.original_error).formatted, "path": error.path}
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        _log.error("a resolver failed", exc_info=error.original_error)
        return {"message": "something went wrong on our side", "path": error.path, "extensions": {"code": "internal"}}
    return error.formatted


def _errors(error: GraphQLError) -> Response:
    """Refused before anything ran (GraphQL over HTTP: 400)."""
    return Response(orjson.dumps({"errors": [error.formatted]}), 400, {"cache-control": "no-store"}, "application/json")
