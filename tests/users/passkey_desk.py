"""A desk with passkeys, apps and links: what a person does at it, in a line each."""

import re
from typing import Any

from banyan.users.domain import totp
from tests.users.authenticator import Device
from tests.users.desk import Desk, fresh_email

ORIGIN = "https://shop.test"
_devices = iter(range(1, 1 << 30))


def device() -> Device:
    return Device(ORIGIN, "shop.test", b"credential %d" % next(_devices))


async def options(desk: Desk, which: str, body: object = None, token: str = "") -> dict[str, Any]:
    """A challenge: `sign-in/`, `sign-up/`, `proof/` or empty."""
    answer = await desk.ask("POST", f"/v1/passkeys/{which}options", body, token=token)
    assert answer.status == 200, answer.body
    given: dict[str, Any] = answer.json()
    return given


async def owner(desk: Desk, held: Device | None = None, email: str = "") -> tuple[dict[str, Any], Device]:
    """Somebody who signed up with a passkey just now, and the device."""
    held = held or device()
    email = email or fresh_email()
    given = await options(desk, "sign-up/", {"email": email, "name": "Ada"})
    body = {"ceremony": given["ceremony"], "credential": held.make(given["public_key"])}
    answer = await desk.ask("POST", "/v1/passkeys/sign-up", body)
    assert answer.status == 201, answer.body
    return answer.json(), held


async def enter(desk: Desk, held: Device, **wrong: Any) -> Any:
    given = await options(desk, "sign-in/")
    body = {"ceremony": given["ceremony"], "credential": held.sign(given["public_key"], **wrong)}
    return await desk.ask("POST", "/v1/passkeys/sign-in", body)


async def add(desk: Desk, token: str, held: Device, name: str = "Phone") -> Any:
    given = await options(desk, "", token=token)
    body = {"ceremony": given["ceremony"], "credential": held.make(given["public_key"]), "name": name}
    return await desk.ask("POST", "/v1/passkeys", body, token=token)


async def prove(desk: Desk, token: str, held: Device) -> int:
    given = await options(desk, "proof/", token=token)
    body = {"ceremony": given["ceremony"], "credential": held.sign(given["public_key"])}
    return (await desk.ask("POST", "/v1/passkeys/proof", body, token=token)).status


class App:
    """An authenticator app that holds one secret."""

    def __init__(self, secret: str) -> None:
        import base64

        self.secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, desk: Desk, steps: int = 0) -> str:
        return totp.code(self.secret, int(desk.ports.clock.now().timestamp()) // 30 + steps)


async def set_up_app(desk: Desk, token: str, steps: int = -1) -> tuple[App, list[str]]:
    """Codes are turned on with the code of the step before, so that the present one is still good."""
    begun = await desk.ask("POST", "/v1/me/totp", token=token)
    assert begun.status == 200, begun.body
    app = App(begun.json()["secret"])
    answer = await desk.ask("POST", "/v1/me/totp/confirm", {"code": app.code(desk, steps)}, token=token)
    assert answer.status == 200, answer.body
    return app, answer.json()["recovery_codes"]


async def step(desk: Desk, email: str, **more: Any) -> str:
    """The first step of a sign-in by password, for an account that asks for a code as well."""
    answer = await desk.sign_in(email, **more)
    assert answer.status == 202, answer.body
    return str(answer.json()["second_step"])


async def finish(desk: Desk, second_step: str, code: str) -> Any:
    return await desk.ask("POST", "/v1/sessions/second-step", {"second_step": second_step, "code": code})


async def ask_link(desk: Desk, email: str, agent: str = "") -> tuple[str, str, str]:
    """(token of the link, code in the mail, attempt of the browser that asked)."""
    headers = {"user-agent": agent} if agent else None
    answer = await desk.ask("POST", "/v1/sessions/magic-link", {"email": email}, headers=headers)
    assert answer.status == 202, answer.body
    last = [body for to, _, body in await desk.mail() if to == email and "token=ml_" in body][-1]
    token, code = re.search(r"token=(ml_\S+)", last), re.search(r"asked for it: (\S+)", last)
    assert token
    assert code
    return token[1], code[1], answer.json()["attempt"]


async def mailed(desk: Desk, to: str, pattern: str) -> str:
    """What fits the pattern in the last mail to this address that holds it."""
    found = [fits[1] for each, _, body in await desk.mail() if each == to and (fits := re.search(pattern, body))]
    return found[-1]
