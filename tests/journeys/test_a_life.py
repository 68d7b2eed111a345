"""A customer's whole life in a real browser: in by passkey, a payment that the bank confirms, a second device, the archive,
and the end, after which nobody here knows them any more."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, expect

from banyan.trial.canary import scanning
from banyan.trial.stocking import opened
from banyan.users.actions import create_operator
from tests.journeys import people
from tests.journeys.conftest import SKU
from tests.journeys.people import Device, device, letters, mailed

MARK = "quagmireth"  # in the name, the address and the e-mail address, and nowhere else in the shop
EMAIL = f"wilhelmina.{MARK}@example.com"
OPERATOR = "a-life-operator@example.com"
_TABLES = ("account", "passkey", "session")
WHERE = {"name": "Wilhelmina Quagmireth", "line1": "Quagmireth Allee 6", "city": "Berlin", "postal_code": "10117"}


async def test_a_customer_comes_by_passkey_buys_takes_everything_along_and_is_forgotten(
    one_process: str, scratch: Path, browser: Browser
) -> None:
    folder = scratch / "one"
    laptop = await device(browser, one_process, passkeys=True, quiet=False)
    phone = await device(browser, one_process, phone=True)
    desk = await operators_desk(browser, one_process, folder)

    await people.sign_up_by_passkey(laptop, WHERE["name"], EMAIL)
    order = await buys_and_confirms_at_the_bank(laptop)
    await signs_in_by_mail(phone, folder / "mail")
    await finds_the_order(phone, order)
    archive = await fetches_everything(phone, folder)
    tells_of_the_whole_life(archive, order)
    money = await looked_up(desk, order, knows_the_person=True)
    assert {"users.account", "orders.cart"} <= set(await where_they_are_known(folder)), "the search is blind"

    await deletes_the_account(laptop, folder)
    await is_signed_out(laptop)
    await is_signed_out(phone)
    await no_passkey_leads_back(laptop)
    await no_letter_leads_back(phone, folder / "mail")
    await until_it_is_erased(desk)
    assert await where_they_are_known(folder) == {}
    assert await looked_up(desk, order, knows_the_person=False) == money
    assert [each for each in await people.put_away(laptop, phone, desk) if "status of 401" not in each] == []


async def buys_and_confirms_at_the_bank(laptop: Device) -> str:
    """Two of a thing, by a card whose bank asks back; the order's id."""
    page = laptop.page
    await laptop.open(f"/search?q={SKU}")
    await page.locator("a[href^='/p/']").first.click()
    await page.locator("form[action='/cart/lines'] [data-add]").click()
    await laptop.open("/cart")
    await page.get_by_role("button", name="more").click()
    await laptop.shown("cart")
    await page.get_by_role("link", name="Check out").click()
    for name, value in WHERE.items():
        await page.fill(f"[name={name}]", value)
    await laptop.shown("delivery")
    await page.locator("[data-go]").click()
    await laptop.arrives("/checkout/payment")
    await page.check("input[value='test:tok_3ds']")
    await page.locator("[data-go]").click()
    await page.wait_for_url("**/bank/confirm/**")
    await laptop.shown("bank")
    await page.get_by_role("button", name="Confirm payment").click()
    await page.wait_for_url("**/orders/**")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is confirmed")
    await laptop.shown("order")
    found = re.search(r"/orders/(ord_\w+)", page.url)
    assert found
    return found[1]


async def signs_in_by_mail(phone: Device, mail: Path) -> None:
    """A scanner opens every link of a mail first; the link is used up by its button alone."""
    await people.ask_for_a_link(phone, EMAIL)
    await phone.shown("phone-link-sent")
    token = await mailed(mail, EMAIL, r"token=(ml_\S+)")
    for _ in range(2):
        scanned = await phone.page.context.request.get(f"{phone.at}/sign-in?token={token}")
        assert scanned.ok
    await phone.open(f"/sign-in?token={token}")
    await phone.page.check("text=That was me")
    await phone.shown("phone-link")
    await phone.page.click("main button:has-text('Sign in')")
    await phone.arrives("/account")
    await phone.open(f"/sign-in?token={token}&again=1")
    await phone.page.click("main button:has-text('Sign in')")
    assert "used already" in await phone.reads()


async def finds_the_order(phone: Device, order: str) -> None:
    await phone.open("/account/orders")
    await phone.shown("phone-orders")
    await phone.page.locator(f"a[href='/orders/{order}']").click()
    await expect(phone.page.get_by_role("heading", level=1)).to_contain_text("Your order is confirmed")
    assert WHERE["line1"] in await phone.reads()

    async def paid() -> bool:
        return bool(await phone.page.get_by_text("Paid", exact=True).count())

    await phone.reloads_until(paid)
    await phone.shown("phone-order")


async def fetches_everything(phone: Device, folder: Path) -> dict[str, Any]:
    """The archive as it was downloaded, by the names of its files."""
    page = phone.page
    await phone.open("/account/privacy")
    await phone.shown("phone-privacy")
    await page.click("text=Prepare an archive")
    await phone.shown("phone-archive-being-made")
    download = page.get_by_role("link", name="Download")

    async def ready() -> bool:
        return bool(await download.count())

    await phone.reloads_until(ready)
    await phone.shown("phone-archive")
    async with page.expect_download() as coming:
        await download.click()
    kept = folder.parent / "archive.zip"
    await (await coming.value).save_as(kept)
    with zipfile.ZipFile(kept) as archive:
        read = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in read.items()}


def tells_of_the_whole_life(archive: dict[str, Any], order: str) -> None:
    """Of every service that knows something: who it is and how they came in, what they bought, paid and were to get."""
    page = archive.pop("index.html")
    assert all(each in page for each in (WHERE["name"], WHERE["line1"], EMAIL, *archive))
    of_users = {table: [row for row in archive["account.json"] if row["table"] == table] for table in _TABLES}
    assert [row["email_raw"] for row in of_users["account"]] == [EMAIL]
    assert [row["name"] for row in of_users["passkey"]] == ["Chrome on Linux"]
    assert {row["method"]: row["end_reason"] for row in of_users["session"]} == {
        "passkey": "email_proved",
        "link": None,
    }
    [bought], [cart] = archive["orders.json"], archive["carts.json"]
    assert (bought["id"], bought["status"], cart["status"]) == (order, "confirmed", "ordered")
    assert WHERE.items() <= bought["address"].items()
    told = [event["type"].rpartition(".")[2] for event in bought["events"]]
    assert told[0] == "OrderPlaced"
    assert {"OrderPaymentActionRequired", "OrderConfirmed"} <= set(told)
    [paid] = archive["payments.json"]
    assert (paid["order_id"], paid["provider"], paid["captured"]) == (order, "testbank", bought["total"]["amount"])
    assert [each["order_id"] for name in ("reservations.json", "movements.json") for each in archive[name]] == [
        order
    ] * 2


async def operators_desk(browser: Browser, shop: str, folder: Path) -> Device:
    async with opened(folder, "users") as here:
        link = await create_operator(here.shop.ports["users"], OPERATOR)
    desk = await device(browser, shop)
    await desk.open(link)
    await desk.page.locator("main form button").first.click()
    await desk.page.wait_for_url(lambda url: "sign-in" not in url)
    return desk


async def looked_up(desk: Device, order: str, *, knows_the_person: bool) -> list[str]:
    """Every amount on the operator's page of the order."""
    await desk.open(f"/console/orders/{order}")
    await desk.shown(f"console-order-{'before' if knows_the_person else 'after'}")
    told = await desk.page.content()
    assert (MARK in told.lower()) == knows_the_person
    return re.findall(r"[\d.,]+ EUR", await desk.reads())


async def deletes_the_account(laptop: Device, folder: Path) -> None:
    """The screen was left open for longer than ten minutes: the page wants to know that it is still them."""
    page = laptop.page
    await is_signed_out(laptop)  # the first mailed link shows whose the address is, and signs out whoever came before
    await laptop.shown("signed-out-elsewhere")
    await people.sign_in_by_passkey(laptop)
    await ten_minutes_pass(folder)
    await laptop.open("/account/privacy")
    await page.check("[name=sure]")
    await page.get_by_role("button", name="Delete my account").click()
    await laptop.arrives("/account/proof?next=*")
    await laptop.shown("proof")
    await page.click("text=With my passkey")
    await laptop.arrives("/account/privacy")
    await laptop.shown("privacy-proved")
    await page.check("[name=sure]")
    await page.get_by_role("button", name="Delete my account").click()
    await laptop.arrives("/")
    await laptop.shown("closed")
    assert "Your account is closed" in await page.inner_text("[role=status]")


async def ten_minutes_pass(folder: Path) -> None:
    """For the sessions of this person."""
    async with opened(folder, "users") as here, here.shop.ports["users"].db.transaction() as tx:
        for table, column in (("session", "created_at"), ("session_proof", "proved_at")):
            await tx.execute(
                f"""UPDATE {table} SET {column} = {column} - interval '11 minutes'
                WHERE account_id = (SELECT id FROM account WHERE email_raw = $1)""",
                EMAIL,
            )


async def is_signed_out(device: Device) -> None:
    await device.open("/account/orders")
    await device.arrives("/sign-in?next=/account/orders")


async def no_passkey_leads_back(laptop: Device) -> None:
    await laptop.open("/sign-in")
    await laptop.page.click("text=Sign in with a passkey")
    await laptop.arrives("/sign-in/passkey")
    await laptop.shown("passkey-refused")
    assert re.search("was not accepted|do not know", await laptop.reads())


async def no_letter_leads_back(phone: Device, mail: Path) -> None:
    """The page says what it says to everybody; somebody else's letter, asked for later, has come meanwhile."""
    before, others = len(letters(mail, EMAIL)), len(letters(mail, OPERATOR))
    await people.ask_for_a_link(phone, EMAIL)
    await people.ask_for_a_link(phone, OPERATOR)
    await mailed(mail, OPERATOR, r"token=(ml_\S+)", after=others)
    assert len(letters(mail, EMAIL)) <= before


async def until_it_is_erased(desk: Device) -> None:
    async def erased() -> bool:
        return await desk.page.locator("td[data-label=State]").first.inner_text() == "erased"

    await desk.open("/console/erasures")
    await desk.reloads_until(erased)
    await desk.shown("console-erasures")


async def where_they_are_known(folder: Path) -> dict[str, int]:
    """Hits by table of every service and in a full dump, and by file of what lies beside the database."""
    search = scanning.Search(MARK)
    beside = dict(file for each in _beside(folder) for file in scanning.files(each, search)[0].items())
    return await scanning.rows(folder, search) | beside


def _beside(folder: Path) -> Iterator[Path]:
    return (each for each in folder.iterdir() if each.is_dir() and each.name != "postgres")
