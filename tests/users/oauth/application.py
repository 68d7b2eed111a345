"""An application of somebody else, as it would be written by them: it asks, is let in, and exchanges what it gets."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from banyan.foundation.peers import HttpAnswer
from banyan.users.actions import oauth
from banyan.users.domain.oauth import challenge_of
from tests.users.desk import Desk

BACK = "https://app.example/back"
VERIFIER = "v" * 20 + "-._~" + "A1" * 20
ALL = ("openid", "profile", "email", "offline_access", "account:write", "orders:own", "catalog:write")


@dataclass(frozen=True)
class Application:
    desk: Desk
    id: str
    secret: str | None
    back: str = BACK

    @classmethod
    async def registered(cls, desk: Desk, name: str = "Parcel Watch", **given: Any) -> "Application":
        uris = given.pop("redirect_uris", [BACK])
        scopes = given.pop("scopes", ALL)
        confidential = given.pop("confidential", True)
        made, secret = oauth.new_client(
            desk.ports, name=name, redirect_uris=uris, scopes=scopes, confidential=confidential, **given
        )
        await oauth.add_client(desk.ports, made)
        return cls(desk, made.id, secret, uris[0] if uris else "")

    def query(self, **changed: str | None) -> str:
        """An authorization request; what is None is left out."""
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.back,
            "scope": "openid",
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }
        return urlencode({name: value for name, value in asked.items() if value is not None})

    async def authorize(self, token: str, decision: str | None = None, query: str = "", **changed: Any) -> HttpAnswer:
        """What the storefront asks in the name of whoever has this access token."""
        body = {"query": query or self.query(**changed)} | ({"decision": decision} if decision else {})
        return await self.desk.ask("POST", "/v1/oauth/authorizations", body, token=token)

    async def allowed(self, token: str, **changed: Any) -> dict[str, str]:
        """What comes back once the shopper has agreed."""
        answer = await self.authorize(token, "allow", **changed)
        assert answer.status == 200, answer.body
        assert answer.json()["outcome"] == "go", answer.json()
        return told(answer.json()["to"])

    async def code(self, token: str, **changed: Any) -> str:
        return (await self.allowed(token, **changed))["code"]

    async def token(self, headers: dict[str, str] | None = None, **changed: str | None) -> HttpAnswer:
        """`POST /oauth/token`, with the client's secret in the form."""
        form = {"client_id": self.id, "client_secret": self.secret, **changed}
        given = {name: value for name, value in form.items() if value is not None}
        return await self.desk.ask("POST", "/oauth/token", form=given, headers=headers)

    async def exchange(self, code: str, **changed: str | None) -> HttpAnswer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": VERIFIER}
        return await self.token(**{**form, **changed})

    async def tokens(self, token: str, **changed: Any) -> dict[str, Any]:
        """Let in and given tokens."""
        answer = await self.exchange(await self.code(token, **changed))
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, token: str, **changed: str | None) -> HttpAnswer:
        return await self.token(grant_type="refresh_token", refresh_token=token, **changed)

    async def introspect(self, token: str) -> dict[str, Any]:
        form = {"token": token, "client_id": self.id, "client_secret": self.secret or ""}
        found: dict[str, Any] = (await self.desk.ask("POST", "/oauth/introspect", form=form)).json()
        return found

    @property
    def basic(self) -> dict[str, str]:
        pair = base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()
        return {"authorization": f"Basic {pair}"}


def told(url: str) -> dict[str, str]:
    """What an application is told at its redirect URI."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


TABLES = (
    *("account", "session", "refresh_token", "oauth_client", "oauth_consent", "oauth_code", "oauth_grant"),
    *("outside_identity", "outside_visit", "outside_claim", "outbox", "signing_key", "letter"),
)
STATE = " UNION ALL ".join(
    f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"
    for table in TABLES
)


async def state_of(desk: Desk) -> dict[str, str]:
    """A digest of every row that identity rests on."""
    return {row[0]: row[1] for row in await desk.ports.db.fetch(STATE)}
