"""`banyan users …`: the first operator."""

from typing import Annotated

import typer

from banyan.commands import DataDir, opened, run, settings

app = typer.Typer(no_args_is_help=True, help="Users: the first operator.")


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
