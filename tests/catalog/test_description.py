"""What the API's description says is what the API does, asked with what fits it and with what does not: no 5xx."""

import asyncio
import contextlib

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.schemas import APIOperation

from tests.catalog.counter import Counter

KEPT = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
ROUTES = 25
quick = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
async def described(counter: Counter) -> list[APIOperation]:
    await counter.made("/v1/categories", {"name": "0"})
    await counter.product("0", slug="0", category="0")
    schema = schemathesis.openapi.from_dict((await counter.get("/openapi.json")).json())
    return [each.ok() for each in schema.get_all_operations()]


async def answer(counter: Counter, case: Case) -> Response:
    asked = requests.Request(**case.as_transport_kwargs("http://shop")).prepare()
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    headers = {name.replace("-", "_"): value for name, value in asked.headers.items()} | {
        "authorization": "Bearer operator"
    }
    got = await counter.send(asked.method or "", asked.path_url, body or None, **headers)
    named = {name: [value] for name, value in got.headers}
    return Response(got.status, named, got.body, asked, elapsed=0, verify=True)


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_every_route_does_what_its_description_says(
    counter: Counter, described: list[APIOperation], mode: GenerationMode
) -> None:
    loop, statuses = asyncio.get_running_loop(), set[int]()
    checks = CHECKS.get_by_names(KEPT)

    def try_out(operation: APIOperation) -> None:
        @quick
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            got = asyncio.run_coroutine_threadsafe(answer(counter, case), loop).result(20)
            statuses.add(got.status_code)
            case.validate_response(got, checks=checks)

        with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
            ask()

    assert len(described) == ROUTES
    for operation in described:
        await asyncio.to_thread(try_out, operation)
    assert statuses & {200, 201, 404, 422}
    assert await counter.broken() == []
