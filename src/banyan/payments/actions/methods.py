"""Saved ways to pay, and the vault that makes a card a token."""

from typing import Any

from pydantic_core import to_json

from banyan.contracts.payments import AskDefaultMethod, Method
from banyan.foundation import idempotency
from banyan.foundation.db import Row, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound, Unavailable
from banyan.payments.actions.authorize import token_refusal
from banyan.payments.providers import Card, Rejected, Unclear, Vaulted, vaulted
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import methods


async def vault_card(desk: Desk, ports: Ports, provider: str, card: Card) -> Vaulted:
    """A token for a card, from the provider's vault; the card passes through and is kept nowhere."""
    try:
        return await desk.ask(ports, provider, "vault", lambda known: known.vault(ports, card))
    except (Unclear, Rejected):
        raise Unavailable("the vault does not answer; try again", retry_after=1) from None


async def ask_default_method(ports: Ports, call: AskDefaultMethod) -> Method:
    row = await methods.default_of(ports.db, call.user_id)
    if row is None:
        raise NotFound("no way to pay is saved", code="no_saved_method")
    return Method(
        method_id=row["id"], provider=row["provider"], token=row["token"], brand=row["brand"], last4=row["last4"]
    )


async def saved_methods(ports: Ports, user_id: str) -> list[dict[str, Any]]:
    """The user's saved methods, the default first."""
    return [_shown(row) for row in await methods.of_user(ports.db, user_id)]


async def save_method(
    desk: Desk,
    ports: Ports,
    key: Key | None,
    user_id: str,
    *,
    provider: str,
    token: str,
    brand: str,
    last4: str,
    default: bool,
) -> Answer:
    """Save a token; the first one is the default. Invalid for what is no token, Conflict when there are too many."""
    if refusal := token_refusal(desk, ports, provider, token):
        pointer = "/body/provider" if refusal == "unknown_provider" else "/body/token"
        raise Invalid("this cannot be saved", code=refusal, errors=[Fault(pointer, refusal, "not one we can use")])
    if vaulted.is_ours(token):  # what the vault says of it counts; the same card saved before has its first token
        kept = await vaulted.keep(ports, token, user_id)
        token, brand, last4 = kept.token, kept.brand, kept.last4

    async def effect(tx: Tx) -> Answer:
        await methods.one_at_a_time(tx, user_id)
        have = await methods.of_user(tx, user_id)
        if len(have) >= methods.MOST and not any((row["provider"], row["token"]) == (provider, token) for row in have):
            raise Conflict(f"{methods.MOST} saved methods are enough; delete one first", code="too_many_methods")
        if default:
            await methods.no_default(tx, user_id)
        first = default or not have
        row = await methods.add(
            tx,
            ports.ids.new("pm"),
            user_id,
            default=first,
            provider=provider,
            token=token,
            brand=brand,
            last4=last4,
        )
        return Answer(201, to_json(_shown(row)))

    return await idempotency.once(ports.db, key, effect)


async def remove_method(ports: Ports, user_id: str, method_id: str) -> None:
    """Forget a method; if it was the default, the newest other becomes it. NotFound when it is not the user's.

    A card of our vault is destroyed there first: Unavailable, and nothing is forgotten, while the vault does not answer.
    """
    for row in await methods.of_user(ports.db, user_id):
        if row["id"] == method_id and vaulted.is_ours(row["token"]):
            await vaulted.forget(ports, row["token"])
    async with ports.db.transaction() as tx:
        await methods.one_at_a_time(tx, user_id)
        was_default = await methods.remove(tx, user_id, method_id)
        if was_default is None:
            raise NotFound("you have no such saved method", code="no_such_method")
        if was_default:
            await methods.newest_is_default(tx, user_id)


def _shown(row: Row) -> dict[str, Any]:
    names = ("id", "provider", "token", "brand", "last4", "created_at")
    return {name: row[name] for name in names} | {"default": row["is_default"]}
