"""What of a customer that an old shop hands over can be kept here as it is, and what must take another form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from banyan.contracts.legacy import Customer, CustomerAddress
from banyan.users.domain.emails import Email, parse
from banyan.users.domain.places import COUNTRIES

MOST_ADDRESSES = 1_000
"""Of one customer: more than anybody may add here, because what somebody has elsewhere is no reason to refuse them."""
NOWHERE = "ZZ"
"""The country of an address that names none we know (CLDR: unknown region)."""
DEAREST_BCRYPT = 13
"""The highest cost that a sign-in is made to wait for: half a second."""

_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_BCRYPT = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_LONGEST_NAME, _LONGEST_LINE, _LONGEST_HASH = 200, 255, 300


@dataclass(frozen=True, slots=True)
class Kept:
    """A customer as this service can keep them."""

    email: Email
    name: str
    scheme: str | None
    hash: str | None
    addresses: tuple[Mapping[str, Any], ...]
    newsletter: bool
    closed: bool
    created_at: datetime


def kept(customer: Customer) -> Kept:
    """The customer in a form that can be kept. ValueError says what makes that impossible."""
    if not is_id(customer.id, "usr"):
        raise ValueError("the id is none of a user of this shop")
    if not customer.email.strip():
        raise ValueError("there is no e-mail address")
    if len(customer.addresses) > MOST_ADDRESSES:
        raise ValueError(f"there are {len(customer.addresses)} addresses, and an account has at most {MOST_ADDRESSES}")
    ids = [each.id for each in customer.addresses]
    if len(set(ids)) < len(ids) or not all(is_id(each, "adr") for each in ids):
        raise ValueError("each address needs an id of its own, as addresses of this shop have")
    try:
        email = parse(customer.email)
    except ValueError as wrong:
        raise ValueError(f"the e-mail address cannot be used: {wrong}") from None
    scheme, hashed = _password(customer.password_scheme, customer.password_hash)
    return Kept(
        email=email,
        name=shown(customer.name, _LONGEST_NAME),
        scheme=scheme,
        hash=hashed,
        addresses=_addresses(customer.addresses),
        newsletter=customer.newsletter,
        closed=customer.closed,
        created_at=customer.created_at if customer.created_at.tzinfo else customer.created_at.replace(tzinfo=UTC),
    )


def is_id(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def shown(text: str, longest: int) -> str:
    """The text without what cannot be shown: control characters, and what turns the direction of writing."""
    return _UNSHOWN.sub(" ", text)[:longest].strip()


def bcrypt_cost(hashed: str) -> int | None:
    """2 to this power rounds; None when it is no bcrypt hash, or one too dear to check."""
    found = _BCRYPT.fullmatch(hashed)
    return int(found[1]) if found and 4 <= int(found[1]) <= DEAREST_BCRYPT else None


def _password(scheme: str | None, hashed: str | None) -> tuple[str | None, str | None]:
    """Without a password one signs in by a mailed link."""
    if not scheme or not hashed or len(hashed) > _LONGEST_HASH or len(scheme) > 40:
        return None, None
    return (None, None) if scheme == "bcrypt" and bcrypt_cost(hashed) is None else (scheme, hashed)


def _addresses(given: Sequence[CustomerAddress]) -> tuple[Mapping[str, Any], ...]:
    """Exactly one of them is the default: the first that is said to be, else the first."""
    default = next((each.id for each in given if each.is_default), given[0].id if given else "")
    return tuple({"id": each.id, "is_default": each.id == default, **_place(each)} for each in given)


def _place(given: CustomerAddress) -> dict[str, str]:
    place = {name: shown(text, _LONGEST_LINE) for name, text in given.address.model_dump().items()}
    country = place["country"].upper()
    return {**place, "country": country if country in COUNTRIES else NOWHERE}
