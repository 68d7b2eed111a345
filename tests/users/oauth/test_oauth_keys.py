"""Keys rotate while requests go on, and not one of them fails."""

import asyncio

from joserfc import jws
from joserfc.jwk import KeySet

from banyan.foundation.auth import Authority
from banyan.kernel.clock import VirtualClock
from banyan.users import actions
from tests.users.desk import Desk
from tests.users.oauth.application import Application


async def test_rotation_under_load_fails_no_request_no_check_and_no_refresh(timed: Desk, clock: VirtualClock) -> None:
    """Four shoppers and an application go on through three rotations; three checkers each with keys of their own."""
    app = await Application.registered(timed)
    checkers = [Authority(timed.shop.peers, issuer=timed.shop.settings.origin, clock=clock) for _ in range(3)]
    failed, served = list[object](), 0

    async def goes_on(token: str, *, application: bool) -> None:
        nonlocal served
        for _ in range(15):
            answer = await (app.refresh(token) if application else timed.refresh(token))
            if answer.status != 200:
                failed.append(answer.body)
                return
            token, access = answer.json()["refresh_token"], answer.json()["access_token"]
            for checker in checkers:
                await checker.principal(f"Bearer {access}")
            path = "/oauth/userinfo" if application else "/v1/me"
            status = (await timed.ask("GET", path, token=access)).status
            failed.extend([status] if status != 200 else [])
            served += 2
            await asyncio.sleep(0)

    async def rotates() -> None:
        for _ in range(3):
            await actions.rotate_keys(timed.ports)
            for _ in range(16):  # 960 s in all: the new key signs from 900 s on
                clock.advance(60)
                goal = min(served + 3, 150)
                while served < goal and not failed:
                    await asyncio.sleep(0)

    made = [await timed.newcomer() for _ in range(5)]
    given = await app.tokens(made[4]["access_token"], scope="openid profile offline_access")
    await asyncio.gather(
        rotates(),
        *(goes_on(each["refresh_token"], application=False) for each in made[:4]),
        goes_on(given["refresh_token"], application=True),
    )
    assert failed == []
    assert served == 150
    kids = {key["kid"] for key in (await timed.ask("GET", "/.well-known/jwks.json")).json()["keys"]}
    assert len(kids) >= 2


async def test_an_id_token_is_signed_by_a_published_key_all_through_a_rotation(
    timed: Desk, clock: VirtualClock
) -> None:
    app = await Application.registered(timed)
    seen = set()
    for seconds in (0, 850, 100):
        clock.advance(seconds)
        if seconds == 0:
            await actions.rotate_keys(timed.ports)
        fresh = await timed.newcomer()
        token = (await app.tokens(fresh["access_token"], scope="openid"))["id_token"]
        keys = KeySet.import_key_set((await timed.ask("GET", "/.well-known/jwks.json")).json())
        seen.add(jws.deserialize_compact(token, keys, algorithms=["RS256"]).headers()["kid"])
    assert len(seen) == 2
