"""A bare server: the same HTTP server as the shop's, answering with bytes it was given. What the machine could do at most.

`python -m banyan.trial.bare PORT < answers`, a JSON object of paths and body texts.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import orjson
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server


def application(answers: Mapping[str, bytes]) -> Any:
    """An ASGI application that looks a path up and sends its bytes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = answers.get(scope["path"], b"")
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _serve(port: int, answers: Mapping[str, bytes]) -> None:
    server = Server(
        application(answers),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=60_000,
        log_enabled=False,
    )
    await server.serve()


async def start(port: int, answers: Mapping[str, str]) -> "asyncio.subprocess.Process":
    """Start it in a process of its own; kill that when done."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.trial.bare", str(port)), stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(orjson.dumps(dict(answers)))
    process.stdin.close()
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return process
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError("the bare server did not start")


def _main() -> None:
    import uvloop

    given = orjson.loads(sys.stdin.buffer.read())
    uvloop.run(_serve(int(sys.argv[1]), {path: body.encode() for path, body in given.items()}))


if __name__ == "__main__":
    _main()
