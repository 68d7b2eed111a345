-- How far each mirrored table has been compared with the source: rows that have not changed since `verified_at` are equal.
CREATE TABLE verification (
    tbl integer PRIMARY KEY REFERENCES legacy_table (number),
    verified_at bigint NOT NULL DEFAULT 0, -- where the stream was when the last whole pass began
    verified_on timestamptz -- when that pass ended
);

-- The last whole comparison of a group's records with what their services hold.
CREATE TABLE record_check (
    kind text PRIMARY KEY,
    checked bigint NOT NULL, -- records
    ended_at timestamptz NOT NULL,
    books jsonb NOT NULL DEFAULT '{}' -- sums on both sides: money by day and currency, units by SKU
);
ALTER TABLE finding ADD COLUMN table_name text NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN repair text NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN row_key bytea;
CREATE UNIQUE INDEX finding_one_open ON finding (kind, key, table_name) WHERE repaired_at IS NULL;

-- Where the stream was at some moments: so that the age of an unverified change can be told.
CREATE TABLE moment (at bigint PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT shop_now());
