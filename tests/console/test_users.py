"""Roles are given exactly, after a question, on the account that was read."""

from tests.console.browser import Browser
from tests.console.stage import HOSTILE, Stage


async def test_roles_are_given_exactly_as_ticked(stage: Stage, operator: Browser) -> None:
    user = stage.fakes.add_user("kim@example.com", "support", name="Kim")
    at = f"/console/users/{user['id']}"
    page = await operator.get(at)
    assert ("role", "support") in page.form(at).fields
    fields = [each for each in page.form(at).fields if each[0] != "role"]
    question = await operator.post(at, [*fields, ("role", "merchandiser"), ("role", "stock_keeper")])
    assert user["roles"] == ["support"]
    assert "merchandiser, stock_keeper" in question.text
    done = await operator.send(question, button="Set the roles")
    assert "The roles are set." in done.text
    assert user["roles"] == ["merchandiser", "stock_keeper"]


async def test_the_last_operator_stays_one(stage: Stage, operator: Browser) -> None:
    user = next(each for each in stage.fakes.users.values() if each["roles"] == ["operator"])
    at = f"/console/users/{user['id']}"
    question = await operator.send(await operator.get(at), to=at, but=("role",))
    refused = await operator.send(question, button="Set the roles")
    assert refused.status == 409
    assert "appoint another one first" in refused.text
    assert user["roles"] == ["operator"]


async def test_roles_that_others_gave_meanwhile_are_not_overwritten(stage: Stage, operator: Browser) -> None:
    user = stage.fakes.add_user("kim@example.com", "support")
    at = f"/console/users/{user['id']}"
    question = await operator.send(await operator.get(at), to=at, but=("role",))
    user |= {"roles": ["merchandiser"], "version": 2}
    assert (await operator.send(question, button="Set the roles")).status == 412
    assert user["roles"] == ["merchandiser"]


async def test_who_reads_users_but_gives_no_roles_has_no_button_for_it(stage: Stage) -> None:
    user = stage.fakes.add_user("kim@example.com", name=HOSTILE)
    support = await stage.signed_in("support")
    page = await support.get(f"/console/users/{user['id']}")
    assert page.status == 200
    assert "Giving roles needs the permission" in page.text
    assert "<script" not in page.html


async def test_an_account_is_found_by_its_address(operator: Browser) -> None:
    assert "operator@example.com" in (await operator.get("/console/users?email=operator%40example.com")).text
    assert "Nobody has this address." in (await operator.get("/console/users?email=x%40example.com")).text


async def test_an_account_is_opened_again_while_that_is_possible(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/erasures")
    assert "/console/erasures/era_2/call-off" not in page.html
    done = await operator.send(page, to="/console/erasures/era_1/call-off")
    assert "The account is open again" in done.text
    late = await operator.post("/console/erasures/era_2/call-off", page.form("/console/erasures/era_1/call-off").fields)
    assert "too late" in late.text
