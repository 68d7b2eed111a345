CREATE TABLE IF NOT EXISTS log (
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pos bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    key text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    time timestamptz NOT NULL,
    data jsonb NOT NULL,
    traceparent text NOT NULL,
    PRIMARY KEY (txid, pos)
);
CREATE INDEX IF NOT EXISTS log_age ON log (time);
CREATE TABLE IF NOT EXISTS reader (
    name text PRIMARY KEY,
    txid xid8 NOT NULL DEFAULT '0',
    pos bigint NOT NULL DEFAULT 0
);
