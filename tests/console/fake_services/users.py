"""Users by hand: sessions, accounts, roles."""

from starlette.responses import JSONResponse, Response

from banyan.contracts.users import ROLES
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound, Unauthenticated
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
            ("users", "GET", "/v1/api-keys"): self._list_keys,
            ("users", "POST", "/v1/api-keys"): self._make_key,
            ("users", "POST", "/v1/api-keys/{id}/rotate"): self._rotate_key,
            ("users", "DELETE", "/v1/api-keys/{id}"): self._revoke_key,
            ("users", "GET", "/v1/erasures"): self._list_erasures,
            ("users", "DELETE", "/v1/erasures/{id}"): self._call_off,
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

    async def _list_keys(self, asked: Asked) -> Response:
        asked.must("operate")
        told = [{name: value for name, value in each.items() if name != "key"} for each in self.keys.values()]
        return JSONResponse({"items": told, "next_cursor": None})

    async def _make_key(self, asked: Asked) -> Response:
        asked.must("operate")
        if not asked.body["scopes"]:
            raise Invalid("a key without scopes", errors=[Fault("/body/scopes", "too_short", "Choose one at least.")])
        number = len(self.keys) + 1
        made = {"id": f"apk_{number}", "user_id": self._operator(), "name": asked.body["name"], "hint": "wxyz"}
        made |= {"scopes": asked.body["scopes"], "state": "active", "expires_at": "2027-01-01T00:00:00Z"}
        self.keys[f"apk_{number}"] = made | {"key": f"bk_of_number_{number}"}
        return JSONResponse(self.keys[f"apk_{number}"], 201)

    def _operator(self) -> str:
        return str(next(each["id"] for each in self.users.values() if "operator" in each["roles"]))

    async def _rotate_key(self, asked: Asked) -> Response:
        old = found(self.keys, asked.named["id"])
        old["replaced_by"] = f"apk_{len(self.keys) + 1}"
        self.keys[old["replaced_by"]] = {**old, "id": old["replaced_by"], "replaced_by": None, "key": "bk_rotated"}
        return JSONResponse(self.keys[old["replaced_by"]], 201)

    async def _revoke_key(self, asked: Asked) -> Response:
        found(self.keys, asked.named["id"])["state"] = "revoked"
        return Response(status_code=204)

    async def _list_erasures(self, asked: Asked) -> Response:
        asked.must("users:read")
        when = "2026-03-01T09:00:00Z"
        one = {"id": "era_1", "user_id": "usr_old", "state": "waiting", "asked_at": when, "due_at": when}
        two = {**one, "id": "era_2", "user_id": "usr_gone", "state": "erasing", "steps": {"payments": when}}
        return JSONResponse({"items": [one, {**two, "waits_for": "2 orders"}], "next_cursor": None})

    async def _call_off(self, asked: Asked) -> Response:
        asked.must("users:write")
        if asked.named["id"] != "era_1":
            raise NotFound("there is no such erasure, or it has begun")
        return Response(status_code=204)

    async def _list_roles(self, asked: Asked) -> Response:
        asked.must("users:read")
        items = [{"role": role, "permissions": sorted(may)} for role, may in ROLES.items()]
        return JSONResponse({"items": items, "next_cursor": None})
