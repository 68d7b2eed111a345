"""The console over a real move: an operator takes a shop over, page by page, and gives it back."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from banyan import topology
from banyan.console.app import face
from banyan.move.demo.mariadb import MariaDb
from banyan.users import actions as users
from tests.conftest import OpenShop
from tests.console.browser import Browser, Page
from tests.move.api.conftest import Counter, moving_service
from tests.move.cutover.world import GROUP, SCHEMA, catalog

AT = f"/console/move/{GROUP}"


@pytest.fixture(scope="module")
async def counter(open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Any:
    """Wares that somebody works on, with the real users beside; nothing is prepared."""
    database = legacy_database("")
    con = mariadb.connect(database)
    with con.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        for each in range(8):
            cursor.execute(
                "INSERT INTO ware (name, position) VALUES (%s, %s)", (f"<b>old {each}</b>" if each else "", each)
            )
    wares = catalog()
    shop = await open_shop(
        moving_service(),
        wares,
        topology.service("users"),
        legacy_url=SecretStr(mariadb.url(database)),
        legacy_shop="opencart4",
    )
    shop.work(wares)
    made = Counter(shop, con)
    await made.work()
    yield made
    await made.rest()
    con.close()


@pytest.fixture(scope="module")
async def operator(counter: Counter) -> Browser:
    shop = counter.shop
    browser = Browser(await face(shop), origin=shop.settings.origin)
    link = await users.create_operator(shop.ports["users"], "ada@example.com")
    home = await browser.send(await browser.get(link), to="/console/sign-in/link")
    assert home.at == "/console"
    return browser


async def shows(operator: Browser, words: str, at: str = AT) -> Page:
    """The page, once it says so."""
    for _ in range(300):
        page = await operator.get(at)
        if words in page.text:
            return page
        await asyncio.sleep(0.05)
    raise AssertionError(f"{words!r} is not on {at}: {page.text}")


async def test_before_anything_is_prepared_the_page_says_how_to_begin(operator: Browser) -> None:
    page = await operator.get("/console/move")
    assert page.status == 200
    assert "Nothing is prepared yet" in page.text
    assert "banyan move prepare" in page.text


async def test_a_group_is_copied_followed_and_verified(counter: Counter, operator: Browser) -> None:
    from banyan.move.mover import Mover
    from tests.move.api.conftest import Named

    mover = await Mover.open(counter.ports, Named())
    await mover.prepare()
    await mover.source.close()
    page = await operator.get(AT)
    assert "Prepared" in page.text
    question = await operator.send(page, button="Copy …")
    page = await operator.send(question, button="Copy it")
    assert "The copy begins." in page.text
    page = await shows(operator, "100 % of 8 rows verified after their last change")
    assert page.answer.header("refresh") in ("5", "20")
    assert (await operator.get(f"{AT}?refresh=0")).answer.header("refresh") is None
    page = await shows(operator, "group: verified")
    overview = await operator.get("/console/move")
    assert f"/console/move/{GROUP}" in overview.links
    assert "1 in quarantine" in overview.text
    page = await operator.send(page, button="Verify")
    assert "Every row and record is being compared." in page.text
    await shows(operator, "verified whole")


async def test_what_waits_is_told_in_plain_words_and_left_behind_by_name(operator: Browser) -> None:
    page = await shows(operator, "has no name: give it one")
    (case,) = {link for link in page.links if link.startswith("/console/move/case/")}
    assert "It is offered again." in (await operator.send(page, to=f"{case}/retry")).text
    shown = await operator.get(case)
    assert "position" in shown.text
    wrong = await operator.send(shown, to=f"{case}/waive", because="")
    assert wrong.status == 422
    question = await operator.send(shown, to=f"{case}/waive", because="a test ware")
    assert "Leave this behind?" in question.text
    page = await operator.send(question, button="Leave it behind")
    assert "It is left behind, on your word." in page.text
    assert "0 open, 1 left behind by name" in page.text
    assert "ada@example.com (usr_" in page.text


async def test_a_row_is_mended_in_the_legacy_shop_from_its_case(operator: Browser, counter: Counter) -> None:
    counter.sql("INSERT INTO ware (name, position) VALUES ('', 70)")
    page = await shows(operator, "1 open")
    at = next(link for link in page.links if link.startswith("/console/move/case/"))
    shown = await operator.get(at)
    assert "Mend this row in the legacy shop" in shown.text
    wrong = await operator.send(shown, to=f"{at}/fix", column="colour", value="red")
    assert (wrong.status, "Choose one of the row" in wrong.text) == (422, True)
    question = await operator.send(shown, to=f"{at}/fix", column="name", value="a <b>lamp</b>")
    assert "Mend this in the legacy shop?" in question.text
    assert "ware_id" in question.text
    page = await operator.send(question, button="Mend it there")
    assert "It is mended in the legacy shop." in page.text
    await shows(operator, "0 open")
    counter.sql("DELETE FROM ware WHERE position = 70")


async def test_the_copys_limits_are_set_and_a_wrong_one_is_told_at_its_field(operator: Browser) -> None:
    at = "/console/move/throttle"
    page = await operator.get(at)
    assert "Hours in which to copy" in page.text
    page = await operator.send(page, to=at, name="hours", value="22:00-06:00")
    assert "The limit is set." in page.text
    wrong = await operator.send(page, to=at, name="hours", value="at night")
    assert wrong.status == 422
    assert "hours are spans as 22:00-06:00" in wrong.text
    assert 'value="at night"' in wrong.html
    page = await operator.send(page, to=at, name="hours", value="")
    assert (await operator.send(page, to=f"{at}/on", because="")).status == 422
    page = await operator.send(page, to=f"{at}/on", because="a sale")
    assert "let it rest: a sale" in page.text
    page = await operator.send(page, button="Let it go on")
    assert "The copy goes on" in page.text


async def test_after_a_halt_it_goes_on_when_that_is_confirmed(operator: Browser, counter: Counter) -> None:
    async with counter.ports.db.transaction() as tx:
        await tx.execute("UPDATE checkpoint SET halted = 'the log ends in the middle'")
    page = await shows(operator, "the log ends in the middle", "/console/move")
    question = await operator.send(page, button="Go on …")
    assert "nothing is skipped" in question.text
    page = await operator.send(question, button="Go on")
    assert "It goes on." in page.text
    assert "stands still" not in page.text
    late = await operator.post(
        "/console/move/resume", [*question.form(button="Go on").fields, ("key", "key_" + "0" * 26)]
    )
    assert late.status == 409
    assert "nothing stands still: banyan move status" in late.text
    await shows(operator, "Cut over …")


async def test_a_rehearsal_is_asked_for_and_shown_while_it_runs(operator: Browser) -> None:
    page = await shows(operator, "Rehearse …")
    question = await operator.send(page, button="Rehearse …")
    assert "scratch database" in question.text
    page = await operator.send(question, button="Rehearse it")
    assert "The rehearsal begins." in page.text
    await shows(operator, "rehearsal ended early")


async def test_reads_go_up_after_a_question_and_down_at_once(operator: Browser) -> None:
    page = await shows(operator, "Cut over …")
    question = await operator.post(f"{AT}/route", [*page.form(f"{AT}/route").fields, ("weight", "25")])
    assert "Answer 25 % of the reads of catalog?" in question.text
    page = await operator.send(question, button="Answer 25 %")
    assert "on the way to 25 %" in page.text
    page = await operator.post(f"{AT}/route", [*page.form(f"{AT}/route").fields, ("weight", "0")])
    assert "The share of reads is set" in page.text
    assert "on the way" not in page.text
    assert (await operator.post(f"{AT}/route", [*page.form(f"{AT}/route").fields, ("weight", "33")])).status == 400
    page = await operator.send(page, to=f"{AT}/shadow", percent="5")
    assert "5 % of reads are asked again" in page.text
    assert (await operator.send(page, to=f"{AT}/shadow", percent="many")).status == 422


async def test_a_cutover_asks_for_the_name_and_is_done_once(operator: Browser, counter: Counter) -> None:
    page = await shows(operator, "Cut over …")
    assert f"{AT}/cutover" in page.links
    page = await operator.get(f"{AT}/cutover")
    assert "Every gate is open." in page.text, page.text
    wrong = await operator.send(page, button="Cut over", name="catalogue", max_pause="99")
    assert wrong.status == 422
    assert "Type catalog, so that it is this group and no other." in wrong.text
    assert "Between 0.05 and 60 seconds" in wrong.text
    fields = {**dict(wrong.form(button="Cut over").fields), "name": GROUP, "max_pause": "5"}
    for _ in range(2):
        page = await operator.post(f"{AT}/cutover", fields)
        assert "The group is ours." in page.text, page.text
    page = await shows(operator, "Ours")
    assert "Yes. The way back is meant to stay until" in page.text
    assert "Would not go back Nothing" in page.text
    assert page.text.count("cutover: done") == 1


async def test_a_revert_gives_it_back(operator: Browser) -> None:
    page = await shows(operator, "Give it back …")
    page = await operator.get(f"{AT}/revert")
    page = await operator.send(page, button="Give it back", name=GROUP, max_pause="5")
    assert "The legacy shop owns the group again" in page.text, page.text
    assert "There is nothing to go back from." in page.text


async def test_a_gate_that_is_shut_is_shown_and_can_be_passed_with_a_reason(
    counter: Counter, operator: Browser
) -> None:
    counter.sql("INSERT INTO ware (name, position) VALUES ('', 90)")
    await shows(operator, "1 open")
    page = await operator.get(f"{AT}/cutover")
    assert "1 cases are open, 1 waived" in page.text
    assert "banyan move quarantine list" in page.text
    kept = await operator.send(page, button="Cut over", name=GROUP, max_pause="5")
    assert "1 cases are open, 1 waived" in kept.text
    fields = {**dict(kept.form(button="Cut over").fields), "name": GROUP, "max_pause": "5"}
    for gate in [name for name in fields if name.startswith("gate:")]:
        fields[gate] = "it sells nothing"
    page = await operator.post(f"{AT}/cutover", fields)
    assert "The group is ours." in page.text, page.text
    assert "cutover: gates passed" in page.text


async def test_keeping_it_for_good_ends_the_clock(operator: Browser) -> None:
    page = await operator.get(f"{AT}/finalize")
    assert "There is no way back after this" in page.text
    page = await operator.send(page, button="Keep it for good", name=GROUP)
    assert "The group is ours for good." in page.text, page.text
    assert "No. It is ours for good" in page.text


async def test_no_word_of_the_legacy_shop_becomes_markup(operator: Browser) -> None:
    for at in ("/console/move", AT):
        assert "<b>old" not in (await operator.get(at)).html
    assert (await operator.get("/console/move/cellar")).status == 404
    assert (await operator.get("/console/move/case/qua_none")).status == 404
    assert (await operator.get("/console/move/a%00b")).status in (400, 404)
