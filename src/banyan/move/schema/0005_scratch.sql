-- Databases that rehearsals made on the legacy server, each from before it was made until it is gone: what an interrupted one left
-- is cleared away by this, and never by what a database is called.
CREATE TABLE scratch (
    name text PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT shop_now()
);
