"""The legacy shop behind our door, over real sockets: its pages unharmed, each visitor's side kept, failures made good."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest

from banyan.contracts.moving import CONFIRMED, Place
from banyan.gateway.legacy.crossing import VISITOR, WROTE
from tests.gateway.legacy.conftest import CART_ADD, PRODUCT, House, OpenHouse

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}


@pytest.fixture(scope="module")
async def house(open_house: OpenHouse) -> House:
    return await open_house()


@pytest.fixture(autouse=True)
async def fresh_start(house: House) -> None:
    house.old.broken, house.old.seconds = False, 0.0
    house.new.status, house.new.seconds = 200, 0.0
    house.mover.lease_seconds = 2.0
    plain: dict[str, Any] = {"owner": "legacy", "epoch": 1, "weight": 0, "shadow": 0} | dict.fromkeys(
        ("holding", "changing", "final"), False
    )
    house.mover.steer(catalog=plain, users=plain, orders=plain)
    await house.mover.until_heard()


def _cookies(answer: aiohttp.ClientResponse) -> dict[str, str]:
    found = [value.split(";")[0].partition("=") for value in answer.headers.getall("set-cookie", [])]
    return {name: value for name, _, value in found}


# ---- as it came, both ways ---------------------------------------------------------------------------------------


async def test_a_legacy_page_comes_as_the_legacy_shop_made_it(house: House, http: aiohttp.ClientSession) -> None:
    answer = await http.get(house.origin + PRODUCT, headers=BROWSER)
    assert await answer.text() == "<h1>legacy product/product</h1><script>1</script>"
    for name in ("content-security-policy", "x-frame-options", "cross-origin-resource-policy", "set-cookie"):
        assert name not in answer.headers


async def test_host_and_user_agent_arrive_unchanged_and_our_cookies_not_at_all(
    house: House, http: aiohttp.ClientSession
) -> None:
    cookies = "OCSESSID=s1; banyan_access=secret; currency=EUR; banyan_cart=ct_" + "a" * 30
    await http.get(house.origin + PRODUCT, headers={**BROWSER, "cookie": cookies, "host": "shop.example:8443"})
    heard = house.old.heard[-1]
    assert heard["host"] == "shop.example:8443"
    assert heard["user-agent"] == BROWSER["user-agent"]
    assert heard["cookie"] == "OCSESSID=s1; currency=EUR"
    assert heard["x-forwarded-host"] == "shop.example:8443"
    assert "x-deadline" not in heard


async def test_redirects_and_cookies_stay_on_our_origin(house: House, http: aiohttp.ClientSession) -> None:
    answer = await http.get(f"{house.origin}/index.php?route=account/login", allow_redirects=False)
    assert answer.status == 302
    assert answer.headers["location"] == f"{house.origin}/index.php?route=account/account"
    told = answer.headers.getall("set-cookie")
    assert told[0].startswith("OCSESSID=abc;")
    assert "domain" not in told[0].lower()
    assert told[1] == "language=en-gb; Path=/"


async def test_head_has_the_headers_and_no_body(house: House, http: aiohttp.ClientSession) -> None:
    answer = await http.head(house.origin + PRODUCT)
    assert answer.status == 200
    assert house.old.heard[-1]["method"] == "HEAD"
    assert await answer.read() == b""


async def test_an_answer_is_streamed_whole(house: House, http: aiohttp.ClientSession) -> None:
    body = await (await http.get(f"{house.origin}/index.php?route=streamed")).read()
    assert body == b"".join(f"{number:05d}".encode() * 20_000 for number in range(40))


async def test_an_upload_of_several_megabytes_arrives_whole(house: House, http: aiohttp.ClientSession) -> None:
    sent = bytes(range(256)) * 16_000  # 4 MB
    answer = await http.post(f"{house.origin}/index.php?route=tool/upload", data=sent)
    assert answer.status == 200
    assert house.old.bodies[-1] == sent


async def test_a_body_in_chunks_and_one_that_waits_to_be_asked_for(house: House, http: aiohttp.ClientSession) -> None:
    async def chunks() -> Any:
        for _ in range(5):
            yield b"piece " * 10_000
            await asyncio.sleep(0)

    assert (await http.post(house.origin + CART_ADD, data=chunks())).status == 200
    assert house.old.bodies[-1] == b"piece " * 50_000
    assert (await http.post(house.origin + CART_ADD, data=b"x" * 70_000, expect100=True)).status == 200
    assert house.old.bodies[-1] == b"x" * 70_000


async def test_files_and_unknown_pages_and_the_admin_are_the_legacy_shops(
    house: House, http: aiohttp.ClientSession
) -> None:
    for path in (
        "/image/cache/mug.jpg",
        "/admin/index.php?route=common/login",
        "/index.php?route=my/page",
        "/old.html",
    ):
        assert "legacy" in await (await http.get(house.origin + path)).text()
    assert "new search" in await (await http.get(f"{house.origin}/search?q=mug")).text()


# ---- whose turn it is --------------------------------------------------------------------------------------------


async def test_weights_are_kept_and_every_visitor_keeps_a_side(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(catalog={"weight": 30})
    await house.mover.until_heard()
    sides: Counter[str] = Counter()
    for _ in range(320):
        first = await http.get(house.origin + PRODUCT)
        side = (await first.text()).split()[0]
        sides[side] += 1
        kept = {"cookie": f"{VISITOR}={_cookies(first)[VISITOR]}"}
        again = await http.get(house.origin + PRODUCT, headers=kept)
        assert (await again.text()).split()[0] == side
        assert VISITOR not in _cookies(again)
    assert abs(sides["<h1>new"] - 96) <= 3


async def test_who_has_just_written_reads_from_the_owner(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(catalog={"weight": 100}, orders={"weight": 50})
    await house.mover.until_heard()
    assert "new" in await (await http.get(house.origin + PRODUCT)).text()
    wrote = _cookies(await http.post(house.origin + CART_ADD, data=b"x"))
    assert wrote[WROTE] == "orders"
    assert "new" in await (await http.get(house.origin + PRODUCT, headers={"cookie": f"{WROTE}=orders"})).text()
    assert "legacy" in await (await http.get(house.origin + PRODUCT, headers={"cookie": f"{WROTE}=catalog"})).text()


async def test_the_owner_answers_reads_and_writes(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(catalog={"owner": "new", "epoch": 2}, orders={"owner": "new", "epoch": 2})
    await house.mover.until_heard()
    before = house.old.asked["checkout/cart.add"]
    assert "new p/mug" in await (await http.get(house.origin + PRODUCT)).text()
    assert "new p/mug" in await (await http.get(f"{house.origin}/some-mug")).text()
    added = await http.post(house.origin + CART_ADD, data=b"product_id=40")
    assert "new internal/doors/cart/add" in await added.text()
    assert house.new.bodies[-1] == b"product_id=40"
    assert house.old.asked["checkout/cart.add"] == before
    assert (await http.post(f"{house.origin}/index.php?route=account/edit", data=b"x")).status == 200


async def test_a_write_that_our_side_cannot_do_is_refused_and_sent_to_nobody(
    house: House, http: aiohttp.ClientSession
) -> None:
    house.mover.steer(users={"owner": "new", "epoch": 2})
    await house.mover.until_heard()
    before = house.old.asked.copy()
    answer = await http.post(f"{house.origin}/index.php?route=account/edit", data=b"x")
    assert (answer.status, (await answer.json())["code"]) == (409, "moved")
    assert house.old.asked == before


async def test_the_inside_cannot_be_asked_from_outside(house: House, http: aiohttp.ClientSession) -> None:
    assert (await http.post(f"{house.origin}/internal/doors/cart/add", data=b"x")).status == 404


async def test_a_page_that_moved_for_good_says_so(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(catalog={"owner": "new", "final": True, "epoch": 3})
    house.mover.places["/index.php?route=product/product&product_id=41"] = Place(path="/p/cup", moved=True)
    await house.mover.until_heard()
    answer = await http.get(f"{house.origin}/index.php?route=product/product&product_id=41", allow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (301, "/p/cup")


# ---- when a side fails -------------------------------------------------------------------------------------------


async def test_a_failure_of_our_side_is_made_good_by_the_legacy_shop_and_counted(
    house: House, http: aiohttp.ClientSession
) -> None:
    house.mover.steer(catalog={"weight": 100})
    await house.mover.until_heard()
    failed = _failed(house)
    house.new.status = 500
    for _ in range(10):
        answer = await http.get(house.origin + PRODUCT)
        assert (answer.status, "legacy" in await answer.text()) == (200, True)
    house.new.status = 200
    assert _failed(house) - failed == 10


async def test_what_our_side_does_not_have_yet_the_legacy_shop_shows(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(catalog={"weight": 100})
    house.mover.places["/index.php?route=product/product&product_id=999"] = Place(path="")
    await house.mover.until_heard()
    failed = _failed(house)
    answer = await http.get(f"{house.origin}/index.php?route=product/product&product_id=999")
    assert "legacy" in await answer.text()
    assert _failed(house) == failed


async def test_with_the_legacy_server_dead_our_side_answers_reads_for_everybody(
    open_house: OpenHouse, http: aiohttp.ClientSession
) -> None:
    house = await open_house("http://127.0.0.1:9", catalog={"weight": 50})
    for number in range(20):
        answer = await http.get(house.origin + PRODUCT, headers={"cookie": f"{VISITOR}=v{number}"})
        assert (answer.status, "new" in await answer.text()) == (200, True)
    refused = await http.post(house.origin + CART_ADD, data=b"x")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("target", "times"),
    [(PRODUCT, 2), ("/index.php?route=checkout/confirm.confirm", 1), ("/index.php?route=my/page", 1)],
)
async def test_only_a_read_without_effects_is_tried_again_when_its_connection_breaks(
    open_house: OpenHouse, http: aiohttp.ClientSession, target: str, times: int
) -> None:
    asked = 0

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        house = await open_house(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert (await http.get(house.origin + target)).status == 503
    assert asked == times


# ---- shadow ------------------------------------------------------------------------------------------------------


async def test_a_share_of_reads_is_told_to_the_mover_without_what_is_secret(
    house: House, http: aiohttp.ClientSession
) -> None:
    house.mover.steer(catalog={"shadow": 100})
    await house.mover.until_heard()
    house.mover.renewals.clear()
    await http.get(house.origin + PRODUCT)
    await http.get(house.origin + PRODUCT + "&customer_token=abc")
    await http.get(f"{house.origin}/index.php?route=checkout/confirm.confirm")
    async with asyncio.timeout(30):
        while not any(each.samples for each in house.mover.renewals):
            await asyncio.sleep(0.02)
    assert [each.target for call in house.mover.renewals for each in call.samples] == [PRODUCT]


def _failed(house: House) -> int:
    assert house.gateway.crossing is not None
    told = house.gateway.crossing.lease.tally.told()
    return sum(each.failed for each in told if (each.group, each.side) == ("catalog", "new"))


async def test_an_order_that_our_side_showed_is_not_placed_by_the_legacy_shop(
    house: House, http: aiohttp.ClientSession
) -> None:
    shown = {"cookie": f"OCSESSID=a; {CONFIRMED}=crt_1.990"}
    asked = house.old.asked["checkout/placed"]
    answer = await http.post(f"{house.origin}/index.php?route=checkout/placed", headers=shown)
    assert await answer.json() == {"redirect": "index.php?route=checkout/checkout"}
    assert answer.cookies[CONFIRMED]["max-age"] == "0"
    again = await http.get(f"{house.origin}/index.php?route=checkout/shown", headers=shown)
    assert ("legacy" in await again.text(), again.cookies[CONFIRMED]["max-age"]) == (True, "0")
    assert house.old.asked["checkout/placed"] == asked
    await http.post(f"{house.origin}/index.php?route=checkout/placed", headers={"cookie": "OCSESSID=a"})
    assert house.old.asked["checkout/placed"] == asked + 1
