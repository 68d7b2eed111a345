"""All that is kept of oneself, and being forgotten, over HTTP."""

from datetime import datetime

from banyan.foundation.face.line import Line, Seen, shaped


class Archive(Seen):
    """All that is kept of somebody; `link` once it is ready."""

    id: str
    state: str
    asked_at: datetime
    expires_at: datetime
    size: int | None = None
    link: str | None = None


class _Archives(Seen):
    items: tuple[Archive, ...]


class Closed(Seen):
    due_at: datetime


async def archives(line: Line) -> tuple[Archive, ...]:
    """One's own, the newest first."""
    return (await line.get(_Archives, "users", "/v1/me/export")).items


async def ask(line: Line) -> None:
    """An archive that is being made from now on."""
    await line.send("users", "POST", "/v1/me/export")


async def fetch(line: Line, archive: Archive) -> bytes:
    """The archive itself."""
    return (await line.ask("users", "GET", archive.link or "")).body


async def close(line: Line, password: str) -> Closed:
    """Close the account. `sign_in_again` or `wrong_password` (403) for who has not shown to be its owner."""
    return shaped(Closed, await line.send("users", "DELETE", "/v1/me", {"password": password} if password else {}))
