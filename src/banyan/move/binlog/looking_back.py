"""Looking back in the log for an XA transaction that was prepared before the stream began. It is rare and reads much."""

from banyan.move.binlog import dump
from banyan.move.binlog.assembly import Assembly, Place
from banyan.move.binlog.dump import Start
from banyan.move.binlog.held import Held
from banyan.move.source import Connection, SqlError, file_number

_ROTATE, _DESCRIPTION, _GTID, _XA_PREPARE = 4, 15, 162, 38
_PREPARED = 0x40  # a flag of MariaDB's Gtid event: an XA PREPARE ends it


def find_prepared(con: Connection, assembly: Assembly, name: str, until: Place, server_id: int) -> Held | None:
    """What the transaction called `name` did when it was last prepared before `until`; None when the log does not say.

    `assembly` is a fresh one; it is fed nothing but XA transactions. `server_id` + 1 is ours for this conversation.
    """
    try:
        oldest = dump.files(con)[0]
    except SqlError:
        return None
    dump.begin(con, Start(oldest, 4), server_id + 1, ends=True)
    last = (file_number(until.file), until.offset)
    found: Held | None = None
    wanted = False
    while True:
        for packet in con.wire.receive():
            if packet[0] != 0:
                return found
            kind = packet[5]
            if kind == _GTID:
                wanted = bool(packet[32] & _PREPARED)
            if kind not in (_ROTATE, _DESCRIPTION) and not wanted:
                continue
            assembly.feed(packet)
            if kind == _XA_PREPARE:
                found = assembly.prepared.get(name, found)
                assembly.prepared.clear()
                wanted = False
            assembly.done.clear()
            if (assembly.number, assembly.offset) >= last:
                return found
