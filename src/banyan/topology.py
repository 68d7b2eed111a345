"""The whole shop on one page: which services there are, which paths are whose, and where their code is."""

from collections.abc import Callable
from importlib import import_module

from banyan.foundation.service import Service

# Each service's package has an app.py with `service() -> Service`.
SERVICES = ("users", "catalog", "inventory", "orders", "payments", "testbank", "move")
FACES = ("gateway", "storefront", "console")
# Never beside another: the vault has a process, an origin and a database of its own (docs/vault.md).
APART = ("vault",)

# Where each listens when it is a process of its own and nobody said otherwise (BANYAN_ORDERS_URL …).
PORTS = {name: 8000 + place for place, name in enumerate(("gateway", *SERVICES, "storefront", "console", *APART))}

# Longest prefix first wins; the gateway sends what matches nothing to the storefront.
ROUTES: dict[str, str] = {
    "/v1/users": "users",
    "/v1/sessions": "users",
    "/v1/passkeys": "users",
    "/v1/me": "users",
    "/v1/me/payment-methods": "payments",
    "/v1/erasures": "users",
    "/v1/roles": "users",
    "/v1/api-keys": "users",
    "/v1/oauth": "users",
    "/oauth": "users",
    "/oauth/authorize": "storefront",
    "/.well-known": "users",
    "/v1/products": "catalog",
    "/v1/categories": "catalog",
    "/v1/brands": "catalog",
    "/v1/attributes": "catalog",
    "/v1/search": "catalog",
    "/v1/suggest": "catalog",
    "/media": "catalog",
    "/v1/stock": "inventory",
    "/v1/warehouses": "inventory",
    "/v1/reservations": "inventory",
    "/v1/carts": "orders",
    "/v1/orders": "orders",
    "/v1/payments": "payments",
    "/v1/payment-options": "payments",
    "/v1/payment-providers": "payments",
    "/v1/reconciliations": "payments",
    "/v1/vault": "payments",
    "/webhooks": "payments",
    "/bank/confirm": "testbank",  # where its cards' holders confirm a payment
    "/bank/cards": "testbank",  # where its own fields are
    "/v1/move": "move",
    "/console": "console",
    "/": "storefront",
}


def service(name: str) -> Service:
    """How the service is put together. KeyError when there is none of this name."""
    if name not in SERVICES and name not in APART:
        raise KeyError(name)
    made: Callable[[], Service] = import_module(f"banyan.{name}.app").service
    return made()
