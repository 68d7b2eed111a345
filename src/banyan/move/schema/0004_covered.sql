-- How much of each table's mirror there is and how much of it is yet to be compared, counted in the transaction of each effect.
-- Its row is locked before the partition is written: whoever writes knows what it changes, and the counts are exact.
CREATE TABLE covered (
    tbl integer PRIMARY KEY REFERENCES legacy_table (number) ON DELETE CASCADE,
    rows bigint NOT NULL DEFAULT 0,
    unverified bigint NOT NULL DEFAULT 0 -- changed since they were last compared
);
INSERT INTO covered (tbl, rows, unverified)
    SELECT t.number, count(m.key), count(m.key) FILTER (WHERE m.checked < m.at AND m.at > coalesce(v.verified_at, -1))
    FROM legacy_table t LEFT JOIN mirror m ON m.tbl = t.number LEFT JOIN verification v ON v.tbl = t.number
    GROUP BY t.number;
