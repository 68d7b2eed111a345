"""`banyan users …`: the first operator, and applications of others."""

from typing import Annotated

import typer

from banyan.commands import DataDir, opened, run, settings, users_clients

app = typer.Typer(no_args_is_help=True, help="Users: the first operator, and applications of others.")
app.command("add-client")(users_clients.add_client)
app.command("clients")(users_clients.clients)
app.command("new-client-secret")(users_clients.new_client_secret)
app.command("close-client")(users_clients.close_client)


@app.callback()
def _users() -> None: ...


@app.command("create-operator")
def create_operator(
    email: Annotated[str, typer.Argument(help="The operator's e-mail.")], data_dir: DataDir = None
) -> None:
    """Make someone an operator and print a one-time link with which they sign in.

    Example: `banyan users create-operator ada@example.com`
    """
    typer.echo(run(_create(data_dir, email)))


async def _create(data_dir: DataDir, email: str) -> str:
    from banyan.users import actions

    read = settings(data_dir)
    async with opened(read, "users") as process:
        path = await actions.create_operator(process.shop.ports["users"], email)
    return f"{read.origin}{path}"
