"""What users tells and may be asked."""

from banyan.contracts import Call, Contract, Event


class UserRegistered(Event, owner="users", key="user_id"):
    """Someone signed up. Facts name nobody since they cannot be taken back: `email` and `name` are of older ones."""

    user_id: str
    email: str = ""
    name: str = ""


class ProfileChanged(Event, owner="users", key="user_id"):
    """Name or preferences are other than before; `name` is of older facts (see UserRegistered)."""

    user_id: str
    name: str = ""


class PasswordChanged(Event, owner="users", key="user_id"):
    """Someone chose another password, or has none any more."""

    user_id: str


class FactorsChanged(Event, owner="users", key="user_id"):
    """Someone added or removed a passkey, or turned an app's codes on or off."""

    user_id: str


class EmailChanged(Event, owner="users", key="user_id"):
    """Someone has another e-mail address, and showed to read its mailbox; or took the old one back (`undone`)."""

    user_id: str
    undone: bool = False


class AddressesChanged(Event, owner="users", key="user_id"):
    """Someone's addresses are other than before."""

    user_id: str


class RolesChanged(Event, owner="users", key="user_id"):
    """What someone may do is other than before; tokens told earlier live out their minutes."""

    user_id: str
    roles: tuple[str, ...]


class SessionsEnded(Event, owner="users", key="user_id"):
    """Refresh tokens of a user ended: signed out, reused, or password changed."""

    user_id: str
    reason: str


class Address(Contract):
    """Where a parcel goes. `country` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postal_code: str
    country: str
    phone: str = ""


class KeySet(Contract):
    """JSON Web Key Set (RFC 7517): the public keys that access tokens are checked with, as its JSON text."""

    jwks: str


class AskKeys(Call[KeySet], owner="users", answer=KeySet):
    """Which keys sign access tokens now, and which still may have."""


class Shopper(Contract):
    """Who a user is, for a checkout: verified nothing but that the account exists."""

    user_id: str
    email: str
    name: str
    address: Address | None


class AskShopper(Call[Shopper], owner="users", answer=Shopper):
    """A user's e-mail and default address. NotFound when there is no such user."""

    user_id: str


class ApiKeyMade(Event, owner="users", key="user_id"):
    """An operator made an API key, or rotated one: then `replaces` names the old one, which ends after its overlap."""

    user_id: str
    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires_at: str  # RFC 3339
    replaces: str | None = None


class ApiKeyRevoked(Event, owner="users", key="user_id"):
    """An API key works no more, `by` somebody who may end it."""

    user_id: str
    key_id: str
    by: str


class KeyHolder(Contract):
    """Whose an API key is, what it was made for, and what its maker may do now: it permits what is in both."""

    key_id: str
    user_id: str
    scopes: tuple[str, ...]
    permissions: tuple[str, ...]


class HeldKey(Contract):
    """None for a key that is not known, has expired or was revoked."""

    holder: KeyHolder | None


class AskApiKey(Call[HeldKey], owner="users", answer=HeldKey):
    """Who stands behind an API key, by the SHA-256 of it in hex. That it was used is noted, at most once a minute."""

    digest: str


PERMISSIONS = frozenset(
    {
        "catalog:write",  # products, categories, prices, media
        "stock:read",
        "stock:write",  # warehouses, counts, adjustments
        "orders:read",  # anybody's orders
        "orders:write",  # cancel, fulfil
        "payments:read",
        "payments:write",  # capture, void, refund
        "users:read",
        "users:write",  # roles; forgetting people for them
        "clients:write",  # applications of others that may ask for a shopper's consent
        "move:write",  # copy, shift and cut over a legacy shop's groups
        "operate",  # console, parked messages, invariants
    }
)

# What a third party's token may be given besides permissions: of the one who consents, and told to them in these words.
SCOPES: dict[str, str] = {
    "openid": "Know that it is you",
    "profile": "Read your name",
    "email": "Read your e-mail address",
    "offline_access": "Stay connected while you are away",
    "account:write": "Change your name and preferences",
    "addresses:own": "Read and change your saved addresses",
    "orders:own": "Read your orders",
    "carts:own": "Fill carts and place orders for you",
    "payment-methods:own": "Read your saved ways to pay",
}

ROLES: dict[str, frozenset[str]] = {
    "operator": PERMISSIONS,
    "support": frozenset({"orders:read", "orders:write", "payments:read", "users:read", "stock:read", "operate"}),
    "merchandiser": frozenset({"catalog:write", "stock:read", "operate"}),
    "stock_keeper": frozenset({"stock:read", "stock:write", "orders:read", "operate"}),
}
