"""The tables `outside_identity`, `outside_visit` and `outside_claim`."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Generic, TypeVar

from banyan.foundation.db import Tx
from banyan.users.domain.outside import CLAIM_SECONDS, VISIT_SECONDS
from banyan.users.storage import Source


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser on its way to a provider."""

    issuer: str
    nonce: str = field(repr=False)
    sealed_verifier: bytes = field(repr=False)
    next: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who came back with an address that has an account here."""

    issuer: str
    subject: str
    email: str
    email_canonical: str


Held = TypeVar("Held", Visit, Claim)


@dataclass(frozen=True, slots=True)
class Once(Generic[Held]):
    """What one browser comes back for, once and in time. A row holds it under a digest (`key`) of what the browser was told."""

    table: str
    key: str
    seconds: float
    shape: type[Held]

    async def keep(self, tx: Tx, digest: bytes, browser: bytes, held: Held) -> None:
        names = [each.name for each in fields(self.shape)]
        places = ", ".join(f"${place}" for place in range(4, 4 + len(names)))
        await tx.execute(
            f"""INSERT INTO {self.table} ({self.key}, browser, expires_at, {", ".join(names)})
            VALUES ($1, $2, shop_now() + make_interval(secs => $3), {places})""",
            digest,
            browser,
            self.seconds,
            *(getattr(held, name) for name in names),
        )

    async def find(self, source: Source, digest: bytes, browser: bytes) -> Held | None:
        """As long as this browser may come back; for another browser there is none."""
        row = await source.fetchrow(
            f"""SELECT {", ".join(each.name for each in fields(self.shape))} FROM {self.table}
            WHERE {self.key} = $1 AND browser = $2 AND used_at IS NULL AND expires_at > shop_now()""",
            digest,
            browser,
        )
        return None if row is None else self.shape(**dict(row))

    async def use(self, tx: Tx, digest: bytes) -> bool:
        """Use it up; False when it was."""
        sql = f"UPDATE {self.table} SET used_at = shop_now() WHERE {self.key} = $1 AND used_at IS NULL"
        return bool(await tx.execute(sql, digest))

    async def forget_old(self, tx: Tx) -> None:
        await tx.execute(f"DELETE FROM {self.table} WHERE expires_at < shop_now()")


VISITS = Once("outside_visit", "state_hash", VISIT_SECONDS, Visit)
CLAIMS = Once("outside_claim", "hash", CLAIM_SECONDS, Claim)


async def account_of(source: Source, issuer: str, subject: str) -> str | None:
    found: str | None = await source.fetchval(
        "SELECT account_id FROM outside_identity WHERE issuer = $1 AND subject = $2", issuer, subject
    )
    return found


async def link(tx: Tx, account_id: str, issuer: str, subject: str, email: str) -> bool:
    """From now on this is them; False when it is somebody already."""
    return bool(
        await tx.execute(
            """INSERT INTO outside_identity (issuer, subject, account_id, email) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING""",
            issuer,
            subject,
            account_id,
            email,
        )
    )


async def of_account(source: Source, account_id: str) -> list[tuple[str, str, datetime]]:
    """(issuer, e-mail there, since when) of what is linked."""
    rows = await source.fetch(
        "SELECT issuer, email, created_at FROM outside_identity WHERE account_id = $1 ORDER BY created_at", account_id
    )
    return [(row["issuer"], row["email"], row["created_at"]) for row in rows]


async def unlink(tx: Tx, account_id: str) -> int:
    """Nobody outside is this account any more."""
    return await tx.execute("DELETE FROM outside_identity WHERE account_id = $1", account_id)


async def forget_old(tx: Tx) -> None:
    """Who did not come back in time."""
    await VISITS.forget_old(tx)
    await CLAIMS.forget_old(tx)
