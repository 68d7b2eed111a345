"""`/oauth/authorize`: applications of others send shoppers here, and get them back with a code or a no."""

from starlette.responses import RedirectResponse, Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import with_query
from banyan.storefront.shop_api import authorizations, people
from banyan.storefront.visit import Visit


async def asked(visit: Visit) -> Response:
    """`/oauth/authorize`"""
    return await _on(visit, visit.request.url.query or "-", None)


async def decided(visit: Visit) -> Response:
    """`POST /oauth/authorize`: the button that was pressed. Only our own page can send this."""
    return await _on(visit, visit.form.exact("query") or "-", "allow" if visit.form["decision"] == "allow" else "deny")


async def withdraw(visit: Visit) -> Response:
    """`POST /account/consents/{id}/withdraw`"""
    await or_none(authorizations.withdraw(visit.line, visit.path["id"]))
    return visit.to("/account/security", "consent-withdrawn")


async def leave_for(visit: Visit, url: str) -> Response:
    """Go on at another site. After one of our own forms a page leads on: Chromium holds what a form is redirected to,
    however often, to the `form-action 'self'` of the page it was on."""
    if visit.request.method == "GET" and visit.request.headers.get("sec-fetch-site", "") != "same-origin":
        response: Response = RedirectResponse(url, 303)
    else:
        response = await visit.page("leading.html", to=url)
    response.headers["referrer-policy"] = "no-referrer"  # the address may hold a code
    return response


async def _on(visit: Visit, query: str, decision: str | None) -> Response:
    found = await authorizations.authorize(visit.line, query, decision)
    if found.outcome == "go":
        return await leave_for(visit, found.to)
    if found.outcome == "sign_in":
        wanted = f"/oauth/authorize?{found.to}"
        return visit.to(with_query("/sign-in", next=wanted, again="1" if found.again else ""))
    me = await people.me(visit.line)
    return await visit.page("consent.html", client=found.client, scopes=found.scopes, query=query, me=me)
