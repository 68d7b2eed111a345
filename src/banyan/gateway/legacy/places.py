"""Which page of ours a legacy address shows: asked of the mover, and remembered for a little while."""

from collections import OrderedDict

from banyan.contracts.moving import AskPlace, PageRule, Place
from banyan.foundation.peers import Peers
from banyan.kernel.clock import Clock

_FRESH = 30.0  # seconds
_REMEMBERED = 10_000


class Places:
    def __init__(self, peers: Peers, clock: Clock) -> None:
        self._peers = peers
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, Place]] = OrderedDict()

    async def find(self, rule: PageRule, target: str) -> Place:
        """Our page for the legacy `target`; one without a path where we have none. Unavailable when nobody can say."""
        key = (rule.route, target)
        known = self._known.get(key)
        now = self._clock.monotonic()
        if known is not None and now - known[0] < _FRESH:
            return known[1]
        place = await self._peers.ask(AskPlace(method="GET", route=rule.route, target=target))
        if place.path:  # what is not there yet may come any moment
            self._known[key] = (now, place)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return place
