"""The other source tree: a git ref laid out in a scratch folder for the time of the comparison, or a folder."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import banyan

OURS = Path(banyan.__file__).resolve().parent.parent
"""The folder our own packages lie in."""


class CannotCompare(Exception):
    """There is no other tree to compare with; the text says why."""


@asynccontextmanager
async def other(against: str, scratch: Path, ours: Path = OURS) -> AsyncIterator[tuple[str, Path]]:
    """What it is called, and the folder its packages lie in. Without `against` the last tag, or the last commit."""
    if (folder := _folder(against)) is not None:
        yield against, _packages(folder)
        return
    root = await _git(ours, "rev-parse", "--show-toplevel", wrong="our own source is in no git checkout; name a folder")
    ref = against or await _last_release(Path(root))
    commit = await _git(
        Path(root),
        "rev-parse",
        "--verify",
        "--quiet",
        f"{ref}^{{commit}}",
        wrong=f"{ref} is neither a folder nor a git ref",
    )
    place = scratch / "other-tree"
    await _git(Path(root), "worktree", "add", "--detach", "--quiet", str(place), commit)
    try:
        yield f"{ref} ({commit[:8]})", _packages(place)
    finally:
        await _git(Path(root), "worktree", "remove", "--force", str(place))


async def _last_release(root: Path) -> str:
    try:
        return await _git(root, "describe", "--tags", "--abbrev=0")
    except CannotCompare:
        return "HEAD"  # nothing was released yet: what is not committed beside what is


def _folder(against: str) -> Path | None:
    return Path(against).resolve() if against and Path(against).is_dir() else None


def _packages(tree: Path) -> Path:
    for place in (tree / "src", tree):
        if (place / "banyan" / "cli.py").exists():
            return place
    raise CannotCompare(f"{tree} is no source tree of the shop: there is no src/banyan in it")


async def _git(root: Path, *words: str, wrong: str = "") -> str:
    """What git says. CannotCompare with `wrong`, or with git's own last words."""
    try:
        done = await asyncio.to_thread(
            subprocess.run, ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CannotCompare("git is not there; name a folder with the other source tree") from None
    if done.returncode:
        raise CannotCompare(wrong or f"git {words[0]}: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()
