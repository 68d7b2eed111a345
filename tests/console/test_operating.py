"""Waiting streams are retried and given up at the right service; invariants say when they were proved; mail is only read."""

from banyan.foundation.settings import SERVICES
from banyan.kernel.refusals import Unavailable
from tests.console.browser import Browser
from tests.console.stage import HOSTILE, Stage, set_up


async def test_waiting_streams_are_shown_with_why_since_when_and_what_stands_behind(operator: Browser) -> None:
    page = await operator.get("/console/streams")
    for words in (
        "in inventory",
        "Parked",
        "Tried again by itself",
        "8\xa0times",
        "2\xa0h ago",
        "3\xa0events",
        "evt_41",
    ):
        assert words in page.html, words


async def test_trying_again_reaches_the_service_that_waits(stage: Stage, operator: Browser) -> None:
    done = await operator.send(await operator.get("/console/streams"), to="/console/streams/inventory/41/retry")
    assert "tried again at once" in done.text
    (asked,) = stage.fakes.sent("POST", "/operate/parked/.*")
    assert (asked.service, asked.path) == ("inventory", "/operate/parked/41/retry")


async def test_giving_up_is_asked_about_and_reaches_the_service_that_waits(stage: Stage, operator: Browser) -> None:
    question = await operator.send(await operator.get("/console/streams"), to="/console/streams/inventory/42/discard")
    assert "Give this event up?" in question.text
    assert "orders.OrderConfirmed" in question.text
    assert not stage.fakes.sent("POST", "/operate/.*")
    done = await operator.send(question, button="Give it up")
    assert "The event is given up" in done.text
    (asked,) = stage.fakes.sent("POST", "/operate/.*")
    assert (asked.service, asked.path) == ("inventory", "/operate/parked/42/discard")
    assert [each["seq"] for each in stage.fakes.parked["inventory"]] == [41]
    again = await operator.send(question, button="Give it up")
    assert "does not wait any more" in again.text


async def test_what_waits_no_more_is_said_and_what_is_no_service_is_not_found(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/streams")
    stage.fakes.parked.clear()
    gone = await operator.send(page, to="/console/streams/inventory/41/retry")
    assert "does not wait any more" in gone.text
    assert "Nothing waits." in gone.text
    seal = dict(page.form("/console/sign-out").fields)["seal"]
    for place in ("gateway/1", "inventory/x", "inventory/99999999999999999999", "../1"):
        refused = await operator.post(f"/console/streams/{place}/retry", {"seal": seal})
        assert refused.status == 404, place


async def test_a_service_that_is_away_does_not_hide_the_others(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["payments"] = Unavailable("payments cannot be reached")
    for path, words in (("/console/streams", "Order confirmed"), ("/console/invariants", "nothing is lost")):
        page = await operator.get(path)
        assert page.status == 200
        assert "payments: payments cannot be reached" in page.text
        assert words in page.text
    assert "No answer from payments." in (await operator.get("/console")).text


async def test_invariants_say_when_they_were_proved_and_show_the_rows_that_break_them(operator: Browser) -> None:
    page = await operator.get("/console/invariants")
    assert "1 broken" in page.text
    assert page.text.count("42 s ago") == len(SERVICES)
    assert "2\xa0violations" in page.html
    assert "ord_1" in page.text
    assert "refresh" not in dict(page.answer.headers)


async def test_invariants_are_looked_at_again_when_that_is_wanted(operator: Browser) -> None:
    page = await operator.get("/console/invariants?refresh=60")
    assert page.answer.header("refresh") == "60"
    assert (await operator.get("/console/invariants?refresh=1")).answer.header("refresh") == "10"
    assert (await operator.get("/console/invariants?refresh=x")).answer.header("refresh") is None


async def test_mail_is_listed_and_shown_with_its_links_to_this_shop(stage: Stage, operator: Browser) -> None:
    folder = stage.data_dir / "mail"
    folder.mkdir()
    text = f"Hello {HOSTILE}\nhttp://127.0.0.1:8000/sign-in?token=x and http://evil.example/y\n"
    (folder / "ltr_1.eml").write_text(f"To: ida@example.com\nSubject: Welcome {HOSTILE}\n\n{text}")
    (folder / "broken.eml").write_bytes(b"\xff\xfe\0Content-Type: text/plain; charset=nonsense\n\n\xff")
    page = await operator.get("/console/mail")
    assert "Welcome" in page.text
    letter = await operator.get("/console/mail/ltr_1")
    assert "ida@example.com" in letter.text
    assert [link for link in letter.links if link.startswith("http")] == ["http://127.0.0.1:8000/sign-in?token=x"]
    for shown in (page, letter):
        assert "<script" not in shown.html
    assert (await operator.get("/console/mail/broken")).status == 200


async def test_mail_outside_the_outbox_is_not_found(stage: Stage, operator: Browser) -> None:
    (stage.data_dir / "secret.eml").write_text("To: x\n\nsecret")
    for name in ("..%2fsecret", "%2e%2e%2fsecret", "none", "ltr_1.eml", "x" * 200, "%00"):
        page = await operator.get(f"/console/mail/{name}")
        assert page.status == 404, name


async def test_mail_is_for_those_who_give_roles_because_it_holds_sign_in_links(stage: Stage) -> None:
    support = await stage.signed_in("support")
    assert (await support.get("/console/mail")).status == 403
    assert "/console/mail" not in (await support.get("/console")).links


async def test_where_mail_leaves_there_is_no_outbox(tmp_path: object) -> None:
    stage = await set_up(tmp_path, mail_url="smtp://mail.example")  # type: ignore[arg-type]
    operator = await stage.signed_in("operator")
    assert (await operator.get("/console/mail")).status == 404
    assert "/console/mail" not in (await operator.get("/console")).links
