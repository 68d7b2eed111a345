"""Shoppers of the demo: a steady stream of legacy-shaped requests through the one door, and their own ledger of promises.

Open loop: requests start when they are due whether or not the shop keeps up, so a pause shows in every one that waited.
"""

from banyan.move.demo.shoppers.crowd import Shoppers
from banyan.move.demo.shoppers.ledger import Bought, Ledger, Promise, quantile

__all__ = ["Bought", "Ledger", "Promise", "Shoppers", "quantile"]
