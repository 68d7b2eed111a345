-- The mover's memory. `at` is a position in the source's binlog as one number (rows.Position.at); it only rises.

-- The legacy shop this database is about: one, for good.
CREATE TABLE source (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    shop text NOT NULL, -- opencart4, opencart3, or a mapping file's name
    server text NOT NULL, -- host:port/database, without user and password
    server_id bigint NOT NULL, -- of the legacy server; another one, or its binlog begun anew, is another lineage
    lineage integer NOT NULL DEFAULT 1 CHECK (lineage BETWEEN 1 AND 127),
    way_back_id bigint NOT NULL, -- the server_id our own writes there carry
    pass text NOT NULL, -- what lets our own writes through the fence there
    prepared_at timestamptz NOT NULL DEFAULT shop_now()
);

-- How far the binlog has been taken in, written in the transaction of its effects.
CREATE TABLE checkpoint (
    stream text PRIMARY KEY, -- `binlog`, or `debezium:<topic>:<partition>`
    at bigint NOT NULL,
    gtid text NOT NULL DEFAULT '',
    file text NOT NULL DEFAULT '', -- the binlog file's own name
    committed_at timestamptz, -- of the last transaction, by the source's clock
    applied_at timestamptz NOT NULL DEFAULT shop_now(),
    halted text -- why the stream stands still until somebody acts; NULL while it runs
);

-- A group is what changes hands together. This row is the only truth of who owns it; routes, fences and streams follow it.
CREATE TABLE groups (
    name text PRIMARY KEY,
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'prepared', 'copying', 'catching_up', 'in_sync',
        'verified', 'cutting_over', 'new_primary', 'reverting', 'finalized', 'aborted')),
    owner text NOT NULL DEFAULT 'legacy' CHECK (owner IN ('legacy', 'new')),
    epoch bigint NOT NULL DEFAULT 1, -- rises each time the owner may have changed
    mode text NOT NULL DEFAULT 'stream' CHECK (mode IN ('stream', 'dual')),
    step text, -- of a cutover or revert that is under way: C1 … C13
    attempt text, -- which attempt holds it
    deadline timestamptz, -- when that attempt gives up
    fence_at bigint, -- P: the last legacy write there can be
    way_back_from text, -- the bus position from which our facts go back
    holding boolean NOT NULL DEFAULT false, -- gateways hold new writes
    weight integer NOT NULL DEFAULT 0 CHECK (weight BETWEEN 0 AND 100), -- percent of reads that we answer
    weight_goal integer NOT NULL DEFAULT 0 CHECK (weight_goal BETWEEN 0 AND 100),
    shadow integer NOT NULL DEFAULT 0 CHECK (shadow BETWEEN 0 AND 100), -- percent of reads asked twice
    changed_at timestamptz NOT NULL DEFAULT shop_now(),
    owned_since timestamptz,
    rehearsed_at timestamptz,
    way_back_until timestamptz,
    CHECK (state NOT IN ('new_primary', 'finalized') OR owner = 'new'),
    CHECK (state NOT IN ('planned', 'prepared', 'copying', 'catching_up', 'in_sync', 'verified', 'aborted') OR owner = 'legacy')
);

-- What was decided and done, with numbers; only ever added to.
CREATE TABLE log (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT shop_now(),
    group_name text,
    what text NOT NULL,
    who text NOT NULL DEFAULT 'banyan',
    numbers jsonb NOT NULL DEFAULT '{}'
);

CREATE FUNCTION log_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the log is only ever added to'; END $$;
CREATE TRIGGER log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION log_stays();

-- A legacy table that is mirrored, as it was found, and what became of each row change seen in the binlog.
CREATE TABLE legacy_table (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE, -- with the shop's prefix
    group_name text NOT NULL REFERENCES groups,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'copying', 'live', 'stopped')),
    why text, -- why it stands still: its schema changed; the records that need it wait
    found jsonb NOT NULL, -- columns, key, engine
    hash text NOT NULL, -- of `found`: another one means the schema changed
    copied_to bytea, -- the last key copied, packed
    copy_round integer NOT NULL DEFAULT 0, -- how often it was begun: a chunk of an earlier round may not come in
    copy_from bigint, -- the stream has every change of it from here on
    full_at bigint, -- where the source's log was after the last chunk: live once the stream is past it
    rows_copied bigint NOT NULL DEFAULT 0,
    rows_expected bigint, -- counted when the copy began
    copy_began_at timestamptz,
    copied_at timestamptz,
    seen bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,
    coalesced bigint NOT NULL DEFAULT 0, -- another change of the same row came in the same batch
    filtered bigint NOT NULL DEFAULT 0, -- by rule: only noise differs, so it is mirrored and nobody is told
    quarantined bigint NOT NULL DEFAULT 0,
    CHECK (seen = applied + coalesced + filtered + quarantined)
);

-- Every legacy row, byte for byte. A partition per table: mirror_<number>.
CREATE TABLE mirror (
    tbl integer NOT NULL,
    key bytea NOT NULL,
    parent text, -- the key of the aggregate it belongs to
    image bytea NOT NULL, -- rows.pack
    at bigint NOT NULL,
    checked bigint NOT NULL DEFAULT 0, -- the `at` that was compared with the source and with the service
    PRIMARY KEY (tbl, key)
) PARTITION BY LIST (tbl);

-- The newest change of each row of a table that is still being copied; it goes over the copied rows when they are all there.
CREATE TABLE pending (
    tbl integer NOT NULL,
    key bytea NOT NULL,
    parent text,
    image bytea, -- NULL: deleted
    at bigint NOT NULL,
    PRIMARY KEY (tbl, key)
);

-- Aggregates that changed and are yet to be told to their service.
CREATE TABLE due (
    kind text NOT NULL,
    key text NOT NULL,
    group_name text NOT NULL,
    at bigint NOT NULL,
    committed_at timestamptz, -- by the source's clock
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (kind, key)
);
CREATE INDEX due_next ON due (kind, next_at, at, length(key), key); -- the order in which they are offered

-- Tables that every record reads (countries, statuses) and that changed: what depends on them is yet to be made due.
CREATE TABLE reference_due (
    table_name text PRIMARY KEY,
    at bigint NOT NULL
);

-- What became of the records offered to services so far.
CREATE TABLE delivered (
    kind text PRIMARY KEY,
    group_name text NOT NULL,
    taken bigint NOT NULL DEFAULT 0,
    stale bigint NOT NULL DEFAULT 0,
    waits bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0
);

-- How hard the copy may push, as an operator set it; see throttle.KNOBS.
CREATE TABLE knob (
    name text PRIMARY KEY,
    value text NOT NULL,
    because text NOT NULL DEFAULT '',
    who text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT shop_now()
);

-- What the one who works sees, written about once a second for status to read. Nothing depends on it.
CREATE TABLE pulse (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    seen_at timestamptz NOT NULL,
    head_at bigint, -- where the source's binlog ended
    head_seen_at timestamptz,
    slack real, -- of the source's binlog: 1 when nothing of what it keeps is used up, 0 when ours is about to be gone
    throttled text, -- why the copy rests
    apply_p50_ms real, -- from a change's arrival here to its commit here
    apply_p99_ms real
);

-- Our id of each legacy aggregate, and back.
CREATE TABLE identity (
    kind text NOT NULL,
    key text NOT NULL,
    id text NOT NULL,
    PRIMARY KEY (kind, key),
    UNIQUE (kind, id)
);

-- The next legacy auto-increment value the way back may use; above everything ever issued there.
CREATE TABLE sequence (name text PRIMARY KEY, next bigint NOT NULL);

-- What could not be taken over, in plain words.
CREATE TABLE quarantine (
    id text PRIMARY KEY,
    kind text NOT NULL, -- of the aggregate, or `row`
    key text NOT NULL,
    group_name text NOT NULL,
    table_name text NOT NULL DEFAULT '',
    why text NOT NULL,
    image bytea,
    at bigint NOT NULL,
    found_at timestamptz NOT NULL DEFAULT shop_now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'waived', 'solved')),
    waived_by text,
    waived_because text,
    ended_at timestamptz,
    CHECK ((state = 'waived') = (waived_by IS NOT NULL AND waived_because IS NOT NULL))
);
CREATE UNIQUE INDEX quarantine_open ON quarantine (kind, key, table_name) WHERE state <> 'solved';

-- Our own changes that are yet to be written back to the legacy shop.
CREATE TABLE due_back (
    kind text NOT NULL,
    id text NOT NULL,
    group_name text NOT NULL,
    told_at timestamptz NOT NULL, -- of the first change that is not back yet
    heard bigint NOT NULL DEFAULT 1, -- how often it was marked: another number means it changed meanwhile
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (kind, id)
);

-- The last change of tenure of each service that the way back has heard of: everything told before it was heard too.
CREATE TABLE tenure_heard (
    service text PRIMARY KEY,
    epoch bigint NOT NULL
);

-- Of carts no facts are told: since when they are asked for, and in which revert's epoch all of them were.
CREATE TABLE carts_heard (
    group_name text PRIMARY KEY,
    since timestamptz NOT NULL,
    epoch bigint NOT NULL DEFAULT 0
);

-- What verification found, and what was done about it.
CREATE TABLE finding (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    what text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT shop_now(),
    repaired_at timestamptz
);
CREATE INDEX finding_open ON finding (group_name) WHERE repaired_at IS NULL;

-- A gateway worker that routes for us, and until when it may.
CREATE TABLE worker (
    id text PRIMARY KEY,
    beat bigint NOT NULL DEFAULT 0, -- only rises: a report that comes late changes nothing
    epochs jsonb NOT NULL DEFAULT '{}', -- group → the epoch it steers by
    held jsonb NOT NULL DEFAULT '{}', -- group → the epoch of the hold under which none of its writes is in flight there
    until timestamptz NOT NULL
);

-- What each gateway worker saw each side do with a group's reads, since that worker began. Weights are stepped by it.
CREATE TABLE counted (
    worker text NOT NULL,
    group_name text NOT NULL,
    side text NOT NULL CHECK (side IN ('legacy', 'new')),
    asked bigint NOT NULL,
    failed bigint NOT NULL,
    bins bigint[] NOT NULL, -- answers by latency, contracts.moving.BOUNDS_MS
    at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (worker, group_name, side)
);

-- Reads that are to be asked again of both sides.
CREATE TABLE sample (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    route text NOT NULL,
    target text NOT NULL, -- path and query; nothing of a shopper
    at timestamptz NOT NULL DEFAULT shop_now()
);

-- What came of asking again, by page: asked = same + different + noisy + failed.
CREATE TABLE shadowed (
    group_name text NOT NULL,
    route text NOT NULL,
    asked bigint NOT NULL DEFAULT 0,
    same bigint NOT NULL DEFAULT 0,
    different bigint NOT NULL DEFAULT 0,
    noisy bigint NOT NULL DEFAULT 0, -- the legacy shop said two things, and ours neither of them
    failed bigint NOT NULL DEFAULT 0, -- a side could not be asked
    PRIMARY KEY (group_name, route),
    CHECK (asked = same + different + noisy + failed)
);

-- The last differences of each page, for people.
CREATE TABLE difference (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    route text NOT NULL,
    target text NOT NULL,
    legacy jsonb NOT NULL,
    ours jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX difference_page ON difference (group_name, route, number);

-- Sessions of the legacy shop whose shoppers were signed in here by them: each once, and only its digest is kept.
CREATE TABLE exchanged (
    session bytea PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT shop_now()
);
