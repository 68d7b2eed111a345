"""A person without any password, in a real browser: a passkey that offers itself, an app's codes, recovery codes, mailed codes.

Signing up by passkey and in by a mailed link on a second device is the beginning of `test_a_life.py`.
"""

import base64
from pathlib import Path

from playwright.async_api import Browser

from banyan.kernel.clock import SystemClock
from banyan.users.domain import totp
from tests.journeys import people
from tests.journeys.people import Device, device, letters, mailed

EMAIL = "ada.journey@example.com"


async def test_codes_are_asked_for_with_a_mail_and_not_with_a_passkey(
    one_process: str, scratch: Path, browser: Browser
) -> None:
    mail = scratch / "one" / "mail"
    laptop = await device(browser, one_process, passkeys=True)
    phone = await device(browser, one_process, phone=True)

    await people.sign_up_by_passkey(laptop, "Ada Lovelace", EMAIL)
    await types_the_mailed_code(phone, mail, keeps_the_passkey=True)
    await phone.arrives("/account")
    recovery = await sets_up_an_app(phone)

    await people.sign_out(phone)
    await types_the_mailed_code(phone, mail)
    await types_a_recovery_code(phone, recovery[0])
    await comes_back_by_the_passkey(laptop)
    assert await people.put_away(laptop, phone) == []


async def types_the_mailed_code(phone: Device, mail: Path, *, keeps_the_passkey: bool = False) -> None:
    """Where the link was asked for, its code does as well."""
    before = len(letters(mail, EMAIL))
    await people.ask_for_a_link(phone, EMAIL)
    code = await mailed(mail, EMAIL, r"asked for it: (\S+)", after=before)
    await phone.page.fill("#f-code", code)
    if keeps_the_passkey:
        await phone.page.click("text=I signed up with a passkey")
        await phone.page.check("[name=keep]")
        await phone.shown("phone-mailed-code")
    await phone.page.click("main button:has-text('Sign in')")


async def sets_up_an_app(phone: Device) -> list[str]:
    """The recovery codes."""
    page = phone.page
    await phone.open("/account/security")
    await phone.shown("phone-security")
    await page.click("text=Set up an app")
    await phone.shown("phone-totp")
    await page.click("text=I cannot scan it")
    spelled = (await page.inner_text("main code")).strip()
    secret = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    step = int(SystemClock().now().timestamp()) // 30
    await page.fill("#f-code", totp.code(secret, step - 1))
    await page.click("text=Turn codes on")
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await phone.shown("phone-codes")
    return [str(code) for code in codes]


async def types_a_recovery_code(phone: Device, code: str) -> None:
    await phone.arrives("/sign-in/step")
    await phone.shown("phone-step")
    await phone.page.fill("#f-code", code)
    await phone.page.click("main button:has-text('Sign in')")
    await phone.arrives("/account")


async def comes_back_by_the_passkey(laptop: Device) -> None:
    """Nothing else is asked for, and it leads to the page that was wanted. (The first mailed code had signed it out.)"""
    await people.sign_in_by_passkey(laptop, to="/account/security")
    await laptop.shown("security")
    assert await laptop.page.locator("#passkeys ~ ul .plastic").count() == 1
