"""The home page: what the shop is, its aisles, what others love and what is new."""

from starlette.responses import Response

from banyan.storefront.visit import Visit


async def home(visit: Visit) -> Response:
    return await visit.page("home.html", window=await visit.front.window.get())
