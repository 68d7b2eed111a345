"""HAProxy's runtime API, as far as weights go: the map of weights is read and changed while it runs, without a reload."""

import contextlib
import os
import socket
from pathlib import Path

from banyan.contracts.moving import GroupSteering
from banyan.foundation.settings import WrongSettings
from banyan.gateway.render.haproxy import WEIGHTS
from banyan.kernel.refusals import Invalid, NotFound, Unavailable

_SECONDS = 2.0
_LONGEST = 1_000_000  # bytes of an answer


def percent_of(group: GroupSteering) -> int:
    """How much of a group's reads a proxy leaves to the gateway: all of them as soon as the legacy shop may not be asked."""
    return 100 if group.owner == "new" or group.changing or group.holding else group.weight


class Runtime:
    """One HAProxy, at `unix:/path/of/its/socket` or `tcp:host:port`."""

    def __init__(self, address: str) -> None:
        kind, _, place = address.partition(":")
        if kind not in ("unix", "tcp") or not place or (kind == "tcp" and not place.rpartition(":")[2].isdigit()):
            raise WrongSettings("HAProxy's runtime API is at unix:/path or tcp:host:port")
        self._unix = place if kind == "unix" else ""
        self._address = place

    def weights(self) -> dict[str, int]:
        """Group → percent, as HAProxy has them now. Unavailable when it does not answer, NotFound without such a map."""
        return self._weights(self._map()[0])

    def set(self, group: str, percent: int) -> int:
        """The group's weight from the next request on; what it was before.

        Invalid for no percentage, NotFound for a group that the map does not have. The map's file is written as well, where
        it lies on this machine, so that a reload keeps it.
        """
        if not 0 <= percent <= 100:
            raise Invalid("a weight is a percentage: 0 to 100")
        number, file = self._map()
        before = self._weights(number)
        if group not in before:
            raise NotFound(f"HAProxy has no weight for {group}; it has {', '.join(sorted(before)) or 'none'}")
        if before[group] != percent:
            self._ask(f"set map #{number} {group} {percent}")
        after = self._weights(number)
        if after.get(group) != percent:
            raise Unavailable(f"HAProxy did not take the weight: it says {after.get(group)}")
        _keep(file, after)
        return before[group]

    def _map(self) -> tuple[str, Path]:
        """The number of the map of weights, and its file."""
        for line in self._ask("show map").splitlines():
            number, _, rest = line.partition(" (")
            file = rest.partition(")")[0]
            if number.isdigit() and file.rpartition("/")[2] == WEIGHTS:
                return number, Path(file)
        raise NotFound(f"this HAProxy has no {WEIGHTS}: is its configuration made by `banyan gateway render haproxy`?")

    def _weights(self, number: str) -> dict[str, int]:
        lines = [line.split() for line in self._ask(f"show map #{number}").splitlines()]
        return {words[1]: int(words[2]) for words in lines if len(words) == 3 and words[2].isdigit()}

    def _ask(self, command: str) -> str:
        got = b""
        try:
            with self._connected() as line:
                line.sendall(command.encode() + b"\n")
                while (more := line.recv(65_536)) and len(got) < _LONGEST:
                    got += more
        except OSError as error:
            raise Unavailable(f"HAProxy does not answer at {self._address} ({type(error).__name__})") from None
        return got.decode("utf-8", "replace").strip()

    def _connected(self) -> socket.socket:
        if not self._unix:
            host, _, port = self._address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), _SECONDS)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(_SECONDS)
        try:
            line.connect(self._unix)
        except OSError:
            line.close()
            raise
        return line


def _keep(file: Path, weights: dict[str, int]) -> None:
    """For the next start; HAProxy may run elsewhere, or its files may be somebody else's."""
    if not file.is_file():
        return
    new = file.with_suffix(".new")
    with contextlib.suppress(PermissionError):
        new.write_text("".join(f"{group} {percent}\n" for group, percent in sorted(weights.items())))
        os.replace(new, file)
