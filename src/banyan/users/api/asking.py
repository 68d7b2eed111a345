"""What routes of users ask for: the shop, where a request came from, keys of requests with passwords, typed text."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Path, Request
from pydantic import AfterValidator, Field, PlainValidator, StrictBool, StringConstraints, WithJsonSchema

from banyan.contracts.users import ROLES
from banyan.foundation import web
from banyan.foundation.auth import GUEST
from banyan.foundation.idempotency import Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Fault, Invalid
from banyan.users import actions
from banyan.users.domain import limits
from banyan.users.domain.accounts import Visitor
from banyan.users.domain.emails import Email, parse
from banyan.users.domain.places import COUNTRIES


async def _ports(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


async def _visitor(request: Request) -> Visitor:
    agent = "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())
    forwarded = request.headers.get(
        "x-forwarded-for", ""
    )  # the gateway's alone: it drops what visitors send by this name
    return Visitor(limits.network(forwarded.rpartition(",")[2]), agent[:200])


async def _slow_key(
    request: Request, who: web.Who, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
) -> Key | None:
    body = await request.body()
    return await actions.slow_key(web.key_of(request, who, idempotency_key, body, required=False), body)


async def _guest_key(
    request: Request, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
) -> Key | None:
    body = await request.body()
    return await actions.slow_key(web.key_of(request, GUEST, idempotency_key, body, required=False), body)


Shop = Annotated[Ports, Depends(_ports)]
From = Annotated[Visitor, Depends(_visitor)]
SlowKey = Annotated[Key | None, Depends(_slow_key)]  # where the body holds a password
GuestKey = Annotated[Key | None, Depends(_guest_key)]  # … and where a token that has expired is no reason to refuse
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1000)]
UserId = Annotated[str, Path(pattern="^usr_[0-9a-z]{26}$")]
SessionId = Annotated[str, Path(pattern="^ses_[0-9a-z]{26}$")]
PasskeyId = Annotated[str, Path(pattern="^pky_[0-9a-z]{26}$")]
AddressId = Annotated[str, Path(pattern="^adr_[0-9a-z]{26}$")]


# ---- text that people type ----------------------------------------------------------------------------------------

# No control characters, no line separators, nothing that turns the direction of what follows.
SHOWN = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$"


def _email(value: object) -> Email:
    if not isinstance(value, str):
        raise ValueError("an e-mail address is text")  # noqa: TRY004 (pydantic turns only ValueError into an answer)
    return parse(value)


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("a country is two capital letters (ISO 3166-1 alpha-2)")
    return code


def _role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"the roles are {', '.join(sorted(ROLES))}")
    return role


EmailText = Annotated[
    Email,
    PlainValidator(_email),
    WithJsonSchema(
        {"type": "string", "format": "email", "minLength": 3, "maxLength": 254, "examples": ["a@example.com"]}
    ),
]
Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=512)]
NewPassword = Annotated[
    Password, Field(json_schema_extra={"minLength": 15, "maxLength": 128})
]  # its rules: the action's
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(max_length=200, pattern=SHOWN)]
Line = Annotated[str, StringConstraints(max_length=100, pattern=SHOWN)]
SomeLine = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=SHOWN)]
PostalCode = Annotated[str, StringConstraints(max_length=12, pattern=r"^[0-9A-Za-z -]*$")]
Phone = Annotated[str, StringConstraints(max_length=30, pattern=r"^[0-9+() ./-]*$")]
Country = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"enum": sorted(COUNTRIES)})]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Role = Annotated[str, AfterValidator(_role), Field(json_schema_extra={"enum": sorted(ROLES)})]
Yes = StrictBool


_LONGEST_CREDENTIAL = 32_768  # bytes


def _credential(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # too deep, or what JSON does not hold
        size = _LONGEST_CREDENTIAL + 1
    if size > _LONGEST_CREDENTIAL:
        raise ValueError(f"a credential has at most {_LONGEST_CREDENTIAL} bytes")
    return value


Credential = Annotated[dict[str, Any], AfterValidator(_credential)]
"""What navigator.credentials answered, as its toJSON() writes it."""
Code = Annotated[str, StringConstraints(min_length=1, max_length=60)]
PasskeyName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=SHOWN)]


def email_asked(text: str | None) -> Email | None:
    """An address out of a query, None where it is empty. Invalid when it is no address."""
    try:
        return parse(text) if text else None
    except ValueError as wrong:
        raise Invalid(str(wrong), errors=[Fault("/query/email", "email_invalid", str(wrong))]) from None


def last_seen(cursor: str | None) -> str | None:
    """The id behind which a page begins; None for the first."""
    place = web.place(cursor, str)
    return place[0] if place else None


# ---- what is documented -------------------------------------------------------------------------------------------

_WORDS = {
    400: "It cannot be read: the body, the cursor, or a header",
    401: "Not signed in, or the token does not hold",
    403: "Not allowed",
    404: "There is no such thing",
    409: "It does not fit the present state, or the first request with this Idempotency-Key still runs",
    412: "It has changed since it was read",
    422: "Some of what was sent cannot be accepted; `errors` says what",
    428: "If-Match is missing",
    429: "Too many attempts; Retry-After says when to try again",
    503: "A part of the shop does not answer; try again",
}


def answers(status: int, model: Any, *refusals: int, words: str = "Done") -> dict[int | str, dict[str, Any]]:
    """The answers of a route for its description: the good one, then every refusal it knows."""
    described: dict[int | str, dict[str, Any]] = {status: {"description": words}}
    if model is not None:
        described[status]["model"] = model
    for refusal in sorted({*refusals, 400, 503}):
        described[refusal] = refused(_WORDS[refusal])
    return described


def refused(words: str) -> dict[str, Any]:
    return {"description": words, "content": {web.PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
