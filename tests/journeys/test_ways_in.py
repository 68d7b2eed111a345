"""A person in a real browser: signs up with a passkey, comes back with it, on a second device by mail, and sets up an app."""

import base64
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from banyan.kernel.clock import SystemClock
from banyan.users.domain import totp

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
EMAIL = "ada.journey@example.com"
_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Any]:
    async with playwright.async_playwright() as running:
        browser = await running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def opened(chromium: Any, *, device: bool, phone: bool = False) -> tuple[Any, list[str]]:
    """A page of a fresh profile, with what its console complained of; `device`: it can keep passkeys."""
    size = {"width": 390, "height": 844} if phone else {"width": 1200, "height": 900}
    page = await (await chromium.new_context(viewport=size)).new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    if device:
        line = await page.context.new_cdp_session(page)
        await line.send("WebAuthn.enable", {"enableUI": False})
        await line.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
    return page, wrong


async def mailed(folder: Path, pattern: str) -> str:
    """What fits in the last mail to the person."""
    for _ in range(100):
        letters = [message_from_bytes(each.read_bytes(), policy=default) for each in sorted(folder.glob("*.eml"))]
        texts = [str(each.get_content()) for each in letters if str(each["To"]) == EMAIL]
        found = [fits[1] for text in texts if (fits := re.search(pattern, text))]
        if found:
            return found[-1]
        await SystemClock().sleep(0.1)
    raise AssertionError(f"no mail with {pattern}")


async def by_passkey(page: Any, to: str) -> None:
    """The button; but a virtual device may have answered the quiet question beside the address field already."""
    with suppress(playwright.Error):
        await page.click("text=Sign in with a passkey", timeout=2_000, no_wait_after=True)
    await page.wait_for_url(to)


async def shown(page: Any, name: str) -> None:
    """For eyes: only where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def test_a_person_without_any_password(one_process: str, scratch: Path, chromium: Any) -> None:
    at, mail = one_process.replace("127.0.0.1", "localhost"), scratch / "one" / "mail"
    page, wrong = await opened(chromium, device=True)

    await page.goto(f"{at}/sign-up")
    await page.fill("#f-name", "Ada Lovelace")
    await page.fill("#f-email", EMAIL)
    await shown(page, "sign-up")
    await page.click("text=Make my account with a passkey")
    await page.wait_for_url("**/account")
    assert "Hello, Ada." in await page.inner_text("h1")

    await page.click("text=Sign out")
    await page.wait_for_url(f"{at}/")
    await page.goto(f"{at}/sign-in?next=/account/security")
    await shown(page, "sign-in")
    await by_passkey(page, f"{at}/account/security")
    await shown(page, "security")
    assert await page.locator("#passkeys ~ ul .plastic").count() == 1

    phone, also_wrong = await opened(chromium, device=False, phone=True)
    await phone.goto(f"{at}/sign-in")
    await shown(phone, "phone-sign-in")
    await phone.fill("#link-email", EMAIL)
    await phone.click("text=Mail me a sign-in link")
    await phone.wait_for_url("**/sign-in/sent")
    await shown(phone, "phone-link-sent")
    token = await mailed(mail, r"token=(ml_\S+)")
    other, _ = await opened(chromium, device=False)
    await other.goto(f"{at}/sign-in?token={token}")
    assert "asked for with" in await other.inner_text("main")
    await shown(other, "link-elsewhere")
    await other.context.close()
    await phone.goto(f"{at}/sign-in?token={token}")
    await phone.check("text=That was me")
    await shown(phone, "phone-link")
    await phone.click("main button:has-text('Sign in')")
    await phone.wait_for_url("**/account")

    await phone.goto(f"{at}/account/security")
    await shown(phone, "phone-security")
    await phone.click("text=Set up an app")
    await shown(phone, "phone-totp")
    await phone.click("text=I cannot scan it")
    spelled = (await phone.inner_text("code")).strip()
    secret = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    step = int(SystemClock().now().timestamp()) // 30
    await phone.fill("#f-code", totp.code(secret, step - 1))
    await phone.click("text=Turn codes on")
    codes = await phone.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await shown(phone, "phone-codes")

    await phone.goto(f"{at}/account")
    await phone.click("text=Sign out")
    await phone.wait_for_url(f"{at}/")
    await phone.goto(f"{at}/sign-in")
    await phone.fill("#link-email", EMAIL)
    await phone.click("text=Mail me a sign-in link")
    await phone.wait_for_url("**/sign-in/sent")
    for _ in range(50):
        code = await mailed(mail, r"asked for it: (\S+)")
        if token != await mailed(mail, r"token=(ml_\S+)"):
            break
        await SystemClock().sleep(0.1)
    await phone.fill("#f-code", code)
    await phone.click("main button:has-text('Sign in')")
    await phone.wait_for_url("**/sign-in/step")
    await shown(phone, "phone-step")
    await phone.fill("#f-code", codes[0])
    await phone.click("main button:has-text('Sign in')")
    await phone.wait_for_url("**/account")

    # The passkey is still there, and asks for no code.
    await page.goto(f"{at}/account")
    await page.click("text=Sign out")
    await page.goto(f"{at}/sign-in")
    await by_passkey(page, f"{at}/account")
    assert [each for each in (*wrong, *also_wrong) if "favicon" not in each] == []
