"""`banyan ca …`: certificates for the services, from a small authority of one's own."""

import re
from pathlib import Path
from typing import Annotated

import typer

from banyan.foundation.identity.authority import LEAF_HOURS, Authority
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds

app = typer.Typer(no_args_is_help=True, help="Certificates for mutual TLS between services (BANYAN_IDENTITY=mtls).")

Into = Annotated[Path, typer.Option(help="The folder of the authority and its certificates.")]
_FOLDER = Path("identity")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_STEPS = {
    "trust": "a new authority is trusted beside the old one. Copy ca.pem to every process, then run this again: it will sign",
    "sign": "the new authority has signed all certificates. Copy them to their processes, then run this again: it will forget",
    "forget": "the old authority is trusted no more. Copy ca.pem to every process; that is the end of it",
}


@app.callback()
def _ca() -> None: ...


@app.command("init")
def init(into: Into = _FOLDER) -> None:
    """Make the authority. Its key, `ca.key`, is for who issues certificates and for nobody else.

    Example: `banyan ca init --into identity`
    """
    _authority(into).begin(SystemClock().now())
    typer.echo(into / "ca.pem")


@app.command("issue")
def issue(
    names: Annotated[list[str] | None, typer.Argument(help="Services and faces: orders, gateway …")] = None,
    host: Annotated[
        list[str] | None, typer.Option(help="A name or address by which it is reached; may be repeated.")
    ] = None,
    hours: Annotated[int, typer.Option(help="How long a certificate holds.", min=1, max=24 * 90)] = LEAF_HOURS,
    due: Annotated[bool, typer.Option("--due", help="Renew all that have lived two thirds of their time.")] = False,
    into: Into = _FOLDER,
) -> None:
    """Write `NAME.pem` for each service; a running process takes up what is new within seconds.

    Example: `banyan ca issue orders --host orders.internal`, and from a timer `banyan ca issue --due`
    """
    authority, now = _authority(into), SystemClock().now()
    wrong = [name for name in names or () if not _NAME.fullmatch(name) or name == "ca"]
    if wrong or bool(names) == due:
        raise WrongSettings(f"{wrong[0]} is no name of a service" if wrong else "name services, or say --due")
    for name in names or ():
        typer.echo(
            f"{into / name}.pem holds until {authority.issue(name, now, hosts=host or (), hours=hours):%Y-%m-%d %H:%M} UTC"
        )
    for name in authority.due(now) if due else ():
        typer.echo(f"{into / name}.pem holds until {authority.renew(name, now):%Y-%m-%d %H:%M} UTC")


@app.command("rotate")
def rotate(into: Into = _FOLDER) -> None:
    """Change the authority without a moment in which two services distrust each other: three steps, one each time.

    Example: `banyan ca rotate --into identity`
    """
    typer.echo(_STEPS[_authority(into).rotate(SystemClock().now())])


def _authority(folder: Path) -> Authority:
    return Authority(folder, SystemIds(SystemClock()))
