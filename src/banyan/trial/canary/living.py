"""A person's life in a shop, by HTTP: every field that is about them holds the mark, and something that tells which it is."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.crowd import UNFINISHED
from banyan.trial.stocking import opened

PASSWORD = "a long walk by the sea"
_LONGEST = 120.0  # seconds that anything may take


class Unexpected(RuntimeError):
    """The shop answered what it should not."""


class Life:
    """One person; `planted` is every text that holds the mark."""

    def __init__(
        self, http: aiohttp.ClientSession, base: str, folder: Path, mark: str, *, clock: Clock, ids: Ids
    ) -> None:
        self._http, self._base, self._folder, self._clock, self._ids = http, base, folder, clock, ids
        self._mark = mark
        self._token = self._operator = ""
        self.planted: list[str] = []
        self.email = self._plant("person") + "@example.com"
        self._plant("agent")

    async def live(self, sku: str, orders: int) -> None:
        """Sign up, prove the address, buy as account and as guest, call off, be refunded, search, and ask for an archive."""
        self._operator = await self._an_operator()
        made = await self._ask(
            "POST", "/v1/users", {"email": self.email, "password": PASSWORD, "name": self._plant("name")}
        )
        self._token = made["access_token"]
        await self._ask("POST", "/v1/sessions/magic-link", {"email": self.email})
        redeemed = await self._ask("POST", "/v1/sessions/magic-link/redeem", {"token": await self._mailed()})
        self._token = redeemed["access_token"]
        await self._ask("POST", "/v1/me/addresses", self._address("home"), token=self._token)
        await self._ask("GET", f"/v1/search?q={self._plant('search')}")
        await self._ask("GET", f"/v1/suggest?q={self._plant('suggest')}")
        for number in range(orders):
            mine = await self._buy(sku, self._token, f"mine{number}")
            await self._buy(sku, "", f"guest{number}")
            await self._refund(mine)
        called_off = await self._buy(sku, self._token, "called-off")
        words = {"reason": self._plant("cancel")}
        await self._ask("POST", f"/v1/orders/{called_off['id']}/cancel", words, token=self._token)
        sent = await self._buy(sku, self._token, "sent")
        words = {"tracking": self._plant("tracking")}
        await self._ask("POST", f"/v1/orders/{sent['id']}/fulfillments", words, token=self._operator)
        await self._fill(sku, self._token, "left")
        await self._ask("POST", "/v1/me/export", token=self._token)
        await self._until(self._archived)
        await self._until(self._confirmed_by_mail)

    async def be_forgotten(self) -> float:
        """Ask to be erased and wait until nothing is left; the seconds that took."""
        began = self._clock.monotonic()
        closed = await self._ask("DELETE", "/v1/me", {"password": PASSWORD}, token=self._token)

        async def gone() -> bool:
            found = await self._ask("GET", "/v1/erasures", token=self._operator)
            return [each["state"] for each in found["items"] if each["id"] == closed["id"]] == ["erased"]

        await self._until(gone)
        return self._clock.monotonic() - began

    async def metrics(self) -> bytes:
        async with self._http.get(f"{self._base}/metrics") as answer:
            return await answer.read()

    def _plant(self, what: str) -> str:
        text = f"{self._mark}-{what}"
        self.planted.append(text)
        return text

    def _address(self, whose: str) -> dict[str, str]:
        fields = {name: self._plant(f"{whose}-{name}") for name in ("name", "line1", "line2", "city", "region")}
        return {**fields, "postal_code": "10178", "country": "DE", "phone": "+49 30 123456"}

    async def _fill(self, sku: str, token: str, what: str) -> tuple[str, str]:
        """A cart that can be ordered, and who may order it."""
        cart = await self._ask("POST", "/v1/carts", {}, token=token)
        at, token = f"/v1/carts/{cart['id']}", token or cart["token"]
        await self._ask("POST", f"{at}/lines", {"sku": sku, "quantity": 1}, token=token)
        option = (await self._ask("GET", f"{at}/shipping-options", token=token))["items"][0]["id"]
        delivery = {"email": self.email, "address": self._address(what), "shipping_option": option}
        await self._ask("PUT", f"{at}/delivery", delivery, token=token)
        return at, token

    async def _buy(self, sku: str, token: str, what: str) -> dict[str, Any]:
        at, token = await self._fill(sku, token, what)
        payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
        order: dict[str, Any] = await self._ask("POST", f"{at}/checkout", payment, token=token)
        path = f"/v1/orders/{order['id']}"

        async def settled() -> bool:
            order.update(await self._ask("GET", path, token=token))
            return order["status"] not in UNFINISHED

        await self._until(settled)
        return order

    async def _refund(self, order: dict[str, Any]) -> None:
        path = f"/v1/orders/{order['id']}"

        async def captured() -> bool:
            return bool((await self._ask("GET", path, token=self._operator))["payment_status"] == "captured")

        await self._until(captured)
        words = {"amount": {"amount": 1, "currency": "EUR"}, "reason": self._plant("refund")}
        await self._ask("POST", f"{path}/refunds", words, token=self._operator)

    async def _archived(self) -> bool:
        [made] = (await self._ask("GET", "/v1/me/export", token=self._token))["items"]
        if made["state"] != "ready":
            return False
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._http.get(self._base + made["link"], headers=headers) as answer:
            return answer.status == 200 and (await answer.read())[:2] == b"PK"

    async def _confirmed_by_mail(self) -> bool:
        return any("is confirmed" in subject for subject, _ in self._mails())

    def _mails(self) -> list[tuple[str, str]]:
        read = [
            message_from_bytes(each.read_bytes(), policy=default)
            for each in sorted((self._folder / "mail").glob("*.eml"))
        ]
        return [(str(each["Subject"]), str(each.get_content())) for each in read if self.email in str(each["To"])]

    async def _mailed(self) -> str:
        """The token of the sign-in link in the mail."""
        found: list[str] = []

        async def came() -> bool:
            found.extend(token for _, text in self._mails() for token in re.findall(r"token=(ml_[\w-]+)", text))
            return bool(found)

        await self._until(came)
        return found[-1]

    async def _an_operator(self) -> str:
        from banyan.users import actions

        async with opened(self._folder, "users") as here:
            path = await actions.create_operator(here.shop.ports["users"], "operator@example.com")
        told = await self._ask("POST", "/v1/sessions/magic-link/redeem", {"token": path.partition("token=")[2]})
        return str(told["access_token"])

    async def _until(self, ready: Any) -> None:
        ends = self._clock.monotonic() + _LONGEST
        while not await ready():
            if self._clock.monotonic() > ends:
                raise Unexpected(f"{ready.__name__.strip('_')}: not within {_LONGEST:.0f} s")
            await self._clock.sleep(0.2)

    async def _ask(self, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        headers = {"Idempotency-Key": self._ids.new("key")}
        if self._operator and token != self._operator:
            headers["User-Agent"] = f"{self._mark}-agent"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self._http.request(method, self._base + path, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise Unexpected(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.content_type == "application/json" else None
