"""`banyan simulate …`: payment providers played on this machine, for trying out what no real one should be asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from banyan.commands import run
from banyan.foundation.egress import Egress
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds

app = typer.Typer(no_args_is_help=True, help="Play a payment provider on this machine; no money moves.")

Port = Annotated[int, typer.Option(help="Where to listen.", min=1, max=65535)]
Book = Annotated[
    Path | None, typer.Option(help="A JSON file that keeps the provider's book; without, it is forgotten.")
]
Webhook = Annotated[str, typer.Option(help="Where its webhooks go.")]
PAUSE = 0.5  # seconds between passes over webhooks


@app.callback()
def _simulate() -> None: ...


@app.command("stripe")
def stripe(
    port: Port = 12111,
    webhook: Webhook = "http://127.0.0.1:8000/webhooks/stripe",
    secret: Annotated[str, typer.Option(help="The secret that webhooks are signed with.")] = "whsec_simulated",
    book: Book = None,
) -> None:
    """Play Stripe. Ctrl-C ends it. Start the shop beside it with the settings that are printed.

    Example: `banyan simulate stripe --port 12111`
    """
    run(_stripe(port, webhook, secret, book))


async def _stripe(port: int, webhook: str, secret: str, book: Path | None) -> None:
    from banyan.simulators.stripe import KEY, PUBLISHABLE, Stripe
    from banyan.simulators.stripe.elements import SCRIPT

    clock = SystemClock()
    egress = Egress()
    origin = f"http://127.0.0.1:{port}"
    played = Stripe(clock, SystemIds(clock), sender(egress), origin=origin, file=book)
    if not played.hooks:
        played.listen(webhook, secret)
    typer.echo(
        f"BANYAN_STRIPE_URL={origin}\nBANYAN_STRIPE_KEY={KEY}\nBANYAN_STRIPE_WEBHOOK_SECRET={secret}\n"
        f"BANYAN_STRIPE_PUBLISHABLE_KEY={PUBLISHABLE}\nBANYAN_STRIPE_JS_URL={origin}{SCRIPT}"
    )
    await serve(played.app, port, played.deliver, egress)


@app.command("paypal")
def paypal(
    port: Port = 12112,
    webhook: Webhook = "http://127.0.0.1:8000/webhooks/paypal",
    roots: Annotated[Path, typer.Option(help="Where to write who vouches for its webhooks.")] = Path(
        "paypal-roots.pem"
    ),
) -> None:
    """Play PayPal. Ctrl-C ends it. Start the shop beside it with the settings that are printed.

    Example: `banyan simulate paypal --port 12112`
    """
    run(_paypal(port, webhook, roots))


async def _paypal(port: int, webhook: str, roots: Path) -> None:
    from banyan.simulators.paypal import CLIENT, MERCHANT, WEBHOOK_ID, PayPal

    clock, egress = SystemClock(), Egress()
    origin = f"http://127.0.0.1:{port}"
    post = partial(sender(egress), webhook)
    signer = "messageverificationcerts.paypal.test"
    played = PayPal(clock, SystemIds(clock), post, origin=origin, cert_origin=origin, signer=signer)
    roots.write_bytes(played.authority.pem())  # noqa: ASYNC240
    typer.echo(
        f"BANYAN_PAYPAL_URL={origin}\nBANYAN_PAYPAL_CLIENT_ID={CLIENT[0]}\nBANYAN_PAYPAL_CLIENT_SECRET={CLIENT[1]}\n"
        f"BANYAN_PAYPAL_WEBHOOK_ID={WEBHOOK_ID}\nBANYAN_PAYPAL_MERCHANT_ID={MERCHANT}\n"
        f"BANYAN_PAYPAL_CERT_HOST=127.0.0.1:{port}\nBANYAN_PAYPAL_CERT_ROOTS={roots.resolve()}"  # noqa: ASYNC240
    )
    await serve(played.app, port, played.deliver, egress)


@app.command("razorpay")
def razorpay(
    port: Port = 12113,
    webhook: Webhook = "http://127.0.0.1:8000/webhooks/razorpay",
    captures: Annotated[bool, typer.Option("--captures", help="Capture payments at once, as an account may.")] = False,
) -> None:
    """Play Razorpay. Ctrl-C ends it. Start the shop beside it with the settings that are printed.

    Example: `banyan simulate razorpay --port 12113`
    """
    run(_razorpay(port, webhook, captures))


async def _razorpay(port: int, webhook: str, captures: bool) -> None:
    from banyan.simulators.razorpay import ACCOUNT, KEY, WEBHOOK_SECRET, Razorpay

    clock, egress = SystemClock(), Egress()
    origin = f"http://127.0.0.1:{port}"
    post = partial(sender(egress), webhook)
    played = Razorpay(clock, SystemIds(clock), post, origin=origin, captures=captures)
    typer.echo(
        f"BANYAN_RAZORPAY_URL={origin}\nBANYAN_RAZORPAY_KEY_ID={KEY[0]}\nBANYAN_RAZORPAY_KEY_SECRET={KEY[1]}\n"
        f"BANYAN_RAZORPAY_WEBHOOK_SECRET={WEBHOOK_SECRET}\nBANYAN_RAZORPAY_ACCOUNT={ACCOUNT}"
    )
    await serve(played.app, port, played.deliver, egress)


def sender(egress: Egress) -> Callable[[str, Mapping[str, str], bytes], Awaitable[int]]:
    """Sends webhooks over the wire."""

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = {"content-type": "application/json", **headers}
        return (await egress.send("POST", url, headers=sent, body=body, seconds=10)).status

    return post


async def serve(app: Any, port: int, deliver: Callable[[], Awaitable[int]], egress: Egress) -> None:
    """Answer on this machine only, and send webhooks by `egress`, until the process is told to end."""
    from granian.constants import Interfaces
    from granian.server.embed import Server

    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    try:
        while not serving.done():
            await deliver()
            await asyncio.wait({serving}, timeout=PAUSE)
        await serving
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({serving}, timeout=5)
        await egress.close()
