-- What people may ask about themselves: all that is kept of them, and to be forgotten.

-- `account_id` alone stays: an id that leads to nobody any more.
CREATE TABLE erasure (
    id text PRIMARY KEY,
    account_id text NOT NULL UNIQUE,
    asked_at timestamptz NOT NULL DEFAULT shop_now(),
    due_at timestamptz NOT NULL, -- until then it can be called off
    steps jsonb NOT NULL DEFAULT '{}', -- each step that is done, and when
    next_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    waits_for text NOT NULL DEFAULT '', -- in our own words: nothing of a person
    done_at timestamptz,
    CHECK ((done_at IS NULL) = (next_at IS NOT NULL))
);
CREATE INDEX erasure_due ON erasure (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE export (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    asked_at timestamptz NOT NULL DEFAULT shop_now(),
    next_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    ready_at timestamptz,
    expires_at timestamptz NOT NULL,
    size bigint,
    failed text,
    CHECK ((ready_at IS NULL) = (size IS NULL)),
    CHECK ((next_at IS NULL) = (ready_at IS NOT NULL OR failed IS NOT NULL))
);
CREATE INDEX export_due ON export (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX export_owner ON export (account_id, id);
CREATE INDEX export_age ON export (expires_at);

-- The archive, sealed by the key port, in pieces of a size that memory takes.
CREATE TABLE export_piece (
    export_id text NOT NULL REFERENCES export (id) ON DELETE CASCADE,
    place integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (export_id, place)
);

-- Secrets of the service, sealed by the key port.
CREATE TABLE IF NOT EXISTS sealed_secret (name text PRIMARY KEY, sealed bytea NOT NULL);
