"""Razorpay's API over the shop's one way out, and what its refusals mean. Its SDK is synchronous, and not used."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic_core import to_json

from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.payments.providers import Rejected, Unclear
from banyan.payments.providers.razorpay.shapes import Shape, read

SECONDS = 2.5  # one request


async def ask(
    ports: Ports, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
) -> HttpAnswer:
    """Razorpay's answer, whatever its status is. NotSent, Unavailable or DeadlinePassed when there is none."""
    settings = ports.settings
    key = f"{settings.razorpay_key_id}:{settings.razorpay_key_secret.get_secret_value()}"
    sent = {"authorization": f"Basic {b64encode(key.encode()).decode()}", "content-type": "application/json"}
    raw = to_json(body) if body is not None else b""
    url = f"{settings.razorpay_url}/v1{path}"
    return await ports.egress.send(method, url, headers=sent | headers, body=raw, seconds=SECONDS)


def reason(answer: HttpAnswer) -> str | None:
    """Why it was definitely not done, in Razorpay's word; None where the answer does not tell that."""
    if answer.status != 400:
        return None
    try:
        error = answer.json()["error"]
        words = [error.get("reason"), error.get("code")]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    known = (word.lower() for word in words if isinstance(word, str) and re.fullmatch(r"[A-Za-z_]{1,60}", word))
    return next((word for word in known if word not in ("na", "null")), None)


def unclear(answer: HttpAnswer) -> Unclear:
    return Unclear(f"Razorpay answered {answer.status}")


def refused(answer: HttpAnswer) -> Exception:
    """Rejected where it was definitely not done, else Unclear."""
    why = reason(answer)
    return Rejected(why) if why else unclear(answer)


S = TypeVar("S", bound=Shape)


async def get(ports: Ports, path: str, shape: type[S]) -> S:
    """A thing of Razorpay's. Unclear when it is not told."""
    answer = await ask(ports, "GET", path)
    if answer.status != 200:
        raise unclear(answer)
    return read(shape, answer.body)
