"""How each abuse is done: everything up to the attack itself, which is given back to be carried out and watched."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from tests.users.authenticator import Device, text
from tests.users.desk import Desk, fresh_email
from tests.users.passkey_desk import App, add, ask_link, device, enter, finish, mailed, options, owner, set_up_app, step

Attack = Callable[[], Awaitable[HttpAnswer]]


class Stage:
    """A victim with a passkey, another account with one, and a clock."""

    def __init__(self, desk: Desk, clock: VirtualClock) -> None:
        self.desk, self.clock = desk, clock

    async def set(self) -> None:
        self.clock.advance(1)
        self.victim, self.held = await owner(self.desk)
        self.eve, self.eves = await owner(self.desk)

    async def post(self, path: str, body: object = None, token: str = "", **more: Any) -> HttpAnswer:
        return await self.desk.ask("POST", path, body, token=token, **more)

    async def stale(self, who: dict[str, Any]) -> str:
        """An access token of a session that began more than ten minutes ago."""
        self.clock.advance(400)
        token = (await self.desk.refresh(who["refresh_token"])).json()["access_token"]
        self.clock.advance(300)
        return str(token)

    def wrong(self, given: dict[str, Any]) -> dict[str, Any]:
        """`{"hex": …}` as bytes, and the names of things as these things."""
        things = {"eves key": self.eves.key, "eves handle": self.eves.handle, "other": text(bytes(32))}
        return {
            name: bytes.fromhex(value["hex"]) if isinstance(value, dict) and "hex" in value else
            things.get(value, value) if isinstance(value, str) else value
            for name, value in given.items()
        }  # fmt: skip


# ---- passkeys ---------------------------------------------------------------------------------------------------


async def signs_in_with(stage: Stage, **wrong: Any) -> Attack:
    given = await options(stage.desk, "sign-in/")
    credential = stage.held.sign(given["public_key"], **stage.wrong(wrong))
    return lambda: stage.post("/v1/passkeys/sign-in", {"ceremony": given["ceremony"], "credential": credential})


async def signs_in_changed(stage: Stage, response: dict[str, Any] | None = None, top: Any = None) -> Attack:
    """A good answer, with parts of it exchanged afterwards."""
    given = await options(stage.desk, "sign-in/")
    credential = stage.held.sign(given["public_key"])
    credential["response"] = {**credential["response"], **(response or {})}
    credential |= top or {}
    return lambda: stage.post("/v1/passkeys/sign-in", {"ceremony": given["ceremony"], "credential": credential})


async def signs_in_with_garbage(stage: Stage, what: str) -> Attack:
    given = await options(stage.desk, "sign-in/")
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    garbage: Any = {"empty": {}, "huge": {"id": "a" * 40_000}, "deep": deep, "list": [], "text": "passkey"}[what]
    return lambda: stage.post("/v1/passkeys/sign-in", {"ceremony": given["ceremony"], "credential": garbage})


async def signs_up_with(stage: Stage, **wrong: Any) -> Attack:
    given = await options(stage.desk, "sign-up/", {"email": fresh_email("eve")})
    credential = device().make(given["public_key"], **stage.wrong(wrong))
    return lambda: stage.post("/v1/passkeys/sign-up", {"ceremony": given["ceremony"], "credential": credential})


async def signs_up_with_the_victims_credential_id(stage: Stage) -> Attack:
    held = Device(stage.held.origin, stage.held.rp_id, stage.held.credential_id)
    given = await options(stage.desk, "sign-up/", {"email": fresh_email("eve")})
    credential = held.make(given["public_key"])
    return lambda: stage.post("/v1/passkeys/sign-up", {"ceremony": given["ceremony"], "credential": credential})


async def replays_a_sign_in(stage: Stage) -> Attack:
    given = await options(stage.desk, "sign-in/")
    body = {"ceremony": given["ceremony"], "credential": stage.held.sign(given["public_key"])}
    assert (await stage.post("/v1/passkeys/sign-in", body)).status == 201
    return lambda: stage.post("/v1/passkeys/sign-in", body)


async def replays_an_answer_in_a_new_ceremony(stage: Stage) -> Attack:
    old, new = await options(stage.desk, "sign-in/"), await options(stage.desk, "sign-in/")
    body = {"ceremony": new["ceremony"], "credential": stage.held.sign(old["public_key"])}
    return lambda: stage.post("/v1/passkeys/sign-in", body)


async def answers_late(stage: Stage) -> Attack:
    given = await options(stage.desk, "sign-in/")
    credential = stage.held.sign(given["public_key"])
    stage.clock.advance(301)
    return lambda: stage.post("/v1/passkeys/sign-in", {"ceremony": given["ceremony"], "credential": credential})


async def makes_a_ceremony_up(stage: Stage, ceremony: str) -> Attack:
    given = await options(stage.desk, "sign-in/")
    credential = stage.held.sign(given["public_key"])
    return lambda: stage.post("/v1/passkeys/sign-in", {"ceremony": ceremony, "credential": credential})


async def uses_a_ceremony_of(stage: Stage, purpose: str, at: str) -> Attack:
    """A challenge of one purpose, answered where another is expected."""
    token = stage.victim["access_token"] if purpose in ("", "proof/") else ""
    body = {"email": fresh_email("eve")} if purpose == "sign-up/" else None
    given = await options(stage.desk, purpose, body, token)
    made = purpose in ("", "sign-up/")
    credential = device().make(given["public_key"]) if made else stage.held.sign(given["public_key"])
    sent = {"ceremony": given["ceremony"], "credential": credential}
    return lambda: stage.post(f"/v1/passkeys{at}", sent, stage.victim["access_token"] if at in ("", "/proof") else "")


async def adds_to_another_session(stage: Stage) -> Attack:
    """Eve has the victim's browser answer a challenge that her own session asked for, and the other way round."""
    given = await options(stage.desk, "", token=stage.eve["access_token"])
    sent = {"ceremony": given["ceremony"], "credential": device().make(given["public_key"])}
    return lambda: stage.post("/v1/passkeys", sent, stage.victim["access_token"])


async def proves_with_eves_passkey(stage: Stage) -> Attack:
    given = await options(stage.desk, "proof/", token=stage.victim["access_token"])
    sent = {"ceremony": given["ceremony"], "credential": stage.eves.sign(given["public_key"])}
    return lambda: stage.post("/v1/passkeys/proof", sent, stage.victim["access_token"])


async def rolls_the_counter_back(stage: Stage) -> Attack:
    assert (await enter(stage.desk, stage.held, count=9)).status == 201
    return await signs_in_with(stage, count=3)


async def signs_in_with_a_removed_passkey(stage: Stage) -> Attack:
    token, more = stage.victim["access_token"], device()
    made = await add(stage.desk, token, more)
    await stage.desk.ask("DELETE", f"/v1/passkeys/{made.json()['id']}", token=token)
    given = await options(stage.desk, "sign-in/")
    sent = {"ceremony": given["ceremony"], "credential": more.sign(given["public_key"])}
    return lambda: stage.post("/v1/passkeys/sign-in", sent)


async def meddles_with_the_victims_passkey(stage: Stage, method: str) -> Attack:
    listed = await stage.desk.ask("GET", "/v1/passkeys", token=stage.victim["access_token"])
    path, body = f"/v1/passkeys/{listed.json()['items'][0]['id']}", {"name": "mine"} if method == "PATCH" else None
    return lambda: stage.desk.ask(method, path, body, token=stage.eve["access_token"])


async def removes_the_last_way_in(stage: Stage) -> Attack:
    made, _ = await owner(stage.desk)
    only = (await stage.desk.ask("GET", "/v1/passkeys", token=made["access_token"])).json()["items"][0]["id"]
    return lambda: stage.desk.ask("DELETE", f"/v1/passkeys/{only}", token=made["access_token"])


# ---- proving oneself again -----------------------------------------------------------------------------------------


async def changes_ways_in_with_an_old_proof(stage: Stage, method: str, path: str, body: Any = None) -> Attack:
    listed = await stage.desk.ask("GET", "/v1/passkeys", token=stage.victim["access_token"])
    token = await stage.stale(stage.victim)
    path = path.replace("{passkey}", listed.json()["items"][0]["id"])
    return lambda: stage.desk.ask(method, path, body, token=token)


async def finishes_after_the_proof_is_old(stage: Stage) -> Attack:
    """Asked for in time, answered when the ten minutes are over."""
    stage.clock.advance(400)
    token = (await stage.desk.refresh(stage.victim["refresh_token"])).json()["access_token"]
    given = await options(stage.desk, "", token=token)
    stage.clock.advance(250)
    sent = {"ceremony": given["ceremony"], "credential": device().make(given["public_key"])}
    return lambda: stage.post("/v1/passkeys", sent, token)


async def acts_after_signing_out(stage: Stage, path: str, body: Any = None) -> Attack:
    token = stage.victim["access_token"]
    await stage.desk.ask("DELETE", "/v1/sessions/current", token=token)
    return lambda: stage.post(path, body, token)


async def proves_by_a_guess(stage: Stage, **body: Any) -> Attack:
    token = await stage.stale(stage.victim)
    return lambda: stage.post("/v1/me/proof", body, token)


async def acts_as_a_guest(stage: Stage, method: str, path: str, body: Any = None) -> Attack:
    return lambda: stage.desk.ask(method, path, body)


# ---- codes ---------------------------------------------------------------------------------------------------------


async def _with_app(stage: Stage) -> tuple[App, list[str], str]:
    await stage.post("/v1/me/password", {"new": "a long walk by the sea"}, stage.victim["access_token"])
    app, codes = await set_up_app(stage.desk, stage.victim["access_token"])
    return app, codes, await step(stage.desk, stage.victim["email"])


async def replays_a_code(stage: Stage) -> Attack:
    app, _, waiting = await _with_app(stage)
    other = await step(stage.desk, stage.victim["email"])
    assert (await finish(stage.desk, waiting, app.code(stage.desk))).status == 201
    return lambda: finish(stage.desk, other, app.code(stage.desk))


async def uses_a_code_of_another_time(stage: Stage, steps: int) -> Attack:
    app, _, waiting = await _with_app(stage)
    return lambda: finish(stage.desk, waiting, app.code(stage.desk, steps))


async def guesses_a_code(stage: Stage, code: str) -> Attack:
    _, _, waiting = await _with_app(stage)
    return lambda: finish(stage.desk, waiting, code)


async def uses_eves_code(stage: Stage, recovery: bool) -> Attack:
    """Eve's own app, or her recovery code, for the victim's sign-in."""
    _, _, waiting = await _with_app(stage)
    app, codes = await set_up_app(stage.desk, stage.eve["access_token"])
    return lambda: finish(stage.desk, waiting, codes[0] if recovery else app.code(stage.desk, 1))


async def reuses_a_recovery_code(stage: Stage) -> Attack:
    _, codes, waiting = await _with_app(stage)
    assert (await finish(stage.desk, waiting, codes[0])).status == 201
    other = await step(stage.desk, stage.victim["email"])
    return lambda: finish(stage.desk, other, codes[0])


async def uses_a_recovery_code_of_the_old_set(stage: Stage) -> Attack:
    _, codes, waiting = await _with_app(stage)
    await stage.post("/v1/me/recovery-codes", token=stage.victim["access_token"])
    return lambda: finish(stage.desk, waiting, codes[5])


async def finishes_late(stage: Stage) -> Attack:
    app, _, waiting = await _with_app(stage)
    stage.clock.advance(301)
    return lambda: finish(stage.desk, waiting, app.code(stage.desk))


async def goes_on_guessing(stage: Stage, fresh: bool) -> Attack:
    """The right code after five wrong ones: in the same sign-in, or in a `fresh` one."""
    _, codes, waiting = await _with_app(stage)
    for _ in range(5):
        await finish(stage.desk, waiting, "12345")
    waiting = (await stage.desk.sign_in(stage.victim["email"])).json()["second_step"] if fresh else waiting
    return lambda: finish(stage.desk, waiting, codes[0])


async def takes_a_waiting_sign_in_for_a_token(stage: Stage) -> Attack:
    _, _, waiting = await _with_app(stage)
    return lambda: stage.desk.ask("GET", "/v1/me", token=waiting)


async def confirms_an_app_that_was_not_begun(stage: Stage) -> Attack:
    return lambda: stage.post("/v1/me/totp/confirm", {"code": "123456"}, stage.victim["access_token"])


async def begins_a_second_app(stage: Stage) -> Attack:
    await _with_app(stage)
    return lambda: stage.post("/v1/me/totp", token=stage.victim["access_token"])


# ---- links ---------------------------------------------------------------------------------------------------------

_REDEEM = "/v1/sessions/magic-link/redeem"


async def fetches_a_link(stage: Stage, method: str) -> Attack:
    """As a mail scanner does."""
    token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    return lambda: stage.desk.ask(method, f"{_REDEEM}?token={token}")


async def looks_at_a_made_up_link(stage: Stage) -> Attack:
    return lambda: stage.post("/v1/sessions/magic-link/look", {"token": "ml_" + "A" * 43})


async def redeems(stage: Stage, token: str) -> Attack:
    return lambda: stage.post(_REDEEM, {"token": token})


async def redeems_twice(stage: Stage) -> Attack:
    token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    assert (await stage.post(_REDEEM, {"token": token, "keep_passkeys": True})).status == 201
    return await redeems(stage, token)


async def redeems_late(stage: Stage) -> Attack:
    token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    stage.clock.advance(601)
    return await redeems(stage, token)


async def redeems_after_the_address_changed(stage: Stage) -> Attack:
    token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    await _changed_email(stage)
    return await redeems(stage, token)


async def redeems_the_link_of_a_closed_account(stage: Stage) -> Attack:
    token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    async with stage.desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET status = 'closed' WHERE id = $1", stage.victim["id"])
    return await redeems(stage, token)


async def redeems_a_link_of_another_purpose(stage: Stage, path: str, body: str) -> Attack:
    """A link that confirms an address, sent where one that signs in is expected; and the other way round."""
    if body == "em":
        await stage.post("/v1/me/email", {"email": "new" + stage.victim["email"]}, stage.victim["access_token"])
        token = await mailed(stage.desk, "new" + stage.victim["email"], r"confirm=(em_\S+)")
    else:
        token, _, _ = await ask_link(stage.desk, stage.victim["email"])
    return lambda: stage.post(path, {"token": token})


async def types_a_code(stage: Stage, browser: str, tries: int = 0) -> Attack:
    """The right code: in `eves` browser, with no attempt of ours (`none`), or in the `same` one after `tries` guesses."""
    _, code, attempt = await ask_link(stage.desk, stage.victim["email"])
    stage.clock.advance(1)
    _, _, eves = await ask_link(stage.desk, stage.eve["email"])
    path = "/v1/sessions/magic-link/code"
    for _ in range(tries):
        assert (await stage.post(path, {"attempt": attempt, "code": "XXXX-XXXX"})).status == 401
    given = {"eves": eves, "same": attempt, "none": "att_" + "A" * 43, "empty": "x"}[browser]
    return lambda: stage.post(path, {"attempt": given, "code": code})


async def types_a_code_after_the_link_was_used(stage: Stage) -> Attack:
    token, code, attempt = await ask_link(stage.desk, stage.victim["email"])
    await stage.post(_REDEEM, {"token": token, "keep_passkeys": True})
    return lambda: stage.post("/v1/sessions/magic-link/code", {"attempt": attempt, "code": code})


async def asks_for_a_link_with(stage: Stage, email: str) -> Attack:
    return lambda: stage.post("/v1/sessions/magic-link", {"email": email})


async def floods_a_mailbox(stage: Stage) -> Attack:
    for _ in range(5):
        await stage.post("/v1/sessions/magic-link", {"email": stage.victim["email"]})
    return lambda: stage.post("/v1/sessions/magic-link", {"email": stage.victim["email"].upper()})


# ---- another address -----------------------------------------------------------------------------------------------


async def _changed_email(stage: Stage) -> str:
    new = "new" + stage.victim["email"]
    await stage.post("/v1/me/email", {"email": new}, stage.victim["access_token"])
    token = await mailed(stage.desk, new, r"confirm=(em_\S+)")
    assert (await stage.post("/v1/me/email/confirm", {"token": token})).status == 204
    return token


async def settles_with(stage: Stage, which: str, token: str) -> Attack:
    return lambda: stage.post(f"/v1/me/email/{which}", {"token": token})


async def confirms_twice(stage: Stage) -> Attack:
    return await settles_with(stage, "confirm", await _changed_email(stage))


async def confirms_late(stage: Stage) -> Attack:
    new = "new" + stage.victim["email"]
    await stage.post("/v1/me/email", {"email": new}, stage.victim["access_token"])
    token = await mailed(stage.desk, new, r"confirm=(em_\S+)")
    stage.clock.advance(3601)
    return await settles_with(stage, "confirm", token)


async def undoes(stage: Stage, seconds: int, times: int) -> Attack:
    await _changed_email(stage)
    token = await mailed(stage.desk, stage.victim["email"], r"undo=(un_\S+)")
    stage.clock.advance(seconds)
    for _ in range(times - 1):
        assert (await stage.post("/v1/me/email/undo", {"token": token})).status == 204
    return await settles_with(stage, "undo", token)


async def uses_the_undo_link_to(stage: Stage, path: str) -> Attack:
    await _changed_email(stage)
    token = await mailed(stage.desk, stage.victim["email"], r"undo=(un_\S+)")
    return lambda: stage.post(path, {"token": token})


async def asks_for_an_address_with(stage: Stage, email: str) -> Attack:
    return lambda: stage.post("/v1/me/email", {"email": email}, stage.victim["access_token"])


async def sends_extra_fields(stage: Stage, path: str, body: dict[str, Any]) -> Attack:
    return lambda: stage.post(path, body, stage.victim["access_token"])


async def shows_a_passkey_as_a_password(stage: Stage) -> Attack:
    return lambda: stage.desk.sign_in(stage.victim["email"], b64encode(stage.held.credential_id).decode() * 2)
