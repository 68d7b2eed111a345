"""Who may do what: given by operators only, effective at once where it matters, and never nobody's."""

import asyncio

import pytest

from banyan.contracts.users import PERMISSIONS, ROLES
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Invalid
from banyan.users import actions, passwords
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import PASSWORD, Desk, fresh_email


@pytest.fixture
async def own(open_shop: OpenShop) -> Desk:
    """A desk where nobody else is operator."""
    return Desk(await open_shop(service()))


async def give(desk: Desk, token: str, user_id: str, *roles: str, match: str = "") -> tuple[int, str]:
    answer = await desk.ask("PUT", f"/v1/users/{user_id}/roles", {"roles": roles}, token=token, match=match)
    return answer.status, answer.json().get("code", "")


async def test_a_role_is_given_and_ends_the_sessions_that_lacked_it(desk: Desk) -> None:
    operator, made = await desk.operator(), await desk.newcomer(password="a very long walk by the sea")
    assert await give(desk, operator["access_token"], made["id"], "support", "stock_keeper", "support") == (200, "")
    assert (await desk.refresh(made["refresh_token"])).status == 401
    signed_in = (await desk.sign_in(made["email"], "a very long walk by the sea")).json()
    assert signed_in["user"]["roles"] == ["stock_keeper", "support"]
    assert set(signed_in["user"]["permissions"]) == ROLES["support"] | ROLES["stock_keeper"]
    who = await desk.shop.authority.principal(f"Bearer {signed_in['access_token']}")
    assert who.permissions == ROLES["support"] | ROLES["stock_keeper"]
    assert await desk.facts(made["id"]) == [
        "UserRegistered",
        "RolesChanged stock_keeper support",
        "SessionsEnded roles_changed",
    ]
    assert await give(desk, operator["access_token"], made["id"], "support", "stock_keeper") == (200, "")
    assert len(await desk.facts(made["id"])) == 3  # as it was: nothing happens


async def test_only_operators_give_roles_and_nobody_to_themselves(desk: Desk) -> None:
    operator, made = await desk.operator(), await desk.newcomer(password="a very long walk by the sea")
    assert await give(desk, "", made["id"], "operator") == (401, "unauthenticated")
    assert await give(desk, made["access_token"], made["id"], "operator") == (403, "forbidden")
    for role in ROLES.keys() - {"operator"}:
        await give(desk, operator["access_token"], made["id"], role)
        token = (await desk.sign_in(made["email"], "a very long walk by the sea")).json()["access_token"]
        assert await give(desk, token, made["id"], "operator") == (403, "forbidden")
    assert await give(desk, operator["access_token"], made["id"], "king") == (422, "invalid")
    assert await give(desk, operator["access_token"], "usr_" + "0" * 26, "support") == (404, "not_found")
    assert await give(desk, operator["access_token"], "usr_%00", "support") == (422, "invalid")
    assert await give(desk, operator["access_token"], made["id"], "support", match='"99"') == (412, "stale")


async def test_the_last_operator_stays(own: Desk) -> None:
    operator = await own.operator()
    user_id = operator["user"]["id"]
    for roles in ((), ("support",)):
        assert await give(own, operator["access_token"], user_id, *roles) == (409, "last_operator")
    assert (await own.refresh(operator["refresh_token"])).status == 200
    assert await give(own, operator["access_token"], user_id, "operator", "support") == (200, "")
    assert await own.broken() == {}


async def test_operators_who_remove_each_other_at_once_leave_one(own: Desk) -> None:
    for _ in range(5):
        operators = [await own.operator() for _ in range(4)]
        answers = await asyncio.gather(
            *(give(own, one["access_token"], operators[place - 1]["user"]["id"]) for place, one in enumerate(operators))
        )
        left = await own.ports.db.fetchval("SELECT count(*) FROM account WHERE 'operator' = ANY (roles)")
        assert left >= 1
        # Whoever lost the role first removes nobody any more, although the token still says so.
        assert set(answers) <= {
            (200, ""),
            (401, "session_ended"),
            (403, "forbidden"),
            (409, "last_operator"),
        }
        assert (200, "") in answers
        assert await own.broken() == {}


async def test_a_removed_operator_acts_no_more_with_the_old_token(own: Desk) -> None:
    one, other = await own.operator(), await own.operator()
    assert await give(own, one["access_token"], other["user"]["id"]) == (200, "")
    assert await give(own, other["access_token"], one["user"]["id"]) == (401, "session_ended")


async def test_accounts_are_read_by_those_who_may(desk: Desk) -> None:
    operator, made, other = await desk.operator(), await desk.newcomer(), await desk.newcomer()
    path = f"/v1/users/{made['id']}"
    for token, status in (
        (made["access_token"], 200),
        (operator["access_token"], 200),
        (other["access_token"], 403),
        ("", 401),
    ):
        answer = await desk.ask("GET", path, token=token)
        assert answer.status == status
        if status == 200:
            assert (answer.json()["email"], answer.header("etag")) == (made["email"], '"1"')
        assert not {"password_hash", "password", "hash"} & set(answer.json())
    nobody = "/v1/users/usr_" + "0" * 26
    assert (await desk.ask("GET", nobody, token=other["access_token"])).status == 403
    assert (await desk.ask("GET", nobody, token=operator["access_token"])).status == 404
    assert (await desk.ask("GET", "/v1/users", token=other["access_token"])).status == 403
    assert (await desk.ask("GET", "/v1/users")).status == 401


async def test_accounts_are_listed_in_pages_and_found_by_any_spelling(desk: Desk) -> None:
    token = (await desk.operator())["access_token"]
    made = await desk.newcomer("Find.Me@B\u00fccher.example")
    seen, cursor = [], ""
    while True:
        page = (await desk.ask("GET", f"/v1/users?limit=3{cursor}", token=token)).json()
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(set(seen))
    assert len(seen) == await desk.ports.db.fetchval("SELECT count(*) FROM account")
    found = (await desk.ask("GET", "/v1/users?email=find.me%40xn--bcher-kva.example", token=token)).json()["items"]
    assert [each["id"] for each in found] == [made["id"]]
    assert (await desk.ask("GET", "/v1/users?email=nobody%40example.com", token=token)).json()["items"] == []
    assert (await desk.ask("GET", "/v1/users?email=%00", token=token)).status == 422


async def test_roles_are_listed_with_what_they_permit(desk: Desk) -> None:
    answer = await desk.ask("GET", "/v1/roles", token=(await desk.operator())["access_token"])
    found = {each["role"]: set(each["permissions"]) for each in answer.json()["items"]}
    assert found == {role: set(permissions) for role, permissions in ROLES.items()}
    assert found["operator"] == PERMISSIONS
    assert (await desk.ask("GET", "/v1/roles")).status == 401


async def test_the_first_operator_comes_in_by_a_link_of_thirty_minutes(timed: Desk, clock: VirtualClock) -> None:
    for seconds, status in ((1799, 201), (1801, 401)):
        path = await actions.create_operator(timed.ports, fresh_email("op"))
        assert path.startswith("/console/sign-in?token=ml_")
        clock.advance(seconds)
        answer = await timed.redeem(path.partition("token=")[2])
        assert answer.status == status
        if status == 201:
            assert answer.json()["user"]["roles"] == ["operator"]
            assert answer.json()["user"]["has_password"] is False
            assert await timed.facts(answer.json()["user"]["id"]) == ["UserRegistered", "RolesChanged operator"]


async def test_whoever_took_an_operators_address_before_loses_what_they_had(desk: Desk) -> None:
    squatter = await desk.newcomer(fresh_email("boss"), "a very long walk by the sea")
    path = await actions.create_operator(desk.ports, squatter["email"].upper())
    assert (await desk.refresh(squatter["refresh_token"])).status == 401
    assert (await desk.sign_in(squatter["email"], "a very long walk by the sea")).status == 401
    operator = (await desk.redeem(path.partition("token=")[2])).json()
    assert operator["user"]["id"] == squatter["id"]
    # Asked again for one who is operator already: only a new link.
    again = await actions.create_operator(desk.ports, squatter["email"])
    assert (await desk.refresh(operator["refresh_token"])).status == 200
    assert (await desk.redeem(again.partition("token=")[2])).status == 201


async def test_what_is_no_address_becomes_no_operator(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await actions.create_operator(desk.ports, "operator")
    assert refused.value.code == "email_invalid"


async def test_a_role_is_not_used_with_a_password_too_short_for_it(desk: Desk) -> None:
    operator, made = await desk.operator(), await desk.newcomer()
    short = await passwords.hashed("only fourteen!", b"sixteen bytes !!")  # from before, or from an old shop
    async with desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET password_hash = $2 WHERE id = $1", made["id"], short)
    assert (await desk.sign_in(made["email"], "only fourteen!")).status == 201
    await give(desk, operator["access_token"], made["id"], "merchandiser")
    refused = await desk.sign_in(made["email"], "only fourteen!")
    assert (refused.status, refused.json()["code"]) == (403, "longer_password_needed")
    assert (await desk.sign_in(made["email"], PASSWORD)).status == 401
