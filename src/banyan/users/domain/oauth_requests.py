"""An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): read, or refused and by whom that is heard."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from banyan.users.domain import oauth
from banyan.users.domain.oauth import Client, Refused

_MOST = 30  # parameters
_NUMBER = re.compile(r"[0-9]{1,10}")
_AFTER = "signed_in_after"  # ours: added on the way to the sign-in page
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_NOT_HERE = {"request": "request_not_supported", "request_uri": "request_uri_not_supported"}


class Unsafe(Exception):
    """Refused, and nobody is sent anywhere: it is not sure where to (RFC 9700 §4.11.2). The text is for a page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be answered."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str
    challenge: str
    nonce: str | None
    prompts: frozenset[str]
    max_age: int | None  # seconds since the shopper showed who they are
    after: int | None  # … and when they were last told to show it anew


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Unsafe for what cannot be read."""
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Unsafe("this request cannot be read") from None


def named(pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """(client, redirect URI) of a request. Unsafe unless each is there once."""
    found = []
    for name in ("client_id", "redirect_uri"):
        values = [value for each, value in pairs if each == name]
        if len(values) != 1 or not values[0]:
            raise Unsafe(f"{name} is missing or there twice")
        found.append(values[0])
    return found[0], found[1]


def state_of(pairs: Sequence[tuple[str, str]]) -> str:
    """What is told back beside an error, where it is there once."""
    values = [value for name, value in pairs if name == "state"]
    return values[0] if len(values) == 1 else ""


def read(pairs: Sequence[tuple[str, str]], client: Client, issuer: str) -> Asked:
    """The request of a client whose redirect URI is its own. Refused."""
    given = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("invalid_request", "a parameter is there twice")
    for name, error in _NOT_HERE.items():
        if name in given:
            raise Refused(error, f"{name} is not known here")
    if given.get("response_type") != "code":
        known = "response_type" in given
        raise Refused("unsupported_response_type" if known else "invalid_request", "response_type is code")
    if given.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "response_mode is query")
    if oauth.CODE not in client.grants:
        raise Refused("unauthorized_client", "this client does not ask for authorization codes")
    if given.get("code_challenge_method") != "S256" or not oauth.is_challenge(given.get("code_challenge", "")):
        raise Refused("invalid_request", "send code_challenge with code_challenge_method=S256 (RFC 7636)")
    if given.get("resource", issuer) not in (issuer, f"{issuer}/"):
        raise Refused("invalid_target", "tokens are for this shop alone")
    max_age = given.get("max_age")
    if max_age is not None and not _NUMBER.fullmatch(max_age):
        raise Refused("invalid_request", "max_age is a number of seconds")
    return Asked(
        client_id=client.id,
        redirect_uri=given["redirect_uri"],
        scopes=_scopes(given.get("scope", ""), client),
        state=_bounded(given, "state", 2000),
        challenge=given["code_challenge"],
        nonce=_bounded(given, "nonce", 500) or None,
        prompts=_prompts(given.get("prompt", "")),
        max_age=None if max_age is None else int(max_age),
        after=int(given[_AFTER]) if _NUMBER.fullmatch(given.get(_AFTER, "")) else None,
    )


def once_signed_in(query: str, now: float) -> str:
    """The same request, for after the shopper has shown who they are: a sign-in from now on is new enough for it.

    A client that adds this itself gains what it would by not asking for a new sign-in; `auth_time` tells it the truth.
    """
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != _AFTER]
    return urlencode([*kept, (_AFTER, str(int(now)))])


def answer(redirect_uri: str, issuer: str, **told: str) -> str:
    """Where the browser goes: the redirect URI, its own query kept, with what is told and by whom (RFC 9207)."""
    parts = urlsplit(redirect_uri)
    said = urlencode({**{name: value for name, value in told.items() if value}, "iss": issuer})
    query = f"{parts.query}&{said}" if parts.query else said
    return urlunsplit(parts._replace(query=query))


def _scopes(text: str, client: Client) -> frozenset[str]:
    asked = frozenset(text.split())
    if not asked <= oauth.KNOWN_SCOPES or not asked <= client.scopes:
        raise Refused("invalid_scope", "this client may not ask for one of these scopes")
    if not asked or oauth.INTROSPECT in asked:
        raise Refused("invalid_scope", "name a scope that a shopper can agree to")
    return asked


def _prompts(text: str) -> frozenset[str]:
    asked = frozenset(text.split())
    if not asked <= _PROMPTS or ("none" in asked and len(asked) > 1):
        raise Refused("invalid_request", "prompt is none alone, or some of login, consent, select_account")
    return asked


def _bounded(given: dict[str, str], name: str, longest: int) -> str:
    text = given.get(name, "")
    if len(text) > longest or "\0" in text:
        raise Refused("invalid_request", f"{name} has at most {longest} characters")
    return text
