"""Stripe, simulated: payment intents and what belongs to them, in a book of its own, over Stripe's HTTP API.

Written from Stripe's public documentation and checked by its published OpenAPI description. Known to be simpler: cards only, one
account, no webhooks of older API versions, amounts settle in the currency they were charged in.
"""

from banyan.simulators.stripe.server import KEY, PUBLISHABLE, Stripe

__all__ = ["KEY", "PUBLISHABLE", "Stripe"]
