"""A mailed link signs in once, for ten minutes, only its owner; who has no account learns nothing."""

import asyncio
from collections.abc import Sequence

from banyan.foundation.envelope import Envelope
from banyan.kernel.clock import VirtualClock
from banyan.users import actions
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.authenticator import Device
from tests.users.desk import PASSWORD, Desk, fresh_email
from tests.users.passkey_desk import ask_link, enter, owner

LAPTOP = "http://localhost:8000"


async def send(desk: Desk, email: str) -> int:
    answer = await desk.ask("POST", "/v1/sessions/magic-link", {"email": email})
    assert answer.status in (202, 429)
    return answer.status


async def test_a_link_comes_by_mail_and_signs_in_once(desk: Desk) -> None:
    made = await desk.newcomer("Link.Reader@B\u00dcCHER.example")
    assert await send(desk, "link.reader@b\u00fccher.example") == 202
    [(to, subject, text)] = [each for each in await desk.mail() if "xn--bcher" in each[0]]
    assert (to, subject) == ("Link.Reader@xn--bcher-kva.example", "Sign in to Banyan Supply")
    assert f"{desk.shop.settings.origin}/sign-in?token=ml_" in text
    token = await desk.link_to(to)
    first, again = await desk.redeem(token), await desk.redeem(token)
    assert (first.status, first.json()["user"]["id"]) == (201, made["id"])
    assert (again.status, again.json()["code"]) == (401, "link_invalid")


async def test_reading_a_link_uses_nothing_up(desk: Desk) -> None:
    made = await desk.newcomer()
    await send(desk, made["email"])
    token = await desk.link_to(made["email"])
    for method in ("GET", "HEAD", "OPTIONS"):
        assert (await desk.ask(method, f"/v1/sessions/magic-link/redeem?token={token}")).status in (404, 405)
    assert (await desk.redeem(token)).status == 201


async def test_of_many_who_redeem_at_once_one_comes_in(desk: Desk) -> None:
    made = await desk.newcomer()
    await send(desk, made["email"])
    token = await desk.link_to(made["email"])
    answers = await asyncio.gather(*(desk.redeem(token) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [401] * 7


async def test_redeeming_one_link_voids_the_others(desk: Desk) -> None:
    made = await desk.newcomer()
    links = []
    for _ in range(2):
        await send(desk, made["email"])
        links.append(await desk.link_to(made["email"]))
    assert (await desk.redeem(links[1])).status == 201
    assert (await desk.redeem(links[0])).status == 401


async def test_a_lost_answer_is_given_again_with_its_key(desk: Desk) -> None:
    made = await desk.newcomer()
    await send(desk, made["email"])
    body = {"token": await desk.link_to(made["email"])}
    path = "/v1/sessions/magic-link/redeem"
    first = await desk.ask("POST", path, body, key="redeem")
    again = await desk.ask("POST", path, body, key="redeem")
    assert (again.status, again.body) == (201, first.body)
    assert (await desk.ask("POST", path, body, key="other")).status == 401


async def test_an_unknown_address_gets_the_same_answer_and_no_mail(desk: Desk) -> None:
    made, nobody = await desk.newcomer(), fresh_email("nobody")
    known, unknown = [
        await desk.ask("POST", "/v1/sessions/magic-link", {"email": email}) for email in (made["email"], nobody)
    ]
    assert (known.status, known.headers, len(known.body)) == (unknown.status, unknown.headers, len(unknown.body))
    assert known.json().keys() == unknown.json().keys() == {"expires_in", "attempt"}
    assert (await desk.mail())[-1][0] == made["email"]
    assert nobody not in [to for to, _, _ in await desk.mail()]
    assert await desk.ports.db.fetchval("SELECT count(*) FROM letter") == 0


async def test_a_link_is_too_old_after_ten_minutes(timed: Desk, clock: VirtualClock) -> None:
    for seconds, status in ((599, 201), (601, 401)):
        made = await timed.newcomer()
        await send(timed, made["email"])
        token = await timed.link_to(made["email"])
        clock.advance(seconds)
        assert (await timed.redeem(token)).status == status


async def test_a_mailbox_is_not_flooded_whether_or_not_it_has_an_account(timed: Desk, clock: VirtualClock) -> None:
    made = await timed.newcomer()
    for email in (made["email"], fresh_email("nobody")):
        assert [await send(timed, email) for _ in range(7)] == [202] * 5 + [429] * 2
        clock.advance(62)
        assert await send(timed, email) == 202
    assert len([to for to, _, _ in await timed.mail() if to == made["email"]]) == 6


async def test_no_link_is_kept_as_it_is_not_even_in_the_letter(desk: Desk) -> None:
    made = await desk.newcomer()
    await send(desk, made["email"])
    rows = await desk.ports.db.fetch(
        "SELECT l::text AS row FROM letter AS l UNION ALL SELECT m::text FROM magic_link AS m"
    )
    assert rows
    assert not any("ml_" in row["row"] or b"ml_".hex() in row["row"] for row in rows)
    assert (await desk.redeem(await desk.link_to(made["email"]))).status == 201


async def test_a_letter_that_cannot_be_sent_is_tried_again_and_given_up_when_stale(
    timed: Desk, clock: VirtualClock
) -> None:
    made = await timed.newcomer()
    await timed.mail()
    folder = timed.shop.settings.data_dir / "mail"
    away = folder.rename(folder.with_name("away"))
    folder.write_text("no folder any more")
    await send(timed, made["email"])
    assert await actions.post(timed.ports) > 0
    assert await timed.ports.db.fetchval("SELECT attempts FROM letter") == 1
    folder.unlink()
    away.rename(folder)
    assert [each for each in await timed.mail() if each[0] == made["email"]] == []  # not before its time
    clock.advance(31)
    assert await timed.link_to(made["email"])

    await send(timed, made["email"])
    before = len(await timed.mail())
    async with timed.ports.db.transaction() as tx:
        await tx.execute("UPDATE letter SET due_at = shop_now()")
    clock.advance(601)
    assert len(await timed.mail()) == before
    assert await timed.ports.db.fetchval("SELECT count(*) FROM letter") == 0


async def test_what_is_no_link_is_refused_alike(desk: Desk) -> None:
    for token in ("x", "ml_" + "A" * 43, "rt_" + "A" * 43, "ml_\x00", "ml_" + "ä" * 43):
        answer = await desk.redeem(token)
        assert (answer.status, answer.json()["code"]) == (401, "link_invalid")


async def test_a_working_shop_posts_letters_and_tells_facts_by_itself(open_shop: OpenShop) -> None:
    desk = Desk(await open_shop(service(), work=True))
    made = await desk.newcomer()
    await send(desk, made["email"])
    heard: list[str] = []

    async def take(batch: Sequence[Envelope]) -> None:
        heard.extend(envelope.type for envelope in batch)

    folder = desk.shop.settings.data_dir / "mail"
    async with asyncio.timeout(30):
        while not (heard and any(folder.glob("*.eml"))):
            await desk.shop.bus.deliver("listener", frozenset({"users"}), take)
            await asyncio.sleep(0.02)
    assert heard == ["users.UserRegistered"]
    assert (await desk.redeem(await desk.link_to(made["email"]))).status == 201


async def test_who_signed_up_with_anothers_address_is_out_when_its_owner_comes(desk: Desk) -> None:
    squatter = await desk.newcomer()
    await send(desk, squatter["email"])
    owner = await desk.redeem(await desk.link_to(squatter["email"]))
    assert owner.status == 201
    wrong = await desk.ask("POST", "/v1/sessions", {"email": squatter["email"], "password": PASSWORD})
    assert (wrong.status, wrong.json()["code"]) == (401, "wrong_credentials")
    refreshed = await desk.ask("POST", "/v1/sessions/refresh", {"refresh_token": squatter["refresh_token"]})
    assert refreshed.status == 401
    me = await desk.ask("GET", "/v1/me", token=owner.json()["access_token"])
    assert (me.status, me.json()["has_password"]) == (200, False)


async def test_a_password_set_by_the_proven_owner_stays_at_the_next_link(desk: Desk) -> None:
    email = (await desk.newcomer())["email"]
    await send(desk, email)
    owner = (await desk.redeem(await desk.link_to(email))).json()
    chosen = {"new": "a much longer walk by the sea"}
    assert (await desk.ask("POST", "/v1/me/password", chosen, token=owner["access_token"])).status == 204
    await send(desk, email)
    assert (await desk.redeem(await desk.link_to(email))).status == 201
    signed_in = await desk.ask("POST", "/v1/sessions", {"email": email, "password": chosen["new"]})
    assert signed_in.status == 201


async def test_a_link_says_which_device_asked_and_whether_it_was_this_one(desk: Desk) -> None:
    made = await desk.newcomer()
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"
    asked = await desk.ask("POST", "/v1/sessions/magic-link", {"email": made["email"]}, headers={"user-agent": chrome})
    body = {"token": await desk.link_to(made["email"])}
    for attempt, same in (("", False), (asked.json()["attempt"], True), ("att_" + "A" * 43, False)):
        seen = await desk.ask("POST", "/v1/sessions/magic-link/look", body | {"attempt": attempt})
        assert (seen.json()["asked_by"], seen.json()["same_browser"]) == ("Chrome on Windows", same)
    assert "asked for with Chrome on Windows" in [text for to, _, text in await desk.mail() if to == made["email"]][-1]
    assert (await desk.redeem(body["token"])).status == 201


async def test_the_code_in_the_mail_signs_in_where_it_was_asked_for_and_uses_the_link_up(desk: Desk) -> None:
    squatter, held = await owner(desk, Device(LAPTOP, "localhost", b"a squatter's"))
    token, code, attempt = await ask_link(desk, squatter["email"])
    answer = await desk.ask(
        "POST", "/v1/sessions/magic-link/code", {"attempt": attempt, "code": code.lower().replace("-", " ")}
    )
    assert (answer.status, answer.json()["user"]["id"]) == (201, squatter["id"])
    assert (await desk.redeem(token)).status == 401
    assert (await enter(desk, held)).status == 401  # what was there before the mailbox was proved is gone
