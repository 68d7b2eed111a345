"""What must hold in the mover's memory at every moment; each query's rows are where it does not."""

from banyan.foundation.service import Invariant

INVARIANTS = (
    Invariant(
        "M1",
        "every row change seen in the legacy log is accounted for: applied, coalesced, filtered or quarantined",
        """SELECT name, seen, applied, coalesced, filtered, quarantined FROM legacy_table
           WHERE seen <> applied + coalesced + filtered + quarantined""",
    ),
    Invariant(
        "M2",
        "changes wait only for a table whose copy is not whole yet",
        """SELECT t.name, t.state, count(*) AS waiting FROM pending p JOIN legacy_table t ON t.number = p.tbl
           WHERE t.state IN ('waiting', 'live') GROUP BY t.name, t.state""",
    ),
    Invariant(
        "M3",
        "no mirrored row is newer than the place to which the legacy log was taken in",
        """SELECT m.tbl, m.key, m.at FROM mirror m WHERE m.at > (SELECT max(at) FROM checkpoint)""",
    ),
    Invariant(
        "M4",
        "what status tells of a table's mirror, counted as it changed, is what a full count finds",
        """SELECT c.tbl, c.rows, n.rows AS found, c.unverified, n.unverified AS found_unverified FROM covered c
           CROSS JOIN LATERAL (
               SELECT count(*) AS rows, count(*) FILTER (WHERE m.checked < m.at AND m.at > coalesce(
                   (SELECT verified_at FROM verification v WHERE v.tbl = c.tbl), -1)) AS unverified
               FROM mirror m WHERE m.tbl = c.tbl) n
           WHERE (c.rows, c.unverified) <> (n.rows, n.unverified)""",
    ),
)
