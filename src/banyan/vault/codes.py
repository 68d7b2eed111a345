"""Security codes: in this process's memory alone, for minutes, for one use. After a restart there are none."""

from collections import OrderedDict

MOST = 20_000


class Codes:
    """By card. Kept as bytes that are overwritten when they are let go of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[bytearray, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, token: str, code: str, until: float) -> None:
        """Keep it until that time of the monotonic clock."""
        self._let_go(token)
        self._kept[token] = (bytearray(code.encode()), until)
        while len(self._kept) > MOST:
            self._let_go(next(iter(self._kept)))

    def take(self, token: str, now: float) -> str:
        """The code, which is not here any more then; empty when there is none."""
        kept = self._kept.get(token)
        code = bytes(kept[0]).decode() if kept and kept[1] > now else ""
        self._let_go(token)
        return code

    def sweep(self, now: float) -> None:
        for token in [token for token, (_, until) in self._kept.items() if until <= now]:
            self._let_go(token)

    def clear(self) -> None:
        for token in list(self._kept):
            self._let_go(token)

    def _let_go(self, token: str) -> None:
        kept = self._kept.pop(token, None)
        if kept is not None:
            kept[0][:] = bytes(len(kept[0]))
