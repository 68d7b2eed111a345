"""The saga: an order's steps as a row, taken by whoever claims it, and never left half way.

Each step is: ask others, with no transaction open; then commit what came of it, under the epoch of the claim. A step
may be asked twice, and answers may be lost: every call is idempotent, so the remedy is always to ask again.
"""

from banyan.orders.saga.driving import Settled, advance, follow, lane

__all__ = ["Settled", "advance", "follow", "lane"]
