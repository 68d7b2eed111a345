"""django-oscar with django-oscar-api, served by two gunicorn workers with threads."""

import contextlib
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from bench.peers import goods
from bench.peers.asked import Ask, Skipped, Wrong, get, post
from bench.peers.ground import Ground, database, postmaster
from bench.peers.shop import Running
from bench.peers.wire import Talk

from banyan.foundation.free_ports import free_port

SITE = Path(__file__).parent / "site"
PACKAGES = (
    "django-oscar[sorl-thumbnail]==4.2.1",
    "django-oscar-api==3.3.0",
    "gunicorn==27.0.1",
    "psycopg[binary]==3.3.9",
)
CARTS = 200
GUEST = {"first_name": "A", "last_name": "Buyer", "line1": "1 High Street", "line4": "London", "postcode": "SW1Y 4JH"}


class Oscar:
    name = "django-oscar"
    version = "4.2.1"
    shares_postgres = True
    remark = "search answers a page of HTML (it has no search in its REST API); the checkout has no payment step"

    async def install(self, ground: Ground) -> None:
        if ground.done("installed", " ".join(PACKAGES)):
            return
        shutil.rmtree(ground.folder, ignore_errors=True)
        await ground.run("making a virtual environment", sys.executable, "-m", "venv", "env")
        pip = str(ground.folder / "env/bin/pip")
        await ground.run("pip", pip, "install", "--disable-pip-version-check", "--no-input", *PACKAGES)
        ground.mark("installed", " ".join(PACKAGES))

    async def fill(self, ground: Ground, server: str) -> None:
        shutil.copytree(SITE, ground.folder, dirs_exist_ok=True)
        if (ground.folder / "ids.json").exists():
            return
        base = await database(server, "oscar", fresh=True)
        python, env = str(ground.folder / "env/bin/python"), _env(base.env)
        await ground.run("django's migrate", python, "-m", "django", "migrate", "--noinput", env=env)
        (ground.folder / "goods.json").write_bytes(orjson.dumps(goods.told()))
        said = await ground.run("filling django-oscar", python, "fill.py", "goods.json", env=env)
        (ground.folder / "ids.json").write_text(said.strip().splitlines()[-1])

    @contextlib.asynccontextmanager
    async def running(self, ground: Ground, server: str) -> AsyncIterator[Running]:
        base, port = await database(server, "oscar", fresh=False), free_port()
        command = (str(ground.folder / "env/bin/gunicorn"), "shop.wsgi", "--bind", f"127.0.0.1:{port}")
        manner = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        async with ground.server("gunicorn", *command, *manner, env=_env(base.env)) as pid:
            await ground.answers("gunicorn", pid, f"http://127.0.0.1:{port}/api/products/?limit=1")
            ids = json.loads((ground.folder / "ids.json").read_text())
            yield Running(port, [pid], postmaster(ground.folder.parent), {"ids": ids})

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        """Reads come from a shopper who has a basket: one without would have a new row in the database for every page."""
        talk, ids = Talk(running.port), running.told["ids"]
        cookie = await _basket(talk)
        products = goods.products()
        adds = []
        for number in range(CARTS):
            talk.forget()
            mine = await _basket(talk)
            body = _line(ids[products[number].name]["Small"])
            adds.append(post("/api/basket/add-product/", body, '"total_incl_tax":', '"currency":"EUR"', Cookie=mine))
        talk.close()
        listed = [f"/api/products/?structure=parent&limit=20&offset={offset}" for offset in range(0, 1000, goods.PAGE)]
        found = [
            get(f"/search/?q={word}", f'title="{word} ', each='class="price_color"', count=goods.PAGE, Cookie=cookie)
            for word in goods.WORDS
        ]
        return {
            "product read": [
                get(
                    f"/api/products/{ids[each.name]['parent']}/",
                    f'"title":"{each.name}"',
                    f'"incl_tax":"{each.euros("Large")}"',
                    Cookie=cookie,
                )
                for each in products
            ],
            "list of 20": [get(path, each='"incl_tax":"', count=goods.PAGE, Cookie=cookie) for path in listed],
            "text search, 20": found,
            "add to cart": adds,
        }


async def purchase(talk: Talk, buyer: str, told: dict[str, Any]) -> None:
    """Two requests: add to the basket, check it out."""
    product = goods.wanted_by(buyer)
    line = {"url": f"/api/products/{told['ids'][product.name]['Small']}/", "quantity": 1}
    basket: Any = (await talk.ask("POST", "/api/basket/add-product/", line)).json()
    order = {
        "basket": f"/api/baskets/{basket['id']}/",
        "guest_email": f"{buyer}@example.com",
        "shipping_method_code": "free-shipping",
        "shipping_address": {"country": "/api/countries/GB/", **GUEST},
    }
    answer = await talk.ask("POST", "/api/checkout/", order)
    placed: Any = answer.json()
    if answer.status != 200 or not placed["number"] or placed["total_incl_tax"] != product.euros():
        raise Wrong(f"no order: {answer.status} {answer.body[:160]!r}")


async def _basket(talk: Talk) -> str:
    """The cookies of a shopper with a basket of his own."""
    answer = await talk.ask("GET", "/api/basket/")
    if answer.status != 200:
        raise Skipped(f"gave no basket: {answer.status} {answer.body[:100]!r}")
    return talk.cookies()


def _line(product: int) -> bytes:
    return orjson.dumps({"url": f"/api/products/{product}/", "quantity": 1})


def _env(base: dict[str, str]) -> dict[str, str]:
    return {**base, "PEER_SECRET": "of this bench alone", "DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": "."}
