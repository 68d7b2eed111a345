"""What a mesh's sidecar says about who calls: Envoy's X-Forwarded-Client-Cert, believed only where a mesh is configured."""

import re

from banyan.kernel.refusals import Forbidden

CLIENT_CERT = "x-forwarded-client-cert"
_PART = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^;,"]*)(;|,|\Z)')
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def named_by_the_mesh(header: str, prefix: str) -> str:
    """The caller's name: what follows `prefix` (`spiffe://cluster.local/ns/banyan/sa/`) in the certificate's one URI.

    Forbidden where there is no certificate, more than one (a proxy that appends instead of setting), or one of elsewhere.
    """
    uris, place = list[str](), 0
    while place < len(header):
        part = _PART.match(header, place)
        if part is None or part[3] == ",":
            raise _stranger()
        if part[1].lower() == "uri":
            uris.append(part[2].strip('"'))
        place = part.end()
    name = uris[0].removeprefix(prefix) if len(uris) == 1 and uris[0].startswith(prefix) else ""
    if not _NAME.fullmatch(name):
        raise _stranger()
    return name


def _stranger() -> Forbidden:
    return Forbidden("only services of this shop may call here", code="not_a_peer")
