-- Carts, orders as streams of facts with the view made of them, and the saga of each order.

CREATE TABLE cart (
    id text PRIMARY KEY,
    user_id text,
    token_hash bytea CHECK (length(token_hash) = 32),  -- sha256 of a guest's token, which itself is kept nowhere
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'merged')),
    merged_into text REFERENCES cart ON DELETE SET NULL,
    one_click boolean NOT NULL DEFAULT false,  -- made for one order: never opened again
    version bigint NOT NULL DEFAULT 1,
    email text,
    address jsonb,
    shipping_option text,
    seen_total bigint,  -- what the shopper was last shown, in minor units
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    touched_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    CHECK (user_id IS NOT NULL OR token_hash IS NOT NULL)
);
CREATE UNIQUE INDEX cart_token ON cart (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX cart_of_user ON cart (user_id, touched_at DESC) WHERE status = 'open' AND user_id IS NOT NULL;
CREATE INDEX cart_merged ON cart (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX cart_age ON cart (expires_at);

CREATE TABLE cart_line (
    id text PRIMARY KEY,
    cart_id text NOT NULL REFERENCES cart ON DELETE CASCADE,
    sku text NOT NULL,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    seen jsonb NOT NULL,  -- the item as it was last shown: name, image, price
    place bigint GENERATED ALWAYS AS IDENTITY,  -- in the order they were put in
    UNIQUE (cart_id, sku)
);

-- The record of orders, and the outbox: what is told is what is so.
CREATE TABLE event (
    stream text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pos bigint GENERATED ALWAYS AS IDENTITY,
    id text NOT NULL,
    type text NOT NULL,
    schema smallint NOT NULL DEFAULT 1,  -- the shape `data` was written in; domain/upcast.py reads old ones
    key text NOT NULL CHECK (key = stream),
    told_at timestamptz NOT NULL DEFAULT shop_now(),
    data jsonb NOT NULL,
    traceparent text,
    hash bytea NOT NULL,
    PRIMARY KEY (stream, version)
);
CREATE UNIQUE INDEX event_order ON event (txid, pos);

-- Each fact's hash seals all before it in its stream.
CREATE FUNCTION event_hash(before bytea, fact event) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(coalesce(before, '') || convert_to(concat_ws(' ', fact.stream, fact.version, fact.id, fact.type,
        fact.schema, to_char(fact.told_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), fact.data), 'UTF8'))
$$;

CREATE FUNCTION seal_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bytea;
BEGIN
    IF NEW.version > 1 THEN
        SELECT hash INTO before FROM event WHERE stream = NEW.stream AND version = NEW.version - 1;
        IF before IS NULL THEN
            RAISE EXCEPTION 'stream % has no version % to follow', NEW.stream, NEW.version - 1
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.hash := event_hash(before, NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION seal_event();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are only ever added' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON event EXECUTE FUNCTION refuse_change();

CREATE SEQUENCE order_number;

-- What the facts come to, written in their transaction; actions/rebuild.py proves that it is nothing else.
CREATE TABLE order_view (
    order_id text PRIMARY KEY,
    number text COLLATE "C" NOT NULL UNIQUE,
    cart_id text NOT NULL,
    user_id text,
    email text NOT NULL,  -- in lower case, for searching
    currency text NOT NULL,
    subtotal bigint NOT NULL CHECK (subtotal >= 0),
    discount bigint NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
    shipping bigint NOT NULL CHECK (shipping >= 0),
    tax bigint NOT NULL CHECK (tax >= 0),
    tax_included boolean NOT NULL,
    total bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    payment_status text NOT NULL,
    compensated boolean NOT NULL,
    refunded bigint NOT NULL,
    shown jsonb NOT NULL,  -- the order as its readers get it
    CHECK (total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END),
    CHECK (refunded BETWEEN 0 AND total)
);
CREATE UNIQUE INDEX one_order_per_cart ON order_view (cart_id) WHERE status NOT IN ('rejected', 'payment_failed');
CREATE INDEX order_of_user ON order_view (user_id, order_id);
CREATE INDEX order_by_status ON order_view (status, order_id);
CREATE INDEX order_by_email ON order_view (email, order_id);

-- How far each order's saga is. Whoever works on it holds the epoch; a write with an older one touches nothing.
CREATE TABLE saga (
    order_id text PRIMARY KEY,
    placement text NOT NULL UNIQUE,  -- whose Idempotency-Key placed it: one order per key, for ever
    step text NOT NULL CHECK (step IN ('hold', 'authorize', 'sell', 'capture', 'release', 'void')),
    attempt integer NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 1,
    claimed boolean NOT NULL,  -- somebody works on it, until next_at
    next_at timestamptz,
    deadline_at timestamptz NOT NULL,  -- an order not confirmed by then is given up
    provider text NOT NULL,
    token text CHECK (token IS NULL OR step IN ('hold', 'authorize')),  -- forgotten as soon as it was used
    last_error text,
    started_at timestamptz NOT NULL DEFAULT shop_now(),
    finished_at timestamptz,
    CHECK ((finished_at IS NULL) = (next_at IS NOT NULL)),
    CHECK (finished_at IS NULL OR NOT claimed)
);
CREATE INDEX saga_due ON saga (next_at) WHERE finished_at IS NULL;

CREATE TABLE mail_due (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    kind text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX mail_due_order ON mail_due (next_at);

-- Secrets of the service, sealed by the key port.
CREATE TABLE sealed_secret (name text PRIMARY KEY, sealed bytea NOT NULL);
