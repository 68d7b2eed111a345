"""What the API's description says is what the API does, asked with what fits it and with what does not: no 5xx."""

import asyncio

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.schemas import APIOperation

from tests.move.api.conftest import Counter
from tests.move.cutover.world import GROUP

KEPT = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
ROUTES = 24
quick = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
async def described(counter: Counter) -> list[APIOperation]:
    schema = schemathesis.openapi.from_dict((await counter.ask("GET", "/openapi.json")).json())
    return [each.ok() for each in schema.get_all_operations()]


async def answer(counter: Counter, case: Case, group: str | None) -> Response:
    asked = requests.Request(**case.as_transport_kwargs("http://shop")).prepare()
    path = asked.path_url
    if group and case.path_parameters and "group" in case.path_parameters:
        path = case.operation.path.replace("{group}", group) + path[len(asked.path_url.partition("?")[0]) :]
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    headers = {
        name.lower().replace("-", "_"): value
        for name, value in asked.headers.items()
        if name.lower() in ("idempotency-key", "content-type")
    }
    headers.pop("content_type", None)
    got = await counter.ask(asked.method or "", path, raw=body or b"", **headers)
    named = {name: [value] for name, value in got.headers}
    return Response(got.status, named, got.body, asked, elapsed=0, verify=True)


@pytest.mark.parametrize("group", [None, GROUP], ids=["any group", "the group"])
@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_every_route_does_what_its_description_says(
    counter: Counter, described: list[APIOperation], mode: GenerationMode, group: str | None
) -> None:
    loop, statuses = asyncio.get_running_loop(), set[int]()
    checks = CHECKS.get_by_names(KEPT)

    def try_out(operation: APIOperation) -> None:
        @quick
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            got = asyncio.run_coroutine_threadsafe(answer(counter, case, group), loop).result(60)
            statuses.add(got.status_code)
            case.validate_response(got, checks=checks)

        ask()

    assert len(described) == ROUTES
    for operation in described:
        if mode is GenerationMode.NEGATIVE and operation.label in ("GET /v1/move", "GET /v1/move/throttle"):
            continue  # nothing can be sent there that does not fit
        if group and operation.label.endswith("/rehearse"):
            continue  # each would begin a process
        await asyncio.to_thread(try_out, operation)
    assert statuses & {200, 202, 404, 422}
