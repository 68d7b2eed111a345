"""The tables `outside_identity`, `outside_visit` and `outside_claim`."""

from dataclasses import dataclass, field
from datetime import datetime

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


async def set_out(tx: Tx, state_hash: bytes, browser: bytes, visit: Visit) -> None:
    await tx.execute(
        """INSERT INTO outside_visit (state_hash, browser, issuer, nonce, sealed_verifier, next, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, shop_now() + make_interval(secs => $7))""",
        state_hash,
        browser,
        visit.issuer,
        visit.nonce,
        visit.sealed_verifier,
        visit.next,
        VISIT_SECONDS,
    )


async def visit(source: Source, state_hash: bytes, browser: bytes) -> Visit | None:
    """The visit of this browser, as long as it may come back; by another browser there is none."""
    row = await source.fetchrow(
        """SELECT issuer, nonce, sealed_verifier, next FROM outside_visit
        WHERE state_hash = $1 AND browser = $2 AND used_at IS NULL AND expires_at > shop_now()""",
        state_hash,
        browser,
    )
    return None if row is None else Visit(**dict(row))


async def came_back(tx: Tx, state_hash: bytes) -> bool:
    """Use it up; False when it was."""
    return bool(
        await tx.execute(
            "UPDATE outside_visit SET used_at = shop_now() WHERE state_hash = $1 AND used_at IS NULL", state_hash
        )
    )


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


async def claimed(tx: Tx, claim_hash: bytes, browser: bytes, claim: Claim) -> None:
    await tx.execute(
        """INSERT INTO outside_claim (hash, browser, issuer, subject, email, email_canonical, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, shop_now() + make_interval(secs => $7))""",
        claim_hash,
        browser,
        claim.issuer,
        claim.subject,
        claim.email,
        claim.email_canonical,
        CLAIM_SECONDS,
    )


async def claim(source: Source, claim_hash: bytes, browser: bytes) -> Claim | None:
    row = await source.fetchrow(
        """SELECT issuer, subject, email, email_canonical FROM outside_claim
        WHERE hash = $1 AND browser = $2 AND used_at IS NULL AND expires_at > shop_now()""",
        claim_hash,
        browser,
    )
    return None if row is None else Claim(**dict(row))


async def use_claim(tx: Tx, claim_hash: bytes) -> bool:
    return bool(
        await tx.execute(
            "UPDATE outside_claim SET used_at = shop_now() WHERE hash = $1 AND used_at IS NULL", claim_hash
        )
    )


async def forget_old(tx: Tx) -> None:
    """Who did not come back in time."""
    await tx.execute("DELETE FROM outside_visit WHERE expires_at < shop_now()")
    await tx.execute("DELETE FROM outside_claim WHERE expires_at < shop_now()")
