"""The users service behind a desk: ask it over HTTP without a socket, sign people up, read the mail, break nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from itertools import count
from typing import Any
from urllib.parse import urlencode

import orjson

from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.users import actions
from banyan.users.invariants import INVARIANTS

PASSWORD = "a long walk by the sea"
_number = count(1)


@dataclass(frozen=True)
class Desk:
    shop: Shop

    @property
    def ports(self) -> Ports:
        return self.shop.ports["users"]

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        key: str = "",
        match: str = "",
        network: str = "",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        given = {
            "authorization": f"Bearer {token}" if token else "",
            "idempotency-key": key,
            "if-match": match,
            "x-forwarded-for": network,
            "content-type": "application/x-www-form-urlencoded" if form is not None else "application/json",
        }
        sent = {name: value for name, value in given.items() if value} | dict(headers or {})
        raw = urlencode(form).encode() if form is not None else b"" if body is None else _bytes(body)
        local = self.shop.peers.local("users")
        assert local is not None
        return await request(local.app, method, path, headers=sent, body=raw)

    async def newcomer(self, email: str = "", password: str = PASSWORD, name: str = "Ada") -> dict[str, Any]:
        """Someone who signed up just now: the answer."""
        answer = await self.ask(
            "POST", "/v1/users", {"email": email or fresh_email(), "password": password, "name": name}
        )
        assert answer.status == 201, answer.body
        found: dict[str, Any] = answer.json()
        return found

    async def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> HttpAnswer:
        return await self.ask("POST", "/v1/sessions", {"email": email, "password": password}, **more)

    async def refresh(self, token: str, key: str = "") -> HttpAnswer:
        return await self.ask("POST", "/v1/sessions/refresh", {"refresh_token": token}, key=key)

    async def redeem(self, token: str) -> HttpAnswer:
        return await self.ask("POST", "/v1/sessions/magic-link/redeem", {"token": token})

    async def operator(self, email: str = "") -> dict[str, Any]:
        """An operator who is signed in: the answer of redeeming their link."""
        path = await actions.create_operator(self.ports, email or fresh_email("op"))
        answer = await self.redeem(path.partition("token=")[2])
        assert answer.status == 201, answer.body
        found: dict[str, Any] = answer.json()
        return found

    async def mail(self) -> list[tuple[str, str, str]]:
        """All mail sent so far: to, subject, text."""
        while await actions.post(self.ports) == 0:
            pass
        folder = self.shop.settings.data_dir / "mail"
        read = [message_from_bytes(each.read_bytes(), policy=default) for each in sorted(folder.glob("*.eml"))]
        return [(str(m["To"]), str(m["Subject"]), str(m.get_content())) for m in read]

    async def link_to(self, email: str) -> str:
        """The token of the last link that was mailed to this address."""
        texts = [text for to, _, text in await self.mail() if to == email]
        found = re.search(r"token=(ml_\S+)", texts[-1])
        assert found
        return found[1]

    async def facts(self, user_id: str) -> list[str]:
        """What was told about this user, in order; a reason or roles behind it."""
        rows = await self.ports.db.fetch("SELECT type, data FROM outbox WHERE key = $1 ORDER BY txid, pos", user_id)
        return [
            " ".join(
                [row["type"].removeprefix("users."), *row["data"].get("roles", ()), row["data"].get("reason", "")]
            ).strip()
            for row in rows
        ]

    async def broken(self) -> dict[str, list[Any]]:
        """Invariants that do not hold, with the rows that say so."""
        found = {each.id: await self.ports.db.fetch(each.sql) for each in INVARIANTS}
        return {name: [tuple(row) for row in rows] for name, rows in found.items() if rows}


def fresh_email(name: str = "ada") -> str:
    return f"{name}{next(_number)}@example.com"


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)
