"""A column's bytes in a row event as the bytes that MySQL's text protocol sends for the same value.

Sources: MySQL's `my_time.cc` and `decimal.c`, MariaDB's `field.cc` for what it had before it took MySQL's times over.
"""

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGIT_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)  # bytes that hold so many decimal digits
_HIRES_TIME_ZERO = (838 * 3600 + 59 * 60 + 59 + 1) * 1_000_000


class Memo(dict[bytes, bytes]):
    """Remembers what values come out as: prices, dates and times of one table repeat. It forgets all when it is full."""

    def __init__(self, read: Callable[[bytes], bytes], size: int = 1000) -> None:
        super().__init__()
        self._read = read
        self._size = size

    def __missing__(self, raw: bytes) -> bytes:
        if len(self) >= self._size:
            self.clear()
        value = self[raw] = self._read(raw)
        return value


def fraction_bytes(digits: int) -> int:
    """Bytes that a fraction of a second with so many digits takes."""
    return (digits + 1) // 2


def _with_fraction(text: bytes, part: int, digits: int) -> bytes:
    """`part` counts hundredths, ten-thousandths or millionths: whole bytes hold an even number of digits."""
    if not digits:
        return text
    return text + b"." + (b"%0*d" % (digits + digits % 2, part))[:digits]


def date(raw: bytes) -> bytes:
    """Three bytes."""
    number = int.from_bytes(raw, "little")
    return b"%04d-%02d-%02d" % (number >> 9, number >> 5 & 15, number & 31)


def datetime2(raw: bytes, digits: int) -> bytes:
    """Five bytes and a fraction, highest byte first."""
    number = int.from_bytes(raw[:5], "big") - 0x8000000000
    year, month = divmod(number >> 22, 13)
    given = (year, month, number >> 17 & 31, number >> 12 & 31, number >> 6 & 63, number & 63)
    return _with_fraction(b"%04d-%02d-%02d %02d:%02d:%02d" % given, int.from_bytes(raw[5:], "big"), digits)


def timestamp2(raw: bytes, digits: int) -> bytes:
    """Four bytes of seconds and a fraction, highest byte first."""
    return _with_fraction(_moment(int.from_bytes(raw[:4], "big")), int.from_bytes(raw[4:], "big"), digits)


def _moment(seconds: int) -> bytes:
    if not seconds:
        return b"0000-00-00 00:00:00"
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S").encode()


def time2(raw: bytes, digits: int) -> bytes:
    """Three bytes and a fraction as one number, highest byte first, with half its range added."""
    shift = 8 * (len(raw) - 3)
    number = int.from_bytes(raw, "big") - (0x800000 << shift)
    sign, number = (b"-", -number) if number < 0 else (b"", number)
    whole = number >> shift
    text = b"%s%02d:%02d:%02d" % (sign, whole >> 12 & 0x3FF, whole >> 6 & 63, whole & 63)
    return _with_fraction(text, number & (1 << shift) - 1, digits)


def old_datetime(raw: bytes) -> bytes:
    """Eight bytes that read YYYYMMDDhhmmss as a decimal number."""
    day, clock = divmod(int.from_bytes(raw, "little"), 1_000_000)
    given = (day // 10000, day // 100 % 100, day % 100, clock // 10000, clock // 100 % 100, clock % 100)
    return b"%04d-%02d-%02d %02d:%02d:%02d" % given


def old_timestamp(raw: bytes) -> bytes:
    """Four bytes of seconds, lowest byte first."""
    return _moment(int.from_bytes(raw, "little"))


def old_time(raw: bytes) -> bytes:
    """Three bytes that read hhmmss as a decimal number."""
    number = int.from_bytes(raw, "little", signed=True)
    sign, number = (b"-", -number) if number < 0 else (b"", number)
    return b"%s%02d:%02d:%02d" % (sign, number // 10000, number // 100 % 100, number % 100)


HIRES_DATETIME_BYTES = (5, 6, 6, 7, 7, 7, 8)
HIRES_TIME_BYTES = (3, 4, 4, 5, 5, 5, 6)


def hires_datetime(raw: bytes, digits: int) -> bytes:
    """MariaDB's own DATETIME(1…6), of before 10.1 and with mysql56_temporal_format off."""
    number, part = divmod(int.from_bytes(raw, "big"), 10**digits)
    number, second = divmod(number, 60)
    number, minute = divmod(number, 60)
    number, hour = divmod(number, 24)
    number, day = divmod(number, 32)
    year, month = divmod(number, 13)
    return b"%04d-%02d-%02d %02d:%02d:%02d.%0*d" % (year, month, day, hour, minute, second, digits, part)


def hires_timestamp(raw: bytes, digits: int) -> bytes:
    """MariaDB's own TIMESTAMP(1…6)."""
    return b"%s.%0*d" % (_moment(int.from_bytes(raw[:4], "big")), digits, int.from_bytes(raw[4:], "big"))


def hires_time(raw: bytes, digits: int) -> bytes:
    """MariaDB's own TIME(1…6)."""
    number = int.from_bytes(raw, "big") - _HIRES_TIME_ZERO // 10 ** (6 - digits)
    sign, number = (b"-", -number) if number < 0 else (b"", number)
    number, part = divmod(number, 10**digits)
    return b"%s%02d:%02d:%02d.%0*d" % (sign, number // 3600, number // 60 % 60, number % 60, digits, part)


def decimal_bytes(precision: int, scale: int) -> int:
    """Bytes that a DECIMAL takes."""
    whole = precision - scale
    return whole // 9 * 4 + _DIGIT_BYTES[whole % 9] + scale // 9 * 4 + _DIGIT_BYTES[scale % 9]


def decimal(raw: bytes, precision: int, scale: int, zerofill: bool = False) -> bytes:
    """Nine digits in four bytes, from the point outwards; negative numbers have all bits turned, the sign bit too."""
    negative = not raw[0] & 0x80
    raw = bytes((raw[0] ^ 0x80,)) + raw[1:]
    if negative:
        raw = bytes(byte ^ 0xFF for byte in raw)
    whole = precision - scale
    first, at = _DIGIT_BYTES[whole % 9], 0
    digits = [b"%d" % int.from_bytes(raw[:first], "big")]
    at = first
    for _ in range(whole // 9):
        digits.append(b"%09d" % int.from_bytes(raw[at : at + 4], "big"))
        at += 4
    text = b"".join(digits).lstrip(b"0") or b"0"
    if zerofill:
        text = text.rjust(whole, b"0")
    if scale:
        text += b"."
        for _ in range(scale // 9):
            text += b"%09d" % int.from_bytes(raw[at : at + 4], "big")
            at += 4
        if scale % 9:
            text += b"%0*d" % (scale % 9, int.from_bytes(raw[at:], "big"))
    return b"-" + text if negative else text


def years(width: int) -> tuple[bytes, ...]:
    """What each byte of a YEAR is; old tables have years of two digits."""
    four = (b"0000", *(b"%04d" % (1900 + byte) for byte in range(1, 256)))
    return tuple(year[2:] for year in four) if width == 2 else four


def members(raw: bytes, labels: Sequence[bytes]) -> bytes:
    """What a SET holds."""
    bits = int.from_bytes(raw, "little")
    return b",".join(label for place, label in enumerate(labels) if bits >> place & 1)


def uuid(raw: bytes) -> bytes:
    """Sixteen bytes; zeros at the end are not in the log."""
    text = raw.ljust(16, b"\0").hex().encode()
    return b"-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def inet4(raw: bytes) -> bytes:
    return b"%d.%d.%d.%d" % tuple(raw.ljust(4, b"\0"))


def inet6(raw: bytes) -> bytes:
    """As MariaDB writes it: an address that maps or holds one of IPv4 ends with that in decimal."""
    raw = raw.ljust(16, b"\0")
    address = IPv6Address(raw)
    if raw[:12] == b"\0" * 10 + b"\xff\xff":
        return b"::ffff:" + inet4(raw[12:])
    if raw[:12] == b"\0" * 12 and raw[12:14] != b"\0\0":
        return b"::" + inet4(raw[12:])
    return str(address).encode()


def inflated(raw: bytes) -> bytes:
    """A value of a COMPRESSED column: a byte that says how, the size, and zlib's bytes; a zero byte: as it is."""
    if not raw:
        return b""
    how = raw[0]
    if how == 0:
        return raw[1:]
    if how >> 4 != 8:
        raise ValueError("a compressed column uses a method that is not known")
    return zlib.decompress(raw[1 + (how & 7) :], -15 if how & 8 else 15)
