"""PayPal's API over the shop's one way out: its access token, its idempotency header, and what its refusals mean."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import DeadlinePassed, Unavailable
from banyan.payments.providers import NotAsked, Rejected, Unclear

SECONDS = 2.5  # one request
EARLY = 60.0  # seconds by which a token ends earlier for us than PayPal says
UNDECIDED = frozenset(
    {
        "AUTHORIZATION_ALREADY_CAPTURED",
        "DUPLICATE_INVOICE_ID",
        "DUPLICATE_REQUEST_ID",
        "ORDER_ALREADY_AUTHORIZED",
        "ORDER_ALREADY_CAPTURED",
        "ORDER_ALREADY_COMPLETED",
        "ORDER_COMPLETION_IN_PROGRESS",
        "PREVIOUSLY_CAPTURED",
        "PREVIOUSLY_VOIDED",
        "PREVIOUS_REQUEST_IN_PROGRESS",
    }
)
"""Issues which say that something was done before: how the order stands tells, not they."""


class Wire:
    """The way to PayPal with one client's token, kept until it ends."""

    def __init__(self) -> None:
        self._token = ""
        self._ends = float("-inf")

    async def ask(
        self, ports: Ports, method: str, path: str, body: Mapping[str, Any] | None = None, *, once: str = ""
    ) -> HttpAnswer:
        """PayPal's answer, whatever its status is. `once`: the idempotency key of a request that does something.

        NotAsked or NotSent when PayPal was certainly not asked; Unclear when it may have been.
        """
        answer = await self._ask(ports, method, path, body, once)
        if answer.status == 401:  # it has not looked at the request: the token ended before its time
            self._ends = float("-inf")
            answer = await self._ask(ports, method, path, body, once)
        return answer

    async def _ask(self, ports: Ports, method: str, path: str, body: Mapping[str, Any] | None, once: str) -> HttpAnswer:
        headers = {
            "authorization": f"Bearer {await self._valid(ports)}",
            "content-type": "application/json",
            "prefer": "return=representation",
        }
        if once:
            headers["paypal-request-id"] = once
        raw = to_json(body) if body is not None else b""
        url = f"{ports.settings.paypal_url}{path}"
        return await ports.egress.send(method, url, headers=headers, body=raw, seconds=SECONDS)

    async def _valid(self, ports: Ports) -> str:
        """An access token. Two who find none ask for one each: either is good."""
        if ports.clock.monotonic() < self._ends:
            return self._token
        headers = {"authorization": f"Basic {_basic(ports.settings)}", "content-type": _FORM}
        url = f"{ports.settings.paypal_url}/v1/oauth2/token"
        try:
            answer = await ports.egress.send(
                "POST", url, headers=headers, body=b"grant_type=client_credentials", seconds=SECONDS
            )
        except (Unavailable, DeadlinePassed) as error:
            raise NotAsked("PayPal gives no access token") from error
        told = _object(answer) if answer.status == 200 else {}
        token, seconds = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, int) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise NotAsked(f"PayPal gives no access token ({answer.status})")
        self._token, self._ends = token, ports.clock.monotonic() + seconds - EARLY
        return token


def refused(answer: HttpAnswer) -> Exception:
    """What an answer that is no success means: Rejected where it was definitely not done, else Unclear."""
    told = _object(answer)
    issue = issue_of(told)
    if answer.status in (400, 403, 422) and issue and issue not in UNDECIDED:
        return Rejected(issue.lower())
    return Unclear(f"PayPal answered {answer.status}{f' {issue}' if issue else ''}")


def issue_of(told: Mapping[str, Any]) -> str:
    """PayPal's word for what is wrong: of the first detail, or of the whole; empty where it is none."""
    details = told.get("details")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    word = first.get("issue") or told.get("name")
    return word if isinstance(word, str) and re.fullmatch(r"[A-Z_]{1,60}", word) else ""


def _object(answer: HttpAnswer) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _basic(settings: Settings) -> str:
    return b64encode(
        f"{settings.paypal_client_id}:{settings.paypal_client_secret.get_secret_value()}".encode()
    ).decode()


_FORM = "application/x-www-form-urlencoded"
