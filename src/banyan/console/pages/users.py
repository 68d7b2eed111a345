"""Accounts, and what each may do."""

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, status_of
from banyan.console.pages.listing import listing
from banyan.console.services import users as services
from banyan.console.services.parts import parts
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal


async def users(visit: Visit) -> Response:
    """`/console/users`"""
    found = services.listed(visit.line, email=visit.query["email"], cursor=visit.query["cursor"])
    return await listing(visit, "users.html", found, asked=visit.asked("email"))


async def user(visit: Visit) -> Response:
    """`/console/users/{id}`"""
    return await _page(visit)


async def set_roles(visit: Visit) -> Response:
    """`POST /console/users/{id}`: exactly the roles that are ticked."""
    user = await services.read(visit.line, visit.path["id"])
    wanted = sorted(set(visit.form.all("role")))
    at = f"/console/users/{segment(user.id)}"
    if wanted == sorted(user.roles):
        return visit.to(at, "unchanged")

    async def act(_: str) -> Response:
        await services.set_roles(visit.line, user.id, wanted, version=visit.form["version"])
        return visit.to(at, "roles-set")

    facts = [
        ("Account", user.email),
        ("Roles now", ", ".join(user.roles) or "none"),
        ("Roles then", ", ".join(wanted) or "none"),
    ]
    note = "All sessions of this account end: who is signed in with it signs in again."
    question = Question("Give exactly these roles?", facts, "Set the roles", at, note=note)
    return await ask_first(visit, question, act, lambda refused: _page(visit, refused))


async def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    user = await services.read(visit.line, visit.path["id"])
    (roles,) = await parts(services.roles(visit.line))
    return await visit.page("user.html", status_of(refusal, {}), user=user, roles=roles, refusal=refusal)
