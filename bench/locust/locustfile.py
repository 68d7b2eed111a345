"""The case study's day, for Locust (https://locust.io).

The mix of `banyan bench load`, written by `banyan bench load --with locust`.

To run it:   pip install locust
             locust -f locustfile.py --headless --host http://127.0.0.1:8000 --users 1000 --spawn-rate 100 -t 300s
Start the shop with BANYAN_RATE_LIMITS=false, for all shoppers come from one address. They buy for real!

Locust is a closed loop: a shopper who waits for an answer asks later, so a slow shop gets fewer requests and its times look
better than shoppers feel them. `banyan bench load` counts from when a shopper wanted to ask.
A checkout needs a cart with something in it that says where it goes (three requests); who has none yet goes on with that
instead, so that cart and checkout together are what the mix says.
"""

import random
import time
import uuid

from locust import FastHttpUser, events, task

SHARES = {
    "product": 0.35,
    "list": 0.25,
    "search": 0.15,
    "suggest": 0.1,
    "cart": 0.08,
    "account": 0.04,
    "checkout": 0.03,
}
THINK = (20, 30)  # seconds between two requests of a shopper
PHASES = [(300, 1)]  # so many seconds in which everything happens so many times as often
SKEW = 1  # of which products are looked at: Zipf's exponent
HOT = 0  # share of purchases that want one and the same SKU
ADDRESS = {
    "name": "A Buyer",
    "line1": "1 High Street",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}

goods = {}
began = time.monotonic()


@events.test_start.add_listener
def look_around(environment, **_):
    """What the shop has, asked once; and a few who sign up."""
    import requests

    def get(path):
        return requests.get(environment.host + path, timeout=30).json()

    products = get("/v1/products?limit=100")["items"]
    shown = [get(f"/v1/products/{product['slug']}") for product in products[:50]]
    goods["slugs"] = [product["slug"] for product in products]
    goods["categories"] = [category["slug"] for category in get("/v1/categories")["items"]]
    goods["words"] = sorted({word.lower() for each in products for word in each["name"].split() if word.isalpha()})
    goods["skus"] = [each["sku"] for product in shown for each in product["variants"] if each.get("in_stock", True)]
    goods["tokens"] = []
    for _ in range(4):
        who = {"email": f"member.{uuid.uuid4().hex}@example.com", "password": "a long walk through the market"}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        answer = requests.post(environment.host + "/v1/users", json=who, headers=key, timeout=30)
        goods["tokens"].append(answer.json()["access_token"])
    global began
    began = time.monotonic()


def times():
    left = time.monotonic() - began
    for seconds, as_often in PHASES:
        left -= seconds
        if left < 0:
            return as_often
    return PHASES[-1][1]


def popular(things):
    """By Zipf's law, the first most."""
    if SKEW == 0:
        return random.choice(things)
    return things[int(len(things) ** random.random()) - 1]


def weight(act):
    """Whole numbers in the proportion of the shares, as Locust wants them."""
    return task(round(SHARES.get(act, 0) * 1000))


class Shopper(FastHttpUser):
    cart = token = ""
    steps = 0  # of the purchase: 1 has a cart, 2 something in it, 3 said where it goes

    def wait_time(self):
        return random.uniform(*THINK) / times()

    @weight("product")
    def product(self):
        self.client.get(f"/v1/products/{popular(goods['slugs'])}", name="product")

    @weight("list")
    def list(self):
        self.client.get(f"/v1/products?limit=20&category={random.choice(goods['categories'])}", name="list")

    @weight("search")
    def search(self):
        self.client.get(f"/v1/search?q={popular(goods['words'])}&limit=20", name="search")

    @weight("suggest")
    def suggest(self):
        self.client.get(f"/v1/suggest?q={popular(goods['words'])[:3]}", name="suggest")

    @weight("account")
    def account(self):
        path = random.choice(["/v1/me", "/v1/orders?limit=5"])
        self.client.get(path, headers={"Authorization": f"Bearer {random.choice(goods['tokens'])}"}, name="account")

    @weight("cart")
    def cart_(self):
        self.purchase()

    @weight("checkout")
    def checkout(self):
        self.purchase()

    def purchase(self):
        """Bring it on by one step."""
        at = f"/v1/carts/{self.cart}"
        if self.steps == 0:
            answer = self.ask("POST", "/v1/carts", {}, "cart")
            if answer.ok:
                made = answer.json()
                self.cart, self.token = made["id"], made["token"]
        elif self.steps == 1:
            sku = goods["skus"][0] if random.random() < HOT else random.choice(goods["skus"])
            answer = self.ask("POST", f"{at}/lines", {"sku": sku, "quantity": 1}, "cart")
        elif self.steps == 2:
            email = f"shopper.{uuid.uuid4().hex}@example.com"
            delivery = {"email": email, "address": ADDRESS, "shipping_option": "standard"}
            answer = self.ask("PUT", f"{at}/delivery", delivery, "cart")
        else:
            payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
            answer = self.ask("POST", f"{at}/checkout", payment, "checkout")
        if answer.ok:
            self.steps = (self.steps + 1) % 4
        elif answer.status_code not in (429, 503):
            self.steps = 0  # a cart that cannot go on is left
        if self.steps == 0:
            self.cart = self.token = ""

    def ask(self, method, path, body, act):
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.request(method, path, json=body, headers=headers, name=act)
