"""`python -m bench.peers`: other shop platforms from their registries, measured turn by turn with ours on this machine."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson
from bench.peers import table
from bench.peers.medusa import Medusa
from bench.peers.oscar import Oscar
from bench.peers.ours import Ours
from bench.peers.shop import Shop
from bench.peers.turns import Measured, Plan, compare
from bench.peers.vendure import Vendure

from banyan.commands import table as printed

PEERS: dict[str, type[Shop]] = {"oscar": Oscar, "vendure": Vendure, "medusa": Medusa}


def default_folder() -> Path:
    """Below the user's cache: what was installed once stays for the next time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "banyan" / "peers"


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each operation is measured in each turn")
    parser.add_argument("--rounds", type=int, default=2, help="turns of every shop")
    parser.add_argument("--only", action="append", choices=sorted(PEERS), help="this peer alone; may be repeated")
    parser.add_argument("--workers", type=int, default=2, help="processes of ours")
    parser.add_argument("--into", type=Path, default=default_folder(), help="where peers are installed and kept")
    parser.add_argument("--json", action="store_true", help="tell the outcome as JSON")
    given = parser.parse_args(arguments)
    if given.seconds < 0.5 or given.rounds < 1 or given.workers < 1:
        parser.error("--seconds is at least 0.5, --rounds and --workers are at least 1")
    return given


def note(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


async def run(given: argparse.Namespace) -> list[Measured]:
    """Everything; whoever ends this process politely ends what it has started, too."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    given.into.mkdir(parents=True, exist_ok=True)
    chosen = [PEERS[name]() for name in given.only or PEERS]
    plan = Plan(given.into.resolve(), given.seconds, given.rounds, note)
    return await compare([Ours(given.workers, given.seconds), *chosen], plan)


def main() -> int:
    given = read(sys.argv[1:])
    before = os.getloadavg()[0]
    try:
        ours, *peers = asyncio.run(run(given))
    except (asyncio.CancelledError, KeyboardInterrupt):
        note("broken off; everything that was started has been stopped")
        return 130
    if given.json:
        print(
            orjson.dumps(table.as_json(ours, peers, (before, os.getloadavg()[0])), option=orjson.OPT_INDENT_2).decode()
        )
        return 1 if ours.skipped else 0
    printed(*table.rows(ours, peers))
    print("Operations a second; in brackets the CPU milliseconds of one, in the application and in PostgreSQL.")
    print(f"The machine's load was {before:.1f} before and {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores.")
    print("\n".join(table.notes(ours, peers)))
    return 1 if ours.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
