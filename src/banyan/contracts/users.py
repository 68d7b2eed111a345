"""What users tells and may be asked."""

from banyan.contracts import Call, Contract, Event


class UserRegistered(Event, owner="users", key="user_id"):
    """Someone signed up."""

    user_id: str
    email: str
    name: str


class ProfileChanged(Event, owner="users", key="user_id"):
    """Name or preferences are other than before."""

    user_id: str
    name: str


class PasswordChanged(Event, owner="users", key="user_id"):
    """Someone chose another password, or has none any more."""

    user_id: str


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
        "users:write",  # roles
        "move:write",  # copy, shift and cut over a legacy shop's groups
        "operate",  # console, parked messages, invariants
    }
)

ROLES: dict[str, frozenset[str]] = {
    "operator": PERMISSIONS,
    "support": frozenset({"orders:read", "orders:write", "payments:read", "users:read", "stock:read", "operate"}),
    "merchandiser": frozenset({"catalog:write", "stock:read", "operate"}),
    "stock_keeper": frozenset({"stock:read", "stock:write", "orders:read", "operate"}),
}
