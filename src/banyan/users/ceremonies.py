"""WebAuthn ceremonies: what browsers are asked, and whether what they answer holds (W3C Web Authentication Level 3, §7).

User verification is always required, credentials are always discoverable, and no attestation is asked for: what makes a
passkey good is that it is bound to our name, not who built the device.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_LONGEST_ID = 1023  # bytes, WebAuthn §5.4.3
_TIMEOUT = 300_000  # milliseconds
# All that a library may say about bytes that strangers made up.
_GARBAGE = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class NotProven(Exception):
    """The answer does not hold; the text is for a log, never for the one who sent it."""


@dataclass(frozen=True, slots=True)
class Party:
    """The relying party: the name credentials are bound to, and where its pages come from."""

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A credential that was made just now."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


def party(origin: str, name: str) -> Party:
    """Of a shop at this origin. A number is no name that a passkey can be bound to, so a laptop is `localhost`."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        return Party(host, name, (origin.rstrip("/"),))
    if not loopback:
        return Party(host, name, (origin.rstrip("/"),))
    return Party("localhost", name, (f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else ""),))


def ask_to_make(
    party: Party, challenge: bytes, *, user_id: str, email: str, name: str, known: list[bytes]
) -> dict[str, Any]:
    """`publicKey` of navigator.credentials.create(). `known`: credentials of the account, not to be made twice."""
    asked = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user_id.encode(),
        user_name=email,
        user_display_name=name or email,
        challenge=challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return dict(options_to_json_dict(asked))


def ask_to_prove(party: Party, challenge: bytes, *, known: list[bytes]) -> dict[str, Any]:
    """`publicKey` of navigator.credentials.get(). `known`: of a person we know; empty: whoever it is."""
    asked = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=_TIMEOUT,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(asked))


def made(party: Party, challenge: bytes, credential: dict[str, Any]) -> Made:
    """The credential that was made for this challenge. NotProven."""
    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except _GARBAGE as wrong:
        raise NotProven(f"{type(wrong).__name__}: {wrong}") from None
    if not 1 <= len(found.credential_id) <= _LONGEST_ID:
        raise NotProven("the credential's id is too long")
    return Made(found.credential_id, found.credential_public_key, found.sign_count, found.credential_backed_up)


def presented(credential: dict[str, Any]) -> tuple[bytes, str]:
    """Which credential somebody says to hold, and whose it says to be: its id and the user handle. NotProven."""
    try:
        shown = parse_authentication_credential_json(credential)
        handle = (shown.response.user_handle or b"").decode("ascii")
    except _GARBAGE as wrong:
        raise NotProven(f"{type(wrong).__name__}: {wrong}") from None
    if shown.raw_id != base64url_to_bytes(shown.id) or len(shown.raw_id) > _LONGEST_ID:
        raise NotProven("two ids")
    return shown.raw_id, handle


def proved(
    party: Party, challenge: bytes, credential: dict[str, Any], *, public_key: bytes, sign_count: int
) -> tuple[int, bool]:
    """The signature counter and whether it is synced, when the holder of this key answered this challenge. NotProven."""
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _GARBAGE as wrong:
        raise NotProven(f"{type(wrong).__name__}: {wrong}") from None
    return found.new_sign_count, found.credential_backed_up


def transports(credential: dict[str, Any]) -> list[str]:
    """How the device says it can be reached; what nobody knows is left out."""
    response = credential.get("response")
    given = response.get("transports") if isinstance(response, dict) else None
    known = {each.value for each in AuthenticatorTransport}
    return sorted({each for each in given if isinstance(each, str)} & known) if isinstance(given, list) else []
