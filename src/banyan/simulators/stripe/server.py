"""Simulated Stripe over HTTP: who may ask, each thing once by its key, pages for shoppers, and strings for tests to pull."""

import hmac
import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Malformed
from banyan.simulators.common import Answer, Asked, asgi, json_answer, nested, page, redirect
from banyan.simulators.hooks import Hook, Hooks
from banyan.simulators.stripe import api, elements, intents, money, refunds
from banyan.simulators.stripe.book import VERSION, ApiError, Book, Obj, broken
from banyan.simulators.stripe.keys import Keys
from banyan.simulators.troubles import Troubles, told

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Send headers and a body to a URL; the status it is answered with."""

KEY, PUBLISHABLE = "sk_test_simulated", "pk_test_simulated"
WAITS = (10.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, *(36_000.0,) * 6)  # seconds; three days in all
_KEPT = ("objects", "cards", "used", "paid", "set_up", "later")
_SAYS = {
    "error": {"error": {"message": "An unknown error occurred", "type": "api_error"}},
    "too_many": {
        "error": {"message": "Request rate limit exceeded.", "type": "invalid_request_error", "code": "rate_limit"}
    },
}


class Stripe:
    """One account at Stripe. `app` answers; webhooks go out when `deliver()` is called."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        post: Post,
        *,
        origin: str = "https://api.stripe.com",
        key: str = KEY,
        account: str = "",
        file: Path | None = None,
    ) -> None:
        """`account`: a connected one, for which a platform asks. `file`: where the book is kept; a bad one is refused."""
        self.book = Book(clock, ids, origin, account)
        self.keys = Keys()
        self.hooks: dict[str, Hooks] = {}  # by the id of their endpoint
        self.errors_kept: list[str] = []  # paths of which the next request ends in a 500 that its key remembers
        self._clock, self._ids, self._post, self._key, self._file = clock, ids, post, key, file
        self.book.listens.append(self._tell)
        self.troubles = Troubles(asgi(self._answer), _SAYS)
        self.app = self.troubles
        if file is not None and file.exists():
            self._read(file)

    def listen(self, url: str, secret: str = "", events: tuple[str, ...] = ("*",)) -> Obj:
        """A webhook endpoint; its secret, `whsec_…`, is in it."""
        made = self.book.add(
            "webhook_endpoint",
            "we",
            api_version=VERSION,
            application=None,
            description=None,
            enabled_events=list(events),
            livemode=False,
            metadata={},
            secret=secret or f"whsec_{self._ids.secret(24).hex()}",
            status="enabled",
            url=url,
        )
        self._hook(made)
        return made

    async def deliver(self) -> int:
        """Send the webhooks that are due; how many were taken."""
        refunds.run(self.book)
        return sum([await each.deliver() for each in self.hooks.values()])

    def sign(self, secret: str, body: bytes) -> str:
        """The header Stripe-Signature, as of now."""
        now = self.book.now()
        signature = hmac.new(secret.encode(), f"{now}.".encode() + body, sha256).hexdigest()
        return f"t={now},v1={signature}"

    def _hook(self, endpoint: Obj) -> None:
        async def post(headers: Mapping[str, str], body: bytes) -> int:
            return await self._post(endpoint["url"], headers, body)

        def sign(hook: Hook) -> Mapping[str, str]:
            return {"stripe-signature": self.sign(endpoint["secret"], hook.body), "user-agent": "Stripe/1.0"}

        self.hooks[endpoint["id"]] = Hooks(self._clock, sign, post, WAITS)

    def _tell(self, event: Obj) -> None:
        body = json.dumps(event, indent=2).encode()
        for endpoint in self.book.of("webhook_endpoint").values():
            if "*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]:
                self.hooks[endpoint["id"]].tell(event["id"], body)

    async def _answer(self, asked: Asked) -> Answer:
        refunds.run(self.book)
        try:
            if asked.path.startswith("/_sim/"):
                answer = await self._pulled(asked)
            elif asked.path.startswith("/_pages/3ds/"):
                answer = self._authenticate(asked)
            elif (file := elements.file(asked)) is not None:
                answer = file
            else:
                answer = self._api(asked)
        except ApiError as error:
            answer = json_answer(error.told, error.status)
        except (Malformed, KeyError, ValueError) as error:
            answer = json_answer({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)
        if self._file is not None and asked.method != "GET":
            self._write(self._file)
        return answer

    def _api(self, asked: Asked) -> Answer:
        self._check(asked)
        named = {"request-id": self._ids.new("req"), "stripe-version": asked.headers.get("stripe-version", VERSION)}
        if asked.method == "GET":
            if asked.path.endswith("/contents"):
                return Answer(
                    200,
                    self.book.find("file", asked.path.split("/")[-2])["text"].encode(),
                    {"content-type": "text/csv"},
                )
            return json_answer(api.get(self.book, asked.path, nested(asked.pairs())), 200, named)
        key = asked.headers.get("idempotency-key", "")
        self.book.request = {"id": named["request-id"], "idempotency_key": key or None}
        if key and (before := self.keys.begin(key, asked, self.book.now())) is not None:
            return before
        if asked.path in self.errors_kept:
            self.errors_kept.remove(asked.path)
            answer = json_answer(_SAYS["error"], 500, named)
        else:
            answer = self._do(asked, key, named)
        if key and answer is not None:
            self.keys.keep(key, answer)
        return answer

    def _do(self, asked: Asked, key: str, named: dict[str, str]) -> Answer:
        """What was wrong with the question is not remembered by its key; what the answer said no to is."""
        try:
            if asked.path == "/v1/webhook_endpoints":
                wanted = nested(asked.pairs())
                return json_answer(self.listen(wanted["url"], events=tuple(wanted["enabled_events"])), 200, named)
            return json_answer(api.post(self.book, asked.path, nested(asked.pairs())), 200, named)
        except ApiError as error:
            if key and error.status != 402 and "param" in error.told["error"]:
                self.keys.drop(key)
                raise
            return json_answer(error.told, error.status, named)
        except Malformed:
            self.keys.drop(key)
            raise

    def _check(self, asked: Asked) -> None:
        given = asked.headers.get("authorization", "")
        if given.startswith("Basic "):
            given = "Bearer " + b64decode(given[6:]).decode().rstrip(":")
        if given == f"Bearer {PUBLISHABLE}" and (asked.method, asked.path) != ("POST", "/v1/payment_methods"):
            raise ApiError("This API call cannot be made with a publishable API key.", 401, code="secret_key_required")
        if given not in (f"Bearer {self._key}", f"Bearer {PUBLISHABLE}"):
            raise ApiError("Invalid API Key provided", 401)
        if asked.headers.get("stripe-account", "") != self.book.account:
            raise ApiError("The provided key does not have access to this account", 403, code="account_invalid")

    def _authenticate(self, asked: Asked) -> Answer:
        """The page of the card's bank: 3-D Secure."""
        intent = self.book.find("payment_intent", asked.path.rsplit("/", 1)[1])
        action = (intent["next_action"] or {}).get("redirect_to_url")
        if asked.method == "GET":
            return page(_PAGE.format(amount=intent["amount"], currency=escape(intent["currency"].upper())))
        if action is None:
            return page("<h1>This payment is not waiting for you.</h1>", 409)
        agreed = dict(asked.pairs()).get("agree") == "yes"
        intents.authenticated(self.book, intent, agreed)
        query = {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if intent["status"] in ("succeeded", "requires_capture") else "failed",
        }
        url = action["return_url"]
        return redirect(f"{url}{'&' if '?' in url else '?'}{urlencode(query)}")

    async def _pulled(self, asked: Asked) -> Answer:
        """`/_sim/…`: what no real Stripe has."""
        wanted = asked.json() if asked.method == "POST" else {}
        match asked.path.removeprefix("/_sim/"):
            case "state":
                return json_answer(self.book.objects)
            case "invariants":
                return json_answer(broken(self.book))
            case "troubles" if wanted.get("kind") == "kept":
                self.errors_kept.append(str(wanted["path"]))
            case "troubles" if wanted:
                self.troubles.add(str(wanted["kind"]), str(wanted.get("path", "")), int(wanted.get("times", 1)))
            case "hooks":
                for each in self.hooks.values():
                    for name in ("held", "twice", "backwards"):
                        setattr(each, name, bool(wanted.get(name, False)))
            case "deliver":
                return json_answer({"taken": await self.deliver()})
            case "payouts":
                return json_answer(money.payouts(self.book))
            case "disputes":
                return json_answer(money.dispute(self.book, self.book.find("charge", wanted["charge"])))
            case "disputes/end":
                return json_answer(
                    money.end_dispute(self.book, self.book.find("dispute", wanted["dispute"]), str(wanted["status"]))
                )
            case _:
                raise ApiError("There is no such string to pull", 404)
        return json_answer({"troubles": told(self.troubles), "kept": self.errors_kept})

    def _write(self, file: Path) -> None:
        kept = {name: getattr(self.book, name) for name in _KEPT}
        half = file.with_suffix(".half")
        half.write_bytes(orjson.dumps(kept, default=sorted))
        half.replace(file)

    def _read(self, file: Path) -> None:
        kept: dict[str, Any] = orjson.loads(file.read_bytes())
        book = self.book
        book.objects, book.cards, book.paid = kept["objects"], kept["cards"], kept["paid"]
        book.used, book.set_up = set(kept["used"]), set(kept["set_up"])
        book.later = [(at, what, name) for at, what, name in kept["later"]]
        for endpoint in book.of("webhook_endpoint").values():
            self._hook(endpoint)


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>3D Secure (simulated Stripe)</title>
<style>body{{font:1rem system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.7rem 1.2rem}}</style>
<h1>Confirm your payment</h1>
<p>{amount} {currency} in minor units, at a simulated bank. No money moves.</p>
<form method="post"><button name="agree" value="yes">Complete</button>
<button name="agree" value="no">Fail</button></form></html>"""
