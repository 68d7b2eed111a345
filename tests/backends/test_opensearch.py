"""OpenSearch at work for a catalogue: its failures, its return, and an index that takes another's place."""

import asyncio
import ssl
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from banyan.catalog import indexing
from banyan.catalog.app import service
from banyan.foundation import choose
from banyan.foundation.search import Document, Query, Search, WritesLost
from banyan.foundation.search.opensearch import OpenSearchSearch, place
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Unavailable
from tests.backends.opensearch_server import OpenSearchServer
from tests.catalog.counter import Counter
from tests.catalog.counter import eventually as within
from tests.conftest import OpenShop

NOWHERE = "opensearch://user:hunter2@127.0.0.1:1/shop"
ROWS = [
    {
        "sku": f"LMP-{number}",
        "name": f"Desk Lamp {number:02}",
        "brand": ("Fennick", "Lomvik")[number % 2],
        "categories": ["Home", "Lamps"],
        "price": 10 + number,
    }
    for number in range(30)
] + [{"sku": "KTL-1", "name": "Whistling Kettle", "brand": "Fennick", "categories": "Home > Kettles", "price": "49.90"}]
eventually = partial(within, seconds=60)  # a server of its own may be slow to start, and is not measured here


@pytest.fixture
async def search(opensearch: OpenSearchServer) -> AsyncIterator[OpenSearchSearch]:
    made = OpenSearchSearch(place(opensearch.fresh()))
    yield made
    await made.close()


@pytest.fixture
async def shop(open_shop: OpenShop, search: OpenSearchSearch) -> Counter:
    """A catalogue at work whose index lies on the server."""
    made = service()
    counter = Counter(await open_shop(made), made)
    await counter.ports.search.close()
    counter.ports.search = search
    counter.shop.work(made)
    await counter.take(*ROWS)
    await eventually(partial(found, counter, "", 31))
    return counter


async def found(counter: Counter, query: str, count: int, *, degraded: bool = False) -> bool:
    answer = await counter.json(f"/v1/search?{query}")
    return (answer["total"], answer.get("degraded", False)) == (count, degraded)


def numbered(*numbers: int) -> list[Document]:
    return [Document(f"{number:06}", f"Lamp number {number}") for number in numbers]


# Where it is.


@pytest.mark.parametrize(
    ("url", "hosts", "prefix"),
    [
        ("opensearch://search", (("search", 9200),), "banyan"),
        ("opensearch://user:pass%40word@a:1,b:2/shop", (("a", 1), ("b", 2)), "shop"),
        ("opensearchs://[::1]:9201/shop", (("::1", 9201),), "shop"),
    ],
)
def test_a_url_names_hosts_and_what_all_our_names_begin_with(
    url: str, hosts: tuple[tuple[str, int], ...], prefix: str
) -> None:
    read = place(url)
    assert (read.hosts, read.prefix, read.secure) == (hosts, prefix, url.startswith("opensearchs"))
    assert read.user in (None, ("user", "pass@word"))


@pytest.mark.parametrize(
    "url",
    ["opensearch://", "opensearch://:9200", "opensearch://a:b:c", "opensearch://a/Shop", "opensearch://a/x?ca=/f",
     "opensearchs://a/x?verify=no", "opensearchs://a/x?ca=/nowhere"],
)  # fmt: skip
async def test_a_url_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(WrongSettings, match="BANYAN_SEARCH_URL"):
        await choose.search(Settings(search_url=url))


async def test_a_shop_opens_without_its_server_and_is_told_so_without_its_password() -> None:
    search = await choose.search(Settings(search_url=NOWHERE))
    asks = (search.search(Query("lamp")), search.suggest("la"), search.put(numbered(1)), search.position())
    for ask in asks:
        with pytest.raises(Unavailable) as refused:
            await ask
        assert "hunter2" not in str(refused.value)
        assert "hunter2" not in repr(place(NOWHERE))
    await search.close()


async def test_before_its_first_commit_an_index_is_not_there_rather_than_empty(search: Search) -> None:
    await search.put(numbered(1))
    with pytest.raises(Unavailable):
        await search.search(Query())
    await search.commit("1")
    assert (await search.search(Query())).total == 1


async def test_tls_with_an_authority_of_ones_own_and_a_password(opensearch: OpenSearchServer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    await asyncio.to_thread(subprocess.run, [*made.split(), *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    sent = bytearray()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray) -> None:
        while chunk := await reader.read(65_536):
            seen += chunk
            writer.write(chunk)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, on = await asyncio.open_connection("127.0.0.1", opensearch.port)
        await asyncio.gather(pass_on(reader, on, sent), pass_on(back, writer, bytearray()))

    door = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
    port = door.sockets[0].getsockname()[1]
    at = f"opensearchs://shop:pass%40word@127.0.0.1:{port}/tls"
    search = await choose.search(Settings(search_url=f"{at}?ca={certificate}"))
    await search.put(numbered(1))
    await search.commit("1")
    assert (await search.search(Query("lamp"))).total == 1
    assert b"authorization: basic " + b64encode(b"shop:pass@word").lower() in bytes(sent).lower()
    unknown = await choose.search(Settings(search_url=at))
    with pytest.raises(Unavailable):
        await unknown.search(Query("lamp"))
    for each in (search, unknown):
        await each.close()
    door.close()


# Another index.


async def test_a_shop_that_is_filled_anew_is_never_empty(search: Search) -> None:
    await search.put(numbered(*range(50)))
    await search.commit("1")
    seen: set[int] = set()
    over = asyncio.Event()

    async def look() -> None:
        while not over.is_set():
            seen.add((await search.search(Query("lamp"))).total)

    looking = [asyncio.create_task(look()) for _ in range(3)]
    for size in (60, 70, 80):
        await search.clear()
        assert await search.position() is None
        await search.put(numbered(*range(size)))
        await search.commit(str(size))
        assert (await search.count(), await search.position()) == (size, str(size))
    over.set()
    await asyncio.gather(*looking)
    assert {50, 80} <= seen | {80}
    assert seen <= {50, 60, 70, 80}


async def test_a_filling_that_was_broken_off_leaves_the_old_index_and_nothing_else(
    opensearch: OpenSearchServer, search: OpenSearchSearch
) -> None:
    await search.put(numbered(1))
    await search.commit("1")
    await search.clear()
    await search.put(numbered(2, 3))
    again = OpenSearchSearch(place(opensearch.url(search.common.removesuffix("-products-v1"))))
    assert (await again.position(), await again.count()) == ("1", 1)
    await again.clear()
    await again.put(numbered(4))
    await again.commit("4")
    assert (await search.search(Query())).ids == ("000004",)
    await again.commit()
    assert len(opensearch.ask(f"/{search.common}-*/_alias")) == 1
    await again.close()


async def test_who_writes_to_an_index_that_was_replaced_begins_again_at_the_new_ones_position(
    opensearch: OpenSearchServer, search: OpenSearchSearch
) -> None:
    await search.put(numbered(1))
    await search.commit("1")
    other = OpenSearchSearch(place(opensearch.url(search.common.removesuffix("-products-v1"))))
    await other.clear()
    await other.commit("0")
    with pytest.raises(WritesLost):
        await search.put(numbered(2))
    with pytest.raises(WritesLost):
        await search.commit("2")
    assert (await search.position(), await search.count()) == ("0", 0)
    await search.put(numbered(2))
    await other.clear()
    await other.commit("3")
    with pytest.raises(WritesLost):
        await search.commit("4")
    assert await search.position() == "3"
    await other.close()


async def test_one_at_a_time_keeps_the_index_and_the_next_goes_on_where_it_was(
    opensearch: OpenSearchServer, shop: Counter
) -> None:
    assert await indexing.SharedKeeper().keep(shop.ports) == indexing.TAKE_OVER
    position = await shop.ports.search.position()
    # The one who keeps it is gone with its connection, as at the end of its process.
    await shop.ports.db.fetch("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE classid = 7069 AND granted")
    made = await shop.product("NEW-1", name="Umbrella Stand")
    await eventually(partial(found, shop, "q=umbrella", 1))
    assert await shop.ports.search.position() != position
    await shop.send("DELETE", f"/v1/products/{made['id']}")
    await eventually(partial(found, shop, "q=umbrella", 0))
    # An index that somebody deletes is filled anew, with the next change.
    opensearch.ask(f"/{shop.ports.search.common}-*", "DELETE")
    assert await found(shop, "", 31, degraded=True)
    await shop.product("NEW-2", name="Parasol Base")
    await eventually(partial(found, shop, "", 32))


# Failures.


async def test_a_server_that_is_killed_is_done_without_and_catches_up_when_it_is_back(
    opensearch: OpenSearchServer, shop: Counter
) -> None:
    url = opensearch.fresh()
    index = OpenSearchSearch(place(url))
    told = 0

    async def write() -> None:
        nonlocal told
        for number in count():
            await index.put(numbered(number))
            await index.commit(str(number))
            told = number

    writing = asyncio.create_task(write())
    await eventually(partial(written, index, 20))
    opensearch.stop(kill=True)
    with pytest.raises(Unavailable):
        await writing
    await index.close()

    # Search finds what the database finds, and says so; lists and products do not know of it.
    answer = await shop.get("/v1/search?q=whistling+kettles")
    assert [each["name"] for each in answer.json()["items"]] == ["Whistling Kettle"]
    assert answer.json()["degraded"] is True
    assert answer.header("cache-control") == "public, max-age=2, s-maxage=2"
    down = partial(found, shop, degraded=True)
    assert await down("", 31)
    assert await down("q=LMP-7", 1)
    assert await down("q=fennick+lamp", 15)
    assert await down("category=lamps&brand=lomvik&price_min=1500&price_max=1999", 3)
    assert await down("category=home", 31)
    assert await down("category=Home%20%3E%20Kettles", 1)
    assert await down("q=lamp&available=true", 0)
    assert await down("q=%25", 31)
    for order, first in (("price", "00"), ("-price", "29"), ("name", "00")):
        page = await shop.json(f"/v1/search?q=lamp&sort={order}&limit=7")
        assert page["items"][0]["name"] == f"Desk Lamp {first}"
        rest = await shop.json(f"/v1/search?q=lamp&sort={order}&limit=7&cursor={page['next_cursor']}")
        assert not {each["id"] for each in page["items"]} & {each["id"] for each in rest["items"]}
    assert (await shop.json("/v1/suggest?q=whis"))["items"] == []
    assert len((await shop.json("/v1/products?limit=40"))["items"]) == 31
    made = await shop.product("DOWN-1", name="Umbrella Stand")
    assert (await shop.json(f"/v1/products/{made['slug']}"))["id"] == made["id"]
    assert await down("q=umbrella", 1)

    opensearch.start()
    # What was told of it is there, and of what it claims nothing is missing.
    index = OpenSearchSearch(place(url))
    position = await index.position()
    assert position is not None
    assert int(position) >= told
    await index.commit()
    held = set((await index.search(Query(limit=10_000))).ids)
    assert {f"{number:06}" for number in range(int(position) + 1)} <= held
    await index.close()
    await eventually(partial(found, shop, "q=umbrella", 1))
    assert await found(shop, "q=whisling+ketle", 1)
    assert (await shop.json("/v1/suggest?q=whis"))["items"] == ["Whistling Kettle"]


async def written(index: Search, least: int) -> bool:
    return int(await index.position() or 0) >= least


async def test_of_those_who_ask_a_server_that_hangs_only_the_first_wait(
    opensearch: OpenSearchServer, shop: Counter
) -> None:
    opensearch.hang(on=True)
    try:
        assert await found(shop, "q=kettle", 1, degraded=True)
        asked = 0
        inner = shop.ports.search.search

        async def counted(query: Query) -> object:
            nonlocal asked
            asked += 1
            return await inner(query)

        shop.ports.search.search = counted  # type: ignore[method-assign, assignment]
        for _ in range(20):
            assert await found(shop, "q=kettle", 1, degraded=True)
        assert asked <= 1
    finally:
        opensearch.hang(on=False)
    await eventually(partial(found, shop, "q=ketle", 1))


async def test_too_many_at_once_are_refused_rather_than_left_to_the_database(shop: Counter) -> None:
    gone = OpenSearchSearch(place(NOWHERE))
    kept, shop.ports.search = shop.ports.search, gone
    answers = await asyncio.gather(*(shop.get(f"/v1/search?q=lamp&limit={1 + at}") for at in range(80)))
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 503}
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.json()["code"] == "unavailable"
    assert refused.header("retry-after")
    shop.ports.search = kept
    await gone.close()
