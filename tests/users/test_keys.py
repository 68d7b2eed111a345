"""Keys rotate and nobody notices: published before they sign, and until nothing they signed is alive."""

import asyncio
import base64
import json
from typing import Any

import pytest

from banyan.contracts.users import AskKeys
from banyan.foundation.auth import Authority
from banyan.foundation.peers import Peers
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Conflict, Unauthenticated
from banyan.users import actions, signing
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import Desk

DAY = 86_400


@pytest.fixture
async def own(open_shop: OpenShop) -> tuple[Desk, VirtualClock]:
    """A desk and its clock, for one test alone."""
    clock = VirtualClock()
    return Desk(await open_shop(service(), clock=clock)), clock


async def kids(desk: Desk) -> list[str]:
    answer = await desk.ask("GET", "/.well-known/jwks.json")
    return [key["kid"] for key in answer.json()["keys"]]


def kid_of(token: str) -> str:
    kid: str = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"]
    return kid


async def test_the_first_who_ask_at_once_get_one_key(own: tuple[Desk, VirtualClock]) -> None:
    desk, _ = own
    answers = await asyncio.gather(*(desk.shop.peers.ask(AskKeys()) for _ in range(6)))
    assert len({answer.jwks for answer in answers}) == 1
    [key] = json.loads(answers[0].jwks)["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")


async def test_the_private_key_is_kept_sealed(own: tuple[Desk, VirtualClock]) -> None:
    desk, _ = own
    await desk.newcomer()
    sealed = await desk.ports.db.fetchval("SELECT sealed FROM signing_key")
    assert b"PRIVATE" not in sealed
    with pytest.raises(ValueError):
        await desk.ports.keys.open(sealed, "users signing key of another")


async def test_a_key_rotates_by_age_and_old_tokens_live_until_they_expire(own: tuple[Desk, VirtualClock]) -> None:
    desk, clock = own
    made = await desk.newcomer()
    [old] = await kids(desk)
    await actions.rotate_when_due(desk.ports)
    assert await kids(desk) == [old]  # too young

    clock.advance(30 * DAY)
    await asyncio.gather(*(actions.rotate_when_due(desk.ports) for _ in range(4)))
    new, still = await kids(desk)
    assert still == old
    refresh = (await desk.sign_in(made["email"])).json()
    assert kid_of(refresh["access_token"]) == old  # published, and not yet signing

    clock.advance(895)
    last = (await desk.refresh(refresh["refresh_token"])).json()
    assert kid_of(last["access_token"]) == old
    clock.advance(10)
    first = (await desk.refresh(last["refresh_token"])).json()
    assert kid_of(first["access_token"]) == new

    clock.advance(590)  # the last token of the old key is about to expire
    for token in (last["access_token"], first["access_token"]):
        assert (await desk.ask("GET", "/v1/me", token=token)).status == 200
    assert await kids(desk) == [new, old]

    clock.advance(1200)
    assert await kids(desk) == [new]
    await actions.rotate_when_due(desk.ports)
    assert await desk.ports.db.fetchval("SELECT count(*) FROM signing_key") == 1
    assert await desk.broken() == {}


async def test_every_token_is_believed_through_many_rotations(own: tuple[Desk, VirtualClock]) -> None:
    """A checker that looks once in five minutes never meets a key it does not know."""
    desk, clock = own
    made = await desk.newcomer()
    token, alive = made["refresh_token"], list[tuple[float, str]]()
    asked = Counting(desk)
    authority = Authority(asked, issuer=desk.shop.settings.origin, clock=clock)
    for step in range(60):
        if step % 10 == 0:
            await actions.rotate_keys(desk.ports)
        answer = (await desk.refresh(token)).json()
        token = answer["refresh_token"]
        alive = [each for each in alive if each[0] > clock.monotonic()]
        alive.append((clock.monotonic() + 600, answer["access_token"]))
        for _, each in alive:
            assert (await authority.principal(f"Bearer {each}")).user_id == made["id"]
        clock.advance(200)
    assert asked.times <= 60 * 200 / 300 + 1


class Counting(Peers):
    """The desk's peers, and how often they were asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__({}, clock=desk.ports.clock)
        self._desk = desk
        self.times = 0

    async def ask(self, call: Any) -> Any:
        self.times += 1
        return await self._desk.shop.peers.ask(call)


async def test_a_token_of_an_unknown_key_makes_a_checker_look_once_more(own: tuple[Desk, VirtualClock]) -> None:
    desk, clock = own
    made = await desk.newcomer()
    asked = Counting(desk)
    authority = Authority(asked, issuer=desk.shop.settings.origin, clock=clock)
    await authority.principal(f"Bearer {made['access_token']}")
    assert asked.times == 1

    await actions.replace_keys(desk.ports)  # without notice: the checker cannot know the new one
    fresh = (await desk.sign_in(made["email"])).json()["access_token"]
    clock.advance(6)
    assert (await authority.principal(f"Bearer {fresh}")).user_id == made["id"]
    assert asked.times == 2

    forged = fresh.replace(fresh.partition(".")[0], "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ")
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await authority.principal(f"Bearer {forged}")
    assert asked.times == 2  # not again within five seconds
    clock.advance(6)
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await authority.principal(f"Bearer {forged}")
    assert asked.times == 3


async def test_a_leaked_key_is_replaced_at_once(own: tuple[Desk, VirtualClock]) -> None:
    desk, _ = own
    made = await desk.newcomer()
    kid = await actions.replace_keys(desk.ports)
    assert await kids(desk) == [kid]
    checker = Authority(desk.shop.peers, issuer=desk.shop.settings.origin, clock=desk.ports.clock)
    with pytest.raises(Unauthenticated):
        await checker.principal(f"Bearer {made['access_token']}")
    refreshed = await desk.refresh(made["refresh_token"])
    assert (await checker.principal(f"Bearer {refreshed.json()['access_token']}")).user_id == made["id"]


async def test_an_operator_rotates_once_at_a_time(own: tuple[Desk, VirtualClock]) -> None:
    desk, clock = own
    [old] = await kids(desk)
    new = await actions.rotate_keys(desk.ports)
    with pytest.raises(Conflict, match="waits to sign"):
        await actions.rotate_keys(desk.ports)
    assert await kids(desk) == [new, old]
    clock.advance(900)
    await actions.rotate_keys(desk.ports)


async def test_a_key_that_cannot_be_opened_says_so_and_is_replaced(own: tuple[Desk, VirtualClock]) -> None:
    desk, _ = own
    made = await desk.newcomer()
    signing._opened.clear()
    async with desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE signing_key SET sealed = 'sealed with the key of another laptop'")
    answer = await desk.sign_in(made["email"])
    assert answer.status == 503
    assert "BANYAN_KEYS_URL" in answer.json()["detail"]
    await actions.replace_keys(desk.ports)
    assert (await desk.sign_in(made["email"])).status == 201


async def test_unavailable_keys_are_no_reason_to_lose_a_refresh(own: tuple[Desk, VirtualClock]) -> None:
    """The token was exchanged, the answer never came: the client repeats with its key and goes on."""
    desk, _ = own
    made = await desk.newcomer()
    sealed = await desk.ports.db.fetchval("SELECT sealed FROM signing_key")
    signing._opened.clear()
    for kept, status in ((b"spoilt", 503), (sealed, 200)):
        async with desk.ports.db.transaction() as tx:
            await tx.execute("UPDATE signing_key SET sealed = $1", kept)
        assert (await desk.refresh(made["refresh_token"], key="retry")).status == status
