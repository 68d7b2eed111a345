"""The demo's legacy shop sells as OpenCart does, and its shoppers' ledger finds what is not as promised."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import pytest

from banyan.foundation.loopback import request
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.move.demo.old_shop import ROUTES
from banyan.move.demo.old_shop.serving import OldShop
from banyan.move.demo.shoppers import Bought, Ledger
from banyan.move.demo.shoppers.browser import Browser
from banyan.move.demo.shoppers.buying import Buyer
from banyan.trial.moving.books import Books
from banyan.trial.moving.looking import _different, _doubled, _orders_lost, _stock

SIZE = stocking.Size(products=12, customers=4, orders=5)


@dataclass
class InProcess(Browser):
    """A browser at an application of this process."""

    app: OldShop = field(kw_only=True)

    async def ask(self, method: str, route: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = urlencode(form or {}).encode()
        answer = await request(self.app, method, f"/index.php?route={route}", headers=headers, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, told = value.partition(";")[0].partition("=")
                self.cookies[key] = told
        return answer.status, answer.body


@pytest.fixture(scope="module")
def shop(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> tuple[OldShop, str]:
    name = legacy_database("")
    clock = SystemClock()
    con = mariadb.connect(name)
    con.autocommit(False)
    stocking.fill(con, ids=SystemIds(clock), now=datetime(2026, 5, 1), origin="http://old", size=SIZE)
    con.close()
    return OldShop(mariadb.url(name), ROUTES, clock=clock, ids=SystemIds(clock)), name


async def test_an_order_is_placed_once_and_the_books_say_so(shop: tuple[OldShop, str], mariadb: MariaDb) -> None:
    app, name = shop
    browser = InProcess("", None, app=app)  # type: ignore[arg-type]
    before = Books.of(mariadb, SIZE.orders, database=name)
    form = {"email": "shopper2@example.com", "password": stocking.PASSWORD}
    assert "redirect" in await browser.post("account/login.login", form)
    ledger = Ledger()
    buyer = Buyer(2, 2, browser, ledger, SystemClock())
    await buyer.buy({3: 2, 7: 1})
    await buyer.buy({3: 1})
    assert (ledger.wrong, ledger.begun_again) == ([], 0)
    assert [each.number for each in ledger.bought] == ["6", "7"]
    after = Books.of(mariadb, SIZE.orders, database=name)
    assert after.odd == []
    assert _stock(ledger, before, after, "there") == _doubled(ledger, after, "there") == []
    assert _different(ledger, after, "there") == _orders_lost(ledger, after) == []
    assert before.stock[3] - after.stock[3] == 3
    again = await browser.post("extension/opencart/payment/cod.confirm", {})
    assert "No order ID" in str(again["error"])


async def test_the_ledger_finds_what_is_lost_doubled_and_different() -> None:
    bought = Bought(1, "6", 990, {3: 2})
    ledger = Ledger(bought=[bought, Bought(1, "7", 500, {3: 1})])
    before, after = Books(stock={3: 10}), Books(stock={3: 8})
    after._add("6", 1, 991)
    after._add("B-0000001", 1, 990)
    after._add("8", 1, 500)
    assert _orders_lost(ledger, after) == [ledger.bought[1]]
    assert len(_doubled(ledger, after, "there")) == len(_different(ledger, after, "there")) == 1
    assert _stock(ledger, before, after, "there") == ["there: of product 3 there should be 7 and are 8"]


async def test_a_step_that_is_missing_sends_the_shopper_back(shop: tuple[OldShop, str]) -> None:
    browser = InProcess("", None, app=shop[0])  # type: ignore[arg-type]
    form = {"email": "shopper3@example.com", "password": stocking.PASSWORD}
    await browser.post("account/login.login", form)
    await browser.post("checkout/cart.add", {"product_id": "1"})
    assert "error" in await browser.post("checkout/shipping_method.save", {"shipping_method": "flat.flat"})
    _, page = await browser.ask("GET", "checkout/confirm.confirm")
    assert b"not chosen" in page
