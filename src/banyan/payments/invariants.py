"""What must hold in payments' database, and our side of the book that the provider keeps too."""

from banyan.foundation.service import Invariant

# Every payment by which money is held or was taken; testbank has the same query over its own book.
BOOK_SQL = """
SELECT id AS reference, captured, refunded, currency,
       CASE state WHEN 'refunded' THEN 'captured' ELSE state END AS state
FROM payment WHERE provider = 'testbank' AND state IN ('authorized', 'captured', 'refunded') ORDER BY id"""

INVARIANTS = (
    Invariant(
        "I1",
        "every transfer balances in each currency, and so does the whole ledger",
        """
        SELECT transfer_id, currency, sum(amount) FROM entry GROUP BY transfer_id, currency HAVING sum(amount) <> 0
        UNION ALL
        SELECT 'trial balance', currency, sum(amount) FROM entry GROUP BY currency HAVING sum(amount) <> 0""",
    ),
    Invariant(
        "I2",
        "payments and ledger agree on what is authorized, captured and refunded",
        """
        SELECT id, state, payment.captured, payment.refunded, pending, book.captured AS booked, book.refunded AS returned
        FROM payment LEFT JOIN (
            SELECT payment_id,
                   sum(amount) FILTER (WHERE account = 'funds_authorized') AS pending,
                   sum(amount) FILTER (WHERE kind = 'capture' AND account = 'provider_clearing') AS captured,
                   -sum(amount) FILTER (WHERE kind = 'refund' AND account = 'provider_clearing') AS refunded
            FROM transfer JOIN entry ON transfer_id = transfer.id GROUP BY payment_id
        ) AS book ON payment_id = id
        WHERE payment.captured <> coalesce(book.captured, 0) OR payment.refunded <> coalesce(book.refunded, 0)
           OR coalesce(pending, 0) <> CASE WHEN state = 'authorized' THEN authorized ELSE 0 END""",
    ),
    Invariant(
        "I3",
        "an order has at most one live payment",
        """
        SELECT order_id, count(*) FROM payment WHERE state IN ('created', 'unknown', 'requires_action', 'authorized', 'captured')
        GROUP BY order_id HAVING count(*) > 1""",
    ),
    Invariant(
        "I4",
        "0 ≤ refunded ≤ captured ≤ authorized ≤ amount, and what is being refunded is what was asked",
        """
        SELECT id, amount, authorized, captured, refunding, refunded, asked FROM payment
        LEFT JOIN (SELECT payment_id, sum(amount) AS asked FROM operation
                   WHERE kind = 'refund' AND next_look_at IS NOT NULL GROUP BY payment_id) AS open ON payment_id = id
        WHERE NOT (0 <= refunded AND 0 <= refunding AND refunded + refunding <= captured
                   AND captured <= authorized AND authorized <= amount)
           OR refunding <> coalesce(asked, 0)""",
    ),
    Invariant(
        "I17",
        "whatever a provider has not answered will be looked at again",
        """
        SELECT payment.id, payment.state, operation.kind, operation.state AS asked FROM payment
        LEFT JOIN operation ON operation.payment_id = payment.id AND next_look_at IS NOT NULL
        WHERE (payment.state IN ('created', 'unknown', 'requires_action') OR (void_wanted AND payment.state = 'authorized'))
              AND operation.id IS NULL
        UNION ALL
        SELECT payment_id, '', kind, state FROM operation
        WHERE state NOT IN ('done', 'failed') AND next_look_at IS NULL""",
    ),
)
