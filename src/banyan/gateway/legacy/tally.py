"""What this worker saw each side do with a group's reads: counts that only rise, so that telling them twice is harmless."""

from bisect import bisect_left

from banyan.contracts.moving import BOUNDS_MS, Counted, Side


class Tally:
    """Counts answers by group and side."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, Side], int] = {}
        self._failed: dict[tuple[str, Side], int] = {}
        self._bins: dict[tuple[str, Side], list[int]] = {}

    def count(self, group: str, side: Side, seconds: float, *, failed: bool) -> None:
        """One request that `side` had. What failed has no latency: a quick 500 must not look good."""
        at = (group, side)
        self._asked[at] = self._asked.get(at, 0) + 1
        if failed:
            self._failed[at] = self._failed.get(at, 0) + 1
            return
        bins = self._bins.setdefault(at, [0] * (len(BOUNDS_MS) + 1))
        bins[bisect_left(BOUNDS_MS, seconds * 1000)] += 1

    def told(self) -> tuple[Counted, ...]:
        return tuple(
            Counted(
                group=group,
                side=side,
                asked=asked,
                failed=self._failed.get((group, side), 0),
                bins=tuple(self._bins.get((group, side), [0] * (len(BOUNDS_MS) + 1))),
            )
            for (group, side), asked in self._asked.items()
        )
