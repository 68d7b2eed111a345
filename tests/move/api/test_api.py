"""A move from its beginning to its end over HTTP: what is told, who may act, and what each act answers."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from banyan.foundation import loopback
from banyan.foundation.settings import Settings
from banyan.move.api import rehearsing
from banyan.move.app import service
from tests.conftest import OpenShop
from tests.move.api.conftest import Counter, Doorman
from tests.move.cutover.world import GROUP

MakeCounter = Callable[[], Awaitable[Counter]]
READS = ("", f"/{GROUP}", f"/{GROUP}/log", "/quarantine", "/throttle")
ACTS = ("prepare", "copy", "verify", "rehearse", "route", "shadow", "cutover", "revert", "finalize", "abort")
BESIDE = ("/throttle", "/throttle/on", "/throttle/off", "/resume", "/quarantine/retry", "/quarantine/qua_1/fix")
BODIES: dict[str, Any] = {
    "route": {"weight": 5},
    "shadow": {"percent": 5},
    "throttle": {"name": "hours", "value": ""},
    "on": {"because": "a sale"},
    "fix": {"table": "ware", "values": {"name": "a lamp"}},
}


async def test_without_a_legacy_shop_nothing_moves_and_every_act_says_how_to_begin(open_shop: OpenShop) -> None:
    shop = await open_shop(service())
    shop.ports["move"].authority = Doorman()  # type: ignore[assignment]
    counter = Counter(shop, None)  # type: ignore[arg-type]
    seen = await counter.get()
    assert (seen["moving"], seen["groups"]) == (False, [])
    assert await counter.get("/quarantine") == {"cases": [], "next_steps": []}
    for path in (*(f"/{GROUP}/{act}" for act in ACTS), *BESIDE):
        refused = await counter.refusal(path, BODIES.get(path.rpartition("/")[2]))
        assert (refused["status"], refused["code"]) == (409, "not_moving")
        assert "banyan move doctor" in refused["detail"]


async def test_what_is_read_needs_operate_and_what_is_done_move_write(counter: Counter) -> None:
    for path in READS:
        assert (await counter.ask("GET", f"/v1/move{path}", who="support")).status == 200
        assert (await counter.ask("GET", f"/v1/move{path}", who="shopper")).status == 403
        assert (await counter.ask("GET", f"/v1/move{path}", who="nobody")).status == 401
    for path in (*(f"/{GROUP}/{act}" for act in ACTS), *BESIDE):
        assert (await counter.refusal(path, BODIES.get(path.rpartition("/")[2]), who="support"))["status"] == 403
    assert (await counter.group())["state"] in ("in_sync", "verified")


async def test_before_anything_is_prepared_status_says_what_comes_first(make_counter: MakeCounter) -> None:
    counter = await make_counter()
    seen = await counter.get()
    assert (seen["moving"], seen["stream"], seen["next_steps"]) == (True, None, ["banyan move prepare"])
    assert (await counter.ask("GET", f"/v1/move/{GROUP}")).status == 404
    assert "not prepared" in (await counter.refusal(f"/{GROUP}/copy"))["detail"]
    assert (await counter.refusal(f"/{GROUP}/verify"))["code"] == "state"


async def test_a_copied_group_is_told_with_its_numbers(counter: Counter) -> None:
    seen = await counter.get()
    assert seen["moving"] is True
    assert seen["stream"]["works"] is True
    assert "@" not in seen["stream"]["server"]
    (group,) = seen["groups"]
    assert (group["rows_copied"], group["quarantine_open"], group["owner"]) == (24, 1, "legacy")
    assert group["way_back"] == {
        "open": False,
        "until": None,
        "due": 0,
        "oldest_seconds": 0.0,
        "flagged": 0,
        "waived": 0,
    }
    assert await counter.get("/quarantine?state=solved") == {"cases": [], "next_steps": []}


async def test_the_log_is_told_newest_first_page_by_page(counter: Counter) -> None:
    seen, cursor = [], ""
    while True:
        page = await counter.get(f"/{GROUP}/log?limit=1{cursor}")
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    numbers = [each["number"] for each in seen]
    assert numbers == sorted(numbers, reverse=True)
    assert {"group: prepared", "group: copying"} <= {each["what"] for each in seen}
    assert "usr_operator" in {each["who"] for each in seen}


async def test_a_whole_verification_begins_at_once_and_its_end_is_in_the_log(counter: Counter) -> None:
    answer = await counter.ask("POST", f"/v1/move/{GROUP}/verify", {"repair": False, "who": "Ada"})
    assert answer.status == 202
    assert answer.json()["look"] == [f"/v1/move/{GROUP}", f"/v1/move/{GROUP}/log"]

    async def told() -> Any:
        return [each for each in (await counter.get(f"/{GROUP}/log"))["items"] if each["what"] == "verified whole"]

    await counter.until(told)
    (entry,) = await told()
    assert entry["who"] == "Ada (usr_operator)"
    assert entry["numbers"]["rows"] == 24
    await counter.is_(verifying=None, coverage_percent=100.0, findings_open=0)


async def test_an_act_sent_twice_with_one_key_is_done_once(counter: Counter) -> None:
    await counter.is_(state="verified")
    first = await counter.ask("POST", f"/v1/move/{GROUP}/shadow", {"percent": 7}, idempotency_key="s-1")
    again = await counter.ask("POST", f"/v1/move/{GROUP}/shadow", {"percent": 7}, idempotency_key="s-1")
    assert first.json() == again.json()
    assert again.header("idempotent-replayed") == "true"
    entries = [each["what"] for each in (await counter.get(f"/{GROUP}/log"))["items"]]
    assert entries.count("7 % of reads are asked again") == 1
    other = await counter.refusal(f"/{GROUP}/shadow", {"percent": 8}, idempotency_key="s-1")
    assert other["code"] == "key_reused"


async def test_what_was_refused_may_be_tried_again_with_the_same_key(counter: Counter) -> None:
    for _ in range(2):
        refused = await counter.refusal(f"/{GROUP}/revert", {}, idempotency_key="r-1")
        assert refused["code"] == "gate_shut"


async def test_weights_are_stepped_and_taken_back(counter: Counter) -> None:
    routed = await counter.post(f"/{GROUP}/route", {"weight": 25})
    assert (routed["weight"], routed["goal"]) == (1, 25)
    assert (await counter.group())["weight_goal"] == 25
    assert (await counter.post(f"/{GROUP}/route", {"weight": 0}))["weight"] == 0
    for wrong in ({"weight": 101}, {"weight": "5"}, {"weight": 5, "speed": 1}, {}):
        assert (await counter.refusal(f"/{GROUP}/route", wrong))["status"] == 422


async def test_a_shut_gate_is_listed_with_its_numbers_and_what_to_do(counter: Counter) -> None:
    refused = await counter.refusal(f"/{GROUP}/cutover", {"dry_run": True})
    assert (refused["status"], refused["code"]) == (409, "gate_shut")
    (gate,) = refused["gates"]
    assert gate["name"] == "quarantine"
    assert gate["said"] == "1 cases are open, 0 waived"
    assert gate["passable"] is True
    assert gate["fix"].startswith("banyan move quarantine")


async def test_a_case_is_shown_with_its_rows_retried_and_waived_by_name(counter: Counter) -> None:
    (case,) = (await counter.get(f"/quarantine?group={GROUP}"))["cases"]
    assert "has no name: give it one" in case["why"]
    shown = await counter.get(f"/quarantine/{case['id']}")
    assert shown["rows"]["ware"][0]["name"] == ""
    assert (await counter.post(f"/quarantine/{case['id']}/retry"))["cases"][0]["id"] == case["id"]
    assert (await counter.refusal(f"/quarantine/{case['id']}/waive", {"because": " "}))["status"] == 422
    waived = await counter.post(f"/quarantine/{case['id']}/waive", {"because": "a test ware of 2019", "who": "Ada"})
    assert (waived["state"], waived["waived_by"]) == ("waived", "Ada (usr_operator)")
    assert (await counter.refusal(f"/quarantine/{case['id']}/waive", {"because": "again"}))["status"] == 409
    assert (await counter.refusal("/quarantine/qua_none/retry"))["status"] == 404


async def test_a_case_is_mended_in_the_legacy_shop_itself(counter: Counter) -> None:
    counter.sql("INSERT INTO ware (name, position) VALUES ('', 77)")

    async def open_() -> Any:
        return (await counter.get(f"/quarantine?group={GROUP}"))["cases"]

    await counter.until(open_)
    (case,) = await open_()
    at = f"/quarantine/{case['id']}"
    assert (await counter.get(at))["keys"] == {"ware": ["ware_id"]}
    refused = await counter.refusal(f"{at}/fix", {"table": "ware", "values": {"colour": "red"}})
    assert (refused["status"], "no column colour" in refused["detail"]) == (422, True)
    assert "there are ware" in (await counter.refusal(f"{at}/fix", {"table": "cellar", "values": {"a": "b"}}))["detail"]
    assert (await counter.refusal(f"{at}/fix", {"table": "ware", "values": {}}))["status"] == 422
    told = await counter.post("/quarantine/retry", {"group": GROUP})
    assert case["id"] in {each["id"] for each in told["cases"]}
    mended = await counter.post(f"{at}/fix", {"table": "ware", "values": {"name": "a lamp"}, "who": "Ada"})
    assert mended["id"] == case["id"]

    async def gone() -> bool:
        return not await open_()

    await counter.until(gone)
    assert (await counter.refusal(f"{at}/retry"))["code"] == "solved"
    counter.sql("DELETE FROM ware WHERE position = 77")
    await counter.is_(state="verified", coverage_percent=100.0)


async def test_the_copys_pace_is_set_and_every_wrong_limit_says_what_is_right(counter: Counter) -> None:
    knobs = (await counter.get("/throttle"))["knobs"]
    assert knobs["chunk_ms"] == "200"
    set_ = await counter.post("/throttle", {"name": "hours", "value": "22:00-06:00"})
    assert set_["knobs"]["hours"] == "22:00-06:00"
    assert "22:00-06:00" in set_["meanings"]["hours"]
    assert "as 22:00-06:00" in (await counter.refusal("/throttle", {"name": "hours", "value": "25:00"}))["detail"]
    assert "there are chunk_ms" in (await counter.refusal("/throttle", {"name": "speed", "value": "1"}))["detail"]
    assert (await counter.refusal("/throttle/on", {}))["status"] == 422
    resting = await counter.post("/throttle/on", {"because": "a sale begins", "who": "Ada"})
    assert resting["throttled"] == "Ada (usr_operator) said so: a sale begins"
    assert resting["next_steps"] == ["banyan move throttle off"]
    assert (await counter.post("/throttle/off"))["because"] == ""
    await counter.post("/throttle", {"name": "hours", "value": ""})
    replica = await counter.post("/throttle", {"name": "replica", "value": "mysql://ada:secret@127.0.0.1:9/shop"})
    assert "secret" not in str(replica)
    await counter.post("/throttle", {"name": "replica", "value": ""})


async def test_going_on_is_refused_where_nothing_stands_still_and_done_where_something_does(counter: Counter) -> None:
    refused = await counter.refusal("/resume")
    assert (refused["code"], "banyan move status" in refused["detail"]) == ("stands_not_still", True)
    assert "ware does not stand still" in (await counter.refusal("/resume", {"table": "ware"}))["detail"]
    async with counter.ports.db.transaction() as tx:
        await tx.execute("UPDATE checkpoint SET halted = 'somebody pulled the plug'")
    assert (await counter.get())["stream"]["halted"] == "somebody pulled the plug"
    resumed = await counter.post("/resume", {"who": "Ada"})
    assert (resumed["was_halted"], resumed["tables"]) == ("somebody pulled the plug", [])
    assert (await counter.get())["stream"]["halted"] is None
    await counter.is_(state="verified", coverage_percent=100.0)


async def test_a_rehearsal_is_the_command_in_a_process_of_its_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, log_level="error")
    assert (await rehearsing.command(settings, GROUP, 1, 0.5, "Ada")).startswith("which shop? --source mysql://")


async def test_a_rehearsal_runs_beside_and_the_log_has_its_outcome(counter: Counter) -> None:
    begun = await counter.post(f"/{GROUP}/rehearse", {"rounds": 1, "who": "Ada"})
    assert begun["began"] == "rehearse"
    assert (await counter.refusal(f"/{GROUP}/rehearse"))["code"] == "under_way"
    assert (await counter.group())["rehearsing"] is True
    await counter.until(lambda: _is(counter, rehearsing=False))
    (entry,) = [
        each for each in (await counter.get(f"/{GROUP}/log"))["items"] if each["what"] == "rehearsal ended early"
    ]
    assert entry["numbers"]["why"] == f"{GROUP} was not rehearsed 1 times"
    assert entry["who"] == "Ada (usr_operator)"


async def _is(counter: Counter, **wanted: object) -> bool:
    seen = await counter.group()
    return all(seen[name] == value for name, value in wanted.items())


async def test_a_group_is_cut_over_goes_back_and_comes_to_stay(counter: Counter) -> None:
    await counter.is_(state="verified", quarantine_open=0)
    dry = await counter.post(f"/{GROUP}/cutover", {"dry_run": True})
    assert (dry["outcome"], dry["steps"]) == ("dry_run", [])
    turn = await counter.post(f"/{GROUP}/cutover", {"max_pause": 5, "window": 86_400}, idempotency_key="c-1")
    assert (turn["outcome"], turn["what"]) == ("done", "cutover"), turn
    assert turn["steps"][0]["step"] == "C1"
    again = await counter.post(f"/{GROUP}/cutover", {"max_pause": 5, "window": 86_400}, idempotency_key="c-1")
    assert again == turn
    await counter.is_(state="new_primary")
    group = await counter.group()
    assert group["owner"] == "new"
    assert group["way_back"]["open"] is True
    assert group["way_back"]["until"] is not None
    assert (await counter.refusal(f"/{GROUP}/abort"))["code"] == "state"
    back = await counter.post(f"/{GROUP}/revert", {"max_pause": 5})
    assert back["outcome"] == "done", back
    await counter.is_(owner="legacy")
    assert (await counter.group())["state"] in ("in_sync", "verified")


async def test_a_way_back_ends_before_its_time_only_by_the_groups_name(counter: Counter) -> None:
    turn = await counter.post(f"/{GROUP}/cutover", {"max_pause": 5, "overrides": {"coverage": "just reverted"}})
    assert turn["outcome"] == "done", turn
    refused = await counter.refusal(f"/{GROUP}/finalize", {})
    assert refused["code"] == "window"
    ended = await counter.post(f"/{GROUP}/finalize", {"name": GROUP})
    assert ended["state"] == "finalized"
    assert ended["renamed"]["ware"] == "banyan_moved_ware"
    assert (await counter.group())["way_back"]["open"] is False


async def test_a_group_that_is_none_is_not_found_and_words_no_database_holds_are_refused(counter: Counter) -> None:
    for act in ACTS:
        assert (await counter.refusal(f"/cellar/{act}", BODIES.get(act)))["status"] == 404
    for path in ("/v1/move/a%00b", "/v1/move/a%00b/log", "/v1/move/quarantine/%00", "/v1/move/quarantine?group=%00"):
        assert (await counter.ask("GET", path)).status == 422, path
    hostile = b'{"who": "\\u0000"}'
    assert (await counter.ask("POST", f"/v1/move/{GROUP}/copy", raw=hostile)).status == 422
    assert (await counter.ask("POST", f"/v1/move/{GROUP}/copy", raw=b"{")).status == 400


async def test_a_move_is_called_off_before_anything_changed_hands(make_counter: MakeCounter) -> None:
    counter = await make_counter()
    await counter.post(f"/{GROUP}/prepare")
    ended = await counter.post(f"/{GROUP}/abort")
    assert (ended["state"], ended["next_steps"]) == ("aborted", [f"banyan move prepare {GROUP}"])


async def test_a_legacy_database_that_is_away_is_a_refusal_and_status_is_still_told(
    open_shop: OpenShop, counter: Counter
) -> None:
    from pydantic import SecretStr

    from tests.move.api.conftest import moving_service

    shop = await open_shop(
        moving_service(), legacy_url=SecretStr("mysql://root@127.0.0.1:9/none"), legacy_shop="opencart4"
    )
    shop.ports["move"].authority = Doorman()  # type: ignore[assignment]
    away = Counter(shop, counter.con)
    assert (await away.get())["moving"] is True
    refused = await away.refusal(f"/{GROUP}/prepare")
    assert refused["status"] == 503
    assert "root" not in refused["detail"].partition("@")[0]


@pytest.mark.parametrize("path", READS)
async def test_no_answer_is_kept_by_anybody_in_between(counter: Counter, path: str) -> None:
    local = counter.shop.peers.local("move")
    assert local is not None
    answer = await loopback.request(local.app, "GET", f"/v1/move{path}", headers={"authorization": "Bearer operator"})
    assert answer.header("cache-control") is None or "public" not in (answer.header("cache-control") or "")
