"""What must hold in the bank's own book, and that book as payments can compare it with ours."""

from banyan.foundation.service import Invariant

# Every charge by which money is held or was taken; payments has the same query over its own tables.
BOOK_SQL = """
SELECT merchant_key AS reference, captured, refunded, currency, state FROM charge
WHERE state IN ('authorized', 'captured') ORDER BY merchant_key"""

INVARIANTS = (
    Invariant(
        "I1",
        "every transfer in the bank's book balances",
        "SELECT transfer, currency, sum(amount) FROM entry GROUP BY transfer, currency HAVING sum(amount) <> 0",
    ),
    Invariant(
        "I2",
        "the bank's charges are what its entries say: held, taken, given back",
        """
        SELECT charge.id, state, captured, refunded, held, merchant FROM charge
        LEFT JOIN (
            SELECT charge_id, sum(amount) FILTER (WHERE account = 'held') AS held,
                   sum(amount) FILTER (WHERE account = 'merchant') AS merchant
            FROM entry GROUP BY charge_id
        ) AS book ON book.charge_id = charge.id
        WHERE captured - refunded <> coalesce(merchant, 0)
           OR coalesce(held, 0) <> CASE WHEN state = 'authorized' THEN approved ELSE 0 END""",
    ),
    Invariant(
        "I3",
        "the bank has at most one charge by a reference, and captured it at most once",
        """
        SELECT merchant_key, count(*) FROM charge GROUP BY merchant_key HAVING count(*) > 1
        UNION ALL
        SELECT charge_id, count(*) FROM deed WHERE kind = 'capture' GROUP BY charge_id HAVING count(*) > 1""",
    ),
    Invariant(
        "I4",
        "the bank gives back no more than it took, and takes no more than it approved",
        "SELECT id FROM charge WHERE NOT (0 <= refunded AND refunded <= captured AND captured <= approved)",
    ),
)
