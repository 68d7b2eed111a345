"""Customers that an old shop hands over: account, password as it is, all addresses. Taken idempotently, newest wins.

What foundation.taking says of versions, of whose a record is and of the way back holds here. A telephone number of the
account has no place here and goes back as it came; of someone who works here neither the password nor the e-mail
address nor whether they may come in is the old shop's to say.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.contracts.legacy import Customer, Fates, Handed, Held, UsersHandOver, UsersTake, UsersTenure
from banyan.contracts.users import AddressesChanged, ProfileChanged, SessionsEnded
from banyan.foundation import taking, tenure
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Kind, Left, Offer, refused
from banyan.foundation.tenure import Fence
from banyan.users.domain import taking as rules
from banyan.users.domain.taking import Kept
from banyan.users.storage import intake as store

_tenure = tenure.over(Fence("account", ours="row.roles <> '{}'"), "address")  # sessions are ours alone
_EPOCH = "1970-01-01T00:00:00Z"
Offered = Offer[Customer]


async def take(ports: Ports, call: UsersTake) -> Fates:
    return await taking.take(ports, KINDS, call.records, again=call.again)


async def hand_over(ports: Ports, call: UsersHandOver) -> Handed:
    return await taking.hand_over(ports, KINDS, call.kind, call.ids)


async def set_tenure(ports: Ports, call: UsersTenure) -> Held:
    """Who may write accounts. When nobody's word counts any more, no old shop gets them back: its hashes are forgotten."""
    held: Held = await _tenure(ports, call)
    if call.owner is None:
        await ports.db.retrying(store.forget_legacy_hashes)
    return held


async def _write(ports: Ports, tx: Tx, offers: Sequence[Offered]) -> Mapping[str, Left]:
    wanted, left = _kept(offers)
    await _refuse_shared_addresses(tx, wanted, left)
    now = await store.canonical_of(tx, [id for id in wanted if id in {o.record.id for o in offers if o.before}])
    await _refuse_taken_emails(tx, wanted, now, left)
    rows = {id: _row(id, each) for id, each in wanted.items() if id not in left}
    for id, kept in (await store.staff(tx, [id for id in rows if id in now])).items():
        rows[id] |= dict(kept)
    before = {offer.record.id: offer.before for offer in offers if offer.before and offer.record.id in rows}
    await _write_accounts(tx, rows, before, now, apart=ports.sessions is not None)
    await _write_addresses(tx, {id: wanted[id] for id in rows}, before)
    return left


def _kept(offers: Sequence[Offered]) -> tuple[dict[str, Kept], dict[str, Left]]:
    wanted, left = {}, {}
    for offer in offers:
        record = offer.record
        if record.closed and not record.email:  # its rows are gone: there is nothing to say but that
            if offer.before is None:
                continue
            record = offer.before.model_copy(update={"closed": True})
        try:
            wanted[record.id] = rules.kept(record)
        except ValueError as wrong:
            left[record.id] = refused(str(wrong))
    return wanted, left


async def _refuse_shared_addresses(tx: Tx, wanted: Mapping[str, Kept], left: dict[str, Left]) -> None:
    whose = await store.owners(tx, [address["id"] for each in wanted.values() for address in each.addresses])
    for id, each in wanted.items():
        for address in each.addresses:
            if whose.setdefault(address["id"], id) != id:
                left[id] = refused(f"the address {address['id']} is another customer's, {whose[address['id']]}")


async def _refuse_taken_emails(
    tx: Tx, wanted: Mapping[str, Kept], now: Mapping[str, str], left: dict[str, Left]
) -> None:
    """One account per address. Whoever has it keeps it, unless they too are offered here and move to another one."""
    asking = {id: each.email.canonical for id, each in wanted.items() if id not in left}
    holders = await store.holders(tx, [email for id, email in asking.items() if now.get(id) != email])
    while True:  # a refused one keeps the address it has, which may be what another one wants
        stays = {email: id for email, id in holders.items() if id not in asking or asking[id] == email}
        granted: dict[str, str] = {}
        clash = next((id for id, email in asking.items() if _other(stays, granted, email, id)), None)
        if clash is None:
            return
        other = stays.get(asking[clash]) or granted[asking[clash]]
        left[clash] = refused(f"the e-mail address is used by another customer, {other}")
        del asking[clash]


def _other(stays: Mapping[str, str], granted: dict[str, str], email: str, id: str) -> bool:
    return stays.get(email, id) != id or granted.setdefault(email, id) != id


def _row(id: str, kept: Kept) -> dict[str, Any]:
    return {
        "id": id,
        "email_raw": kept.email.raw,
        "email_canonical": kept.email.canonical,
        "name": kept.name,
        "password_scheme": kept.scheme,
        "password_hash": kept.hash,
        "newsletter": kept.newsletter,
        "status": "closed" if kept.closed else "active",
        "created_at": kept.created_at,
    }


async def _write_accounts(
    tx: Tx,
    rows: Mapping[str, Mapping[str, Any]],
    before: Mapping[str, Customer],
    now: Mapping[str, str],
    *,
    apart: bool,
) -> None:
    if added := [row for id, row in rows.items() if id not in before]:
        await store.add(tx, added)
    changed = [rows[id] for id, was in before.items() if _differs(was, rows[id])]
    if not changed:
        return
    if moved := [row["id"] for row in changed if now[row["id"]] != row["email_canonical"]]:
        await store.vacate(tx, moved)
    await store.change(tx, changed)
    tx.tell(
        *(
            ProfileChanged(user_id=row["id"])
            for row in changed
            if (before[row["id"]].name, before[row["id"]].newsletter) != (row["name"], row["newsletter"])
        )
    )
    await _end_sessions(tx, before, changed, apart=apart)


async def _end_sessions(
    tx: Tx, before: Mapping[str, Customer], changed: Sequence[Mapping[str, Any]], *, apart: bool
) -> None:
    closed = [row["id"] for row in changed if row["status"] == "closed" and not before[row["id"]].closed]
    other = [row["id"] for row in changed if row["password_hash"] != before[row["id"]].password_hash]
    for ids, reason in ((closed, "closed"), (other, "password_changed")):
        # Where sessions are kept apart, the account's new epoch has ended them: whose there were is not known here.
        ended = set(ids) if apart else await store.end_sessions(tx, ids, reason) if ids else set()
        tx.tell(*(SessionsEnded(user_id=id, reason=reason) for id in sorted(ended)))


def _differs(was: Customer, row: Mapping[str, Any]) -> bool:
    is_so = (was.email, was.name, was.password_scheme, was.password_hash, was.newsletter, was.created_at)
    to_be = tuple(
        row[name]
        for name in ("email_raw", "name", "password_scheme", "password_hash", "newsletter", "created_at")
    )  # fmt: skip
    return is_so != to_be or was.closed != (row["status"] == "closed")


async def _write_addresses(tx: Tx, wanted: Mapping[str, Kept], before: Mapping[str, Customer]) -> None:
    rows, whose = [], set()
    for id, each in wanted.items():
        was = before.get(id)
        if {address["id"]: address for address in each.addresses} != _as_kept(was):
            whose.add(id)
            rows += [{"account_id": id, **address} for address in each.addresses]
    if whose:
        await store.set_addresses(tx, whose, rows)
        tx.tell(*(AddressesChanged(user_id=id) for id in before if id in whose))


def _as_kept(was: Customer | None) -> dict[str, Mapping[str, Any]]:
    addresses = was.addresses if was else ()
    return {each.id: {"id": each.id, "is_default": each.is_default, **each.address.model_dump()} for each in addresses}


def _gone(id: str) -> Customer:
    return Customer.model_validate(
        {"id": id, "version": 0, "email": "", "name": "", "closed": True, "created_at": _EPOCH}
    )


_WORDS = {
    "account_email_canonical_key": "the e-mail address is used by another customer",
    "address_pkey": "one of the addresses is another customer's",
    "account_email_raw_check": "the e-mail address is too long",
}
KINDS = (Kind("customer", store.customers, _write, _gone, _WORDS),)
