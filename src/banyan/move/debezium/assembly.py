"""From Debezium's messages, which come in several topics and now and then twice, to whole transactions in the order of their
commits: END messages are in that order, and say how many events are to be waited for.
"""

from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from banyan.move.binlog import Emptied, Halt, SchemaChanged, statements
from banyan.move.binlog.halts import LogGone
from banyan.move.binlog.statements import Deed
from banyan.move.debezium import envelope
from banyan.move.debezium.envelope import Begin, End, Place, Point, Said, Snapshot, Written
from banyan.move.debezium.feed import Message
from banyan.move.rows import Position, Table

Watch = Callable[[str], Table | None]


@dataclass(slots=True)
class Held:
    """A transaction of which something has come. `count` is None until its END has; `orders`: those that a place had.

    A connector that is restarted in the middle of a transaction begins to count anew there. What it told before was in
    Kafka by then, but perhaps not read yet: `until` says up to where all is to be read first.
    """

    id: str
    count: int | None = None
    runs: int = 1
    events: dict[Place, Written] = field(default_factory=dict)
    orders: dict[Place, set[int]] = field(default_factory=dict)
    messages: list[tuple[str, int]] = field(default_factory=list)
    until: Mapping[str, int] | None = None

    @property
    def all_here(self) -> bool:
        """Whether there are as many as its END says, counted from the last place that was the first of a count."""
        if self.count is None or len(self.events) < self.count:
            return False
        if self.runs == 1:
            return True
        places = sorted(self.events)[len(self.events) - self.count :]
        return all(number in self.orders[place] for number, place in enumerate(places, 1))

    @property
    def last(self) -> Written:
        return self.events[max(self.events)]

    def in_order(self) -> list[Written]:
        return [self.events[place] for place in sorted(self.events)]


class Assembly:
    """Feed it messages; take what is `ready`, and say of each that it is `done`.

    `after` and `gtid`: where the stream was taken in to. `anew`: the messages are read from their beginning, so what
    is older than `after` was never meant for us.
    """

    def __init__(self, database: str, watch: Watch, lineage: int, after: Position, gtid: str, *, anew: bool) -> None:
        self._database, self._watch, self._lineage, self._anew = database, watch, lineage, anew
        self._began = self._last = (after.file, after.offset)
        self._gtid = gtid
        self._covered = not anew
        self._held: dict[str, Held] = {}
        self._order: list[Held] = []  # those whose END has come
        self._open = Held("")  # the one whose BEGIN was the last
        self._over: dict[str, None] = {}  # transactions that are done, the newest last
        self._stops: list[tuple[Point, int, Halt]] = []
        self._next: dict[str, int] = {}
        self._needed: dict[str, dict[int, None]] = {}

    @property
    def places(self) -> dict[str, int]:
        """For each place of the feed, the first message that is still needed."""
        return {place: next(iter(self._needed.get(place) or ()), after) for place, after in self._next.items()}

    @property
    def waits(self) -> str:
        """What the next transaction lacks, in words; '' when nothing is under way."""
        if not self._order:
            return ""
        held = self._order[0]
        return f"the transaction {held.id} has {held.count} changes, and {len(held.events)} have come from Debezium"

    def feed(self, message: Message) -> None:
        """Take in one message. Halt for what is not understood."""
        if message.offset < self._next.get(message.place, 0):
            return
        self._next[message.place] = message.after
        event = envelope.read(message.topic, message.value)
        if isinstance(event, Written):
            self._write(event, message)
        elif isinstance(event, Begin):
            self._begin(event, message)
        elif isinstance(event, End):
            self._end(event, message)
        elif isinstance(event, Said):
            self._hear(event, message)
        elif isinstance(event, Snapshot):
            self._snapshot(event, message)

    def ready(self) -> list[Held]:
        """Whole transactions, in order. Raises what stops the stream once all before it are done."""
        found: list[Held] = []
        for held in list(self._order):
            if not held.all_here or not self._is_settled(held):
                break
            if not held.events:  # all of it was taken in before the connector was restarted
                self._forget(held)
                self._order.remove(held)
                continue
            if self._stops and self._stops[0][0] < held.last.point:
                if not found:
                    raise self._stops.pop(0)[2]
                break
            if not self._covered:
                raise LogGone(
                    f"Debezium's events begin at {held.last.file}:{held.last.point[1]}, after the place from which the shop is "
                    "followed: what was between is lost to us. Start the connector first, then: banyan move resume --again"
                )
            found.append(held)
        return found

    @property
    def unsettled(self) -> list[Held]:
        """Those that are over and were begun more than once, of which nobody said yet up to where to read."""
        return [held for held in self._order if held.runs > 1 and held.until is None]

    def _is_settled(self, held: Held) -> bool:
        if held.runs == 1:
            return True
        until = held.until
        return until is not None and all(self._next.get(place, 0) >= offset for place, offset in until.items())

    def done(self, held: Held) -> None:
        """This one was taken in."""
        self._last = held.last.point
        self._gtid = held.id
        self._forget(held)
        self._order.remove(held)

    def _forget(self, held: Held) -> None:
        self._held.pop(held.id, None)
        self._release(held)
        self._over[held.id] = None
        if len(self._over) > 10_000:
            del self._over[next(iter(self._over))]

    def _release(self, held: Held) -> None:
        for place, offset in held.messages:
            self._needed[place].pop(offset, None)

    def _keep(self, id_: str, message: Message) -> Held:
        held = self._held.get(id_)
        if held is None:
            held = self._held[id_] = Held(id_)
        held.messages.append((message.place, message.offset))
        self._needed.setdefault(message.place, {})[message.offset] = None
        return held

    def _write(self, event: Written, message: Message) -> None:
        if event.point <= self._last:
            self._covered = self._covered or event.point <= self._began
            if event.transaction not in self._held:
                self._over[event.transaction] = None
            return
        held = self._keep(event.transaction, message)
        held.events.setdefault(event.place, event)
        held.orders.setdefault(event.place, set()).add(event.order)

    def _begin(self, begin: Begin, message: Message) -> None:
        """A BEGIN right after another of the same: the connector was restarted in the middle."""
        if self._open.id == begin.transaction:
            self._open.runs += 1
        else:
            self._release(self._open)  # a statement that is no transaction has a BEGIN and no END
            self._open = Held(begin.transaction)
        self._open.messages.append((message.place, message.offset))
        self._needed.setdefault(message.place, {})[message.offset] = None

    def _end(self, end: End, message: Message) -> None:
        begun, self._open = self._open, Held("")
        held = self._held.get(end.transaction)
        if held is None and (end.transaction in self._over or self._is_old(end.transaction)):
            self._covered = True
            return self._release(begun)
        again = begun.id == end.transaction and begun.runs > 1
        if not end.count and held is None and not again:
            return self._release(begun)
        known = held is not None and held.count is not None
        held = self._keep(end.transaction, message)
        held.messages += begun.messages
        if again:
            held.runs = max(held.runs, begun.runs)
        if known or not end.count:  # told again from some place in it: what is here already counts as before
            held.runs, held.until = max(held.runs, 2), None
        held.count = end.count
        if not known:
            self._order.append(held)

    def _is_old(self, id_: str) -> bool:
        """Whether an id of which no event came is of before: MariaDB's and MySQL's numbers rise, per domain and server."""
        if id_.startswith("file="):
            file, _, place = id_.removeprefix("file=").partition(",pos=")
            return (int(file.rpartition(".")[2]), int(place)) <= self._last
        for known in self._gtid.split(","):
            (theirs, number), (ours, last) = _numbered(id_), _numbered(known)
            if ours and theirs == ours and number <= last:
                return True
        return False

    # What is no row

    def _hear(self, said: Said, message: Message) -> None:
        if said.database.lower() != self._database.lower():
            return
        here = f"{said.file}:{said.point[1]}"
        after = Position(self._lineage, *said.point)
        if said.emptied:
            if self._watch(said.emptied) is not None:
                why = f"{said.emptied} was emptied at {here}"
                self._stop(message, said.point, Emptied(said.emptied, why, after, said.file))
            return
        statement = statements.read(said.sql, said.database)
        words = " ".join(said.sql.split())[:200]
        if statement.deed is Deed.DROP_DATABASE and statement.what == self._database:
            self._stop(message, said.point, LogGone(f"the database {self._database} was dropped at {here}"))
        for schema, name in statement.tables:
            table = self._watch(name) if schema.lower() == self._database.lower() else None
            if table is not None and statement.deed is Deed.EMPTY:
                self._stop(message, said.point, Emptied(name, f"{name} was emptied at {here}", after, said.file))
            elif table is not None:
                why = f"{name} was changed at {here}: {words}"
                self._stop(message, said.point, SchemaChanged(name, why, after, said.file))

    def _snapshot(self, event: Snapshot, message: Message) -> None:
        if event.point <= self._began:
            self._covered = True
            return
        place = f"{event.point[0]:06d}:{event.point[1]}"
        why = f"Debezium began anew with a snapshot at {place}: what happened before that it may not have told us. Copy afresh"
        self._stop(message, event.point, LogGone(why))

    def _stop(self, message: Message, point: Point, why: Halt) -> None:
        """Stop there, once all before it is done. One that comes too late stops its table, which is copied afresh then."""
        if point > self._last:
            self._needed.setdefault(message.place, {})[message.offset] = None
            if all(known[0] != point or str(known[2]) != str(why) for known in self._stops):
                insort(self._stops, (point, len(self._stops), why))
        elif point != self._began and not (self._anew and point <= self._began):
            if isinstance(why, SchemaChanged):
                raise SchemaChanged(why.table, f"{why.reason}, which came after later changes")
            raise why


def _numbered(gtid: str) -> tuple[str, int]:
    """`0-3307-12` → domain 0, 12; `uuid:12` → that server, 12."""
    parts = gtid.split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return parts[0], int(parts[2])
    server, _, number = gtid.rpartition(":")
    return (server, int(number)) if number.isdigit() else ("", 0)
