"""Every kind of hazard that doctor knows, how bad it is, and why it matters. docs/moving/doctor.md has the same list."""

from collections.abc import Iterable, Mapping

from banyan.move.assess.hazards import Hazard, Kind, Severity

_B, _W, _N = Severity.BLOCKER, Severity.WARNING, Severity.NOTE

KINDS: Mapping[str, Kind] = {
    # The log that is followed.
    "binlog-off": Kind(_B, "Without the binary log nobody can see what the shop changes while it is copied."),
    "binlog-format": Kind(
        _B, "Only row events say what a change did; a statement would have to be run again and guessed at."
    ),
    "binlog-row-image": Kind(_B, "Rows that come without all their columns cannot be kept byte for byte."),
    "binlog-row-metadata": Kind(
        _B,
        "Without their columns' names, values could land in the wrong column after a change of a table; so the stream halts.",
    ),
    "binlog-compressed": Kind(
        _N, "We read compressed events, but most other readers of binlogs silently deliver none of their rows."
    ),
    "binlog-packed": Kind(
        _B, "We cannot read transactions that MySQL packed whole; the stream halts at the first one."
    ),
    "binlog-partial-json": Kind(_B, "The log then holds only the changed part of a JSON value, and the whole is lost."),
    "binlog-checksum": Kind(_W, "A damaged event would be taken for a good one."),
    "binlog-not-synced": Kind(
        _N,
        "After a power cut the tables may hold changes that the log lost; verification finds them, the stream cannot.",
    ),
    "binlog-filtered": Kind(_B, "Changes that a filter keeps out of the log are never seen by us."),
    "binlog-filter-set": Kind(_N, "A filter is at work; it lets this database through, and must go on doing so."),
    "retention-short": Kind(
        _B, "The log would be purged before the copy is done, and the copy could not be completed."
    ),
    "retention-slim": Kind(
        _W, "If the mover stands still for longer than the log is kept, everything must be copied again."
    ),
    "statements-logged": Kind(_B, "Somebody's session logs statements instead of rows; those changes would be missed."),
    "truncates-logged": Kind(
        _W, "A truncated table leaves no row events; the stream stops there until the table is emptied here too."
    ),
    "server-id-zero": Kind(_B, "A server without an id refuses everybody who wants to read its log."),
    "server-id-shared": Kind(
        _B, "Two servers with one id throw each other's readers out and take foreign changes for their own."
    ),
    "replica-unlogged": Kind(
        _B, "This server is a replica that does not log what it receives; those changes would be missed."
    ),
    "replicas": Kind(
        _N, "Others read this log too, and the mover itself while it follows; what the way back writes goes on to them."
    ),
    "gtid-domains": Kind(
        _W, "Changes of several domains have no order among themselves; only this one server's log gives one."
    ),
    "gtid-loose": Kind(_N, "Without strict mode a transaction out of order is written without complaint."),
    # Debezium, where it is followed instead of the log.
    "debezium-away": Kind(_B, "Where its events are said to come from nothing can be read."),
    "debezium-silent": Kind(
        _B, "Events that begin after the copy's first row would leave a gap: the connector is started first."
    ),
    "debezium-setting": Kind(_B, "With this setting events come out poorer than what the shop wrote."),
    "debezium-stopped": Kind(_B, "A connector that does not run tells nothing."),
    "debezium-envelope": Kind(_B, "The stream halts at a message that does not tell all it must."),
    "debezium-lossy": Kind(_B, "The events' type for these columns cannot hold every value; the stream halts there."),
    "debezium-image": Kind(_B, "Rows that come without all their columns cannot be kept byte for byte."),
    "debezium-columns": Kind(
        _B, "Events must have every column of a table; it stops where one is left out, renamed or added."
    ),
    "debezium-tables": Kind(_B, "Changes of a table that the connector leaves out are never seen by us."),
    "debezium-key": Kind(
        _W,
        "Zero dates and types that events cannot tell are asked of the source by the key; in the key itself they stop the table.",
    ),
    "debezium-snapshot": Kind(
        _W, "We copy ourselves; a snapshot is left out, and one in the middle of the stream halts it."
    ),
    "debezium-server": Kind(_B, "Positions in two servers' logs say nothing about one another."),
    "debezium-topics": Kind(_B, "Every event is needed, in its transaction's order, until it is taken in."),
    "debezium-retention": Kind(
        _W, "If the mover stands still for longer than events are kept, everything must be copied again."
    ),
    # The server.
    "version-old": Kind(_W, "This version was never tried; its log may hold events we halt at."),
    "read-only": Kind(_B, "The mark of the copy, the fence and the way back must be written here."),
    "time-zone-offset": Kind(
        _W, "A fixed offset knows no summer time: the shop's wall-clock times shift twice a year."
    ),
    "time-zone-system": Kind(
        _W, "The shop writes its times in the machine's zone; set BANYAN_LEGACY_TIME_ZONE to it or every time is off."
    ),
    "sql-mode-loose": Kind(
        _N, "Values that do not fit are cut short without an error, so what was meant may not be what is there."
    ),
    "sql-mode-zero-dates": Kind(
        _N, "Rows with zero dates that we write back as they were can no longer be saved by the shop."
    ),
    "sql-mode-odd": Kind(
        _N,
        "The shop's programs read quotes, backslashes or operators in their own way; our sessions set their own mode.",
    ),
    "packet-small": Kind(_W, "A row this large may not fit the packet in which it is written back, or its log event."),
    "long-transaction": Kind(_W, "A cutover waits for open transactions; its fence would time out behind this one."),
    "xa-prepared": Kind(
        _W, "A prepared transaction holds its locks until somebody ends it, and may be committed after the cutover."
    ),
    "disk-low": Kind(_N, "A full disk stops the shop and its log."),
    # What the mover may do there.
    "right-replication": Kind(_B, "The log can be read only with this right."),
    "right-monitor": Kind(_B, "Where the log stands now can be asked only with this right."),
    "right-select": Kind(_B, "Tables that cannot be read cannot be copied."),
    "right-trigger": Kind(_B, "The fence against writers that bypass the gateway is made of triggers."),
    "right-lock": Kind(_B, "The fence is put up under a table lock, so that no open transaction slips through."),
    "right-mark": Kind(_B, "The copy begins with a row of our own, by which it knows what SELECT can see."),
    "right-write": Kind(_B, "Without writing here there is no way back."),
    "right-server-id": Kind(
        _W, "The way back marks its writes with a server id of its own, so that they are not taken for the shop's."
    ),
    "right-process": Kind(
        _W, "Open transactions of others cannot be seen without it, and they decide how long a cutover waits."
    ),
    # Tables.
    "tables-missing": Kind(
        _B, "The shop lacks tables that every shop of this kind has: it is another kind or version."
    ),
    "tables-unknown": Kind(_N, "Nobody told us what these tables are; they stay behind in the legacy database."),
    "engine-unsafe": Kind(
        _W,
        "Without transactions a crash leaves half an order behind, and there is no moment at which two tables agree.",
    ),
    "engine-foreign": Kind(
        _B, "What lies in such a table is lost at a restart, or lies elsewhere and is not in this log."
    ),
    "no-key": Kind(
        _B, "Without a key two equal rows cannot be told apart, so a change cannot be applied exactly once."
    ),
    "key-folded": Kind(
        _N, "Keys that differ only in case or trailing spaces are one row there, and two with most other databases."
    ),
    "cascade": Kind(_B, "What a foreign key changes by itself is not in the binary log and passes by the fence."),
    "trigger": Kind(_W, "Triggers write on their own; once we own the table, their side of the work does not happen."),
    "view": Kind(_N, "A view is not copied; who reads it must be told."),
    "event": Kind(
        _W, "It writes by the clock and knows nothing of the gateway; after the cutover the fence refuses it."
    ),
    "routine": Kind(
        _N, "It writes when somebody calls it, bypassing the gateway; after the cutover the fence refuses it."
    ),
    "generated-column": Kind(
        _N, "Its value is computed there; the way back leaves it out, and a copy may not write it."
    ),
    "system-versioned": Kind(_W, "Only the present rows are moved; the history stays behind."),
    "partitioned": Kind(_N, "Dropping or truncating a partition leaves no row events; the stream halts there."),
    "name-case": Kind(
        _N, "Whether such a name is found depends on the machine: a copy on another system may not know it."
    ),
    "auto-increment-full": Kind(_W, "New rows will soon be refused, and the way back needs room for ids of its own."),
    # Columns.
    "type-unsupported": Kind(_B, "The log spells this type in a way that cannot be turned back into the exact bytes."),
    "type-uncarried": Kind(
        _W, "We keep this type byte for byte; other readers of the log, Debezium among them, do not."
    ),
    "column-compressed": Kind(_N, "We inflate its values; most other readers of the log hand on the compressed bytes."),
    "float-money": Kind(_W, "A floating-point number holds no cents exactly; sums come out different from row to row."),
    "charset-mixed": Kind(_W, "Text of several character sets in one table is easily read by the wrong one."),
    "charset-unknown": Kind(_B, "We cannot read this character set; every row that needs it would be quarantined."),
    "utf8mb3": Kind(_W, "It holds no emoji: what we accept as a name or a note cannot go back there."),
    # Rows.
    "emoji-lost": Kind(_N, "`????` is what is left of an emoji; nobody can bring it back."),
    "zero-date": Kind(_N, "No calendar has this date; it is kept as it is, and read as 'none'."),
    "partial-date": Kind(
        _W, "A date without a day or month cannot be read; such rows are quarantined until somebody decides."
    ),
    "utf8-invalid": Kind(
        _W, "These bytes are not what their column says; whoever reads them gets an error or other characters."
    ),
    "latin1-holds-utf8": Kind(_W, "Read as the column says, every letter beyond ASCII turns into two wrong ones."),
    "mojibake": Kind(_W, "The wrong letters are what the shop shows, and they are moved as they are."),
    "email-duplicate": Kind(
        _W, "With us an e-mail address is one account; the others are quarantined until somebody decides."
    ),
    "email-clash": Kind(_W, "Addresses that differ only in case or spaces are one account with us."),
    "sku-duplicate": Kind(_W, "With us a SKU is one thing in stock; the others get a SKU made from their legacy key."),
    "sku-clash": Kind(
        _W, "The legacy shop finds these SKUs by one another's name; with us they are different things in stock."
    ),
}


def hazard(
    kind: str,
    found: str,
    *fix: str,
    tables: Iterable[str] = (),
    severity: Severity | None = None,
    sampled: bool = False,
    **numbers: int | float | str,
) -> Hazard:
    """A hazard of a known kind; its severity is the kind's own where none is given."""
    known = KINDS[kind]
    return Hazard(kind, severity or known.severity, found, known.why, fix, tuple(tables), numbers, sampled)
