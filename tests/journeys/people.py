"""People in a real browser: their devices, what was mailed to them, and how they sign in."""

import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from playwright.async_api import Browser, Error, Page

from banyan.kernel.clock import SystemClock

_KEEPS_PASSKEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# A browser that offers passkeys by a button alone: a virtual device would answer the quiet question by itself, every time.
_BY_BUTTON = "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = undefined;"


@dataclass
class Device:
    """A browser profile of somebody's: its open page, and what its console complained of."""

    page: Page
    at: str  # the shop
    wrong: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.at + path)

    async def arrives(self, path: str) -> None:
        """Until the page is there; `path` may end in a *."""
        await self.page.wait_for_url(self.at + path)

    async def reads(self) -> str:
        return await self.page.inner_text("main")

    async def reloads_until(self, seen: Callable[[], Awaitable[bool]]) -> None:
        """Look at the page again and again, for half a minute at least."""
        for _ in range(150):
            if await seen():
                return
            await SystemClock().sleep(0.2)
            await self.page.reload()
        raise AssertionError(f"not seen: {await self.reads()}")

    async def shown(self, name: str) -> None:
        """For eyes: only where SCREENSHOTS names a folder."""
        if folder := os.environ.get("SCREENSHOTS"):
            await self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def device(
    browser: Browser, shop: str, *, passkeys: bool = False, quiet: bool = True, phone: bool = False
) -> Device:
    """A fresh profile. `passkeys`: it can keep them; `quiet`: and offers them while an address is typed."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1200, "height": 900}
    )
    page = await context.new_page()
    page.set_default_timeout(20_000)
    made = Device(page, shop)
    page.on("console", lambda said: made.wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: made.wrong.append(str(error)))
    if passkeys:
        line = await context.new_cdp_session(page)
        await line.send("WebAuthn.enable", {"enableUI": False})
        await line.send("WebAuthn.addVirtualAuthenticator", {"options": _KEEPS_PASSKEYS})
    if not quiet:
        await context.add_init_script(_BY_BUTTON)
    return made


def letters(folder: Path, to: str) -> list[str]:
    """What was mailed to somebody, the oldest first."""
    read = [message_from_bytes(each.read_bytes(), policy=default) for each in sorted(folder.glob("*.eml"))]
    return [str(each.get_content()) for each in read if str(each["To"]) == to]


async def mailed(folder: Path, to: str, pattern: str, *, after: int = 0) -> str:
    """What fits in the last letter to them, of those that came after the first `after`."""
    for _ in range(200):
        found = [fits[1] for text in letters(folder, to)[after:] if (fits := re.search(pattern, text))]
        if found:
            return found[-1]
        await SystemClock().sleep(0.1)
    raise AssertionError(f"no mail with {pattern}")


async def sign_up_by_passkey(device: Device, name: str, email: str) -> None:
    await device.open("/sign-up")
    await device.page.fill("#f-name", name)
    await device.page.fill("#f-email", email)
    await device.shown("sign-up")
    await device.page.click("text=Make my account with a passkey")
    await device.arrives("/account")


async def sign_in_by_passkey(device: Device, *, to: str = "/account") -> None:
    """The button; but a virtual device may have answered the quiet question beside the address field already."""
    await device.open(f"/sign-in?next={to}")
    with suppress(Error):
        await device.page.click("text=Sign in with a passkey", timeout=2_000, no_wait_after=True)
    await device.arrives(to)


async def ask_for_a_link(device: Device, email: str) -> None:
    await device.open("/sign-in")
    await device.page.fill("#link-email", email)
    await device.page.click("text=Mail me a sign-in link")
    await device.arrives("/sign-in/sent")


async def sign_out(device: Device) -> None:
    await device.open("/account")
    await device.page.click("text=Sign out")
    await device.arrives("/")


async def put_away(*devices: Device) -> list[str]:
    """Close them; what their browsers said on the console that they should not have had to."""
    for each in devices:
        await each.page.context.close()
    return [said for each in devices for said in each.wrong if "favicon" not in said]
