"""How a provider's breaker shows: in the metrics, to programs of operators, and on the console's page."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import Morsel

import aiohttp

from banyan.trial.own_shop import OwnShop
from banyan.trial.stocking import opened

PROVIDER = "stripe"
OPERATION = "authorize"
_METRIC = re.compile(r"^banyan_provider_breaker\{([^}]*)\} ([0-9.]+)$", re.M)
_STATES = {0.0: "closed", 1.0: "half_open", 2.0: "open"}
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ROW = re.compile(r"<tr><th>Stripe</th>(.*?)</tr>", re.S)
_ACCESS = "banyan_console_access"


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of the breaker for authorizations by Stripe in each place; empty where nothing was shown."""

    metrics: str
    api: str
    console: str

    def all(self, state: str) -> bool:
        return self.metrics == self.api == self.console == state


class Operator:
    """Somebody who is signed in to the console; their token is good for the API as well."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, shop: OwnShop) -> AsyncIterator["Operator"]:
        """By a one-time link, as who has the shop's shell makes it. RuntimeError where it leads nowhere."""
        from banyan.users import actions

        async with opened(shop.data_dir, "users") as here:
            link = await actions.create_operator(here.shop.ports["users"], "outage@example.com")
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, not of a name
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            async with http.get(shop.url + link) as page:
                sent = dict(_FIELD.findall(await page.text()))
            async with http.post(f"{shop.url}/console/sign-in/link", data=sent) as page:
                await page.read()
            made = cls(http, shop.url)
            if not made._token():
                raise RuntimeError("the console lets no operator in")
            yield made

    async def look(self) -> Shown:
        async with self._http.get(f"{self._url}/console/payment-providers") as page:
            console = of_page(await page.text())
        named = {"Authorization": f"Bearer {self._token()}"}
        async with self._http.get(f"{self._url}/v1/payment-providers", headers=named) as answer:
            items = (await answer.json()).get("items", ())  # none where the shop turns operators away just now
        api = next((str(each["breakers"][OPERATION]) for each in items if each["name"] == PROVIDER), "")
        async with self._http.get(f"{self._url}/metrics") as answer:
            return Shown(of_metrics(await answer.text()), api, console)

    def _token(self) -> str:
        found: list[Morsel[str]] = [each for each in self._http.cookie_jar if each.key.endswith(_ACCESS)]
        return found[0].value if found else ""


def of_metrics(text: str) -> str:
    """As the metrics have it; closed while nothing was asked."""
    for labels, value in _METRIC.findall(text):
        if f'provider="{PROVIDER}"' in labels and f'operation="{OPERATION}"' in labels:
            return _STATES[float(value)]
    return "closed"


def of_page(html: str) -> str:
    """As the console's page has it; empty where Stripe has no row."""
    row = _ROW.search(html)
    if row is None:
        return ""
    if "Authorize: not asked" in row[1]:
        return "open"
    return "half_open" if "Authorize: one probe" in row[1] else "closed"
