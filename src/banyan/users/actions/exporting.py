"""Everything about a person in one archive: asked for, collected from all services by a chore, and fetched by its owner."""

import asyncio
import hmac
import logging
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import IO, Any

import orjson

from banyan.contracts.privacy import Person, TellOrders, TellPayments, TellStock
from banyan.foundation.auth import Principal
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Refusal
from banyan.users.actions import apart
from banyan.users.actions.profile import me
from banyan.users.domain import archive
from banyan.users.domain.emails import parse
from banyan.users.domain.privacy import Export
from banyan.users.storage import accounts, erasures, exports, letters

_log = logging.getLogger(__name__)
_NAME = "export links"
_PIECE = 1 << 20  # bytes
_PAGE = 100  # orders asked for at once: a tenth of a second of work
_CLAIMED = 600.0
_AGAIN = 20  # tries before it is given up: some hours
KEPT_SECONDS = 2 * 86_400.0
LINK_SECONDS = 900
_LOOK_SECONDS = 5.0
_MOST_LISTED = 10


async def ask_export(ports: Ports, who: Principal) -> Export:
    """An archive that is being made from now on; the one there is while it is not ready."""
    account = await me(ports, who)
    async with ports.db.transaction() as tx:
        await accounts.lock(tx, account.id)
        made = await exports.under_way(tx, account.id)
        made = made or await exports.add(tx, ports.ids.new("exp"), account.id, KEPT_SECONDS)
    ports.due["export"].ring()
    return made


async def my_exports(ports: Ports, who: Principal) -> list[Export]:
    """One's own archives that have not expired, the newest first."""
    account = await me(ports, who)
    return await exports.of_account(ports.db, account.id, _MOST_LISTED)


async def link(ports: Ports, export: Export) -> str:
    """Where a ready archive is fetched by its owner, for a quarter of an hour."""
    until = min(ports.clock.now() + timedelta(seconds=LINK_SECONDS), export.expires_at)
    seconds = int(until.timestamp())
    signature = _signed(await _key(ports), export.id, export.account_id, seconds)
    return f"/v1/me/export/{export.id}/archive?until={seconds}&signature={signature}"


async def fetch(ports: Ports, who: Principal, export_id: str, until: int, signature: str) -> bytes:
    """The archive's bytes. NotFound for another's, one that is not ready, and a link that was changed or is over."""
    account = await me(ports, who)
    expected = _signed(await _key(ports), export_id, account.id, until)
    if not hmac.compare_digest(expected, signature) or until <= ports.clock.now().timestamp():
        raise _gone()
    known = [each for each in await exports.of_account(ports.db, account.id, 100) if each.id == export_id]
    if not known or known[0].ready_at is None:
        raise _gone()
    pieces, place = list[bytes](), 0
    while sealed := await exports.piece(ports.db, export_id, place):
        pieces.append(await ports.keys.open(sealed, _use(export_id)))
        place += 1
    return b"".join(pieces)


async def make_exports(ports: Ports) -> float:
    """The chore: make one archive that was asked for; seconds until the next look."""
    async with ports.db.transaction() as tx:
        await exports.forget_old(tx)
        export = await exports.claim(tx, _CLAIMED)
    if export is None:
        return _LOOK_SECONDS
    try:
        await _make(ports, export)
    except Refusal as refusal:
        _log.warning("an export waits", extra={"export": export.id, "why": refusal.code})
        async with ports.db.transaction() as tx:
            if export.attempt >= _AGAIN:
                await exports.failed(tx, export.id, "a part of the shop did not answer")
            else:
                await exports.again(tx, export.id, min(3600.0, 5.0 * 2**export.attempt))
    return 0.0


async def _make(ports: Ports, export: Export) -> None:
    account = await accounts.by_id(ports.db, export.account_id)
    if account is None or not account.active:
        return
    with ExitStack() as stack:
        parts = _Parts(stack)
        for row in await _of_users(ports, account.id, parse(account.email).mailbox):
            parts.add("account", [row])
        email = await erasures.proved_email(ports.db, account.id)
        await _collect(ports, Person(user_id=account.id, email=email), parts)
        about = [("Name", account.name), ("E-mail", account.email), ("Since", account.created_at.isoformat())]
        zipped = stack.enter_context(tempfile.TemporaryFile())
        await asyncio.to_thread(parts.write, zipped, ports.settings.shop_name, ports.clock.now(), about)
        await _keep(ports, export, zipped)


async def _of_users(ports: Ports, account_id: str, mailbox: str) -> list[dict[str, Any]]:
    found = [
        {"table": table, **row}
        for table, rows in (await erasures.rows_of(ports.db, account_id)).items()
        for row in rows
    ]
    found += [{"table": "letter", **dict(row)} for row in await letters.waiting(ports.db, mailbox)]
    if ports.sessions is not None:
        sessions = await apart.of_account(ports, ports.sessions, account_id, None, 100)
        found += [{"table": "session", **{name: getattr(each, name) for name in each.__slots__}} for each in sessions]
    return found


async def _collect(ports: Ports, person: Person, parts: "_Parts") -> None:
    after: str | None = ""
    while after is not None:
        page = await ports.peers.ask(TellOrders(person=person, after=after, most=_PAGE))
        ids = tuple(order["id"] for order in page.items["orders"])
        paid = await ports.peers.ask(TellPayments(person=person, order_ids=ids))
        moved = await ports.peers.ask(TellStock(order_ids=ids))
        parts.add("orders", page.items["orders"])
        parts.rows += [archive.order_row(order) for order in page.items["orders"]]
        if not after:
            parts.add("carts", page.items["carts"])
            parts.add("methods", paid.items["methods"])
        parts.add("payments", paid.items["payments"])
        for name in ("reservations", "movements"):
            parts.add(name, moved.items[name])
        after = page.after
        await ports.clock.sleep(0)  # others come first


async def _keep(ports: Ports, export: Export, zipped: IO[bytes]) -> None:
    size = zipped.tell()
    zipped.seek(0)
    place = 0
    while piece := await asyncio.to_thread(zipped.read, _PIECE):
        sealed = await ports.keys.seal(piece, _use(export.id))
        async with ports.db.transaction() as tx:
            if not await exports.add_piece(tx, export.id, export.attempt, place, sealed):
                return  # another has begun anew
        place += 1
    async with ports.db.transaction() as tx:
        await exports.ready(tx, export.id, export.attempt, size, KEPT_SECONDS)


@dataclass
class _Parts:
    """The files of an archive while they are written, each a JSON list; on disk, and nameless there."""

    stack: ExitStack
    files: dict[str, IO[bytes]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)

    def add(self, name: str, documents: Iterable[Mapping[str, Any]]) -> None:
        if name not in self.files:
            self.files[name] = self.stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
            self.counts[name] = 0
        for each in documents:
            self.files[name].write((b",\n" if self.counts[name] else b"[\n") + orjson.dumps(each, default=str))
            self.counts[name] += 1

    def write(self, zipped: IO[bytes], shop: str, made: datetime, about: list[tuple[str, str]]) -> None:
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as into:
            at = (made.year, made.month, made.day, made.hour, made.minute, made.second)
            page = archive.page(shop, made.isoformat(timespec="seconds"), self.counts, about, self.rows)
            into.writestr(_entry("index.html", at), page)
            for name, file in self.files.items():
                file.write(b"\n]\n" if self.counts[name] else b"[]\n")
                file.seek(0)
                with into.open(_entry(f"{name}.json", at), "w", force_zip64=True) as entry:
                    while some := file.read(_PIECE):
                        entry.write(some)


def _entry(name: str, at: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, at)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _use(export_id: str) -> str:
    return f"export {export_id}"


def _signed(key: bytes, export_id: str, account_id: str, until: int) -> str:
    return hmac.new(key, f"{export_id} {account_id} {until}".encode(), sha256).hexdigest()


async def _key(ports: Ports) -> bytes:
    sealed = await exports.secret(ports.db, _NAME)
    if sealed is None:
        async with ports.db.transaction() as tx:
            await exports.keep_secret(tx, _NAME, await ports.keys.seal(ports.ids.secret(32), _NAME))
        sealed = await exports.secret(ports.db, _NAME)
    assert sealed is not None
    return await ports.keys.open(sealed, _NAME)


def _gone() -> NotFound:
    return NotFound("there is no such archive, or its link is over: ask for the list again", code="no_such_export")
