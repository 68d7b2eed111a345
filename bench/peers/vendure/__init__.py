"""Vendure from npm: a server and a worker in production mode, asked over GraphQL."""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from bench.peers import goods
from bench.peers.asked import Ask, Skipped, Wrong, post
from bench.peers.ground import Ground, database, node, postmaster
from bench.peers.shop import Running
from bench.peers.wire import Talk

from banyan.foundation.free_ports import free_port

SITE = Path(__file__).parent / "site"
FILES = ("package.json", "config.js", "server.js", "worker.js", "fill.js")
CARTS = 100

_PRICE = "priceWithTax { ... on PriceRange { min max } ... on SinglePrice { value } }"
READ = """query ($slug: String!) { product(slug: $slug) { id name slug description
  variants { id name sku price priceWithTax currencyCode stockLevel } } }"""
FIND = "query ($input: SearchInput!) { search(input: $input) { items { productId productName slug " + _PRICE + " } } }"
ADD = """mutation ($id: ID!, $quantity: Int!) { addItemToOrder(productVariantId: $id, quantity: $quantity) {
  ... on Order { id code totalQuantity totalWithTax lines { id quantity } } ... on ErrorResult { errorCode message } } }"""
WHO = """mutation ($who: CreateCustomerInput!, $address: CreateAddressInput!) {
  setCustomerForOrder(input: $who) { ... on Order { id } ... on ErrorResult { errorCode message } }
  setOrderShippingAddress(input: $address) { ... on Order { id } ... on ErrorResult { errorCode message } } }"""
WAYS = "query { eligibleShippingMethods { id name priceWithTax } }"
SEND = """mutation ($ways: [ID!]!) {
  setOrderShippingMethod(shippingMethodId: $ways) { ... on Order { id } ... on ErrorResult { errorCode message } }
  transitionOrderToState(state: "ArrangingPayment") { ... on Order { state } ... on ErrorResult { errorCode message } } }"""
PAY = """mutation ($input: PaymentInput!) { addPaymentToOrder(input: $input) {
  ... on Order { code state totalWithTax } ... on ErrorResult { errorCode message } } }"""
ADDRESS = {
    "fullName": "A Buyer",
    "streetLine1": "1 High Street",
    "city": "London",
    "postalCode": "SW1Y 4JH",
    "countryCode": "GB",
}


class Vendure:
    name = "vendure"
    version = "3.7.3"
    shares_postgres = True
    remark = "list and search by its search index, without facets and without a total; payment by its dummy handler"

    async def install(self, ground: Ground) -> None:
        await node()
        manifest = (SITE / "package.json").read_text()
        if not ground.done("installed", manifest):
            shutil.rmtree(ground.folder, ignore_errors=True)
            ground.put(SITE, "package.json")
            npm = ("npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
            await ground.run("npm", *npm)
            ground.mark("installed", manifest)
        ground.put(SITE, *FILES)

    async def fill(self, ground: Ground, server: str) -> None:
        if (ground.folder / "ids.json").exists():
            return
        base = await database(server, "vendure", fresh=True)
        (ground.folder / "goods.json").write_bytes(orjson.dumps(goods.told()))
        env = {**_env(base.env, free_port()), "PEER_FILLS": "yes"}
        await ground.run("filling Vendure", await node(), "fill.js", env=env)

    @contextlib.asynccontextmanager
    async def running(self, ground: Ground, server: str) -> AsyncIterator[Running]:
        base, port, found = await database(server, "vendure", fresh=False), free_port(), await node()
        async with (
            ground.server("server", found, "server.js", env=_env(base.env, port)) as pid,
            ground.server("worker", found, "worker.js", env=_env(base.env, port)) as worker,
        ):
            await ground.answers("server", pid, f"http://127.0.0.1:{port}/health")
            ids = json.loads((ground.folder / "ids.json").read_text())
            yield Running(port, [pid, worker], postmaster(ground.folder.parent), {"ids": ids})

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        products, ids = goods.products(), running.told["ids"]
        talk, adds = Talk(running.port), []
        for number in range(CARTS):
            talk.forget()
            line = {"id": ids[products[number].sku("Small")], "quantity": 1}
            if "totalQuantity" not in (await _say(talk, ADD, line))["addItemToOrder"]:
                raise Skipped("made no order to add to")
            adds.append(_ask(ADD, line, '"totalQuantity":', '"totalWithTax":', Cookie=talk.cookies()))
        talk.close()
        page = {"groupByProduct": True, "take": goods.PAGE}
        return {
            "product read": [
                _ask(READ, {"slug": each.slug}, f'"name":"{each.name}"', f'"price":{each.cents},') for each in products
            ],
            "list of 20": [
                _ask(
                    FIND,
                    {"input": {**page, "collectionSlug": slug.lower()}},
                    '"min":',
                    each='"slug":',
                    count=goods.PAGE,
                )
                for slug in goods.CATEGORIES
            ],
            "text search, 20": [
                _ask(
                    FIND,
                    {"input": {**page, "term": word.lower()}},
                    '"min":',
                    f'"productName":"{word} ',
                    each='"slug":',
                    count=goods.PAGE,
                )
                for word in goods.WORDS
            ],
            "add to cart": adds,
        }


async def purchase(talk: Talk, buyer: str, told: dict[str, Any]) -> None:
    """Five requests: a line, who and where to, the ways to send it, one of them, the payment."""
    product = goods.wanted_by(buyer)
    await _say(talk, ADD, {"id": told["ids"][product.sku("Small")], "quantity": 1})
    who = {"emailAddress": f"{buyer}@example.com", "firstName": "A", "lastName": "Buyer"}
    await _say(talk, WHO, {"who": who, "address": ADDRESS})
    ways = await _say(talk, WAYS, {})
    await _say(talk, SEND, {"ways": [ways["eligibleShippingMethods"][0]["id"]]})
    order = (await _say(talk, PAY, {"input": {"method": "test", "metadata": {}}}))["addPaymentToOrder"]
    if order.get("state") != "PaymentSettled" or not order["code"] or order["totalWithTax"] != product.cents + 500:
        raise Wrong(f"no order: {order}")


async def _say(talk: Talk, query: str, variables: dict[str, Any]) -> Any:
    """What a query gives; Wrong when it gives an error."""
    answer = await talk.ask("POST", "/shop-api", {"query": query, "variables": variables})
    said: Any = answer.json()
    if answer.status != 200 or "errors" in said or b'"errorCode"' in answer.body:
        raise Wrong(f"{answer.status} {answer.body[:160]!r}")
    return said["data"]


def _ask(query: str, variables: dict[str, Any], *has: str, each: str = "", count: int = 0, **headers: str) -> Ask:
    body = orjson.dumps({"query": query, "variables": variables})
    return post("/shop-api", body, *has, each=each, count=count, **headers)


def _env(base: dict[str, str], port: int) -> dict[str, str]:
    return {**base, "PEER_SECRET": "of this bench alone", "PEER_PORT": str(port), "NODE_ENV": "production"}
