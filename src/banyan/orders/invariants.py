"""What must hold in the orders database: queries whose rows are violations. docs/invariants.md tells what each is for."""

from banyan.contracts.orders import OrderStatus
from banyan.foundation.service import Invariant
from banyan.orders.domain.order import ENDED, NEXT
from banyan.orders.domain.taken import STATUS

_LEADS_TO = {
    "orders.OrderPlaced": OrderStatus.PROCESSING,
    "orders.OrderConfirmed": OrderStatus.CONFIRMED,
    "orders.OrderRejected": OrderStatus.REJECTED,
    "orders.OrderPaymentFailed": OrderStatus.PAYMENT_FAILED,
    "orders.OrderCancelled": OrderStatus.CANCELLED,
}
_CASES = " ".join(f"WHEN '{type}' THEN '{status}'" for type, status in _LEADS_TO.items())
_LEGACY = " ".join(f"WHEN '{word}' THEN '{status}'" for word, status in STATUS.items())
_TAKEN_OVER = f"""CASE WHEN (data->'record'->>'removed')::boolean THEN '{OrderStatus.CANCELLED}'
    ELSE CASE data->'record'->>'status' {_LEGACY} END END"""
# The status a fact sets; none for one that leaves it as it is.
_SETS = f"""CASE type {_CASES} WHEN 'orders.OrderTakenOver' THEN {_TAKEN_OVER}
    WHEN 'orders.OrderFulfilled' THEN CASE WHEN (data->>'complete')::boolean THEN 'fulfilled' END END"""
_ALLOWED = ", ".join(
    f"('{status.value if status else 'nothing'}', '{fact.TYPE}')" for status, facts in NEXT.items() for fact in facts
)
_ENDED = ", ".join(f"'{status}'" for status in sorted(ENDED))

# What a legacy shop was paid, only its own provider gives back: such an order waits for somebody to note that.
_PAID_ELSEWHERE = (
    """EXISTS (SELECT FROM event WHERE stream = order_id AND version = 1 AND type = 'orders.OrderTakenOver')"""
)

# Each fact with the status before it: of the last fact that set one.
_WALK = f"""
SELECT stream, version, type, coalesce(
    (SELECT {_SETS} FROM event AS earlier
     WHERE earlier.stream = event.stream AND earlier.version < event.version AND {_SETS} IS NOT NULL
     ORDER BY earlier.version DESC LIMIT 1), 'nothing') AS before
FROM event"""

INVARIANTS = (
    Invariant(
        "I7",
        "each order's facts are numbered 1, 2, 3 … without a gap",
        """SELECT stream, count(*), min(version), max(version) FROM event
           GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*)""",
    ),
    Invariant(
        "I7",
        "no fact was changed: each one's hash seals it and all before it",
        """SELECT stream, version, type FROM (
               SELECT event, stream, version, type, hash,
                      lag(hash) OVER (PARTITION BY stream ORDER BY version) AS before FROM event) AS chain
           WHERE hash <> event_hash(before, event)""",
    ),
    Invariant(
        "I8",
        "each order is in the view exactly once, at its last version and with the status its facts come to",
        f"""SELECT stream, last.version, order_view.version AS seen, last.status, order_view.status AS shown
            FROM (SELECT stream, max(version) AS version,
                         (array_agg({_SETS} ORDER BY version DESC) FILTER (WHERE {_SETS} IS NOT NULL))[1] AS status
                  FROM event GROUP BY stream) AS last
            FULL JOIN order_view ON order_view.order_id = last.stream
            WHERE last.version IS DISTINCT FROM order_view.version
               OR last.status IS DISTINCT FROM order_view.status""",
    ),
    Invariant(
        "I11",
        "every order a shopper was told of is there",
        """SELECT scope, convert_from(body, 'UTF8')::jsonb ->> 'id' AS order_id FROM idempotency
           WHERE status IN (201, 202) AND (scope LIKE '%/checkout' OR scope LIKE '%/one-click')
           AND NOT EXISTS (SELECT FROM order_view WHERE order_id = convert_from(body, 'UTF8')::jsonb ->> 'id')""",
    ),
    Invariant(
        "I14",
        "what is charged is what the lines come to: Σ lines − discount + shipping (+ tax where it is not included)",
        """SELECT order_id, lines.total, order_view.total AS charged
           FROM event JOIN order_view ON order_view.order_id = event.stream
           CROSS JOIN LATERAL (
               SELECT sum((line->>'quantity')::bigint * (line->'unit_price'->>'amount')::bigint) AS total,
                      sum((line->'tax'->>'amount')::bigint) AS tax,
                      bool_and((line->'total'->>'amount')::bigint =
                               (line->>'quantity')::bigint * (line->'unit_price'->>'amount')::bigint) AS each_fits
               FROM jsonb_array_elements(data->'lines') AS line) AS lines
           WHERE type = 'orders.OrderPlaced' AND NOT taken AND NOT (
               each_fits AND lines.total = order_view.subtotal AND lines.tax <= order_view.tax
               AND (data->'total'->>'amount')::bigint = order_view.total
               AND order_view.total = lines.total - (data->'discount'->>'amount')::bigint
                   + (data->'shipping'->>'amount')::bigint
                   + CASE WHEN (data->>'tax_included')::boolean THEN 0 ELSE (data->'tax'->>'amount')::bigint END)""",
    ),
    Invariant(
        "I14",
        "an order that was taken over has the amounts that the legacy shop last told",
        """SELECT order_id, total, record FROM order_view
           CROSS JOIN LATERAL (SELECT data->'record' AS record FROM event
                               WHERE stream = order_id AND type = 'orders.OrderTakenOver'
                               ORDER BY version DESC LIMIT 1) AS told
           WHERE taken AND (subtotal, discount, shipping, tax, adjustment, total, currency, tax_included) IS DISTINCT FROM (
               (record->'subtotal'->>'amount')::bigint, (record->'discount'->>'amount')::bigint,
               (record->'shipping'->>'amount')::bigint, (record->'tax'->>'amount')::bigint,
               (record->'adjustment'->>'amount')::bigint, (record->'total'->>'amount')::bigint,
               record->'total'->>'currency', (record->>'tax_included')::boolean)""",
    ),
    Invariant(
        "I15",
        "an order only moves as NEXT allows",
        f"""SELECT * FROM ({_WALK}) AS walk
            WHERE (before, type) NOT IN (VALUES {_ALLOWED}) AND type <> 'orders.OrderTakenOver'""",
    ),
    Invariant(
        "I16",
        "order numbers are unique",
        """SELECT coalesce(data->>'number', data->'record'->>'number') AS number, array_agg(stream) AS orders FROM event
           WHERE version = 1 GROUP BY 1 HAVING count(*) > 1""",
    ),
    Invariant(
        "I16",
        "order numbers rise, but for orders placed in the same moment",
        """SELECT stream, number, earlier FROM (
               SELECT stream, (data->>'number') COLLATE "C" AS number,
                      max((data->>'number') COLLATE "C")
                      OVER (ORDER BY pos ROWS BETWEEN UNBOUNDED PRECEDING AND 200 PRECEDING) AS earlier
               FROM event WHERE type = 'orders.OrderPlaced') AS placed
           WHERE number <= earlier""",
    ),
    Invariant(
        "I17",
        "a saga that is not finished has a timer, and none is overdue by 15 minutes",
        """SELECT order_id, step, next_at, last_error FROM saga WHERE finished_at IS NULL
           AND (next_at IS NULL OR next_at < shop_now() - interval '15 minutes')""",
    ),
    Invariant(
        "I17",
        "an order that is being processed has a saga under way",
        """SELECT order_id, status FROM order_view WHERE status = 'processing'
           AND NOT EXISTS (SELECT FROM saga WHERE saga.order_id = order_view.order_id AND finished_at IS NULL)""",
    ),
    Invariant(
        "I18",
        "an order that came to nothing gave back all it took, or is about to",
        f"""SELECT order_id, status FROM order_view WHERE status IN ({_ENDED}) AND NOT compensated
            AND NOT ({_PAID_ELSEWHERE} AND payment_status IN ('captured', 'partially_refunded'))
            AND (NOT EXISTS (SELECT FROM saga WHERE saga.order_id = order_view.order_id AND finished_at IS NULL
                             AND step IN ('release', 'void'))
                 OR EXISTS (SELECT FROM event WHERE stream = order_id AND version = order_view.version
                            AND told_at < shop_now() - interval '1 day'))""",
    ),
    Invariant(
        "I18",
        "only an order that came to nothing is given back",
        f"SELECT order_id, status FROM order_view WHERE compensated AND status NOT IN ({_ENDED})",
    ),
    Invariant(
        "I18",
        "a cart whose order came to nothing can be ordered again",
        """SELECT cart.id FROM cart WHERE status = 'ordered' AND NOT one_click
           AND NOT EXISTS (SELECT FROM order_view WHERE cart_id = cart.id
                           AND (status NOT IN ('rejected', 'payment_failed') OR NOT compensated))""",
    ),
    Invariant(
        "I23",
        "what is sealed stands nowhere in the open, and of an order whose key is destroyed nothing can be opened",
        """SELECT order_id, 'view' AS place FROM order_key JOIN order_view USING (order_id)
           WHERE shown->>'email' <> '' OR shown->'address'->>'name' <> ''
              OR (destroyed_at IS NOT NULL AND (email <> '' OR shown ? 'personal'))
           UNION ALL
           SELECT stream, type FROM event JOIN order_key ON order_id = stream
           WHERE coalesce(data->>'email', data->'record'->>'email', '') <> ''""",
    ),
    Invariant(
        "I21",
        "a payment's token is forgotten once it was used",
        """SELECT order_id FROM saga WHERE token IS NOT NULL AND (finished_at IS NOT NULL OR step <> 'hold')
           AND step <> 'authorize'""",
    ),
)
