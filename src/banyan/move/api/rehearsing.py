"""A rehearsal asked for over HTTP: the command itself in a process of its own, as its scratch shop is one of its own."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

import orjson
from pydantic import SecretStr

from banyan.foundation.settings import Settings

LONGEST = 3600.0  # seconds
_SAID = 2_000  # bytes of what it complained of


async def command(settings: Settings, group: str, rounds: int, max_pause: float, who: str) -> str:
    """Run it to its end; it writes the outcome into the log. Why it did not go well; '' when it did."""
    asked = ["move", "rehearse", group, "--rounds", str(rounds), "--max-pause", f"{max_pause * 1000:g}", "--who", who]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", *asked, "--json"),
        env=_environment(settings, os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LONGEST):
            told, complaint = await process.communicate()
    except TimeoutError:
        return f"it took longer than {LONGEST:.0f} s"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()  # it drops its scratch database, and closes what it opened
            await process.wait()
    return "" if process.returncode == 0 else _why(told, complaint)


def _why(told: bytes, complaint: bytes) -> str:
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        gone = [turn["why"] for turn in orjson.loads(told)["turns"] if turn["outcome"] != "done"]
        return "; ".join(gone) or "no change of hands was done"
    lines = complaint[-_SAID:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("banyan: ") if lines else "it ended without a word"


def _environment(settings: Settings, around: Mapping[str, str]) -> dict[str, str]:
    """These settings, whatever the variables around us say."""
    found = {name: value for name, value in around.items() if not name.startswith("BANYAN_")}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        found[f"BANYAN_{name.upper()}"] = text
    return found
