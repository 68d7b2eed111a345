"""Stripe's HTTP API: forms out, JSON in, and what each refusal means for money.

Not through the `stripe` package: unless a global of the process forbids it, it writes an id of this machine into the home
directory and sends it along; it takes retries, randomness and time from globals, brings a second HTTP client, and tells a
request that never left from one that may have arrived only by its words. Its objects would have to be checked again as a
stranger's input anyway.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from pydantic import ValidationError

from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.payments.providers import NotAsked, Unclear, vaulted
from banyan.payments.providers.line import LONGEST
from banyan.payments.providers.stripe.shapes import ErrorAnswer, Failure

VERSION = (
    "2023-08-16"  # the newest whose published OpenAPI the simulator is checked by; Stripe serves old ones for good
)

TRIES = 4  # keys for one thing that can be done only once
_FORM = {"content-type": "application/x-www-form-urlencoded"}

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]


class Refused(Exception):
    """Stripe says no, and what it says tells that nothing was done; `failure` holds its words."""

    def __init__(self, status: int, failure: Failure) -> None:
        self.status = status
        self.failure = failure
        self.reason = failure.decline_code or failure.code or failure.type
        super().__init__(self.reason)


class KeyUsed(Unclear):
    """The idempotency key stood for another request before: something was done by it, and this was not."""


class Burnt(Unclear):
    """The idempotency key remembers a failure of Stripe's own, and will answer nothing else for a day. Whatever it came to is
    over and in Stripe's book, and nothing more will come of this key."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer 200. `replayed`: it is the one that was given when this was first asked, and may be old."""

    body: bytes
    replayed: bool = False


async def get(ports: Ports, path: str, asked: Mapping[str, Value]) -> Said:
    return await _ask(ports, "GET", f"{path}?{urlencode(list(pairs(asked)))}", "", {})


async def post(ports: Ports, path: str, asked: Mapping[str, Value], key: str = "") -> Said:
    """Do a thing, once by `key`. Refused when it was not done, KeyUsed when another was; Unclear (and Burnt), Unavailable or
    DeadlinePassed when it may have been; NotAsked or NotSent when it certainly was not."""
    return await _ask(ports, "POST", path, form(asked), _FORM | ({"idempotency-key": key} if key else {}))


async def post_again(ports: Ports, path: str, asked: Mapping[str, Value], key: str) -> Said:
    """The same for what can be done only once anyway: where a key is burnt, the next one is taken."""
    for number in range(1, TRIES):
        try:
            return await post(ports, path, asked, key if number == 1 else f"{key}.{number}")
        except Burnt:
            continue
    return await post(ports, path, asked, f"{key}.{TRIES}")


async def post_card(
    ports: Ports,
    path: str,
    asked: Mapping[str, Value],
    without_code: Mapping[str, Value],
    *,
    card: str,
    payment_id: str,
) -> Said:
    """The same by way of our vault, which writes its card into the form."""
    answer = await vaulted.send(
        ports,
        card,
        provider="stripe",
        url=_url(ports, path),
        headers=_headers(ports) | _FORM,
        body=form(asked),
        without_code=form(without_code),
        payment_id=payment_id,
    )
    return _read(answer)


def form(asked: Mapping[str, Value]) -> str:
    """As a form; what the vault fills in stays as it is."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value, safe='{}')}" for name, value in pairs(asked))


def pairs(asked: Mapping[str, Value], within: str = "") -> Iterator[tuple[str, str]]:
    """Names and values as Stripe's forms have them: `card[number]`, `expand[]`, `true`."""
    for name, value in asked.items():
        name = f"{within}[{name}]" if within else name
        if isinstance(value, Mapping):
            yield from pairs(value, name)
        elif isinstance(value, str):
            yield name, value
        elif isinstance(value, Sequence):
            for each in value:
                yield f"{name}[]", str(each)
        else:
            yield name, str(value).lower()


def _url(ports: Ports, path: str) -> str:
    return ports.settings.stripe_url.rstrip("/") + path


def _headers(ports: Ports) -> dict[str, str]:
    headers = {
        "authorization": f"Bearer {ports.settings.stripe_key.get_secret_value()}",
        "stripe-version": VERSION,
        "user-agent": "banyan-commerce",
    }
    if ports.settings.stripe_account:
        headers["stripe-account"] = ports.settings.stripe_account
    return headers


async def _ask(ports: Ports, method: str, path: str, body: str, headers: Mapping[str, str]) -> Said:
    url = _url(ports, path)
    return _read(
        await ports.egress.send(
            method, url, headers={**_headers(ports), **headers}, body=body.encode(), seconds=LONGEST
        )
    )


def _read(answer: HttpAnswer) -> Said:
    replayed = answer.header("idempotent-replayed") == "true"
    if answer.status == 200:
        return Said(answer.body, replayed)
    if answer.status >= 500 and replayed:
        raise Burnt(f"Stripe remembers that it failed ({answer.status})")
    failure = _failure(answer)
    if failure is None or answer.status >= 500 or answer.status == 409:
        raise Unclear(f"Stripe answered {answer.status}")
    if failure.type == "idempotency_error":
        raise KeyUsed("Stripe knows the idempotency key from another request")
    if answer.status == 429:  # a lock's time limit may have come in the middle; a rate limit comes before anything
        raise (Unclear if failure.code == "lock_timeout" else NotAsked)("Stripe has too much to do")
    if answer.status in (401, 403):
        raise NotAsked(f"Stripe does not accept the key ({answer.status})")
    if answer.status not in (400, 402, 404):
        raise Unclear(f"Stripe answered {answer.status}")
    raise Refused(answer.status, failure)


def _failure(answer: HttpAnswer) -> Failure | None:
    """None where it is not Stripe that speaks, but something on the way."""
    try:
        return ErrorAnswer.model_validate_json(answer.body).error
    except ValidationError:
        return None
