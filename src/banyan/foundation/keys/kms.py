"""Envelope encryption with a master key that never leaves AWS KMS: `kms://alias-or-key-id?region=…`.

A data key seals many secrets of one context (AES-256-GCM) and lies, itself sealed by KMS, before each of them. KMS is
asked once per context and few minutes, not once per secret: that bounds its cost and its time.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from banyan.foundation.aws import Aws, Place, Refused
from banyan.kernel.clock import Clock

KEPT_SECONDS = 300.0  # a data key in memory; also how long a key that KMS disables still serves
MOST_SEALED = 1 << 20  # secrets by one data key: far below the 2^32 where random nonces begin to meet
KEPT_KEYS = 256
_VERSION = b"\x01"
_NONCE = 12
_LONGEST = 6144  # bytes that KMS takes for a wrapped key
# KMS tells a key of others' from a role without kms:Decrypt by nothing: AccessDenied.
_NOT_OURS = ("InvalidCiphertextException", "IncorrectKeyException", "AccessDeniedException")
_KEY_ID = re.compile(r"arn:.*|alias/.*|mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class _DataKey:
    cipher: AESGCM
    wrapped: bytes
    until: float
    left: int = MOST_SEALED


class KmsKeys:
    """Sealed: version, length of the wrapped data key (2 bytes), the wrapped key, nonce, ciphertext with its tag."""

    def __init__(self, where: Place, clock: Clock) -> None:
        self._key_id = where.name if _KEY_ID.fullmatch(where.name) else f"alias/{where.name}"
        self._aws = Aws("BANYAN_KEYS_URL", "kms", where)
        self._clock = clock
        self._sealing: dict[str, _DataKey] = {}
        self._opening: dict[tuple[str, bytes], _DataKey] = {}
        self._turn = asyncio.Lock()  # one new data key at a time: who waits finds it

    async def seal(self, secret: bytes, context: str) -> bytes:
        key = self._sealing.get(context)
        if key is None or not self._serves(key):
            async with self._turn:
                key = self._sealing.get(context)
                if key is None or not self._serves(key):
                    key = await self._new(context)
        key.left -= 1
        nonce = os.urandom(_NONCE)
        head = _VERSION + len(key.wrapped).to_bytes(2) + key.wrapped
        return head + nonce + key.cipher.encrypt(nonce, secret, context.encode())

    async def open(self, sealed: bytes, context: str) -> bytes:
        size = int.from_bytes(sealed[1:3])
        wrapped, rest = sealed[3 : 3 + size], sealed[3 + size :]
        if sealed[:1] != _VERSION or not 0 < size <= _LONGEST or len(rest) <= _NONCE:
            raise _not_ours()
        key = self._opening.get((context, wrapped))
        if key is None or key.until <= self._clock.monotonic():
            key = await self._unwrapped(wrapped, context)
        try:
            return key.cipher.decrypt(rest[:_NONCE], rest[_NONCE:], context.encode())
        except InvalidTag:
            raise _not_ours() from None

    async def close(self) -> None:
        self._sealing.clear()
        self._opening.clear()
        await self._aws.close()

    def _serves(self, key: _DataKey) -> bool:
        return key.left > 0 and key.until > self._clock.monotonic()

    async def _new(self, context: str) -> _DataKey:
        made = await self._aws.ask(
            "generate_data_key", KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=_use(context)
        )
        key = self._keep(made["Plaintext"], made["CiphertextBlob"], context)
        self._sealing.pop(context, None)
        self._sealing[context] = key
        _bound_to(KEPT_KEYS, self._sealing)
        return key

    async def _unwrapped(self, wrapped: bytes, context: str) -> _DataKey:
        try:
            told = await self._aws.ask(
                "decrypt", KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=_use(context)
            )
        except Refused as refused:
            if refused.said in _NOT_OURS:
                raise _not_ours(refused.said) from None
            raise
        return self._keep(told["Plaintext"], wrapped, context)

    def _keep(self, plain: bytes, wrapped: bytes, context: str) -> _DataKey:
        key = _DataKey(AESGCM(plain), wrapped, self._clock.monotonic() + KEPT_SECONDS)
        self._opening[context, wrapped] = key
        _bound_to(KEPT_KEYS, self._opening)
        return key


def _bound_to(most: int, kept: dict[Any, _DataKey]) -> None:
    """Forget the oldest."""
    while len(kept) > most:
        del kept[next(iter(kept))]


def _use(context: str) -> dict[str, str]:
    """What KMS writes into its log, and wants to hear again before it unwraps the data key."""
    return {"banyan": context}


def _not_ours(said: str = "") -> ValueError:
    return ValueError(f"sealed by another key, for another use, or changed{said and f' (KMS: {said})'}")
