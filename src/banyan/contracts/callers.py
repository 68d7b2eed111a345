"""Who may ask what: for every call the callers that its owner answers. What is not here is refused as `not_allowed`.

It is derived from who asks, and a test keeps it so: a new call without a row, a row that nobody uses any more, and a service
that asks without being named all break the build.
"""

ORDERS, CATALOG, MOVE, GATEWAY, PAYMENTS, USERS = "orders", "catalog", "move", "gateway", "payments", "users"
LAMBDA = "lambda"  # the function that brings a warehouse's messages
SHOP = "shop"  # a process of several parts, and commands beside them: what is no service's own work
EVERYBODY = frozenset(
    (
        *("users", "catalog", "inventory", "orders", "payments", "testbank", "move"),
        "gateway",
        "storefront",
        "console",
        SHOP,
    )
)


def _by(*names: str) -> frozenset[str]:
    return frozenset(names)


CALLERS: dict[str, frozenset[str]] = {
    "users.AskKeys": EVERYBODY,  # public keys, by which tokens are checked
    "users.AskApiKey": EVERYBODY,  # whoever is shown one
    "users.AskShopper": _by(ORDERS),
    "users.SignIn": _by(MOVE),
    "catalog.AskItems": _by(ORDERS),
    "inventory.AskStock": _by(ORDERS),
    "inventory.HoldStock": _by(ORDERS),
    "inventory.SellStock": _by(ORDERS),
    "inventory.ReleaseStock": _by(ORDERS),
    "inventory.SetStock": _by(CATALOG),
    "inventory.FeedStock": _by(LAMBDA),
    "payments.Authorize": _by(ORDERS),
    "payments.CapturePayment": _by(ORDERS),
    "payments.VoidPayment": _by(ORDERS),
    "payments.RefundPayment": _by(ORDERS),
    "payments.AskPayment": _by(ORDERS),
    "payments.SettlePayment": _by(ORDERS),
    "payments.AskDefaultMethod": _by(ORDERS),
    "payments.TakePayments": _by(ORDERS),
    "vault.ForwardCard": _by(PAYMENTS),
    "vault.KeepCard": _by(PAYMENTS),
    "vault.ForgetCard": _by(PAYMENTS),
    # About one person: docs/privacy.md.
    **{f"orders.{call}": _by(USERS) for call in ("TellOrders", "NameOrders", "ForgetOrders")},
    "payments.TellPayments": _by(USERS),
    "payments.ForgetPayments": _by(USERS, ORDERS),  # a guest is known by their order alone
    "inventory.TellStock": _by(USERS),
    # While a legacy shop moves in.
    "move.Renew": _by(GATEWAY),
    "move.AskPlace": _by(GATEWAY, MOVE),
    "move.AskHomeward": _by(GATEWAY),
    "move.Recognise": _by(GATEWAY),
    "move.TellWritten": _by(GATEWAY),
    "orders.CartsTouched": _by(MOVE),
    "orders.AskUnsettled": _by(MOVE),
    **{f"{owner}.{owner.title()}Take": _by(MOVE) for owner in ("users", "catalog", "inventory", "orders")},
    **{f"{owner}.{owner.title()}HandOver": _by(MOVE) for owner in ("users", "catalog", "inventory", "orders")},
    **{f"{owner}.{owner.title()}Tenure": _by(MOVE) for owner in ("users", "catalog", "inventory", "orders")},
}


def may(caller: str, call: str) -> bool:
    """Whether `caller` is answered when it asks `call` (`owner.Name`)."""
    return caller in CALLERS.get(call, ())
