"""What must hold of stock at every moment; each query's rows are where it does not."""

from banyan.foundation.service import Invariant

INVARIANTS = (
    Invariant(
        "I5",
        "0 ≤ reserved ≤ on_hand, unless the SKU may be sold on backorder",
        """SELECT level.sku, level.warehouse_id, level.on_hand, level.reserved
           FROM level JOIN stock USING (sku)
           WHERE level.reserved < 0 OR NOT stock.backorder AND (level.on_hand < level.reserved OR level.on_hand < 0)""",
    ),
    Invariant(
        "I5",
        "reserved is the sum of what carts hold and orders were promised",
        """SELECT sku, warehouse_id, level.reserved, live.units
           FROM level FULL JOIN (
               SELECT line.sku, line.warehouse_id, sum(line.quantity) AS units
               FROM reservation JOIN reservation_line AS line ON line.reservation_id = reservation.id
               WHERE reservation.state IN ('held', 'promised') GROUP BY line.sku, line.warehouse_id
           ) AS live USING (sku, warehouse_id)
           WHERE coalesce(level.reserved, 0) <> coalesce(live.units, 0)""",
    ),
    Invariant(
        "I5",
        "on_hand is the sum of all movements",
        """SELECT sku, warehouse_id, level.on_hand, moved.units
           FROM level FULL JOIN (
               SELECT sku, warehouse_id, sum(on_hand_change) AS units FROM movement GROUP BY sku, warehouse_id
           ) AS moved USING (sku, warehouse_id)
           WHERE coalesce(level.on_hand, 0) <> coalesce(moved.units, 0)""",
    ),
    Invariant(
        "I5",
        "what an order was sold is on the books as sold, and what it gave back as returned",
        """SELECT reservation_id, sku, warehouse_id, sold.units AS sold, moved.units AS moved
           FROM (
               SELECT line.reservation_id, line.sku, line.warehouse_id, line.quantity AS units
               FROM reservation JOIN reservation_line AS line ON line.reservation_id = reservation.id
               WHERE reservation.state = 'sold'
           ) AS sold FULL JOIN (
               SELECT reservation_id, sku, warehouse_id, -sum(on_hand_change) AS units FROM movement
               WHERE reservation_id IS NOT NULL GROUP BY reservation_id, sku, warehouse_id
           ) AS moved USING (reservation_id, sku, warehouse_id)
           WHERE coalesce(sold.units, 0) <> coalesce(moved.units, 0)""",
    ),
    Invariant(
        "I6",
        "no hold is older than its end and five minutes",
        """SELECT id, cart_id, expires_at FROM reservation
           WHERE state = 'held' AND expires_at < shop_now() - interval '5 minutes'""",
    ),
)
