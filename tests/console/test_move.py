"""The move on pages: each group's numbers, the clock, what stands in the way, and that nothing grave is done by a click."""

from datetime import timedelta

import pytest

from banyan.kernel.refusals import Unavailable
from tests.console.browser import Browser
from tests.console.fake_services.move import group_of, stream_of
from tests.console.stage import HOSTILE, Stage

AT = "/console/move/catalog"
KINDS = ("cutover", "revert", "finalize", "abort")


@pytest.fixture
def moving(stage: Stage) -> Stage:
    stage.fakes.move = {
        "moving": True,
        "stream": stream_of(),
        "groups": [group_of("catalog"), group_of("users", "copying", copy_percent=41.238, eta_seconds=754.0)],
        "next_steps": ["banyan move cutover catalog"],
    }
    stage.fakes.cases["qua_1"] = {
        "id": "qua_1",
        "kind": "product",
        "key": f"42{HOSTILE}",
        "group": "catalog",
        "why": f"the product has no price {HOSTILE}",
        "state": "open",
        "found_at": stage.fakes.now(hours=1),
        "waived_by": None,
        "waived_because": None,
        "rows": {"oc_product": [{"product_id": "42", "model": HOSTILE, "upc": None}]},
    }
    stage.fakes.log.append(
        {"number": 1, "at": stage.fakes.now(hours=2), "group": "catalog", "what": f"copied {HOSTILE}", "who": HOSTILE}
        | {"numbers": {"rows": 4_000, "note": HOSTILE}}
    )
    return stage


async def test_without_a_legacy_shop_the_page_explains_how_to_begin(operator: Browser) -> None:
    page = await operator.get("/console/move")
    assert page.status == 200
    assert "banyan move doctor --source mysql://" in page.text
    assert "BANYAN_LEGACY_URL" in page.text
    assert page.answer.header("refresh") is None
    assert "/console/move" in (await operator.get("/console")).links


async def test_each_group_is_shown_with_its_numbers_and_the_page_looks_again(moving: Stage, operator: Browser) -> None:
    page = await operator.get("/console/move")
    assert "41.23 %" in page.text
    assert "about 13 min to go" in page.text
    assert "99.97 % of 4,000 rows verified after their last change, oldest unverified 4.0 s." in page.text
    assert page.answer.header("refresh") == "5"
    moving.fakes.move["groups"].pop()
    assert (await operator.get("/console/move")).answer.header("refresh") == "20"
    assert (await operator.get("/console/move?refresh=0")).answer.header("refresh") is None
    assert (await operator.get("/console/move?refresh=1")).answer.header("refresh") == "5"


async def test_what_the_legacy_shop_says_never_becomes_markup(moving: Stage, operator: Browser) -> None:
    moving.fakes.move["stream"] |= {"halted": HOSTILE, "throttled": HOSTILE, "server": HOSTILE, "position": HOSTILE}
    moving.fakes.move["groups"][0] |= {
        "stopped": {HOSTILE: HOSTILE},
        "findings_open": 1,
        "findings": [{"kind": "product", "key": HOSTILE, "table": "", "what": HOSTILE, "found_at": moving.fakes.now()}],
        "shadowed": [
            {"route": HOSTILE, "asked": 3, "same": 1, "different": 2, "noisy": 0, "failed": 0},
        ],
    }
    for path in ("/console/move", AT, "/console/move/case/qua_1"):
        page = await operator.get(path)
        assert page.status == 200, path
        assert "<script" not in page.html, path
        assert "<img src=x" not in page.html, path
        assert "alert(1)" in page.text, path


@pytest.mark.parametrize(
    ("state", "way_back", "words"),
    [
        ("verified", {}, "There is nothing to go back from."),
        ("new_primary", {"open": True, "due": 2, "oldest_seconds": 0.31}, "Behind 0.3 s, 2 records"),
        ("new_primary", {"open": True}, "Nothing: the legacy shop has all of it"),
        ("new_primary", {"open": True, "flagged": 1}, "Would not go back 1 record , see quarantine"),
        ("new_primary", {"open": False}, "the way back has no beginning"),
        ("finalized", {"open": False}, "No. It is ours for good"),
    ],
)
async def test_the_clock_says_whether_it_can_still_go_back(
    moving: Stage, operator: Browser, state: str, way_back: dict[str, object], words: str
) -> None:
    owner = "legacy" if state == "verified" else "new"
    group = group_of("catalog", state, owner=owner)
    until = moving.shop.clock.now() + timedelta(days=13, hours=4)
    group["way_back"] |= {"until": until.isoformat(), **way_back}
    moving.fakes.move["groups"] = [group]
    page = await operator.get(AT)
    assert "Can I still go back?" in page.text
    assert words in page.text
    if way_back.get("open"):
        assert "in 13 days" in page.text


async def test_only_who_may_act_is_shown_buttons_and_asked_forms(moving: Stage) -> None:
    support = await moving.signed_in("support")
    page = await support.get(AT)
    assert page.status == 200
    assert not [form for form in page.forms if "/console/move" in form.action]
    for kind in KINDS:
        assert (await support.get(f"{AT}/{kind}")).status == 403
    assert not moving.fakes.sent("POST", "/v1/move/.*")


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_grave_happens_without_the_groups_name(moving: Stage, operator: Browser, kind: str) -> None:
    moving.fakes.turn = {"outcome": "done"}
    page = await operator.get(f"{AT}/{kind}")
    form = page.form(f"{AT}/{kind}")
    for typed in ("", "users", "Catalog"):
        refused = await operator.post(form.action, {**dict(form.fields), "name": typed})
        assert refused.status == 422
        assert "Type catalog, so that it is this group and no other." in refused.text
    assert not [each for each in moving.fakes.sent("POST", f"/v1/move/catalog/{kind}") if "dry_run" not in each.body]
    done = await operator.post(form.action, {**dict(form.fields), "name": "catalog"})
    assert done.at == AT
    (asked,) = [each for each in moving.fakes.sent("POST", f"/v1/move/catalog/{kind}") if "dry_run" not in each.body]
    assert asked.body["who"] == "operator@example.com"
    assert asked.headers["idempotency-key"].startswith("key_")


async def test_a_shut_gate_is_passed_only_with_a_reason(moving: Stage, operator: Browser) -> None:
    moving.fakes.gates = [
        {"name": "coverage", "said": f"12 rows {HOSTILE}", "fix": "banyan move verify catalog", "passable": True},
        {"name": "tables", "said": "1 tables are not live", "fix": "", "passable": False},
    ]
    moving.fakes.turn = {"outcome": "done"}
    page = await operator.get(f"{AT}/cutover")
    assert "12 rows" in page.text
    assert "Nobody can pass this gate." in page.text
    assert "<script" not in page.html
    fields = dict(page.form(f"{AT}/cutover").fields)
    assert [name for name in fields if name.startswith("gate:")] == ["gate:coverage"]
    done = await operator.post(f"{AT}/cutover", {**fields, "name": "catalog", "gate:coverage": "they are hits"})
    assert done.at == AT
    asked = moving.fakes.sent("POST", "/v1/move/catalog/cutover")[-1]
    assert asked.body["overrides"] == {"coverage": "they are hits"}
    assert (asked.body["max_pause"], asked.body["window"]) == (0.5, 14 * 86_400)


async def test_an_attempt_that_went_back_says_why_and_may_be_tried_again(moving: Stage, operator: Browser) -> None:
    moving.fakes.turn = {"outcome": "aborted", "why": "writes have waited for 500 ms", "pause_ms": 502.2} | {
        "steps": [{"step": "C1", "at_ms": 0.1}]
    }
    page = await operator.get(f"{AT}/cutover")
    first = dict(page.form(f"{AT}/cutover").fields)
    page = await operator.post(f"{AT}/cutover", {**first, "name": "catalog"})
    assert "It went back, and nothing was lost: writes have waited for 500 ms" in page.text
    assert dict(page.form(f"{AT}/cutover").fields)["key"] != first["key"]


async def test_where_nobody_knows_whether_it_was_done_the_same_key_asks_again(moving: Stage, operator: Browser) -> None:
    moving.fakes.turn = {"outcome": "done"}
    page = await operator.get(f"{AT}/cutover")
    first = dict(page.form(f"{AT}/cutover").fields)
    moving.fakes.lose_answers = 1
    lost = await operator.post(f"{AT}/cutover", {**first, "name": "catalog"})
    assert lost.status == 504
    assert dict(lost.form(f"{AT}/cutover").fields)["key"] == first["key"]
    done = await operator.send(lost, to=f"{AT}/cutover", name="catalog")
    assert done.at == AT


async def test_a_case_is_tried_again_or_left_behind_by_name_and_reason(moving: Stage, operator: Browser) -> None:
    case = "/console/move/case/qua_1"
    page = await operator.get(case)
    assert "NULL" in page.text
    assert dict(page.form(f"{case}/waive").fields)["name"] == "operator@example.com"
    assert (await operator.send(page, to=f"{case}/waive", because=" ")).status == 422
    question = await operator.send(page, to=f"{case}/waive", name="Ada", because="a test product")
    assert not moving.fakes.sent("POST", "/v1/move/quarantine/.*")
    done = await operator.send(question, button="Leave it behind")
    assert done.at == AT
    (asked,) = moving.fakes.sent("POST", "/v1/move/quarantine/qua_1/waive")
    assert asked.body == {"who": "Ada", "because": "a test product"}
    assert "Left behind by Ada : a test product" in (await operator.get(case)).text


async def test_weights_go_down_at_once_and_up_after_a_question(moving: Stage, operator: Browser) -> None:
    moving.fakes.move["groups"][0]["weight"] = 25
    page = await operator.get(AT)
    form = page.form(f"{AT}/route")
    assert form.buttons == ["0 %", "5 %", "25 %", "50 %", "100 %"]
    assert (await operator.post(form.action, [*form.fields, ("weight", "0")])).at == AT
    question = await operator.post(form.action, [*form.fields, ("weight", "100")])
    assert [each.body["weight"] for each in moving.fakes.sent("POST", "/v1/move/catalog/route")] == [0]
    await operator.send(question, button="Answer 100 %")
    assert [each.body["weight"] for each in moving.fakes.sent("POST", "/v1/move/catalog/route")] == [0, 100]
    for wrong in ("7", "", "x", "1e2"):
        assert (await operator.post(form.action, [*form.fields, ("weight", wrong)])).status == 400


async def test_a_move_that_cannot_be_read_says_so_and_what_is_not_there_is_not_found(
    moving: Stage, operator: Browser
) -> None:
    for path in ("/console/move/cellar", "/console/move/cellar/cutover", "/console/move/case/none", f"{AT}/nothing"):
        assert (await operator.get(path)).status == 404, path
    moving.fakes.broken["move"] = Unavailable("move cannot be reached")
    page = await operator.get("/console/move")
    assert page.status == 503
    assert "move cannot be reached" in page.text


async def test_nobody_at_work_and_a_stream_that_stands_still_cannot_be_missed(moving: Stage, operator: Browser) -> None:
    moving.fakes.move["stream"] |= {"works": False, "halted": "the log was purged", "retention_slack": 0.1}
    for path in ("/console/move", AT):
        page = await operator.get(path)
        assert "Nobody works on the move." in page.text
        assert "The stream stands still: the log was purged" in page.text
        assert "10 % of the time is left" in page.text
