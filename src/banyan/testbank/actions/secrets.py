"""The bank's secrets, all derived from the one key that it shares with its merchant."""

import hmac
from hashlib import sha256

from banyan.foundation.settings import Settings, WrongSettings
from banyan.testbank import domain

# Well known on purpose: a laptop's shop needs no setup, and its bank holds no money.
_ON_A_LAPTOP = b"banyan testbank on a laptop"


def shared_key(settings: Settings) -> bytes:
    """BANYAN_TESTBANK_KEY. WrongSettings where it is missing in production: a bank that trusts anyone is none."""
    given = settings.testbank_key.get_secret_value().encode()
    if not given and settings.environment == "production":
        raise WrongSettings(
            "BANYAN_TESTBANK_KEY: set it, the same for testbank and payments (any 32 random characters)"
        )
    return given or _ON_A_LAPTOP


def merchant_key(settings: Settings) -> str:
    """What the merchant sends as its bearer key."""
    return "sk_" + domain.derived(shared_key(settings), "api").hex()


def webhook_secret(settings: Settings) -> bytes:
    return domain.derived(shared_key(settings), "webhook")


def confirm_secret(settings: Settings, charge_id: str) -> str:
    """What opens a charge's page, in its address: who was not sent there cannot confirm it."""
    return hmac.new(domain.derived(shared_key(settings), "confirm"), charge_id.encode(), sha256).hexdigest()[:32]


def card_secret(settings: Settings) -> bytes:
    return domain.derived(shared_key(settings), "card digest")
