-- Warehouses, what lies in them, who set units aside, and every movement on the books.
-- Locks are taken in one order everywhere: the cart (advisory), reservations by id, levels by (sku, warehouse), stock by sku.

CREATE TABLE warehouse (
    id text PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    priority integer NOT NULL CHECK (priority BETWEEN 0 AND 1000000), -- the lowest number sends first
    active boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 1
);
INSERT INTO warehouse (id, name, country, priority) VALUES ('wh_main', 'Main warehouse', 'DE', 0);

CREATE TABLE stock (
    sku text PRIMARY KEY CHECK (length(sku) BETWEEN 1 AND 100),
    backorder boolean NOT NULL DEFAULT false,
    low_stock_at integer NOT NULL DEFAULT 0 CHECK (low_stock_at BETWEEN 0 AND 1000000000),
    sellable boolean NOT NULL DEFAULT false, -- as last told by AvailabilityChanged
    low boolean NOT NULL DEFAULT true, -- at or below low_stock_at when last looked; StockLow is told on becoming so
    version integer NOT NULL DEFAULT 1,
    UNIQUE (sku, backorder)
);

-- `backorder` is the SKU's own flag, carried here by the foreign key so that a plain check can forbid overselling:
-- turning it off while more is promised than there is breaks the check and is refused.
CREATE TABLE level (
    sku text NOT NULL,
    warehouse_id text NOT NULL REFERENCES warehouse,
    on_hand integer NOT NULL DEFAULT 0, -- below zero: sold on backorder and still owed
    reserved integer NOT NULL DEFAULT 0,
    backorder boolean NOT NULL,
    PRIMARY KEY (sku, warehouse_id),
    FOREIGN KEY (sku, backorder) REFERENCES stock (sku, backorder) ON UPDATE CASCADE,
    CONSTRAINT level_reserved CHECK (reserved BETWEEN 0 AND 1000000000),
    CONSTRAINT level_on_hand CHECK (on_hand BETWEEN -1000000000 AND 1000000000),
    CONSTRAINT level_never_oversold CHECK (backorder OR reserved <= on_hand)
) WITH (fillfactor = 70);
CREATE INDEX level_warehouse ON level (warehouse_id);

CREATE TABLE reservation (
    id text PRIMARY KEY,
    cart_id text, -- missing only where an order was released before it held anything: a mark that it never will
    order_id text,
    state text NOT NULL CHECK (state IN ('held', 'promised', 'sold', 'released', 'expired')),
    expires_at timestamptz,
    reason text,
    version integer NOT NULL DEFAULT 1,
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    changed_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK (state <> 'held' OR (cart_id IS NOT NULL AND order_id IS NULL AND expires_at IS NOT NULL)),
    CHECK (state NOT IN ('promised', 'sold') OR (cart_id IS NOT NULL AND order_id IS NOT NULL AND expires_at IS NULL))
);
CREATE UNIQUE INDEX reservation_one_per_cart ON reservation (cart_id) WHERE state = 'held';
CREATE UNIQUE INDEX reservation_one_per_order ON reservation (order_id);
CREATE INDEX reservation_ends ON reservation (expires_at) WHERE state = 'held';
CREATE INDEX reservation_of_cart ON reservation (cart_id, id);
CREATE INDEX reservation_forgettable ON reservation (changed_at)
    WHERE order_id IS NULL AND state IN ('released', 'expired');

CREATE TABLE reservation_line (
    reservation_id text NOT NULL REFERENCES reservation ON DELETE CASCADE,
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (reservation_id, sku, warehouse_id)
);
CREATE INDEX reservation_line_sku ON reservation_line (sku, reservation_id);

CREATE TABLE movement (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    warehouse_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('received', 'counted', 'adjusted', 'sold', 'returned', 'damaged')),
    on_hand_change integer NOT NULL CHECK (on_hand_change <> 0),
    reason text NOT NULL,
    order_id text,
    reservation_id text,
    actor text,
    at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX movement_sku ON movement (sku, number);

CREATE FUNCTION movement_stands() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'movements are only ever added'; END $$;
CREATE TRIGGER movement_stands BEFORE UPDATE OR DELETE ON movement FOR EACH ROW EXECUTE FUNCTION movement_stands();
CREATE TRIGGER movement_all_stand BEFORE TRUNCATE ON movement FOR EACH STATEMENT EXECUTE FUNCTION movement_stands();
