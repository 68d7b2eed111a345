"""One process of shoppers: `python -m banyan.trial.shoppers.walk < order`, told what to do and telling what it saw as JSON.

Lines it writes: `{"filled": n}` while connections are made, `{"opened": true}` when counting begins, `{"second": …}` while
it runs, `{"seen": …}` at the end.
It begins its phases when it is told `go` (a second line on standard input), so that several begin together.
"""

import resource
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.trial.shoppers.mixes import Mix, Phase
from banyan.trial.shoppers.shopper import Goods, Shop
from banyan.trial.shoppers.street import Seen, Street


def _main() -> None:
    order = orjson.loads(sys.stdin.buffer.readline())
    mix = Mix(
        **{
            **order["mix"],
            **{part: tuple(Phase(**each) for each in order["mix"][part]) for part in ("opening", "phases")},
        }
    )
    chance = SeededIds(SystemClock(), order["seed"])
    street = Street(
        (order["host"], order["port"]),
        Shop(Goods(**order["goods"]), mix, chance),
        order["shoppers"],
        chance,
        order["source"],
    )
    try:
        street.fill(lambda filled: _tell({"filled": filled}))
        _tell({"ready": True})
        if not sys.stdin.buffer.readline():
            return
        used: list[float] = []

        def opened() -> None:
            used.append(_cpu())
            _tell({"opened": True})

        seen = street.run(_each_second, opened)
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _tell({"seen": as_json(seen), "cpu_seconds": _cpu() - used[0], "resident_megabytes": resident})
    finally:
        street.close()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _each_second(seen: Seen) -> None:
    last = max(seen.seconds, default=0)
    _tell({"second": last, "answered": seen.seconds.get(last, [0, 0, 0]), "sent": seen.sent})


def as_json(seen: Seen) -> Mapping[str, Any]:
    return {
        "times": {act: times.counts for act, times in seen.times.items()},
        "statuses": {
            act: {str(status): count for status, count in each.items()} for act, each in seen.statuses.items()
        },
        "orders": seen.orders,
        "why": dict(seen.why.most_common(20)),
        "hits": seen.hits,
        "sent": seen.sent,
        "late": seen.late,
        "seconds": {str(second): counts for second, counts in seen.seconds.items()},
    }


def _tell(what: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
