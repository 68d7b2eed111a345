"""MySQL's client protocol as far as a mover needs it: packets read in large pieces, rows left as they came.

PyMySQL shakes hands (methods of signing in, TLS); then the socket is ours. A row packet of the text protocol is `rows.pack`
of the row, byte for byte, so nothing is taken apart that need not be.
"""

import contextlib
import socket
import ssl
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import pymysql

from banyan.kernel.refusals import Unavailable
from banyan.move.source.address import Address

_PIECE = 1 << 18  # bytes asked from the socket at a time
_LARGEST = 0xFFFFFF  # a packet of this size goes on in the next one
_head = struct.Struct("<I").unpack_from


class SqlError(Exception):
    """The legacy database refused a statement. `code` and `state` are the server's own."""

    def __init__(self, code: int, state: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.state = state
        self.message = message


class Wire:
    """Packets to and from one server. Everything here blocks; Unavailable when the line is lost."""

    def __init__(self, address: Address, seconds: float = 10.0) -> None:
        try:
            self._client: Any = _shake_hands(address, seconds)
        except pymysql.err.MySQLError as error:
            told = str(error.args[1]) if len(error.args) > 1 else str(error)
            raise Unavailable(f"the legacy database {address.name} cannot be reached: {told}") from None
        self.name = address.name
        self.thread_id: int = self._client.thread_id()
        self.version = str(self._client.server_version)
        self.is_mariadb = "mariadb" in self.version.lower()
        self._socket: Any = self._client._sock
        self._socket.settimeout(None)
        _keep_alive(self._socket)
        self._rest = b""
        self._parts: list[bytes] = []

    @property
    def open(self) -> bool:
        return self._socket is not None

    def limit(self, seconds: float | None) -> None:
        """How long to wait for the next bytes before the line counts as lost."""
        self._socket.settimeout(seconds)

    def close(self) -> None:
        """Say goodbye and hang up. Nothing happens the second time."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.settimeout(1)
            self._socket.sendall(b"\x01\x00\x00\x00\x01")
        self.break_off()

    def break_off(self) -> None:
        """Hang up at once; a thread that waits here wakes up with Unavailable."""
        line, self._socket = self._socket, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            self._client._force_close()

    def send(self, command: int, payload: bytes) -> None:
        """Start a command: one byte of what, then its payload."""
        message = bytes((command,)) + payload
        pieces = []
        for number, at in enumerate(range(0, len(message) + 1, _LARGEST)):
            piece = message[at : at + _LARGEST]
            pieces.append(len(piece).to_bytes(3, "little") + bytes((number & 255,)) + piece)
        try:
            self._line().sendall(b"".join(pieces))
        except OSError as error:
            raise self._lost(error) from None

    def receive(self) -> list[bytes]:
        """The payloads of all packets that are here; waits until there is at least one."""
        here: list[bytes] = []
        add = here.append
        buffer = self._rest
        while True:
            at, end, missing = 0, len(buffer), 0
            while at + 4 <= end:
                size = _head(buffer, at)[0] & _LARGEST
                after = at + 4 + size
                if after > end:
                    missing = after - end
                    break
                if size == _LARGEST or self._parts:
                    self._parts.append(buffer[at + 4 : after])
                    if size < _LARGEST:
                        add(b"".join(self._parts))
                        self._parts = []
                else:
                    add(buffer[at + 4 : after])
                at = after
            buffer = buffer[at:]
            if here:
                self._rest = buffer
                return here
            buffer = self._more(buffer, missing)

    def _more(self, buffer: bytes, missing: int) -> bytes:
        line = self._line()
        try:
            if missing <= _PIECE:
                piece = line.recv(_PIECE)
                if not piece:
                    raise self._lost(None)
                return buffer + piece if buffer else bytes(piece)
            whole = bytearray(
                len(buffer) + missing
            )  # a large packet is read to its end without copying it over and over
            whole[: len(buffer)] = buffer
            view = memoryview(whole)[len(buffer) :]
            while view:
                got = line.recv_into(view)
                if not got:
                    raise self._lost(None)
                view = view[got:]
            return bytes(whole)
        except (OSError, ValueError) as error:  # ValueError: another thread hung up an encrypted line
            raise self._lost(error) from None

    def _line(self) -> Any:
        if self._socket is None:
            raise Unavailable(f"the connection to the legacy database {self.name} is closed")
        return self._socket

    def _lost(self, error: Exception | None) -> Unavailable:
        self.break_off()
        why = f": {error}" if error else ""
        return Unavailable(f"the connection to the legacy database {self.name} was lost{why}")


class _Client(pymysql.connections.Connection):
    """A connection with a TLS context that others have too: making one reads every authority this machine trusts, 30 ms."""

    def _create_ssl_ctx(self, sslp: Any) -> Any:
        if not isinstance(sslp, dict):
            return sslp
        of = tuple(sorted((name, str(value)) for name, value in sslp.items()))
        return _contexts.get(of) or _contexts.setdefault(of, super()._create_ssl_ctx(sslp))  # type: ignore[misc]


_contexts: dict[tuple[tuple[str, str], ...], Any] = {}


@cache
def _proving(authorities: str | None) -> Any:
    """A TLS context for which the server must prove its name."""
    return ssl.create_default_context(cafile=authorities)


def _shake_hands(address: Address, seconds: float) -> Any:
    given: dict[str, Any] = {}
    if address.ssl == "off":
        given["ssl_disabled"] = True
    elif address.ssl == "required":
        given["ssl"] = {"ca": address.ssl_ca, "verify_mode": bool(address.ssl_ca), "check_hostname": False}
    elif address.ssl == "verify":
        given["ssl"] = _proving(address.ssl_ca)
    return _Client(
        host=address.host,
        port=address.port,
        unix_socket=address.socket,
        user=address.user,
        password=address.password.encode(),
        database=address.database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=int(seconds),
        read_timeout=int(seconds),
        program_name="banyan move",
        **given,
    )


def _keep_alive(line: Any) -> None:
    """A peer that is gone without a word is noticed within about a minute."""
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        with contextlib.suppress(OSError):
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def refusal(packet: bytes) -> SqlError:
    """An error packet's words."""
    code = int.from_bytes(packet[1:3], "little")
    state, words = ("", packet[3:])
    if packet[3:4] == b"#":
        state, words = packet[4:9].decode("ascii", "replace"), packet[9:]
    return SqlError(code, state, words.decode("utf-8", "replace"))


def counted(packet: bytes, at: int) -> tuple[int, int]:
    """A length-encoded whole number, and where it ends."""
    first = packet[at]
    if first < 0xFB:
        return first, at + 1
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    return int.from_bytes(packet[at + 1 : at + 1 + width], "little"), at + 1 + width


def is_end(packet: bytes) -> bool:
    """The packet after the last row or column definition."""
    return packet[0] == 0xFE and len(packet) < 9


def column_name(packet: bytes) -> str:
    """From a column definition: the fifth of its strings."""
    at = 0
    for _ in range(4):
        size, at = counted(packet, at)
        at += size
    size, at = counted(packet, at)
    return packet[at : at + size].decode("utf-8", "replace")


def column_type(packet: bytes) -> int:
    """From a column definition: the number of its type."""
    return packet[-6]


def texts(values: Sequence[bytes | None]) -> tuple[str, ...]:
    """Values as characters, for what the server says about itself; NULL is ''."""
    return tuple("" if value is None else value.decode("utf-8", "replace") for value in values)
