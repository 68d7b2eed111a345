"""The saga: an order's steps as a row, taken by whoever claims it, and never left half way.

Each step is: ask others, with no transaction open. What came of it is committed under the epoch of the claim: with that
of the steps after it where they go at once, many orders in one round. A step may be asked twice, and answers may be
lost: every call is idempotent, so the remedy is always to ask again.
"""

from banyan.orders.saga.committing import Settled
from banyan.orders.saga.driving import advance, follow, lane

__all__ = ["Settled", "advance", "follow", "lane"]
