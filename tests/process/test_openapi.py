"""The whole shop's description, tried against the running shop: no 5xx, and no answer that is not described."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from banyan import topology
from banyan.commands import users
from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.stocking import stock

EXAMPLES = 12  # for each operation and way; the services' own suites go deeper
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance)


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[OwnShop]:
    folder = Path(tempfile.mkdtemp(prefix="banyan-o-"))
    folder.chmod(0o755)
    async with own_shop(folder, SystemClock(), options=("--empty",), rate_limits="false") as made:
        await stock(folder, "OPEN-1", 100)
        await made.start()
        yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def description(shop: OwnShop) -> dict[str, Any]:
    async with aiohttp.ClientSession(shop.url) as http, http.get("/openapi.json") as answer:
        assert answer.status == 200
        return dict(await answer.json())


@pytest.fixture(scope="module")
async def operator(shop: OwnShop) -> str:
    """An operator's access token, got as an operator would: by the one-time link."""
    link = await users._create(shop.data_dir, "op@example.com")
    async with aiohttp.ClientSession(shop.url) as http:
        token = {"token": link.rpartition("token=")[2]}
        async with http.post("/v1/sessions/magic-link/redeem", json=token) as answer:
            assert answer.status == 201
            return str((await answer.json())["access_token"])


def test_it_is_openapi_3_1_and_every_operation_has_its_own_name(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    names = [operation["operationId"] for path in description["paths"].values() for operation in _operations(path)]
    assert len(names) == len(set(names)) > 60


def test_every_route_of_every_service_is_described_and_nothing_from_inside(description: dict[str, Any]) -> None:
    prefixes = {prefix for prefix, service in topology.ROUTES.items() if service in topology.SERVICES}
    for prefix in prefixes - {"/media"}:
        assert any(path.startswith(prefix) for path in description["paths"]) or prefix.startswith("/bank/"), prefix
    assert not [path for path in description["paths"] if path.startswith(("/internal", "/operate", "/bank"))]


def _operations(path: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for method, each in path.items() if method in ("get", "post", "put", "patch", "delete")]


@pytest.mark.slow
@pytest.mark.parametrize("who", ["guest", "operator"])
def test_whatever_is_sent_no_answer_is_a_fault_or_a_surprise(
    shop: OwnShop, description: dict[str, Any], operator: str, who: str
) -> None:
    schema = schemathesis.openapi.from_dict(description)
    headers = {"Authorization": f"Bearer {operator}"} if who == "operator" else {}
    failed: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @_given(operation.as_strategy())
        def send(case: Any) -> None:
            answer = case.call(base_url=shop.url, headers=headers)
            case.validate_response(answer, checks=list(CHECKS))

        try:
            send()
        except (Exception, BaseExceptionGroup) as error:  # all of them, not the first alone
            failed.append(f"{operation.label}: {_told(error)}")
    assert "\n\n".join(failed) == ""


def _given(strategy: Any) -> Any:
    from hypothesis import given

    return given(case=strategy)


def _told(error: BaseException) -> str:
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
    return " | ".join(str(each)[:400] for each in inner)
