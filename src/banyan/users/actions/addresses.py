"""Addresses of one's own: at most fifty, one of them the default as soon as there is any."""

from typing import Any

from banyan.contracts.users import AddressesChanged
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound, Stale
from banyan.users.actions.sessions import SessionEnded
from banyan.users.domain import places
from banyan.users.domain.views import AddressView
from banyan.users.storage import accounts, addresses

MOST = 50


async def my_addresses(ports: Ports, who: Principal, after: str | None, limit: int) -> tuple[list[AddressView], bool]:
    """One page in the order they were added, and whether there are more."""
    found = await addresses.of_account(ports.db, who.signed_in(), after, limit + 1)
    return found[:limit], len(found) > limit


async def my_address(ports: Ports, who: Principal, address_id: str) -> AddressView:
    """NotFound when it is none of one's own."""
    found = await addresses.by_id(ports.db, who.signed_in(), address_id)
    if found is None:
        raise NotFound("you have no such address")
    return found


async def add_address(
    ports: Ports, who: Principal, key: Key | None, fields: dict[str, Any], *, default: bool
) -> Answer:
    """201; the first one is the default. Conflict when there are fifty already."""
    user_id, address_id = who.signed_in(), ports.ids.new("adr")
    _check(fields)

    async def effect(tx: Tx) -> Answer:
        await _hold(tx, user_id)
        is_default = default or not await addresses.has_default(tx, user_id)
        if is_default:
            await addresses.no_default(tx, user_id)
        added = await addresses.add(tx, user_id, address_id, fields, default=is_default, most=MOST)
        if added is None:
            raise Conflict(f"there are {MOST} addresses already; delete one first", code="too_many_addresses")
        tx.tell(AddressesChanged(user_id=user_id))
        return Answer(201, added.model_dump_json().encode())

    return await idempotency.once(ports.db, key, effect)


async def change_address(ports: Ports, who: Principal, read: AddressView, given: dict[str, Any]) -> AddressView:
    """Set what was given, on the version that was read. Stale, NotFound; Conflict when no default would be left."""
    user_id = who.signed_in()
    fields = {name: given.get(name, getattr(read, name)) for name in addresses.FIELDS}
    _check(fields)
    default = bool(given.get("is_default", read.is_default))
    if read.is_default and not default:
        raise Conflict("make another address the default instead", code="default_needed")

    async def effect(tx: Tx) -> AddressView:
        await _hold(tx, user_id)
        if default:
            await addresses.no_default(tx, user_id, but=read.id)
        changed = await addresses.change(tx, user_id, read.id, read.version, fields, default=default)
        if changed is None:
            raise Stale
        tx.tell(AddressesChanged(user_id=user_id))
        return changed

    return await ports.db.retrying(effect)


async def remove_address(ports: Ports, who: Principal, address_id: str) -> None:
    """Of the others, the one added last becomes the default if this was it. NotFound."""
    user_id = who.signed_in()

    async def effect(tx: Tx) -> None:
        await _hold(tx, user_id)
        was_default = await addresses.remove(tx, user_id, address_id)
        if was_default is None:
            raise NotFound("you have no such address")
        if was_default:
            await addresses.promote_newest(tx, user_id)
        tx.tell(AddressesChanged(user_id=user_id))

    await ports.db.retrying(effect)


def _check(fields: dict[str, Any]) -> None:
    if wrong := places.postal_fault(fields["country"], fields["postal_code"]):
        raise Invalid(wrong, errors=[Fault("/body/postal_code", "postal_code_missing", wrong)])


async def _hold(tx: Tx, user_id: str) -> None:
    if not await accounts.lock(tx, user_id):
        raise SessionEnded
