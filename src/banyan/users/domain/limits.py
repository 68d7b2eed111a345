"""How often someone may fail: leaking buckets with waits that double, and never a lock that stays."""

import ipaddress
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` drops fit into the bucket, one leaks out each `leak_seconds`; then waits begin at `first` seconds and double."""

    what: str
    free: int
    first: float
    longest: float
    leak_seconds: float

    def wait(self, level: float) -> float:
        """Seconds to wait once the bucket stands at `level`; 0 while there is room."""
        over = round(level) - self.free
        return 0.0 if over < 0 else float(min(self.first * 2 ** min(over, 32), self.longest))

    def subject(self, whose: str) -> str:
        """The bucket's name; the address in it is digested, since this also counts addresses that have no account."""
        return f"{self.what} {sha256(whose.encode()).hexdigest()[:40]}"


# NIST SP 800-63B-4 allows 100 failures in a row; with these an account sees at most 5, then about 4 an hour.
PASSWORD = Limit("password", free=5, first=15, longest=900, leak_seconds=3600)
PASSWORD_NETWORK = Limit("password-network", free=50, first=10, longest=900, leak_seconds=6)
TAKEN_NETWORK = Limit("taken-network", free=20, first=30, longest=3600, leak_seconds=60)
LINK = Limit("link", free=5, first=60, longest=3600, leak_seconds=600)
LINK_NETWORK = Limit("link-network", free=50, first=30, longest=900, leak_seconds=6)
CODE = Limit("code", free=5, first=30, longest=3600, leak_seconds=3600)
CODE_NETWORK = Limit("code-network", free=50, first=10, longest=900, leak_seconds=6)
CEREMONY_NETWORK = Limit("ceremony-network", free=200, first=5, longest=300, leak_seconds=0.5)
EMAIL_CHANGE = Limit("email-change", free=5, first=300, longest=3600, leak_seconds=3600)


def network(address: str) -> str | None:
    """The /24 (IPv4) or /64 (IPv6) an address lies in: what one subscriber can hop around in. None for no address."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip.packed, 24 if ip.version == 4 else 64), strict=False))
