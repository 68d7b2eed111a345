"""A collector of OpenTelemetry spans over HTTP, as the protocol has it (OTLP/HTTP, protobuf)."""

from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Span:
    """`service` sent it; `parent` is empty for the first of its trace."""

    service: str
    name: str
    trace: str
    id: str
    parent: str


@dataclass(slots=True)
class Collector:
    port: int
    spans: list[Span] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/v1/traces", self._collect)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _collect(self, request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            service = next(
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            )
            for scope in resource.scope_spans:
                self.spans += [
                    Span(service, each.name, each.trace_id.hex(), each.span_id.hex(), each.parent_span_id.hex())
                    for each in scope.spans
                ]
        return web.Response(body=b"", content_type="application/x-protobuf")
