"""API keys: who has which, a new one that is shown once, one in place of another, and the end of one."""

from collections.abc import Mapping

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, in_place, status_of
from banyan.console.forms import faults
from banyan.console.pages.listing import listing
from banyan.console.services import keys as services
from banyan.console.services.keys import MadeKey
from banyan.console.visit import Visit
from banyan.foundation.face.forms import Form
from banyan.kernel.refusals import Refusal

HERE = "/console/keys"
FIELDS = {name: name for name in ("name", "scopes", "days")}
_NOT_A_KEYS = frozenset({"users:write", "clients:write"})  # what users gives no key
_NONE: Mapping[str, str] = {}


async def keys(visit: Visit) -> Response:
    """`/console/keys`"""
    return await listing(visit, "keys.html", services.listed(visit.line, cursor=visit.query["cursor"]))


async def new(visit: Visit) -> Response:
    """`/console/keys/new`"""
    return await _form(visit, Form([("days", "90")]), visit.new_key())


async def make(visit: Visit) -> Response:
    """`POST /console/keys/new`"""
    form, days = visit.form, visit.form.whole("days")
    if days is None:
        return await _form(visit, form, form["key"], errors={"days": "A whole number, please."})
    try:
        made = await services.make(visit.line, form["name"], form.all("scope"), days, key=form["key"])
    except Refusal as refusal:
        return await _form(visit, form, form["key"], in_place(refusal))
    return await _made(visit, made)


async def rotate(visit: Visit) -> Response:
    """`POST /console/keys/{id}/rotate`: after a question, a new key; the old one works for a day more."""

    async def act(key: str) -> Response:
        return await _made(visit, await services.rotate(visit.line, visit.path["id"], key=key))

    note = "A new key with the same scopes is shown once. The old one works for 24 hours more."
    question = Question("Make a new key in its place?", _about(visit), "Rotate the key", HERE, grave=False, note=note)
    return await ask_first(visit, question, act, lambda refused: _refused(visit, refused))


async def revoke(visit: Visit) -> Response:
    """`POST /console/keys/{id}/revoke`: after a question, its end."""

    async def act(_: str) -> Response:
        await services.revoke(visit.line, visit.path["id"])
        return visit.to(HERE, "key-revoked")

    note = "Programs that use it are refused within 30 seconds. This cannot be taken back."
    question = Question("Revoke this key?", _about(visit), "Revoke the key", HERE, note=note)
    return await ask_first(visit, question, act, lambda refused: _refused(visit, refused))


def _about(visit: Visit) -> list[tuple[str, str]]:
    return [("Key", visit.form["name"]), ("Id", visit.path["id"])]


async def _form(
    visit: Visit, form: Form, key: str, refusal: Refusal | None = None, errors: Mapping[str, str] = _NONE
) -> Response:
    wrong = errors or (faults(refusal, FIELDS) if refusal else {})
    may = sorted(visit.who.permissions - _NOT_A_KEYS)
    context = {"form": form, "key": key, "permissions": may, "ticked": form.all("scope"), "errors": wrong}
    return await visit.page("key_new.html", status_of(refusal, errors), refusal=refusal, **context)


async def _made(visit: Visit, made: MadeKey) -> Response:
    return await visit.page("key_made.html", 201, made=made)


async def _refused(visit: Visit, refusal: Refusal) -> Response:
    return await visit.page("key_made.html", refusal.status, made=None, refusal=refusal)
