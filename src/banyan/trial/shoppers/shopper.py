"""One shopper: what he has in hand, and the request he makes next."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar
from urllib.parse import quote

from banyan.kernel.ids import Ids
from banyan.trial.crowd import ADDRESS
from banyan.trial.shoppers import wire
from banyan.trial.shoppers.mixes import Mix
from banyan.trial.shoppers.wire import Answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Goods:
    """What there is to look at and to buy, as the shop told before."""

    products: Sequence[str]  # slugs
    categories: Sequence[str]
    words: Sequence[str]
    skus: Sequence[str]
    hot: str = ""
    tokens: Sequence[str] = ()  # of signed-in shoppers

    def as_json(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Shop:
    """What all shoppers of a process share: prepared requests, chances, and how far the mix is from its shares."""

    def __init__(self, goods: Goods, mix: Mix, chance: Ids) -> None:
        self.goods, self.mix, self.chance = goods, mix, chance
        self._product = [wire.get(f"/v1/products/{slug}") for slug in goods.products]
        self._list = [wire.get("/v1/products?limit=20")]
        self._list += [wire.get(f"/v1/products?limit=20&category={slug}") for slug in goods.categories]
        self._search = [wire.get(f"/v1/search?q={quote(word)}&limit=20") for word in goods.words]
        self._suggest = [wire.get(f"/v1/suggest?q={quote(word[:length])}") for word in goods.words for length in (3, 4)]
        self._account = [wire.get(path, token) for token in goods.tokens for path in ("/v1/me", "/v1/orders?limit=5")]
        self._popular = list(accumulate(1 / (n + 1) ** mix.skew for n in range(len(self._product))))
        self._done = dict.fromkeys(mix.shares, 0)
        self._total = 0

    def key(self) -> str:
        """An Idempotency-Key that nobody has used."""
        return self.chance.new("key")

    def wanted(self, feasible: Sequence[str]) -> str:
        """The act that the mix is most behind with, among those this shopper can do."""
        self._total += 1
        return max(feasible, key=lambda act: self.mix.shares[act] * self._total - self._done[act])

    def noted(self, act: str) -> None:
        self._done[act] += 1

    def look(self, act: str) -> bytes:
        """A request that only reads."""
        if act == "product":
            return self._product[bisect(self._popular, self.chance.fraction() * self._popular[-1])]
        if act == "list":
            return self._one(self._list)
        if act == "search":
            return self._one(self._search, 3)
        if act == "suggest":
            return self._one(self._suggest, 3)
        return self._one(self._account)

    def sku(self) -> str:
        if self.mix.hot and self.chance.fraction() < self.mix.hot:
            return self.goods.hot
        return self._one(self.goods.skus)

    def _one(self, of: Sequence[T], often_the_first: int = 1) -> T:
        return of[int(len(of) * self.chance.fraction() ** often_the_first)]


_LOOKS = ("product", "list", "search", "suggest", "account")


@dataclass(slots=True)
class Shopper:
    """`act` and `request` are what he waits for an answer to."""

    shop: Shop
    buys: bool
    act: str = ""
    request: bytes = b""
    cart: str = ""
    token: str = ""
    steps: int = 0  # of the purchase: 1 has a cart, 2 something in it, 3 said where it goes
    feasible: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.feasible = tuple(act for act in _LOOKS if self.shop.mix.shares.get(act))

    def next(self) -> None:
        """Decide what to do, and make its request."""
        feasible = self.feasible
        if self.buys:
            feasible = (*feasible, "checkout" if self.steps == 3 else "cart")
        self.act = self.shop.wanted(feasible)
        self.shop.noted(self.act)
        if self.act == "cart":
            self.request = self._onward()
        elif self.act == "checkout":
            payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
            self.request = wire.send(
                "POST", f"/v1/carts/{self.cart}/checkout", payment, token=self.token, key=self.shop.key()
            )
        else:
            self.request = self.shop.look(self.act)

    def told(self, answer: Answer) -> str:
        """Take the answer in; the id of an order that was acknowledged, or nothing."""
        if self.act == "cart":
            self._went_on(answer)
        elif self.act == "checkout" and answer.status not in (429, 503):
            self.steps, self.cart, self.token = 0, "", ""
            if answer.status in (201, 202):
                return str(answer.json()["id"])
        return ""

    def _onward(self) -> bytes:
        if self.steps == 0:
            return wire.send("POST", "/v1/carts", {}, key=self.shop.key())
        if self.steps == 1:
            line = {"sku": self.shop.sku(), "quantity": 1}
            return wire.send("POST", f"/v1/carts/{self.cart}/lines", line, token=self.token)
        delivery = {
            "email": f"shopper.{self.shop.chance.secret(6).hex()}@example.com",
            "address": ADDRESS,
            "shipping_option": "standard",
        }
        return wire.send("PUT", f"/v1/carts/{self.cart}/delivery", delivery, token=self.token)

    def _went_on(self, answer: Answer) -> None:
        if answer.status in (200, 201):
            if self.steps == 0:
                made = answer.json()
                self.cart, self.token = made["id"], made["token"]
            self.steps += 1
        elif answer.status not in (429, 503):
            self.steps, self.cart, self.token = 0, "", ""  # a cart that cannot go on is left
