"""In a browser: an application of somebody else sends a shopper to the shop, who signs in, agrees, and comes back with a code."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, expect

from banyan.foundation.free_ports import free_port
from tests.users.oauth.application import VERIFIER, Application

PASSWORD = "a long walk by the sea"


async def test_a_shopper_signs_in_agrees_and_is_taken_back_to_the_application(
    one_process: str, scratch: Path, browser: Browser
) -> None:
    """Chromium holds redirects after forms to `form-action 'self'`: the way back leads through a page."""
    came: list[dict[str, str]] = []

    async def back(request: web.Request) -> web.Response:
        came.append(dict(request.query))
        return web.Response(text="<h1>Back at the application</h1>", content_type="text/html")

    port = free_port()
    app = web.Application()
    app.router.add_get("/back", back)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    here = f"http://127.0.0.1:{port}/back"
    words = ("users", "add-client", "Parcel Watch", "--redirect-uri", here, "--scope", "openid", "--public", "--json")
    made = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", *words, "--data-dir", str(scratch / "one")),
        stdout=asyncio.subprocess.PIPE,
    )
    client = Application(None, json.loads((await made.communicate())[0])["id"], None, here)  # type: ignore[arg-type]
    async with aiohttp.ClientSession(one_process) as http:
        person = {"email": "authorizing@example.com", "password": PASSWORD, "name": "Ada"}
        async with http.post("/v1/users", json=person) as answer:
            assert answer.status == 201
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(20_000)
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        await page.goto(f"{one_process}/oauth/authorize?{client.query()}")
        await page.locator("form[action='/sign-in'] [name=email]").fill(person["email"])
        await page.locator("form[action='/sign-in'] [name=password]").fill(PASSWORD)
        await page.locator("form[action='/sign-in'] button").click()
        await expect(page.get_by_role("heading", name="Parcel Watch asks for access.")).to_be_visible()
        await page.get_by_role("button", name="Allow", exact=True).click()
        await expect(page.get_by_role("heading", name="Back at the application")).to_be_visible()
        await page.close()
        assert refused == []
        form = {"grant_type": "authorization_code", "code": came[0]["code"], "redirect_uri": here}
        form |= {"client_id": client.id, "code_verifier": VERIFIER}
        async with http.post("/oauth/token", data=form) as answer:
            assert set(await answer.json()) >= {"access_token", "id_token"}
    assert (came[0]["state"], came[0]["iss"]) == ("the state", one_process)
    await runner.cleanup()
