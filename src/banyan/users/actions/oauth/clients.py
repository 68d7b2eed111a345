"""Applications of others: registered by operators, known by id and secret, closed when they are not wanted any more."""

from collections.abc import Sequence

from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.users.actions.granting import sealed_once
from banyan.users.domain import oauth, tokens
from banyan.users.domain.oauth import Client, Refused
from banyan.users.storage import oauth_clients, oauth_grants

PERMISSION = "clients:write"
_NOTHING = Answer(201, b"")
_NO_CLIENT = "this client is not known here, or did not prove that it is the one"


def new_client(
    ports: Ports,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
    grants: Sequence[str] = (),
    confidential: bool,
    first_party: bool = False,
) -> tuple[Client, str | None]:
    """A client to be registered, and its secret if it has one. Invalid when it cannot be registered.

    Without `grants` it has those that fit: codes and refreshing with a redirect URI, else acting for itself.
    """
    fitting = (oauth.CODE, oauth.REFRESH) if redirect_uris else (oauth.CREDENTIALS,)
    granted = frozenset(grants or fitting)
    try:
        oauth.check_client(redirect_uris=redirect_uris, scopes=scopes, grants=granted, confidential=confidential)
    except oauth.Wrong as wrong:
        raise Invalid(str(wrong), code="client_invalid") from None
    secret = tokens.client_secret(ports.ids.secret()) if confidential else None
    made = Client(
        id=ports.ids.new("cli"),
        name=name,
        redirect_uris=tuple(dict.fromkeys(redirect_uris)),
        scopes=frozenset(scopes),
        grants=granted,
        created_at=ports.clock.now(),
        secret_hash=tokens.digest(secret) if secret else None,
        first_party=first_party,
    )
    return made, secret


async def add_client(ports: Ports, made: Client, key: Key | None = None, told: Answer = _NOTHING) -> Answer:
    """Register it. `told` has its secret, and is told again to who repeats a request whose answer was lost."""

    async def effect(tx: Tx) -> None:
        await oauth_clients.add(tx, made)

    return await sealed_once(ports, key, told, effect)


async def clients(ports: Ports, who: Principal | None, after: str | None, limit: int) -> tuple[list[Client], bool]:
    """All of them, closed ones too, in the order they were made, and whether there are more. `who` None: a command."""
    if who is not None:
        who.must(PERMISSION)
    found = await oauth_clients.after(ports.db, after, limit + 1)
    return found[:limit], len(found) > limit


async def client(ports: Ports, client_id: str) -> Client:
    found = await oauth_clients.by_id(ports.db, client_id)
    if found is None:
        raise NotFound("there is no such client")
    return found


async def new_secret(ports: Ports, client_id: str) -> str:
    """Another secret for a confidential client, told this once; the old one holds no more. NotFound, Conflict."""
    known = await client(ports, client_id)
    secret = tokens.client_secret(ports.ids.secret())

    async def effect(tx: Tx) -> bool:
        return await oauth_clients.set_secret(tx, known.id, tokens.digest(secret))

    if not await ports.db.retrying(effect):
        raise Conflict("this client keeps no secret, or is closed", code="client_has_no_secret")
    return secret


async def close_client(ports: Ports, client_id: str) -> None:
    """From now on it gets no token; what it has ends within minutes. NotFound when it was closed already."""

    async def effect(tx: Tx) -> bool:
        await oauth_grants.void_codes(tx, client_id)
        return await oauth_clients.close(tx, client_id)

    if not await ports.db.retrying(effect):
        raise NotFound("there is no such client")


async def proven(ports: Ports, client_id: str, secret: str | None) -> Client:
    """The client that asks. Refused unless it shows its secret, or has none to show."""
    found = await oauth_clients.by_id(ports.db, client_id) if client_id.isprintable() else None
    fits = found is not None and found.active and (found.confidential == (secret is not None))
    if found is None or not fits or (secret is not None and not found.knows(secret)):
        raise Refused("invalid_client", _NO_CLIENT, 401)
    return found
