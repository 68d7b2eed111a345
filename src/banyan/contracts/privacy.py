"""What services are asked about one person: all they keep of them, and to forget it. docs/privacy.md says what is kept where."""

from typing import Any

from banyan.contracts import Call, Contract, Event


class UserErased(Event, owner="users", key="user_id"):
    """All that is known of someone is gone from every service: what else is kept under this id is to be dropped, too."""

    user_id: str


class Person(Contract):
    """An account, and the e-mail address it has proved to read: guest orders of that address are theirs, too."""

    user_id: str
    email: str | None = None


class Documents(Contract):
    """What is kept of a person, by kind; `after` goes on behind it, None at the end."""

    items: dict[str, tuple[dict[str, Any], ...]]
    after: str | None = None


class TellOrders(Call[Documents], owner="orders", answer=Documents):
    """A person's orders with every fact of them (`orders`), and carts (`carts`, all with the first page)."""

    person: Person
    after: str = ""
    most: int = 200


class TellPayments(Call[Documents], owner="payments", answer=Documents):
    """Payments of these orders (`payments`) and saved ways to pay (`methods`); no provider's tokens."""

    person: Person
    order_ids: tuple[str, ...] = ()


class TellStock(Call[Documents], owner="inventory", answer=Documents):
    """What moved in the warehouses for these orders (`reservations`, `movements`)."""

    order_ids: tuple[str, ...]


class Forgotten(Contract):
    """How far a service is with forgetting. Not `done`: ask again, at once, or later where it says what it waits for."""

    done: bool
    order_ids: tuple[str, ...] = ()  # orders whose person is gone now, or, of NameOrders, the person's
    waits_for: str = ""


class NameOrders(Call[Forgotten], owner="orders", answer=Forgotten):
    """Which orders are this person's, erased or not: a page of ids from behind `after`."""

    person: Person
    after: str = ""
    most: int = 1000


class ForgetOrders(Call[Forgotten], owner="orders", answer=Forgotten):
    """Destroy the keys of a person's orders, and drop carts and kept answers. Amounts, tax and country stay.

    It waits for orders whose payment is being settled: a minute or so.
    """

    person: Person


class ForgetPayments(Call[Forgotten], owner="payments", answer=Forgotten):
    """Drop saved ways to pay and whose payments these are. Amounts stay."""

    person: Person
    order_ids: tuple[str, ...] = ()
