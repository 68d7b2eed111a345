"""Settings from `BANYAN_*` variables. An unknown name or a wrong value stops the start and says what is known."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

SERVICES = ("users", "catalog", "inventory", "orders", "payments", "testbank", "move")
FACES = ("gateway", "storefront", "console")
APART = ("vault",)  # a service that shares no process with another
_PREFIX = "BANYAN_"


class WrongSettings(Exception):
    """The shop cannot start with these settings; the text says which and what is known."""


class Settings(BaseModel):
    """What can be set. Each field is read from `BANYAN_` + its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Path(".banyan")
    environment: Literal["laptop", "production"] = "laptop"
    origin: str = "http://127.0.0.1:8000"  # what shoppers' browsers see
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # An external PostgreSQL for all (its user must be able to create roles and databases); empty: the embedded one.
    postgres_url: SecretStr = SecretStr("")
    # … or a database URL per service: BANYAN_ORDERS_DATABASE_URL.
    users_database_url: SecretStr = SecretStr("")
    catalog_database_url: SecretStr = SecretStr("")
    inventory_database_url: SecretStr = SecretStr("")
    orders_database_url: SecretStr = SecretStr("")
    payments_database_url: SecretStr = SecretStr("")
    testbank_database_url: SecretStr = SecretStr("")
    move_database_url: SecretStr = SecretStr("")
    vault_database_url: SecretStr = SecretStr("")
    # A replica for reads of shoppers that may be a moment old.
    catalog_replica_url: SecretStr = SecretStr("")
    pool_size: int = Field(default=8, ge=3, le=200)  # a relay and a search keeper hold one each

    # Where a service listens when it is its own process: BANYAN_ORDERS_URL.
    users_url: str = ""
    catalog_url: str = ""
    inventory_url: str = ""
    orders_url: str = ""
    payments_url: str = ""
    testbank_url: str = ""
    move_url: str = ""
    vault_url: str = ""
    gateway_url: str = ""
    storefront_url: str = ""
    console_url: str = ""
    peer_secret: SecretStr = SecretStr("")  # services prove to each other with it; needed by `banyan serve`
    identity: Literal["secret", "mtls", "mesh"] = "secret"  # how services know each other: docs/engines/identity.md
    identity_dir: Path = Path("identity")  # of certificates, for mtls
    mesh_prefix: str = ""  # of callers' names in a mesh: spiffe://cluster.local/ns/banyan/sa/
    testbank_key: SecretStr = SecretStr("")  # what payments and the test bank share; empty only on a laptop

    # Stripe, dealt with where its key is set.
    stripe_url: str = "https://api.stripe.com"
    stripe_key: SecretStr = SecretStr("")
    stripe_publishable_key: str = ""  # what a page asks Stripe for a token with
    # Where pages load Stripe.js from; its versions have names (docs.stripe.com/sdks/stripejs-versioning).
    stripe_js_url: str = Field(
        default="https://js.stripe.com/endive/stripe.js", pattern="^https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]*$"
    )
    stripe_webhook_secret: SecretStr = SecretStr("")  # two with a comma while it changes
    stripe_account: str = ""  # acct_…, where the key is a platform's that acts for another account

    # PayPal, dealt with where its client is set.
    paypal_url: str = "https://api-m.paypal.com"
    paypal_client_id: str = ""
    paypal_client_secret: SecretStr = SecretStr("")
    paypal_webhook_id: str = ""
    paypal_merchant_id: str = ""
    paypal_cert_host: str = "api.paypal.com"  # whose certificates sign webhooks
    paypal_cert_roots: str = ""  # a PEM file of those who vouch for them; empty: the system's

    # Razorpay, dealt with where its key is set.
    razorpay_url: str = "https://api.razorpay.com"
    razorpay_key_id: str = ""
    razorpay_key_secret: SecretStr = SecretStr("")
    razorpay_webhook_secret: SecretStr = SecretStr("")  # two with a comma while it changes
    razorpay_account: str = ""
    razorpay_settles_in: str = Field(
        default="INR", pattern="^[A-Z]{3}$"
    )  # what an account of another country is paid out in

    # Where a card's number is typed: on the provider's own fields, or on those of our vault (docs/vault.md).
    card_fields: Literal["provider", "vault"] = "provider"
    vault_origin: str = ""  # of the vault as browsers see it: https://cards.example
    vault_keys_url: SecretStr = SecretStr("file://vault/keys")  # the vault's alone
    vault_old_keys_url: SecretStr = SecretStr("")  # the one before, until `banyan vault rotate` is through
    vault_hosts: str = "https://api.stripe.com,https://api-m.paypal.com,https://api.razorpay.com"  # where cards may go

    # Backends by URL; choose.py knows the schemes.
    bus_url: SecretStr = SecretStr("")  # empty: a log table beside the services' databases
    cache_url: SecretStr = SecretStr("memory://")
    search_url: SecretStr = SecretStr("embedded://")
    media_url: SecretStr = SecretStr("file://media")
    mail_url: SecretStr = SecretStr("file://mail")
    keys_url: SecretStr = SecretStr("file://keys")

    sessions_url: SecretStr = SecretStr("")  # empty: the users database

    # An outside OpenID Connect provider that shoppers may sign in with; empty: none.
    oidc_issuer: str = Field(default="", pattern="^(|https?://[!-~]+)$")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # empty for a public client
    oidc_name: str = Field(default="your company", max_length=60)  # what the button says

    # What comes in from others, and what they are told.
    stock_feed_url: SecretStr = SecretStr("")  # warehouses' messages; empty: none come
    outlets: SecretStr = SecretStr("")  # sns://topic-arn,eventbridge://bus: who hears of orders; empty: nobody

    # The shop.
    shop_name: str = Field(default="Banyan Supply", max_length=60)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    prices_include_tax: bool = True
    hold_at: Literal["checkout", "delivery"] = "checkout"
    hold_seconds: int = Field(default=900, ge=1, le=86_400)
    allocation: Literal["priority", "fewest_parcels"] = "priority"
    capture: Literal["confirmation", "fulfilment"] = "confirmation"
    payment_routes: str = ""  # what payments cost, by provider: `stripe 150+25 EUR; paypal 349+35; testbank 0+0`
    pay_later: str = Field(default="", pattern="^[a-z_,]*$")  # ways to pay whose money comes later: `cod,bank_transfer`
    checkout_seconds: float = Field(default=8.0, ge=0.05, le=60)
    # Days in which a closed account can be opened again before it is erased; not set: 0 on a laptop, else 7.
    erasure_days: int | None = Field(default=None, ge=0, le=25)
    access_token_seconds: int = Field(default=600, ge=60, le=900)
    operator_factor: Literal["", "required", "offered"] = ""  # empty: required in production
    rate_limits: bool = True
    proxies: int = Field(default=0, ge=0, le=8)  # of one's own before the gateway, each adding to X-Forwarded-For
    waiting_room: float = Field(default=0, ge=0, le=10_000)  # shoppers a second that may begin to buy; 0: all

    # A legacy shop that moves in; empty: there is none.
    legacy_url: SecretStr = SecretStr("")  # mysql://user:password@host:port/database
    legacy_shop: str = ""  # opencart4, opencart3, or the path of a mapping file
    legacy_stream: str = ""  # of its changes: kafka://host:9092/topic-prefix or file:///events.jsonl; empty: its binlog
    legacy_http: str = ""  # where its web server listens: http://host:port
    legacy_time_zone: str = "UTC"  # in which the legacy shop writes its wall-clock times, as `Europe/Berlin`

    @field_validator(
        "postgres_url", "catalog_replica_url", *(f"{service}_database_url" for service in (*SERVICES, *APART))
    )
    @classmethod
    def _of_postgresql(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("a database is reached by postgresql://user:password@host:port/name")
        return url

    @field_validator("stripe_js_url")
    @classmethod
    def _of_stripe(cls, url: str, known: ValidationInfo) -> str:
        """Whoever serves this script could read along where shoppers pay."""
        if known.data.get("environment") == "production" and not url.startswith("https://js.stripe.com/"):
            raise ValueError("in production Stripe's script is loaded from https://js.stripe.com/ alone")
        return url

    @property
    def needs_operator_factor(self) -> bool:
        """Whether roles that change something permit it only with a second factor."""
        return (self.operator_factor or ("required" if self.environment == "production" else "offered")) == "required"

    @property
    def grace_days(self) -> int:
        """Days between the closing of an account and its erasure."""
        if self.erasure_days is not None:
            return self.erasure_days
        return 0 if self.environment == "laptop" else 7

    def database_url(self, service: str) -> str:
        """The service's own database URL, empty where none is set."""
        url: SecretStr = getattr(self, f"{service}_database_url")
        return url.get_secret_value()

    def replica_url(self, service: str) -> str:
        """The URL of the service's replica, empty where it has none."""
        url: SecretStr | None = getattr(self, f"{service}_replica_url", None)
        return url.get_secret_value() if url else ""

    def peer_url(self, service: str) -> str:
        """Where the service listens, empty where it is not set."""
        return str(getattr(self, f"{service}_url"))


def read(environ: Mapping[str, str], **given: object) -> Settings:
    """Settings out of the environment; what is given by name (command-line options) wins. WrongSettings says what is wrong."""
    known = Settings.model_fields
    values: dict[str, object] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX):
            continue
        field = name.removeprefix(_PREFIX).lower()
        if field not in known:
            near = difflib.get_close_matches(field, known, 1)
            hint = f" Did you mean {_PREFIX}{near[0].upper()}?" if near else ""
            names = ", ".join(_PREFIX + each.upper() for each in known)
            raise WrongSettings(f"{name} is not a setting.{hint}\nKnown: {names}")
        values[field] = value
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as wrong:
        lines = [
            f"{_PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in wrong.errors(include_input=False)
        ]
        raise WrongSettings("\n".join(lines)) from None
