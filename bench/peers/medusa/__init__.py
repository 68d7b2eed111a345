"""Medusa from npm: built for production, two processes with Redis where there is a Redis server, else one without."""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from bench.peers import goods
from bench.peers.asked import Ask, Skipped, Wrong, get, post
from bench.peers.ground import Database, Ground, bridge, database, node, postmaster
from bench.peers.shop import Running
from bench.peers.wire import Talk

from banyan.foundation.free_ports import free_port

SITE = Path(__file__).parent / "site"
FILES = ("package.json", "tsconfig.json", "medusa-config.ts", "src/scripts/fill.ts")
CARTS = 100
SHORT = "id,title,handle,*variants.calculated_price"
ADDRESS = {
    "first_name": "A",
    "last_name": "Buyer",
    "address_1": "1 High Street",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country_code": "gb",
}


class Medusa:
    name = "medusa"
    version = "2.21.2"
    shares_postgres = True

    def __init__(self) -> None:
        self._redis = shutil.which("redis-server")
        kept = (
            "Redis for events, workflows, locks and cache"
            if self._redis
            else "no Redis here: one process, all in memory"
        )
        self.remark = f"{kept}; payment by its system provider"

    async def install(self, ground: Ground) -> None:
        await node()
        recipe = "".join((SITE / name).read_text() for name in FILES)
        if not ground.done("installed", recipe):
            shutil.rmtree(ground.folder, ignore_errors=True)
            ground.put(SITE, *FILES)
            await ground.run("npm", "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
            await ground.run("medusa build", "node_modules/.bin/medusa", "build", env=_env("", ""))
            ground.mark("installed", recipe)

    async def fill(self, ground: Ground, server: str) -> None:
        if (ground.folder / "ids.json").exists():
            return
        base, part = await database(server, "medusa", fresh=True), ground.folder / "ids.json.part"
        (ground.folder / "goods.json").write_bytes(orjson.dumps(goods.told()))
        files = {"PEER_GOODS": str(ground.folder / "goods.json"), "PEER_IDS": str(part)}
        async with bridge(base) as port:  # its migrations know no sockets but TCP's
            env = _env(f"postgres://postgres@127.0.0.1:{port}/{base.name}", "") | files
            command = "node_modules/.bin/medusa"
            await ground.run("medusa db:migrate", command, "db:migrate", env=env)
            await ground.run("filling Medusa", command, "exec", "./src/scripts/fill.ts", env=env)
        if not part.exists():
            raise Skipped("its script did not fill it")
        part.rename(ground.folder / "ids.json")

    @contextlib.asynccontextmanager
    async def running(self, ground: Ground, server: str) -> AsyncIterator[Running]:
        base, port, built = (
            await database(server, "medusa", fresh=False),
            free_port(),
            Ground(ground.folder / ".medusa/server"),
        )
        async with contextlib.AsyncExitStack() as stack:
            app, redis = list[int](), ""
            if self._redis:
                at = free_port()
                manner = ("--port", str(at), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
                app.append(await stack.enter_async_context(ground.server("redis", self._redis, *manner, env={})))
                redis = f"redis://127.0.0.1:{at}"
            command = (await node(), str(ground.folder / "node_modules/.bin/medusa"), "start")
            manner = ("--host", "127.0.0.1", "--port", str(port), *(("--cluster", "2") if redis else ()))
            env = _env(_by_socket(base), redis)
            app.append(await stack.enter_async_context(built.server("medusa", *command, *manner, env=env)))
            await built.answers("medusa", app[-1], f"http://127.0.0.1:{port}/health")
            told = json.loads((ground.folder / "ids.json").read_text())
            yield Running(port, app, postmaster(ground.folder.parent), told)

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        told, products = running.told, goods.products()
        key, region = {"X_Publishable_Api_Key": told["key"]}, f"region_id={told['region']}"
        talk, adds = Talk(running.port), []
        for number in range(CARTS):
            cart = await _cart(talk, told, "shopper")
            body = orjson.dumps({"variant_id": told["variants"][products[number].sku("Small")], "quantity": 1})
            adds.append(post(f"/store/carts/{cart}/line-items", body, cart, '"unit_price":', **key))
        talk.close()
        listed = f"/store/products?limit={goods.PAGE}&{region}&fields={SHORT}"
        return {
            "product read": [
                get(
                    f"/store/products/{told['products'][each.name]}?{region}&fields=description,{SHORT}",
                    f'"title":"{each.name}"',
                    f'"calculated_amount":{each.price() / 100:g},',
                    **key,
                )
                for each in products
            ],
            "list of 20": [
                get(f"{listed}&category_id[]={each}", '"calculated_amount":', each='"handle":', count=goods.PAGE, **key)
                for each in told["categories"].values()
            ],
            "text search, 20": [
                get(
                    f"{listed}&q={word.lower()}",
                    f'"title":"{word} ',
                    '"calculated_amount":',
                    each='"handle":',
                    count=goods.PAGE,
                    **key,
                )
                for word in goods.WORDS
            ],
            "add to cart": adds,
        }


async def purchase(talk: Talk, buyer: str, told: dict[str, Any]) -> None:
    """Seven requests: a cart with the address, a line, ways to send it, one of them, two for the payment, the order."""
    product, cart = goods.wanted_by(buyer), await _cart(talk, told, buyer)
    at = f"/store/carts/{cart}"
    await _say(
        talk, told, "POST", f"{at}/line-items", {"variant_id": told["variants"][product.sku("Small")], "quantity": 1}
    )
    ways = await _say(talk, told, "GET", f"/store/shipping-options?cart_id={cart}")
    await _say(talk, told, "POST", f"{at}/shipping-methods", {"option_id": ways["shipping_options"][0]["id"]})
    pays = await _say(talk, told, "POST", "/store/payment-collections", {"cart_id": cart})
    sessions = f"/store/payment-collections/{pays['payment_collection']['id']}/payment-sessions"
    await _say(talk, told, "POST", sessions, {"provider_id": "pp_system_default"})
    done = await _say(talk, told, "POST", f"{at}/complete", {})
    if (
        done["type"] != "order"
        or not done["order"]["display_id"]
        or round(done["order"]["total"] * 100) != product.cents + 500
    ):
        raise Wrong(f"no order: {str(done)[:160]}")


async def _cart(talk: Talk, told: dict[str, Any], buyer: str) -> str:
    who = {"region_id": told["region"], "email": f"{buyer}@example.com", "shipping_address": ADDRESS}
    return str((await _say(talk, told, "POST", "/store/carts", who))["cart"]["id"])


async def _say(talk: Talk, told: dict[str, Any], method: str, path: str, body: object = None) -> Any:
    answer = await talk.ask(method, path, body, X_Publishable_Api_Key=told["key"])
    if answer.status != 200:
        raise Wrong(f"{path.split('?')[0]}: {answer.status} {answer.body[:160]!r}")
    return answer.json()


def _by_socket(base: Database) -> str:
    return f"postgres://postgres@localhost/{base.name}?host={base.sockets}"


def _env(url: str, redis: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "PEER_REDIS": redis,
        "PEER_SECRET": "of this bench alone",
        "NODE_ENV": "production",
        "MEDUSA_DISABLE_TELEMETRY": "true",
    }
