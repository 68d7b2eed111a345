"""How cards are sealed: a data key for each, wrapped by a key-encryption key that lies behind the `keys` port.

AES-256-GCM, the card's token bound in as associated data: a sealed card moved to another row does not open. The keys of the
vault are its own (BANYAN_VAULT_KEYS_URL): other services have no way to them.
"""

import asyncio
import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.keys import Keys
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unavailable
from banyan.vault import storage
from banyan.vault.codes import Codes
from banyan.vault.domain import Plain

_CARD, _FINGERPRINT = "vault card key", "vault fingerprint key"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A card as it may lie in a database."""

    sealed: bytes
    wrapped: bytes
    generation: int


@dataclass(slots=True)
class Safe:
    """The keys of one process, opened on first use; `codes` are the security codes it holds in memory."""

    codes: Codes = field(default_factory=Codes)
    _keys: dict[str, Keys] = field(default_factory=dict)  # by place
    _newest: str = ""
    _generations: dict[int, str] = field(default_factory=dict)
    _fingerprint: bytes = b""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def seal(self, ports: Ports, token: str, card: Plain) -> Sealed:
        key, nonce = ports.ids.secret(32), ports.ids.secret(_NONCE)
        wrapped, generation = await self.wrap(ports, key, _CARD)
        return Sealed(nonce + AESGCM(key).encrypt(nonce, card.sealed_text(), token.encode()), wrapped, generation)

    async def open(self, ports: Ports, row: Row) -> Plain:
        """Unavailable when the key-encryption key does not answer or is not the right one."""
        key = await self._unwrap(ports, row["wrapped"], row["generation"], _CARD)
        sealed = row["sealed"]
        try:
            return Plain.of(AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], row["token"].encode()))
        except InvalidTag:
            raise Unavailable("a card cannot be opened: it was changed, or is another's") from None

    async def wrap(self, ports: Ports, key: bytes, use: str) -> tuple[bytes, int]:
        """A key, wrapped by the newest key-encryption key, and that one's generation."""
        await self._ready(ports, ports.db)
        generation = max(self._generations)
        return await self._keys[self._generations[generation]].seal(key, use), generation

    async def rewrap(self, ports: Ports, wrapped: bytes, generation: int, use: str = _CARD) -> tuple[bytes, int]:
        return await self.wrap(ports, await self._unwrap(ports, wrapped, generation, use), use)

    async def rewrap_own(self, ports: Ports, row: Row) -> tuple[bytes, int]:
        return await self.rewrap(ports, row["wrapped"], row["generation"], _FINGERPRINT)

    async def fingerprint(self, ports: Ports, *parts: str) -> bytes:
        """A keyed digest: equal for equal parts, and telling nothing to who has not the key."""
        if not self._fingerprint:
            await self._ready(ports, ports.db)
            row = await storage.own_key(ports.db, _FINGERPRINT)
            if row is None:
                wrapped, generation = await self.wrap(ports, ports.ids.secret(32), _FINGERPRINT)
                await storage.keep_own_key(ports.db, _FINGERPRINT, wrapped, generation)
                row = await storage.own_key(ports.db, _FINGERPRINT)
                assert row is not None
            self._fingerprint = await self._unwrap(ports, row["wrapped"], row["generation"], _FINGERPRINT)
        return hmac.new(self._fingerprint, "\0".join(parts).encode(), sha256).digest()

    async def begin_generation(self, ports: Ports) -> int:
        """From now on keys are wrapped anew: by the key that is set, which may be the same as before."""
        await self._ready(ports, ports.db)
        number = max(self._generations) + 1
        await storage.begin_generation(ports.db, number, self._newest)
        self._generations = await storage.generations(ports.db)
        return max(self._generations)

    async def newest(self, ports: Ports) -> int:
        await self._ready(ports, ports.db)
        return max(self._generations)

    async def close(self) -> None:
        self.codes.clear()
        for keys in self._keys.values():
            await keys.close()
        self._keys.clear()

    async def _unwrap(self, ports: Ports, wrapped: bytes, generation: int, use: str) -> bytes:
        await self._ready(ports, ports.db)
        if generation not in self._generations:  # begun by another process since
            self._generations = await storage.generations(ports.db)
        keys = self._keys.get(self._generations.get(generation, ""))
        if keys is None:
            raise Unavailable(
                "a card was sealed by a key that is not set: BANYAN_VAULT_OLD_KEYS_URL names the one before"
            )
        try:
            return await keys.open(wrapped, use)
        except ValueError:
            raise Unavailable("the key-encryption key is another than the one that sealed this card") from None

    async def _ready(self, ports: Ports, db: Db | Tx) -> None:
        if self._generations:
            return
        async with self._turn:
            if self._generations:
                return
            settings = ports.settings
            for url in (settings.vault_old_keys_url, settings.vault_keys_url):
                if url.get_secret_value():
                    self._newest = _place(url)
                    given = settings.model_copy(update={"keys_url": url})
                    self._keys[self._newest] = await choose.keys(given, ports.clock)
            known = await storage.generations(db)
            if not known or known[max(known)] != self._newest:
                await storage.begin_generation(db, max(known, default=0) + 1, self._newest)
                known = await storage.generations(db)
            self._generations = known


def _place(url: SecretStr) -> str:
    """Which key this is, without saying where it lies."""
    return sha256(url.get_secret_value().partition("?")[0].encode()).hexdigest()[:16]
