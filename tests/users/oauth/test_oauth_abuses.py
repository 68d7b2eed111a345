"""Every abuse of oauth_abuses.json is refused as its line says; no row is changed unless a theft ends a family (RFC 9700)."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from banyan.users.actions import oauth
from banyan.users.domain.oauth import challenge_of
from tests.users.desk import Desk
from tests.users.oauth.application import ALL, BACK, VERIFIER, Application, state_of, told

LIST: list[dict[str, Any]] = json.loads((Path(__file__).parent / "oauth_abuses.json").read_text("utf-8"))
NAMED = {each["name"]: each for each in LIST}
NATIVE = ["http://127.0.0.1/back", "com.example.app:/back"]
PATHS = {"sessions/refresh": "/v1/sessions/refresh", "clients": "/v1/oauth/clients"}


@dataclass
class Stage:
    """Who plays, and what they hold: `$words` of the list."""

    desk: Desk
    apps: dict[str, Application]
    words: dict[str, str] = field(default_factory=dict)

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        return re.sub(r"\$(\w+)", lambda found: self.words.get(found[1], found[0]), value)

    async def shopper(self, email: str = "") -> dict[str, Any]:
        made = await self.desk.newcomer(email)
        self.words |= {"own_access": made["access_token"], "own_refresh": made["refresh_token"], "user": made["id"]}
        return made


@pytest.fixture(scope="module")
async def stage(desk: Desk) -> Stage:
    async def registered(name: str, **given: Any) -> Application:
        return await Application.registered(desk, name, **given)

    machine = {"redirect_uris": [], "scopes": ["catalog:write", "stock:read"]}
    apps = {
        "app": await registered("App"),
        "other": await registered("Other", redirect_uris=["https://other.example/back"]),
        "public": await registered("Pocket", confidential=False),
        "native": await registered("Native", confidential=False, redirect_uris=NATIVE),
        "machine": await registered("Machine", **machine),
        "service": await registered("Service", scopes=[*ALL, "introspect"]),
        "looker": await registered("Looker", redirect_uris=[], scopes=["introspect"]),
        "closed": await registered("Closed"),
        "chief": await registered("Chief", scopes=["openid", "clients:write"]),
    }
    await oauth.close_client(desk.ports, apps["closed"].id)
    made = Stage(desk, apps)
    operator = (await desk.operator())["access_token"]
    machine_token = (await apps["machine"].token(grant_type="client_credentials")).json()["access_token"]
    made.words = {
        "app": apps["app"].id,
        "APP": apps["app"].id.upper(),
        "basic": apps["app"].basic["authorization"],
        "other": apps["other"].id,
        "other_secret": apps["other"].secret or "",
        "closed": apps["closed"].id,
        "verifier": VERIFIER,
        "challenge": challenge_of(VERIFIER),
        "operator": operator,
        "machine_token": machine_token,
        "operator_app": (await apps["chief"].tokens(operator, scope="openid clients:write"))["access_token"],
    }
    await made.shopper()
    return made


def test_the_list_is_long_enough_and_every_line_is_another() -> None:
    assert len(LIST) >= 150
    assert len(NAMED) == len(LIST)


@pytest.mark.parametrize("name", NAMED)
async def test_an_abuse_is_refused_and_nothing_is_changed(desk: Desk, stage: Stage, name: str) -> None:
    line = NAMED[name]
    await _set(stage, line.get("stage", ""))
    before = await state_of(desk)
    if line["at"] == "authorize":
        await _authorize(stage, line)
    else:
        await _ask(stage, line)
    if "ends" in line:
        assert f"SessionsEnded {line['ends']}" in await desk.facts(stage.words["user"])
    else:
        assert await state_of(desk) == before
    if line.get("stage") == "signed out":
        await stage.shopper()


async def _set(stage: Stage, name: str) -> None:
    """What has happened before."""
    if not name:
        return
    made = await stage.shopper()
    app = stage.apps["native" if name == "native code" else "app"]
    own, back = made["access_token"], "http://127.0.0.1:4711/back" if name == "native code" else BACK
    scope = "profile" if name == "narrow" else "openid offline_access"
    code = await app.code(own, scope=scope, redirect_uri=back)
    stage.words["code"] = code
    if name in ("refresh", "used refresh", "used code", "narrow"):
        got = (await app.exchange(code)).json()
        stage.words |= {"access": got["access_token"], "refresh": got.get("refresh_token", "")}
        stage.words["id_token"] = got.get("id_token", "")
    if name == "used refresh":
        await app.refresh(stage.words["refresh"])
    if name == "signed out":
        await stage.desk.ask("DELETE", "/v1/sessions/current", token=own)
    if name == "withdrawn":
        await stage.desk.ask("DELETE", f"/v1/me/consents/{app.id}", token=own)
    changes = {
        "old code": "UPDATE oauth_code SET expires_at = shop_now() WHERE account_id = $1",
        "rights changed": "UPDATE account SET epoch = epoch + 1 WHERE id = $1",
    }
    if name in changes:
        async with stage.desk.ports.db.transaction() as tx:
            await tx.execute(changes[name], made["id"])


def _token_of(stage: Stage, who: str) -> str:
    return {
        "shopper": stage.words["own_access"],
        "guest": "",
        "forged": "e30.e30." + "A" * 43,
        "machine": stage.words["machine_token"],
        "third party": stage.words["operator_app"],
    }[who]


async def _authorize(stage: Stage, line: dict[str, Any]) -> None:
    app = stage.apps[line.get("by", "app")]
    given: dict[str, str | None] = {} if app.back else {"redirect_uri": BACK}
    given |= {"redirect_uri": "http://127.0.0.1:4711/back"} if line.get("by") == "native" else {}
    changed = app.query(**{**given, **stage.fill(line.get("query", {}))})
    around = [urlencode([tuple(each) for each in stage.fill(line.get(name, []))]) for name in ("first", "twice")]
    query = "&".join(filter(None, (around[0], changed, around[1])))
    query = line.get("raw", query)
    token = _token_of(stage, line.get("who", "shopper"))
    answer = await app.authorize(token, line.get("decision", "allow"), query=query)
    wanted, body = line["refused"], answer.json()
    if "page" in wanted:  # shown to the shopper: nobody is sent anywhere
        assert (answer.status, body["code"]) == (400, wanted["page"])
        assert "to" not in body
    elif "told" in wanted:
        assert (answer.status, body["outcome"]) == (200, "go")
        back = told(body["to"])
        assert (back["error"], back["iss"]) == (wanted["told"], stage.desk.shop.settings.origin)
        assert "code" not in back
        assert urlsplit(body["to"])[:3] == urlsplit(app.back or BACK)[:3]
    elif "outcome" in wanted:
        assert (answer.status, body["outcome"]) == (200, wanted["outcome"])
        assert "code=" not in body["to"].replace("response_type=code", "")
    else:
        assert (answer.status, body["code"]) == (wanted["status"], wanted.get("code", body["code"]))


def _as(stage: Stage, name: str) -> dict[str, str]:
    """How the one who asks proves itself in the form."""
    if name == "nobody":
        return {}
    who, _, how = name.partition(" with")
    app = stage.apps[who]
    secret = {"": app.secret, "out secret": None, " other's secret": stage.words["other_secret"]}[how]
    return {"client_id": app.id} | ({"client_secret": secret} if secret else {})


async def _ask(stage: Stage, line: dict[str, Any]) -> None:
    path, wanted, headers = PATHS.get(line["at"], f"/oauth/{line['at']}"), line["refused"], {}
    headers |= stage.fill(line.get("headers", {}))
    if "bearer" in line:
        headers["authorization"] = f"Bearer {stage.fill(line['bearer'])}"
    if "json" in line:
        answer = await stage.desk.ask("POST", path, stage.fill(line["json"]), headers=headers)
    elif line["at"] == "userinfo":
        answer = await stage.desk.ask("GET", f"{path}?{stage.fill(line.get('query_string', ''))}", headers=headers)
    elif "raw" in line:
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = await stage.desk.ask("POST", path, stage.fill(line["raw"]).encode(), headers=headers | form)
    else:
        given = stage.fill(dict(line["form"]))
        path += f"?{query}" if (query := given.pop("at_query", "")) else ""
        form = {**_as(stage, line.get("as", "app")), **given}
        answer = await stage.desk.ask("POST", path, form=form, headers=headers)
    assert answer.status == wanted["status"], answer.body
    body = answer.json() if answer.body else {}
    for name in ("error", "code"):
        assert name not in wanted or body[name] == wanted[name], body
    assert "body" not in wanted or body == wanted["body"]
    assert "access_token" not in body
    if "error" in wanted:
        assert answer.header("cache-control") == "no-store"
        assert (answer.header("www-authenticate") is not None) == (answer.status == 401)
