"""API keys over HTTP."""

from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment


class ApiKey(Seen):
    id: str
    user_id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    state: str
    expires_at: datetime
    last_used_at: datetime | None = None
    replaced_by: str | None = None


class MadeKey(ApiKey):
    key: str  # shown this once


async def listed(line: Line, *, cursor: str = "") -> Page[ApiKey]:
    """The newest first."""
    return await line.get(Page[ApiKey], "users", "/v1/api-keys", [("cursor", cursor), ("limit", "50")])


async def make(line: Line, name: str, scopes: list[str], days: int, *, key: str) -> MadeKey:
    body = {"name": name, "scopes": scopes, "days": days}
    return shaped(MadeKey, await line.send("users", "POST", "/v1/api-keys", body, key=key))


async def rotate(line: Line, key_id: str, *, key: str) -> MadeKey:
    """The old one works for a day more."""
    return shaped(MadeKey, await line.send("users", "POST", f"/v1/api-keys/{segment(key_id)}/rotate", {}, key=key))


async def revoke(line: Line, key_id: str) -> None:
    await line.send("users", "DELETE", f"/v1/api-keys/{segment(key_id)}")
