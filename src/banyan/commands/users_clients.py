"""`banyan users add-client …`: applications of others that shoppers may let in, or that act for themselves."""

from typing import Annotated, Any

import typer

from banyan.commands import DataDir, Json, opened, run, settings, table, tell

Id = Annotated[str, typer.Argument(help="The client's id, cli_….")]
Uris = Annotated[list[str] | None, typer.Option(help="Where shoppers are sent back to; may be repeated.")]
Scopes = Annotated[list[str] | None, typer.Option(help="What it may ask for; may be repeated.")]
Public = Annotated[bool, typer.Option("--public", help="It runs on people's devices and keeps no secret.")]
FirstParty = Annotated[bool, typer.Option("--first-party", help="It is our own: shoppers are not asked.")]


def add_client(
    name: Annotated[str, typer.Argument(help="What shoppers are told it is called.")],
    redirect_uri: Uris = None,
    scope: Scopes = None,
    public: Public = False,
    first_party: FirstParty = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Register an application, and print its id and its secret. The secret is shown this once.

    With a redirect URI it is for shoppers (authorization code and refresh tokens), without one it acts for itself.

    Example: `banyan users add-client "Parcel Watch" --redirect-uri https://parcels.example/back --scope openid`
    """

    async def work() -> dict[str, Any]:
        from banyan.users.actions import oauth
        from banyan.users.api.oauth import shapes

        async with opened(settings(data_dir), "users") as process:
            ports = process.shop.ports["users"]
            made, secret = oauth.new_client(
                ports,
                name=name,
                redirect_uris=redirect_uri or [],
                scopes=scope or ["openid"],
                confidential=not public,
                first_party=first_party,
            )
            await oauth.add_client(ports, made)
        return {**shapes.of_client(made).model_dump(), "client_secret": secret}

    made = run(work())
    if json:
        tell(made)
    else:
        typer.echo(f"client_id      {made['id']}\nclient_secret  {made['client_secret'] or '(none: it is public)'}")


def clients(data_dir: DataDir = None, json: Json = False) -> None:
    """List the applications that are registered.

    Example: `banyan users clients`
    """

    async def work() -> list[dict[str, Any]]:
        from banyan.users.actions import oauth
        from banyan.users.api.oauth import shapes

        found, more, last = list[dict[str, Any]](), True, None
        async with opened(settings(data_dir), "users") as process:
            while more:
                some, more = await oauth.clients(process.shop.ports["users"], None, last, 100)
                found += [shapes.of_client(each).model_dump() for each in some]
                last = found[-1]["id"] if found else None
        return found

    found = run(work())
    if json:
        tell(found)
    else:
        rows = [(each["id"], each["name"], each["status"], " ".join(each["scopes"])) for each in found]
        table(("id", "name", "status", "scopes"), rows)


def new_client_secret(client_id: Id, data_dir: DataDir = None) -> None:
    """Give an application another secret and print it, this once. The old one holds no more.

    Example: `banyan users new-client-secret cli_01jd3xh1ts0v5k0rj5d1zq9t5e`
    """

    async def work() -> str:
        from banyan.users.actions import oauth

        async with opened(settings(data_dir), "users") as process:
            return await oauth.new_secret(process.shop.ports["users"], client_id)

    typer.echo(run(work()))


def close_client(client_id: Id, data_dir: DataDir = None) -> None:
    """Close an application: it gets no token any more, and those it has end within minutes.

    Example: `banyan users close-client cli_01jd3xh1ts0v5k0rj5d1zq9t5e`
    """

    async def work() -> None:
        from banyan.users.actions import oauth

        async with opened(settings(data_dir), "users") as process:
            await oauth.close_client(process.shop.ports["users"], client_id)

    run(work())
    typer.echo(f"{client_id} is closed")
