-- What every service's database has: the shop's clock, the outbox, the inbox, streams that wait, answers kept.

CREATE FUNCTION shop_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('banyan.now', true), '')::timestamptz, now()) $$;

CREATE TABLE outbox (
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pos bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    type text NOT NULL,
    key text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT shop_now(),
    data jsonb NOT NULL,
    traceparent text
);
CREATE INDEX outbox_order ON outbox (txid, pos);

CREATE TABLE relay_position (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    txid xid8 NOT NULL,
    pos bigint NOT NULL
);
INSERT INTO relay_position (txid, pos) VALUES ('0', 0);

-- An event's effect on a consumer: one row, in the effect's own transaction.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_age ON inbox (handled_at);

-- Streams that wait behind an event which failed; parked when nobody but an operator can help.
CREATE TABLE stuck (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    envelope jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    error text,
    since timestamptz NOT NULL DEFAULT shop_now(),
    parked_at timestamptz,
    UNIQUE (consumer, event_id)
);
CREATE INDEX stuck_stream ON stuck (consumer, topic, key, seq);

CREATE TABLE idempotency (
    scope text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL,
    status integer,
    body bytea,
    running_until timestamptz NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_age ON idempotency (kept_at);
