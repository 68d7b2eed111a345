"""Reads asked again: differences found with examples, noise filtered, failures counted, every sample once."""

from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from banyan.contracts.moving import AskPlace, Place, Sample
from banyan.foundation.peers import Local
from banyan.foundation.service import Ports
from banyan.move.shift.shadow import IDLE, Shadow, shadowed
from banyan.move.storage import log, shift
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)
from tests.move.shift.conftest import OpenMover

PRICES = {str(number): f"${number}.00" for number in range(1, 40)}


class Shops:
    """Both sides' product pages; what a test says is wrong here is wrong there."""

    def __init__(self) -> None:
        self.legacy = dict(PRICES)
        self.ours = dict(PRICES)
        self.unsteady: set[str] = set()
        self.asked: list[str] = []
        self.hosts: set[str] = set()
        self._turn = 0

    def legacy_app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/index.php")
        async def page(product_id: str, request: Request) -> Response:
            self.asked.append(product_id)
            self.hosts.add(request.headers["host"])
            self._turn += 1
            price = f"${self._turn}.50" if product_id in self.unsteady else self.legacy[product_id]
            return _page(product_id, price)

        return app

    def our_app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/p/{slug}")
        async def page(slug: str) -> Response:
            if slug not in self.ours:
                return Response("broken", 500)
            return _page(slug, self.ours[slug])

        return app


def _page(name: str, price: str) -> Response:
    return Response(
        f'<h1>{name}</h1>Availability: In Stock<span class="price-new">{price}</span>', media_type="text/html"
    )


async def _place(_: object, call: AskPlace) -> Place:
    return Place(path="/p/" + call.target.rpartition("=")[2])


@pytest.fixture
def shops() -> Shops:
    return Shops()


@pytest.fixture
async def ports(open_mover: OpenMover, served: Served, shops: Shops) -> Ports:  # noqa: F811
    ports = await open_mover(legacy_http=await served(shops.legacy_app()))
    calls: Any = {AskPlace: _place}
    ports.peers.add("move", Local(ports, calls, None))
    ports.peers.add("storefront", Local(None, {}, shops.our_app()))
    return ports


async def _work_off(ports: Ports, numbers: Any) -> None:
    samples = [
        Sample(group="catalog", route="product/product", target=f"/index.php?route=product/product&product_id={number}")
        for number in numbers
    ]
    async with ports.db.transaction() as tx:
        await shift.keep_samples(tx, samples)
    shadow = Shadow()
    while await shadow.step(ports) == 0.0:
        pass


async def test_equal_pages_are_the_same_and_the_legacy_shop_is_asked_twice(ports: Ports, shops: Shops) -> None:
    await _work_off(ports, range(1, 21))
    found = await shadowed(ports, "catalog")
    assert [(page["asked"], page["same"]) for page in found.pages] == [(20, 20)]
    assert (found.differing, found.examples, len(shops.asked)) == (0.0, (), 40)
    assert shops.hosts == {"127.0.0.1:8000"}  # where shoppers see the shop, not where it listens


async def test_every_seeded_difference_is_found_with_its_values_and_no_other(ports: Ports, shops: Shops) -> None:
    shops.ours |= {"3": "$4.00", "7": "$7.01"}
    shops.unsteady = {"9", "10"}
    del shops.ours["5"]
    await _work_off(ports, range(1, 21))
    found = await shadowed(ports, "catalog")
    (page,) = found.pages
    assert (page["asked"], page["same"], page["different"], page["noisy"]) == (20, 15, 3, 2)
    by_target = {each["target"].rpartition("=")[2]: each for each in found.examples}
    assert by_target.keys() == {"3", "5", "7"}
    assert (by_target["7"]["legacy"], by_target["7"]["ours"]) == ({"price": "7"}, {"price": "7.01"})
    assert by_target["5"]["ours"]["status"] == "5xx"
    assert found.as_json()["differing"] == 0.15
    assert "15.00% differ" in found.lines()[0]
    assert len([row for row in await log.read(ports.db) if "differs" in row["what"]]) == 1


async def test_a_side_that_cannot_be_asked_is_no_difference(ports: Ports) -> None:
    ports.peers._local.pop("storefront")
    await _work_off(ports, range(1, 4))
    (page,) = (await shadowed(ports, "catalog")).pages
    assert (page["asked"], page["failed"], page["different"]) == (3, 3, 0)


async def test_of_each_page_the_last_examples_are_kept(ports: Ports, shops: Shops) -> None:
    shops.ours = dict.fromkeys(PRICES, "$99.99")
    await _work_off(ports, range(1, 40))
    found = await shadowed(ports, "catalog")
    assert found.pages[0]["different"] == 39
    assert len(found.examples) == shift.KEPT_DIFFERENCES
    assert found.examples[0]["target"].endswith("=39")


async def test_without_a_legacy_shop_nothing_is_looked_for(open_mover: OpenMover) -> None:
    assert await Shadow().step(await open_mover(legacy_http="")) == IDLE
