"""The card vault beside `banyan up`: a process of its own, on a port of its own, with a log of its own."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from banyan import process, topology
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.workers import DidNotStart, Workers

_FURTHER = topology.PORTS["vault"] - topology.PORTS["gateway"]  # ports after the shop's
_TRIED = 50


@asynccontextmanager
async def vault_beside(read: Settings, host: str, port: int) -> AsyncIterator[Settings]:
    """The settings of a shop whose vault runs, unless they say that it runs elsewhere. It ends with the shop, even by a kill.

    WrongSettings when it does not start; its log in the data folder says why.
    """
    if read.vault_url:
        yield read.model_copy(update={"vault_origin": read.vault_origin or read.vault_url})
        return
    own = _free_port(host, port + _FURTHER)
    url = f"http://{host}:{own}"
    placed = read.model_copy(
        update={
            "vault_url": url,
            "vault_origin": read.vault_origin or url,
            "testbank_url": read.testbank_url or f"http://{host}:{port}",
            "peer_secret": SecretStr(read.peer_secret.get_secret_value() or process.laptop_secret(read)),
        }
    )
    for name in ("vault_url", "vault_origin", "testbank_url", "origin"):  # for it, and for workers of the shop
        os.environ[f"BANYAN_{name.upper()}"] = getattr(placed, name)
    os.environ["BANYAN_PEER_SECRET"] = placed.peer_secret.get_secret_value()
    folder = read.data_dir / "vault"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = ["serve", "vault", "--host", host, "--port", str(own), "--data-dir", str(read.data_dir), "--worker", "1"]
    vault = Workers(
        lambda _: [sys.executable, "-m", "banyan.cli", *command],
        1,
        folder / "metrics",
        SystemClock(),
        log=folder / "vault.log",
    )
    try:
        async with vault.beside():
            yield placed
    except DidNotStart as error:
        raise WrongSettings(f"the card vault did not start ({error}); {folder / 'vault.log'} says why") from None


def _free_port(host: str, first: int) -> int:
    for port in range(first, min(first + _TRIED, 65_536)):
        try:
            process.free(host, port)
        except WrongSettings:
            continue
        return port
    raise WrongSettings(f"no port of {first} to {first + _TRIED - 1} is free for the card vault; set BANYAN_VAULT_URL")
