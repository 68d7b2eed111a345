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
)
