"""What goes first when not all can: a table of paths."""

import re
from enum import IntEnum


class Priority(IntEnum):
    """P0 is served as long as anything is."""

    P0 = 0  # money and keys: checkout, payment, sign-in, what providers tell, the move of a live shop
    P1 = 1  # a purchase on its way: carts, addresses, one's own orders
    P2 = 2  # looking around: what no prepared answer was there for, pages
    P3 = 3  # what can wait: the console, reports, lists for operators, descriptions


# The first line whose pattern fits; what fits none is P2.
_TABLE: tuple[tuple[re.Pattern[str], Priority], ...] = tuple(
    (re.compile(pattern), priority)
    for pattern, priority in (
        (r"POST /v1/carts/[^/]+/checkout|POST /v1/orders/one-click|\S+ /v1/vault/.*", Priority.P0),
        (r"POST /(?:v1/sessions|oauth|sign-in|sign-up)(?:/.*)?|POST /v1/users|\S+ /\.well-known/.*", Priority.P0),
        (r"\S+ /webhooks/.*|POST /v1/payments.*|POST /(?:checkout|buy-now)(?:/.*)?", Priority.P0),
        (r"\S+ /v1/move(?:/.*)?", Priority.P0),  # a shop that changes hands holds its shoppers' writes
        (r"\S+ /v1/(?:carts|me)(?:/.*)?|GET /v1/orders/[^/]+|\S+ /(?:cart|checkout|account)(?:/.*)?", Priority.P1),
        (r"\S+ /console(?:/.*)?|\S+ /(?:docs|openapi|asyncapi|redoc)[^/]*", Priority.P3),
        (r"\S+ /v1/(?:reports|stock|warehouses|reservations|payments|users|roles)(?:/.*)?", Priority.P3),
        (r"(?:POST|PUT|PATCH|DELETE) /v1/(?:products|categories|brands|attributes).*", Priority.P3),
    )
)


def priority_of(method: str, path: str) -> Priority:
    """How much a request matters."""
    asked = f"{'GET' if method == 'HEAD' else method} {path}"
    for pattern, priority in _TABLE:
        if pattern.fullmatch(asked):
            return priority
    return Priority.P2
