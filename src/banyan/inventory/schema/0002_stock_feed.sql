-- What warehouses said, each message once: also what tells that a message is older than what is known already.
CREATE TABLE stock_message (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 200),
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    at timestamptz NOT NULL, -- when it was so, in the warehouse
    on_hand integer,
    change integer,
    handled_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK (num_nonnulls(on_hand, change) = 1)
);
CREATE INDEX stock_message_place ON stock_message (sku, warehouse_id, at);
CREATE INDEX stock_message_age ON stock_message (at);
