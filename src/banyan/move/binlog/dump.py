"""The conversation in which a server sends its binlog: as a replica's, with a number of our own."""

from dataclasses import dataclass, replace

from banyan.kernel.refusals import Unavailable
from banyan.move.binlog.halts import Halt, LogGone
from banyan.move.source import Connection, SqlError
from banyan.move.source.wire import refusal, texts

_REGISTER, _DUMP = 0x15, 0x12
_NON_BLOCKING, _WITH_ANNOTATIONS = 1, 2
HEARTBEAT = 5  # seconds of silence after which the server says that it is still there
_CANNOT_READ = 1236
_DENIED = (1044, 1045, 1142, 1227)
_UNKNOWN_COLUMN = 1054


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: right after what ended at `offset` of `file`.

    With `server_id` and `gtid` given (of the last transaction there) it is made sure that it is still the same log.
    """

    file: str
    offset: int
    lineage: int = 1
    server_id: int = 0
    gtid: str = ""


def charsets(con: Connection) -> dict[int, str]:
    """The server's numbers of collations → the character sets they are of."""
    try:
        rows = con.query("SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY")
    except SqlError as error:
        if error.code != _UNKNOWN_COLUMN:
            raise
        rows = con.query("SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS")
    return {int(number): name.decode() for number, name in rows if number is not None and name is not None}


def same_log(con: Connection, start: Start) -> Start:
    """LogGone when the server, or what its log holds at that place, is another than before. The start with its server."""
    (server_id,) = texts(con.query("SELECT @@GLOBAL.server_id")[0])
    if start.server_id and int(server_id) != start.server_id:
        raise LogGone(
            f"{con.wire.name} is now the server {server_id}, and it was {start.server_id}: its log is another. Prepare the "
            "move afresh, or lead BANYAN_LEGACY_URL back to the server that was followed"
        )
    if not (con.wire.is_mariadb and start.gtid):
        return replace(start, server_id=int(server_id))
    (state,) = con.query("SELECT BINLOG_GTID_POS(%s, %s)", start.file, start.offset)[0]
    if state is None:
        raise LogGone(
            f"{con.wire.name} has no place {start.file}:{start.offset} in its log any more ({_oldest(con)}): what came "
            "after it is lost to us. Copy afresh, and let the server keep its log longer (expire_logs_days)"
        )
    if not set(start.gtid.split(",")) <= set(state.decode().split(",")):
        raise LogGone(
            f"the log of {con.wire.name} was begun anew: at {start.file}:{start.offset} it had {start.gtid}, and now has "
            f"{state.decode() or 'nothing'}. Copy afresh"
        )
    return replace(start, server_id=int(server_id))


def begin(con: Connection, start: Start, server_id: int, *, ends: bool = False) -> None:
    """Ask for the log from `start` on; the packets come by `con.wire`. With `ends` the server stops where its log does."""
    for variable, value in (
        ("@master_binlog_checksum", "@@GLOBAL.binlog_checksum"),
        ("@source_binlog_checksum", "@@GLOBAL.binlog_checksum"),
        ("@mariadb_slave_capability", "4"),
        ("@master_heartbeat_period", str(HEARTBEAT * 1_000_000_000)),
        ("@source_heartbeat_period", str(HEARTBEAT * 1_000_000_000)),
    ):
        con.execute(f"SET {variable} = {value}")
    own = server_id.to_bytes(4, "little")
    con.wire.send(_REGISTER, own + b"\x06banyan\x00\x00" + bytes(2 + 4 + 4))
    answer = con.wire.receive()[0]
    if answer[0] == 0xFF:
        raise explained(con, answer, start)
    # 32 bits are all the command has for a place; past them the file is read from its start, and what is known left out.
    place = start.offset if start.offset < 1 << 32 else 4
    flags = _WITH_ANNOTATIONS | (_NON_BLOCKING if ends else 0)
    con.wire.send(_DUMP, place.to_bytes(4, "little") + flags.to_bytes(2, "little") + own + start.file.encode())


def explained(con: Connection, packet: bytes, start: Start) -> Halt | Unavailable:
    """What an error in place of events means."""
    error = refusal(packet)
    if error.code == _CANNOT_READ:
        words = error.message.lower()
        if "could not find first log" in words or "impossible position" in words or "purged" in words:
            return LogGone(
                f"{con.wire.name} no longer has its log from {start.file}:{start.offset} on ({error.message}): what came "
                "after it is lost to us. Copy afresh, and let the server keep its log longer (expire_logs_days)"
            )
        if "same server_" in words or "slave with the same" in words:
            return Unavailable(f"another replica of {con.wire.name} has our number: {error.message}")
        return Halt(f"{con.wire.name} cannot read its log at {start.file}:{start.offset}: {error.message}")
    if error.code in _DENIED:
        return Halt(
            f"{con.wire.name} does not let us read its log ({error.message}): GRANT REPLICATION SLAVE, REPLICATION CLIENT "
            "ON *.* TO our user"
        )
    return Unavailable(f"{con.wire.name} stopped sending its log: {error}")


def files(con: Connection) -> tuple[str, ...]:
    """The names of the log's files that are still there, oldest first. SqlError without the privilege."""
    return tuple(texts(row)[0] for row in con.query("SHOW BINARY LOGS"))


def _oldest(con: Connection) -> str:
    try:
        there = files(con)
    except SqlError:
        return "which files it has, we may not ask"
    return f"its oldest file is {there[0]}" if there else "it has none"
