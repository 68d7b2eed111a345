"""Browsers' reports of what a policy forbade are counted by directive, in both forms; rubbish is refused, nothing is kept."""

from typing import Any

import orjson
import pytest

from banyan.foundation import loopback, telemetry
from banyan.gateway.reports import Reports

OLD = {
    "csp-report": {"document-uri": "https://shop.example/p/mug?token=ml_secret", "violated-directive": "img-src 'self'"}
}
NEW = [
    {
        "type": "csp-violation",
        "body": {"documentURL": "https://shop.example/", "effectiveDirective": "script-src-elem"},
    },
    {"type": "deprecation", "body": {"id": "x"}},
]


def counted(directive: str) -> float:
    return float(telemetry.CSP_REPORTS.labels(directive)._value.get())


async def post(body: bytes, method: str = "POST") -> int:
    return (await loopback.request(Reports(), method, "/csp-reports", headers={}, body=body)).status


@pytest.mark.parametrize(("report", "directive"), [(OLD, "img-src"), (NEW, "script-src-elem")])
async def test_a_report_counts_once_by_its_directive(report: Any, directive: str) -> None:
    before = counted(directive)
    assert await post(orjson.dumps(report)) == 204
    assert counted(directive) == before + 1


async def test_a_directive_that_nobody_knows_makes_no_count_of_its_own() -> None:
    before = counted("other")
    assert await post(orjson.dumps({"csp-report": {"effective-directive": "x" * 99}})) == 204
    assert counted("other") == before + 1


async def test_the_log_hears_no_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        await post(orjson.dumps(OLD))
    assert [record.__dict__["page"] for record in caplog.records] == ["/p/mug"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"x"', b"[1]", b"{}", b'[{"type":"csp-violation","body":1}]'])
async def test_rubbish_counts_nothing(body: bytes) -> None:
    before = telemetry.metrics().count(b"shop_csp_reports_total{")
    assert await post(body) in (204, 400)
    assert telemetry.metrics().count(b"shop_csp_reports_total{") == before


async def test_reports_are_posted_and_of_a_browsers_length() -> None:
    assert await post(b"", "GET") == 405
    assert await post(b" " * 64_001) == 400
