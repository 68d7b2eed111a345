"""Users by hand: sessions, accounts, roles."""

from starlette.responses import JSONResponse, Response

from banyan.contracts.users import ROLES
from banyan.kernel.refusals import Conflict, Unauthenticated
from tests.console.fake_services.asked import Asked, Handler, Json, found, match
from tests.console.fake_services.shop import FakeShop


class Users(FakeShop):
    def table(self) -> dict[tuple[str, str, str], Handler]:
        return super().table() | {
            ("users", "POST", "/v1/sessions"): self._sign_in,
            ("users", "POST", "/v1/sessions/magic-link/redeem"): self._redeem,
            ("users", "POST", "/v1/sessions/refresh"): self._refresh,
            ("users", "DELETE", "/v1/sessions/current"): self._sign_out,
            ("users", "GET", "/v1/users"): self._list_users,
            ("users", "GET", "/v1/users/{id}"): self._read_user,
            ("users", "PUT", "/v1/users/{id}/roles"): self._set_roles,
            ("users", "GET", "/v1/roles"): self._list_roles,
        }

    def _session(self, user: Json) -> Json:
        token = f"rt_{self.shop.ids.secret(20).hex()}"
        self.refreshes[token] = user["id"]
        return {"access_token": self.access_token(user), "token_type": "Bearer", "expires_in": 600} | {
            "refresh_token": token,
            "session_id": "ses_1",
        }

    async def _sign_in(self, asked: Asked) -> Response:
        email = asked.body["email"]
        if self.passwords.get(email) != asked.body["password"]:
            raise Unauthenticated("the address or the password is wrong", code="wrong_credentials")
        user = next(each for each in self.users.values() if each["email"] == email)
        return JSONResponse(self._session(user) | {"user": user}, 201)

    async def _redeem(self, asked: Asked) -> Response:
        user_id = self.links.pop(asked.body["token"], None)
        if user_id is None:
            raise Unauthenticated("This link was used already or is too old", code="link_invalid")
        return JSONResponse(self._session(self.users[user_id]) | {"user": self.users[user_id]}, 201)

    async def _refresh(self, asked: Asked) -> Response:
        user_id = self.refreshes.pop(asked.body["refresh_token"], None)
        if user_id is None:
            raise Unauthenticated("the session is over", code="session_over")
        return JSONResponse(self._session(self.users[user_id]))

    async def _sign_out(self, asked: Asked) -> Response:
        self.refreshes.clear()
        return Response(status_code=204)

    async def _list_users(self, asked: Asked) -> Response:
        asked.must("users:read")
        found = [each for each in self.users.values() if asked.one("email") in ("", each["email"])]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _read_user(self, asked: Asked) -> Response:
        asked.must("users:read")
        return JSONResponse(found(self.users, asked.named["id"]))

    async def _set_roles(self, asked: Asked) -> Response:
        asked.must("users:write")
        user = found(self.users, asked.named["id"])
        match(asked, user["version"])
        if "operator" in user["roles"] and "operator" not in asked.body["roles"]:
            raise Conflict("There must be an operator; appoint another one first", code="last_operator")
        user["roles"], user["version"] = asked.body["roles"], user["version"] + 1
        return JSONResponse(user)

    async def _list_roles(self, asked: Asked) -> Response:
        asked.must("users:read")
        items = [{"role": role, "permissions": sorted(may)} for role, may in ROLES.items()]
        return JSONResponse({"items": items, "next_cursor": None})
