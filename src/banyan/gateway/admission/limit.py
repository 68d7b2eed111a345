"""How many requests at once: as many as can be without each taking much longer than it would alone.

A relative of TCP Vegas and of Netflix's "Gradient" limits: every kind of request has a time it takes when little is going
on; when many take several times as long, there are too many at once. More are tried only while the limit is used.
"""

from collections import deque

# Rounds of work take up to 64 at once (foundation.gathering): fewer would make each request dearer, and the crowd worse.
LEAST, FIRST, MOST = 64, 128, 2048
WINDOW = 0.5  # seconds between two looks
ENOUGH = 10  # requests a look needs
SLOWER = 4.0  # times as long as alone is too long …
QUICK = 0.25  # … unless it is still no longer than this (seconds)
_MANY, _FEW = 0.25, 0.10  # shares of slow requests above which the limit falls, and below which it may rise
_FALLS = 0.85
_REMEMBERED = 12  # looks of five seconds: what is "alone" is learnt anew within a minute
_TEACHES = 5.0


class Alone:
    """What a kind of request takes when little is going on: the least of the last minute."""

    __slots__ = ("_least", "_now", "_since")

    def __init__(self, now: float) -> None:
        self._least: deque[float] = deque(maxlen=_REMEMBERED)
        self._now = float("inf")
        self._since = now

    def slow(self, seconds: float, now: float) -> bool:
        """Note one; whether it took too long."""
        if now - self._since >= _TEACHES:
            self._least.append(self._now)
            self._now, self._since = float("inf"), now
        self._now = min(self._now, seconds)
        return seconds > max(QUICK, SLOWER * min(self._now, min(self._least, default=self._now)))


class Limit:
    """`allowed` requests at once."""

    def __init__(self, now: float) -> None:
        self.allowed = FIRST
        self._alone: dict[str, Alone] = {}
        self._looked = now
        self._seen = self._slow = self._busiest = 0

    def began(self, running: int) -> None:
        self._busiest = max(self._busiest, running)

    def ended(self, kind: str, seconds: float, now: float) -> None:
        """A request of this kind took so long inside, without its waiting at the door."""
        alone = self._alone.get(kind)
        if alone is None:
            alone = self._alone[kind] = Alone(now)
        self._seen += 1
        self._slow += alone.slow(seconds, now)
        if now - self._looked >= WINDOW and self._seen >= ENOUGH:
            self._look(now)

    def _look(self, now: float) -> None:
        share = self._slow / self._seen
        if share > _MANY:
            self.allowed = max(LEAST, int(min(self.allowed, max(self._busiest, LEAST)) * _FALLS))
        elif share < _FEW and self._busiest >= 0.8 * self.allowed:
            self.allowed = min(MOST, self.allowed + max(1, int(self.allowed**0.5)))
        self._seen = self._slow = self._busiest = 0
        self._looked = now
