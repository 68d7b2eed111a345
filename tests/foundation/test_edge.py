"""The edge of a process: every request has an id, a trace, an end and a limit; callers cannot multiply metrics."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from banyan.contracts import gateway
from banyan.foundation import deadlines, telemetry
from banyan.foundation.edge import LONGEST_REQUEST, Edge, Quick
from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Conflict

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class Inside:
    """The application behind the edge: notes what it is told, and does as its path says."""

    def __init__(self) -> None:
        self.requests = 0
        self.trace = self.request_id = ""
        self.seconds_left = 0.0
        self.body = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        self.trace, self.request_id, self.seconds_left = (
            telemetry.trace_id(),
            telemetry.request_id(),
            deadlines.remaining(),
        )
        if scope["path"] == "/slow":
            await asyncio.sleep(30)
        if scope["path"] == "/refused":
            raise Conflict("not like this", code="not_like_this")
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello"})


class Door:
    """An edge that answers questions in tests."""

    def __init__(
        self, name: str = "edge-test", *, trust: bool = False, quick: Callable[[Any], Quick | None] | None = None
    ) -> None:
        self.inside, clock = Inside(), SystemClock()
        self.able = True
        self.edge = Edge(
            self.inside,
            name,
            clock=clock,
            ids=SystemIds(clock),
            ready=self._ready,
            trust=trust,
            max_body=lambda method, path: 10 if path == "/small" else 1000,
            quick=quick,
        )

    async def _ready(self) -> bool:
        return self.able

    async def ask(self, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str) -> HttpAnswer:
        return await request(
            self.edge, method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body
        )

    async def send_in_pieces(self, path: str, *pieces: bytes) -> int:
        """A body that does not say how long it is; the status."""
        left, told = list(pieces), list[int]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])

        scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"transfer-encoding", b"chunked")]}
        await self.edge(scope, receive, send)
        return told[0]


def in_seconds(seconds: float) -> str:
    return f"{SystemClock().now().timestamp() + seconds:.3f}"


async def test_each_answer_carries_the_id_its_request_is_known_by_inside() -> None:
    door = Door()
    first, second = await door.ask(), await door.ask()
    assert first.header("x-request-id") != second.header("x-request-id") == door.inside.request_id
    assert (await door.ask(x_request_id="mine-1")).header("x-request-id") == "mine-1" == door.inside.request_id
    assert len(door.inside.trace) == 32


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\r\nset-cookie: b=c", "é", '{"a":1}'])
async def test_an_id_that_would_not_be_safe_in_a_log_or_header_is_replaced(given: str) -> None:
    assert str((await Door().ask(x_request_id=given)).header("x-request-id")).startswith("req_")


async def test_a_trace_that_came_along_goes_on() -> None:
    door = Door()
    await door.ask(traceparent=TRACE)
    assert door.inside.trace == "a" * 32


@pytest.mark.parametrize(
    "given", [TRACE[:-1], TRACE.upper(), TRACE.replace("a", "0"), TRACE + "-x", "00-é", "ff" + TRACE]
)
async def test_a_malformed_trace_is_replaced_by_a_new_one(given: str) -> None:
    door = Door()
    await door.ask(traceparent=given)
    assert door.inside.trace not in ("a" * 32, "0" * 32)
    assert len(door.inside.trace) == 32


async def test_peers_deadlines_are_kept_and_strangers_have_none_of_their_own() -> None:
    for trust, longest in ((True, 2.0), (False, LONGEST_REQUEST)):
        door = Door(trust=trust)
        await door.ask(**{gateway.DEADLINE: in_seconds(2)})
        assert longest - 1 < door.inside.seconds_left <= longest + 0.01


@pytest.mark.parametrize("given", ["inf", "nan", "tomorrow", "1e999", "99999999999999"])
async def test_no_header_makes_a_request_last_longer_than_it_may(given: str) -> None:
    door = Door(trust=True)
    await door.ask(**{gateway.DEADLINE: given})
    assert 0 < door.inside.seconds_left <= LONGEST_REQUEST


@pytest.mark.parametrize("seconds", [-1.0, float("-inf")])
async def test_what_is_too_late_already_is_not_begun(seconds: float) -> None:
    door = Door(trust=True)
    answer = await door.ask(**{gateway.DEADLINE: in_seconds(seconds)})
    assert (answer.status, answer.json()["code"]) == (504, "deadline_passed")
    assert door.inside.requests == 0


async def test_what_takes_longer_than_its_deadline_ends_as_a_problem() -> None:
    answer = await Door(trust=True).ask("/slow", **{gateway.DEADLINE: in_seconds(0.1)})
    assert (answer.status, answer.json()["code"]) == (504, "deadline_passed")


async def test_a_refusal_that_reaches_the_edge_becomes_a_problem_with_its_trace() -> None:
    answer = await Door().ask("/refused", traceparent=TRACE)
    assert (answer.status, answer.json()["code"], answer.json()["trace_id"]) == (409, "not_like_this", "a" * 32)
    assert answer.header("content-type") == "application/problem+json"


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    door = Door()
    answer = await door.ask("/small", "POST", b"x" * 11)
    assert (answer.status, answer.json()["code"]) == (413, "too_large")
    assert door.inside.requests == 0
    assert (await door.ask("/small", "POST", b"x" * 10)).status == 200
    assert (await door.ask("/", "POST", b"x" * 11)).status == 200


@pytest.mark.parametrize("length", ["-1", "1.5", "many", "0x10", "9" * 5000])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    door = Door()
    assert (await door.ask("/", "POST", content_length=length)).status in (400, 413)
    assert door.inside.requests == 0


async def test_a_body_that_says_nothing_of_its_length_is_counted() -> None:
    door = Door()
    assert await door.send_in_pieces("/small", b"12345", b"67890", b"1") == 413
    assert await door.send_in_pieces("/small", b"12345", b"", b"67890") == 200


def labels_of(service: str) -> set[tuple[str, ...]]:
    """The label sets a service has in the metrics."""
    return {labels for labels in telemetry.REQUESTS._metrics if labels[0] == service}


async def test_callers_cannot_multiply_metrics_by_method_or_path() -> None:
    door = Door("labels-test")
    for number in range(30):
        await door.ask(f"/{number}", f"METHOD{number}")
    await door.ask("/x", "GET")
    assert {labels[1:3] for labels in labels_of("labels-test")} == {("other", "other"), ("GET", "other")}
    text = (await door.ask("/metrics")).body.decode()
    assert (
        'http_server_request_duration_seconds_bucket{le="10.0",method="GET",route="other",service="labels-test"' in text
    )


async def test_a_process_that_drains_is_alive_and_not_ready() -> None:
    door = Door()
    assert (await door.ask("/readyz")).json() == {"ready": True}
    door.able = False
    assert (await door.ask("/readyz")).status == 503
    door.able, door.edge.draining = True, True
    assert (await door.ask("/readyz")).json() == {"ready": False}
    assert (await door.ask("/livez")).body == b"ok"
    assert (await door.ask("/")).status == 200


async def test_requests_are_counted_while_they_run() -> None:
    door = Door()
    running = asyncio.create_task(door.ask("/slow"))
    await asyncio.sleep(0)
    assert door.edge.running == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert door.edge.running == 0


async def test_starting_and_stopping_is_acknowledged() -> None:
    events, told = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], list[str]()

    async def receive() -> dict[str, str]:
        return events.pop(0)

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    await Door().edge({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def _looked_up(scope: Any) -> Quick | None:
    return Quick(200, [(b"content-type", b"text/plain")], b"known", "/known") if scope["path"] == "/known" else None


async def test_quick_answers_have_an_id_each_or_the_one_that_came() -> None:
    door = Door(quick=_looked_up)
    ids = [(await door.ask("/known")).header("x-request-id") for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(str(each).startswith("req_") and len(str(each)) == 24 for each in ids)
    assert (await door.ask("/known", x_request_id="mine-1")).header("x-request-id") == "mine-1"
    assert door.inside.requests == 0


async def test_every_quick_answer_is_in_the_metrics_when_they_are_asked_for() -> None:
    door = Door("quick-test", quick=_looked_up)
    for _ in range(3):
        for _ in range(75):
            await door.ask("/known")
        told = (await door.ask("/metrics")).body.decode()
    labels = 'method="GET",route="/known",service="quick-test",status="200"'
    [counted] = [
        line for line in told.splitlines() if line.startswith("http_server_request_duration_seconds_count{" + labels)
    ]
    assert counted.endswith(" 225.0")
    [seconds] = [
        line for line in told.splitlines() if line.startswith("http_server_request_duration_seconds_sum{" + labels)
    ]
    assert 0 < float(seconds.split()[1]) < 225


async def test_quick_answers_are_told_of_soon_though_nobody_asks() -> None:
    seen = telemetry.Quickest("soon-test", "GET", "/known", "200")
    seen.observe(10.0, 10.0001)
    for _ in range(100):
        if b'service="soon-test",status="200"} 1.0' in telemetry.metrics():
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("it was never told")


async def test_a_slow_one_among_quick_answers_is_told_as_slow() -> None:
    seen = telemetry.Quickest("slow-test", "GET", "/known", "200")
    seen.observe(10.0, 10.0001)
    seen.observe(10.0, 10.2)
    seen.settle()
    seen.settle()
    buckets = {
        sample.labels["le"]: sample.value
        for metric in telemetry.REQUESTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_bucket") and sample.labels["service"] == "slow-test"
    }
    assert (buckets["0.001"], buckets["0.1"], buckets["0.2"], buckets["+Inf"]) == (1, 1, 2, 2)
