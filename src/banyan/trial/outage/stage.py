"""The stage: a shop with its card vault and two providers, of which Stripe is played by a process that can hang and die."""

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.simulators.stripe import KEY
from banyan.trial.outage.seeing import Operator
from banyan.trial.own_shop import OwnShop, environment, let_go
from banyan.trial.shoppers import goods
from banyan.trial.shoppers.shopper import Goods
from banyan.trial.stand import until_found

ROUTES = "stripe 150+25; testbank 290+30"  # Stripe is the cheaper one, and so the first
_SECRET = "whsec_simulated"
_STARTS = 60.0  # seconds


@dataclass(slots=True)
class Simulator:
    """`banyan simulate stripe`, its book in a file: what it acknowledged is there again when it is."""

    folder: Path
    clock: Clock
    webhook: str
    port: int = field(default_factory=free_port)
    process: "asyncio.subprocess.Process | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """RuntimeError with its last words when it does not answer."""
        log, ends = self.folder / "stripe.log", self.clock.monotonic() + _STARTS
        with log.open("ab") as words:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "banyan.cli", "simulate", "stripe", "--port", str(self.port)),
                *("--webhook", self.webhook, "--secret", _SECRET, "--book", str(self.folder / "stripe.json")),
                env=environment({}),
                stdout=words,
                stderr=words,
                start_new_session=True,  # Ctrl-C is for us: we end it
            )
        async with aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/_sim/invariants") as answer:
                        if answer.status == 200:
                            return
                if self.process.returncode is not None or self.clock.monotonic() > ends:
                    raise RuntimeError(f"Stripe's simulator did not start:\n{log.read_text()[-2000:]}")
                await self.clock.sleep(0.05)

    def hang(self) -> None:
        """From now on it takes connections and questions, as its kernel does that for it, and answers none."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It does everything that it was asked meanwhile, however long nobody waits for it any more."""
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self.process is not None:
            await self.process.wait()

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)


@dataclass(slots=True)
class Stage:
    """`cards`: where the vault takes them. `goods`: all of it can be bought without end."""

    shop: OwnShop
    stripe: Simulator
    operator: Operator
    cards: str
    goods: Goods
    clock: Clock
    ids: Ids


@contextlib.asynccontextmanager
async def stage(
    folder: Path, more: Mapping[str, str], *, products: int, clock: Clock, ids: Ids
) -> AsyncIterator[Stage]:
    """All of it running, the shop with `more` settings. RuntimeError when something does not start."""
    port = free_port()
    stripe = Simulator(folder, clock, f"http://127.0.0.1:{port}/webhooks/stripe")
    env = {
        "BANYAN_CARD_FIELDS": "vault",
        "BANYAN_VAULT_HOSTS": stripe.url,
        "BANYAN_STRIPE_URL": stripe.url,
        "BANYAN_STRIPE_KEY": KEY,
        "BANYAN_STRIPE_WEBHOOK_SECRET": _SECRET,
        "BANYAN_PAYMENT_ROUTES": ROUTES,
        "BANYAN_RATE_LIMITS": "false",
        **more,
    }
    shop = OwnShop(folder / "shop", clock, env, ("--empty",), port)
    try:
        await asyncio.gather(shop.start(180), stripe.start())
        await goods.fill(shop.data_dir, products)
        await until_found(shop)
        things = await goods.of_shop(shop.url, ids, members=0, most=products)
        async with Operator.signed_in(shop) as operator:
            yield Stage(shop, stripe, operator, await _cards(shop), things, clock, ids)
    finally:
        await stripe.kill()
        await shop.stop()
        await asyncio.to_thread(let_go, shop.data_dir)


async def _cards(shop: OwnShop) -> str:
    """The shop takes no card, and says who does."""
    async with aiohttp.ClientSession(shop.url) as http, http.post("/v1/vault/cards", json={}) as answer:
        told = await answer.json(content_type=None)
    if not re.fullmatch(r"http://\S+", str(told.get("vault"))):
        raise RuntimeError("this shop has no vault beside it")
    return str(told["vault"])
