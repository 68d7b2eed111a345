"""Hazards of the binary log: whether it is there, whole, kept long enough, and the only one."""

from collections import Counter
from collections.abc import Iterator

from banyan.move.assess.asking import number
from banyan.move.assess.forecast import FOREVER, copy_seconds, retention_seconds, span
from banyan.move.assess.found import Survey
from banyan.move.assess.hazards import Hazard, names
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Samples

SLIM = 3 * 86_400  # seconds: a weekend and the Monday on which somebody notices


def check(seen: Survey, _: Samples) -> Iterator[Hazard]:
    """All hazards of the log. Without one there is nothing to say about its settings."""
    if not seen.on("log_bin"):
        yield hazard("binlog-off", "log_bin is OFF", "[mysqld] log_bin = binlog", "-- and restart the server")
    else:
        yield from _settings(seen)
        yield from _compressed(seen)
        yield from _filters(seen)
        yield from _retention(seen)
        yield from _logged(seen)
    yield from _servers(seen)
    yield from _gtid(seen)


def _settings(seen: Survey) -> Iterator[Hazard]:
    wanted = (
        ("binlog-format", "binlog_format", "ROW", "sessions that are open keep the old format: reconnect the shop"),
        (
            "binlog-row-image",
            "binlog_row_image",
            "FULL",
            "sessions that are open keep the old image: reconnect the shop",
        ),
        ("binlog-row-metadata", "binlog_row_metadata", "FULL", "events from here on carry it"),
        ("binlog-checksum", "binlog_checksum", "CRC32", "the log goes on in a new file"),
    )
    for kind, variable, value, remark in wanted:
        there = seen.variables.get(variable)
        if there is not None and there.upper() != value:
            fix = f"SET GLOBAL {variable} = '{value}'; -- and the same under [mysqld]; {remark}"
            yield hazard(kind, f"{variable} is {there}", fix)
    if seen.variables.get("binlog_row_value_options"):
        yield hazard(
            "binlog-partial-json",
            f"binlog_row_value_options is {seen.variables['binlog_row_value_options']}",
            "SET GLOBAL binlog_row_value_options = '';",
        )
    if seen.variables.get("sync_binlog") == "0":
        yield hazard(
            "binlog-not-synced", "sync_binlog is 0", "SET GLOBAL sync_binlog = 1; -- costs a flush for each commit"
        )


def _compressed(seen: Survey) -> Iterator[Hazard]:
    if seen.on("log_bin_compress"):
        yield hazard("binlog-compressed", "log_bin_compress is ON", "SET GLOBAL log_bin_compress = OFF;")
    if seen.on("binlog_transaction_compression"):  # MySQL's own way, whole transactions packed by zstd
        yield hazard(
            "binlog-packed", "binlog_transaction_compression is ON", "SET GLOBAL binlog_transaction_compression = OFF;"
        )


def _filters(seen: Survey) -> Iterator[Hazard]:
    kept_out = seen.database in seen.ignore_db or (bool(seen.do_db) and seen.database not in seen.do_db)
    set_to = ", ".join(
        f"{name} = {', '.join(value)}"
        for name, value in (("binlog_do_db", seen.do_db), ("binlog_ignore_db", seen.ignore_db))
        if value
    )
    if kept_out:
        line = f"binlog_do_db = {seen.database}" if seen.do_db else f"-- take out: binlog_ignore_db = {seen.database}"
        yield hazard(
            "binlog-filtered",
            f"{set_to}: {seen.database} is not logged",
            f"[mysqld] {line}",
            "-- and restart the server",
        )
    elif set_to:
        yield hazard("binlog-filter-set", set_to)


def _retention(seen: Survey) -> Iterator[Hazard]:
    kept, needed = retention_seconds(seen), copy_seconds(seen.in_use)
    if kept == FOREVER:
        return
    maria_days = seen.maria and "binlog_expire_logs_seconds" not in seen.variables
    wanted = max(7 * 86_400, int(needed * 4))
    fix = (
        f"SET GLOBAL expire_logs_days = {-(-wanted // 86_400)};"
        if maria_days
        else f"SET GLOBAL binlog_expire_logs_seconds = {wanted};"
    )
    told = f"the log is kept {span(kept)}, the copy takes about {span(needed)}"
    if kept < 2 * needed:
        yield hazard("retention-short", told, fix, kept_seconds=kept, copy_seconds=round(needed))
    elif kept < SLIM:
        yield hazard("retention-slim", told, fix, kept_seconds=kept, copy_seconds=round(needed))


def _logged(seen: Survey) -> Iterator[Hazard]:
    if seen.statements:
        yield hazard(
            "statements-logged",
            f"{len(seen.statements)} writes stand in the newest log as statements, the first: {seen.statements[0][:120]}",
            "-- find who runs SET SESSION binlog_format and stop it; take the right from the account:",
            "REVOKE BINLOG ADMIN, SUPER ON *.* FROM <that account>;",
            sampled=True,
            statements=len(seen.statements),
        )
    if seen.truncates:
        yield hazard(
            "truncates-logged",
            f"{len(seen.truncates)} TRUNCATEs stand in the newest log, the first: {seen.truncates[0][:120]}",
            "-- use DELETE FROM … instead of TRUNCATE while the shop moves",
            sampled=True,
            truncates=len(seen.truncates),
        )


def _servers(seen: Survey) -> Iterator[Hazard]:
    own = seen.size("server_id")
    if own == 0:
        yield hazard("server-id-zero", "server_id is 0", "SET GLOBAL server_id = 1001; -- and the same under [mysqld]")
    shared = [id for id, count in Counter((own, *seen.readers)).items() if count > 1 and id]
    if shared:
        yield hazard(
            "server-id-shared",
            f"server id {shared[0]} is used by {Counter((own, *seen.readers))[shared[0]]} servers",
            "SET GLOBAL server_id = <another>; -- on the replica, and the same under its [mysqld]",
        )
    if seen.readers:
        ids = [str(each) for each in seen.readers if each]
        told = f"{len(seen.readers)} read the log now" + (f", server ids {names(ids)}" if ids else "")
        yield hazard("replicas", told, readers=len(seen.readers))
    if seen.is_replica and not seen.on("log_slave_updates") and not seen.on("log_replica_updates"):
        yield hazard(
            "replica-unlogged",
            "it is a replica and log_slave_updates is OFF",
            "[mysqld] log_slave_updates = ON",
            "-- and restart the server",
        )


def _gtid(seen: Survey) -> Iterator[Hazard]:
    parts = [part.strip().split("-") for part in seen.gtid_state.split(",") if part.count("-") == 2]
    domains = sorted({part[0] for part in parts}, key=number)
    if len(domains) > 1:
        yield hazard(
            "gtid-domains",
            f"transactions of the domains {names(domains)} are in the log",
            "SET GLOBAL gtid_domain_id = 0; -- on every server that writes; sessions must not set their own",
            domains=len(domains),
        )
    writers = {part[1] for part in parts}
    if len(writers) > 1 and seen.variables.get("gtid_strict_mode", "ON").upper() == "OFF":
        yield hazard(
            "gtid-loose",
            f"{len(writers)} servers wrote this log and gtid_strict_mode is OFF",
            "SET GLOBAL gtid_strict_mode = ON;",
        )
