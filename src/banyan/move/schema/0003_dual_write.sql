-- Dual write: writes that the legacy shop answered, played on our side and compared with what its log says it did.

-- A group in this mode, from which position of the log on its changes are kept to look back at.
CREATE TABLE dual_group (
    group_name text PRIMARY KEY REFERENCES groups,
    since bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT shop_now()
);

-- A write that came through a gateway. Its id is the request's: whatever is told again changes nothing.
CREATE TABLE dual_write (
    id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    group_name text NOT NULL,
    route text NOT NULL,
    door text NOT NULL, -- empty where our side has none
    began_at timestamptz NOT NULL, -- both by the gateway's clock
    ended_at timestamptz NOT NULL,
    place bigint NOT NULL, -- of those of one gateway worker, in the order of their answers
    answer text NOT NULL CHECK (answer IN ('done', 'refused', 'unknown')),
    said jsonb, -- what was sent, without secrets; forgotten once it was played
    until_at bigint, -- where the log ended after the answer: whatever it did comes before
    heard_at timestamptz NOT NULL DEFAULT shop_now(),
    whose text NOT NULL DEFAULT '', -- the shopper: c<customer>, or s<session> of a guest
    fate text CHECK (fate IN ('equal', 'different', 'not_done', 'unclear', 'not_played')),
    CHECK ((fate IS NULL) = (said IS NOT NULL))
);
CREATE INDEX dual_write_open ON dual_write (number) WHERE fate IS NULL;
CREATE INDEX dual_write_heard ON dual_write (heard_at);

-- Each row change of an aggregate while its group is in this mode: undone one by one they lead back to any moment.
CREATE TABLE dual_change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    at bigint NOT NULL,
    tbl text NOT NULL, -- without the shop's prefix
    row_key bytea NOT NULL,
    before bytea,
    after bytea,
    applied_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX dual_change_of ON dual_change (kind, key, number);
CREATE INDEX dual_change_row ON dual_change (tbl, row_key, number);
CREATE INDEX dual_change_old ON dual_change (applied_at);

-- How far each aggregate was judged: what came before belongs to no later write.
CREATE TABLE dual_judged (
    kind text NOT NULL,
    key text NOT NULL,
    at bigint NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (kind, key)
);

-- What came of it, by door. `unkept`: writes that a gateway had no room to keep.
CREATE TABLE dual_count (
    group_name text NOT NULL,
    door text NOT NULL,
    written bigint NOT NULL DEFAULT 0,
    equal bigint NOT NULL DEFAULT 0,
    different bigint NOT NULL DEFAULT 0,
    not_done bigint NOT NULL DEFAULT 0, -- the legacy shop gave no answer, and its rows say that nothing happened
    unclear bigint NOT NULL DEFAULT 0, -- it cannot be told what the legacy shop made of this write alone
    not_played bigint NOT NULL DEFAULT 0,
    unkept bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_name, door),
    CHECK (written = equal + different + not_done + unclear + not_played)
);

CREATE TABLE dual_field (
    group_name text NOT NULL,
    door text NOT NULL,
    field text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (group_name, door, field)
);

-- The last examples of each door and field. How two values differ is told, the values are not.
CREATE TABLE dual_example (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    door text NOT NULL,
    field text NOT NULL,
    how text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    request text NOT NULL,
    at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX dual_example_of ON dual_example (group_name, door, field, number);
