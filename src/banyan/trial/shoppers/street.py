"""The street: many shoppers, each with a connection of his own and a time at which he acts next.

Open loop: a shopper's times are set by his thinking, not by the shop's answers. Who could not act when he wanted to,
because he still waited for an answer, acts as soon as it is there, and his time counts from when he wanted to (Gil
Tene's "coordinated omission"). One thread, one epoll; a connection is a socket and a few fields.
"""

import errno
import select
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from banyan.kernel.ids import Ids
from banyan.trial.shoppers import wire
from banyan.trial.shoppers.histogram import Histogram
from banyan.trial.shoppers.mixes import Mix, Phase
from banyan.trial.shoppers.shopper import Shop, Shopper

PATIENCE = 15.0  # seconds until a shopper gives an answer up
_AT_ONCE = 200  # connections begun in a round while the street fills
# Seconds: what comes within them is heard at once, since waking up for an answer costs more than hearing it.
_TICK = 0.001


@dataclass(slots=True)
class Seen:
    """What one process saw: times and statuses by act; ids of acknowledged orders; what went wrong."""

    times: dict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))  # 0: no answer
    orders: list[str] = field(default_factory=list)
    why: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    late: int = 0  # answers that came when their shopper wanted to do the next thing
    seconds: dict[int, list[int]] = field(default_factory=dict)  # by second: answered, failed, turned away


class Line:
    """A shopper on his connection. `due`: when he wants to act; `since`: from when his present wait counts."""

    __slots__ = ("again", "buffer", "due", "fd", "shopper", "since", "sock", "waits")

    def __init__(self, shopper: Shopper) -> None:
        self.shopper = shopper
        self.sock: socket.socket | None = None
        self.fd = -1
        self.buffer = b""
        self.due = 0.0
        self.since = 0.0
        self.waits = False
        self.again = False  # whether what he waits for was asked twice


class Street:
    """`shoppers` of a `mix` at one shop. `sources`: so many local addresses, of 28,000 connections each."""

    def __init__(self, address: tuple[str, int], shop: Shop, shoppers: int, chance: Ids, source: str = "") -> None:
        self._address = address
        self._source = source
        self._mix: Mix = shop.mix
        self._chance = chance
        self._epoll = select.epoll()
        self._heap: list[tuple[float, int, Line]] = []
        self._by_fd: dict[int, Line] = {}
        self._times = 1.0
        self._began = 0.0
        self._measuring = False
        self._serial = 0
        # Where answers arrive: to make a new one for each would cost more than the rest.
        self._room = memoryview(bytearray(262_144))
        buyers = round(shoppers * self._mix.buyers)
        self.lines = [Line(Shopper(shop, number < buyers)) for number in range(shoppers)]
        self.seen = Seen()

    def fill(self, told: Callable[[int], None] = lambda _: None) -> None:
        """Connect everybody, and bring buyers, who come first, to where a purchase would be in the middle of a day.

        The others come at the end, all at once: a server closes connections that nobody has used for a minute.
        """
        for number, line in enumerate(self.lines):
            self._connect(line)
            for _ in range(number % 4 if line.shopper.buys else 0):
                self._alone(line)
            if number % _AT_ONCE == 0:
                told(number)
        told(len(self.lines))

    def run(self, told: Callable[[Seen], None] = lambda _: None, opened: Callable[[], None] = lambda: None) -> Seen:
        """All phases of the mix; what was seen. Of the opening only its orders are: they, too, must be there afterwards."""
        now = self._began = time.monotonic()
        for line in self.lines:
            self._plan(line, now, first=True)
        self._through(self._mix.opening, now)
        self.seen, self._began = Seen(orders=self.seen.orders), time.monotonic()
        opened()
        self._through(self._mix.phases, self._began, told)
        self._drain()
        return self.seen

    def _through(self, phases: Sequence[Phase], begin: float, told: Callable[[Seen], None] = lambda _: None) -> None:
        ends, second = begin, begin + 1.0
        for phase in phases:
            self._hurry(phase.times)
            ends += phase.seconds
            while (now := time.monotonic()) < ends:
                self._round(now, min(ends, second))
                if now >= second:
                    second += 1.0
                    self._give_up(now)
                    told(self.seen)

    def close(self) -> None:
        for line in self.lines:
            self._hang_up(line)
        self._epoll.close()

    def _round(self, now: float, until: float) -> None:
        heap = self._heap
        self._listen(max(0.0, min(heap[0][0] if heap else until, until) - now))
        now = time.monotonic()
        while heap and heap[0][0] <= now:
            self._act(heappop(heap)[2])

    def _listen(self, seconds: float) -> None:
        time.sleep(_TICK)
        for fd, _ in self._epoll.poll(min(max(0.0, seconds - _TICK), 0.05), 2048):
            line = self._by_fd.get(fd)
            if line is not None:
                self._hear(line)

    def _plan(self, line: Line, after: float, *, first: bool = False, least: float = 0.0) -> None:
        low, high = self._mix.think
        share = self._chance.fraction()
        if first:
            # What is left of a think that one is met in: of long ones more is met, so that all ask steadily at once.
            think = self._chance.fraction() * (low**2 + share * (high**2 - low**2)) ** 0.5
        else:
            think = low + (high - low) * share
        line.due = after + max(think / self._times, least)
        self._serial += 1
        heappush(self._heap, (line.due, self._serial, line))

    def _hurry(self, times: float) -> None:
        """Everybody thinks so much quicker from now on: what is planned comes nearer, or goes further away."""
        if times == self._times:
            return
        now, quicker = time.monotonic(), times / self._times
        self._times = times
        planned = [(due, line) for due, _, line in self._heap]
        self._heap = []
        for due, line in planned:
            line.due = now + (due - now) / quicker
            self._serial += 1
            heappush(self._heap, (line.due, self._serial, line))

    def _act(self, line: Line) -> None:
        line.shopper.next()
        line.since, line.again = line.due, False
        self._send(line)

    def _send(self, line: Line) -> None:
        line.waits = True
        self.seen.sent += 1
        try:
            if line.sock is None:
                self._connect(line)
            assert line.sock is not None
            line.sock.send(line.shopper.request)  # a request is smaller than any socket's buffer
        except OSError as error:
            self._lost(line, error)

    def _hear(self, line: Line) -> None:
        try:
            assert line.sock is not None
            size = line.sock.recv_into(self._room)
        except BlockingIOError:
            return None
        except OSError as error:
            return self._lost(line, error)
        if not size:
            return self._lost(line, None)
        data = bytes(self._room[:size])
        line.buffer = line.buffer + data if line.buffer else data
        got = wire.answer(line.buffer)
        if got is None:
            return None
        line.buffer = b""
        if not line.waits:
            return None
        line.waits = False
        now = time.monotonic()
        self._count(line.shopper.act, got.status, now - line.since, now)
        self.seen.late += now > line.due + self._mix.think[0] / self._times
        if got.hit:
            self.seen.hits[line.shopper.act] += 1
        if got.status >= 400:
            self.seen.why[f"{line.shopper.act} {got.status} {got.body[:160].decode(errors='replace')}"] += 1
        if order := line.shopper.told(got):
            self.seen.orders.append(order)
        if got.ends:
            self._hang_up(line)
        self._plan(line, line.due, least=got.retry_after * (1.0 + self._chance.fraction() / 2))

    def _lost(self, line: Line, error: OSError | None) -> None:
        """The connection is gone. Who waited for nothing takes another when he needs one.

        A server may close a connection that was idle just when it is used again; like every client, a shopper then asks
        a second time what only reads (RFC 9112 §9.3.1). His time goes on.
        """
        fresh = not line.buffer
        self._hang_up(line)
        if line.waits and fresh and not line.again and error is None and line.shopper.request.startswith(b"GET"):
            line.again = True
            self._send(line)
        elif line.waits:
            line.waits = False
            self._count(line.shopper.act, 0, time.monotonic() - line.since, time.monotonic())
            why = errno.errorcode.get(error.errno or 0, str(error)) if error else "closed"
            self.seen.why[f"{line.shopper.act} {why}"] += 1
            self._plan(line, line.due)

    def _give_up(self, now: float) -> None:
        for line in self.lines:
            if line.waits and now - line.since > PATIENCE:
                self._lost(line, OSError(errno.ETIMEDOUT, "gave up"))

    def _count(self, act: str, status: int, seconds: float, now: float) -> None:
        seen = self.seen
        seen.times[act].add(seconds)
        seen.statuses[act][status] += 1
        second = seen.seconds.setdefault(int(now - self._began), [0, 0, 0])
        second[0 if 200 <= status < 400 else 2 if status in (429, 503) else 1] += 1

    def _drain(self) -> None:
        """Hear the answers that are still under way."""
        ends = time.monotonic() + PATIENCE
        while any(line.waits for line in self.lines) and time.monotonic() < ends:
            self._listen(0.05)
        self._give_up(time.monotonic() + PATIENCE)

    def _connect(self, line: Line) -> None:
        line.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if self._source:
            line.sock.bind((self._source, 0))
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sock.settimeout(5.0)
        line.sock.connect(self._address)
        line.sock.setblocking(False)
        line.fd = line.sock.fileno()
        self._by_fd[line.fd] = line
        self._epoll.register(line.fd, select.EPOLLIN)

    def _hang_up(self, line: Line) -> None:
        if line.sock is not None:
            self._by_fd.pop(line.fd, None)
            line.sock.close()  # epoll forgets it by itself
            line.sock, line.buffer = None, b""

    def _alone(self, line: Line) -> None:
        """One step of a purchase, waited for and not counted."""
        shopper = line.shopper
        shopper.act, shopper.request = "cart", shopper._onward()
        assert line.sock is not None
        line.sock.setblocking(True)
        line.sock.sendall(shopper.request)
        data, got = b"", None
        while got is None:
            more = line.sock.recv(65_536)
            if not more:
                raise ConnectionResetError("the shop closed a connection while the street filled")
            data += more
            got = wire.answer(data)
        shopper.told(got)
        line.sock.setblocking(False)
