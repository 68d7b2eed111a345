"""`banyan up` with the vault: a process, a port and a log of its own, whose fields hand a real browser a token and no number."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from banyan.cli import app
from banyan.foundation import embedded
from banyan.foundation.free_ports import free_port
from banyan.trial.cards.looking import below

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2031, "cvc": "123"}
_FRAMED = """async ([url, card]) => {
  const frame = Object.assign(document.createElement("iframe"), { src: url, title: "Card details" });
  const told = [];
  const token = new Promise((done) => addEventListener("message", (event) => {
    told.push([event.origin, event.data.is]);
    if (event.data.is === "token") done(event.data);
  }));
  window.pay = () => frame.contentWindow.postMessage({ banyan: "card", do: "submit" }, new URL(url).origin);
  window.token = token;
  window.told = told;
  document.body.append(frame);
}"""


@dataclass(slots=True)
class Up:
    shop: str
    vault: str
    pid: int
    vault_pid: int
    folder: Path


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="banyan-test-vault-"))
    folder.chmod(0o755)
    port, data = free_port(), folder / "data"
    data.mkdir()
    with (folder / "log").open("wb") as log:
        shop = subprocess.Popen(
            [sys.executable, "-m", "banyan.cli", "up", "--empty", "--port", str(port), "--data-dir", str(data)],
            env={
                **os.environ,
                "BANYAN_CARD_FIELDS": "vault",
                "BANYAN_LOG_LEVEL": "info",
                "BANYAN_RATE_LIMITS": "false",
            },
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(900):
            try:
                if ask(f"http://127.0.0.1:{port}/readyz")[0] == 200:
                    break
            except OSError:
                assert shop.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        [(pid, command)] = [each for each in below(shop.pid) if " serve vault " in each[1]]
        found = re.search(r"--port (\d+)", command)
        assert found is not None
        yield Up(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{found[1]}", shop.pid, pid, data)
        shop.send_signal(signal.SIGTERM)
        shop.wait(60)
        assert not runs(pid)
    finally:
        shop.kill()
        shop.wait()
        if (data / "postgres" / "postmaster.pid").exists():  # left by a shop that had to be killed
            embedded.start(data).stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_vault_has_a_process_a_port_and_a_log_of_its_own_and_the_shop_takes_no_card(up: Up) -> None:
    assert up.vault_pid != up.pid
    status, told = ask(f"{up.vault}/v1/vault/cards", CARD)
    assert (status, told["last4"]) == (201, "4242")
    status, problem = ask(f"{up.shop}/v1/vault/cards", CARD)
    assert (status, problem["vault"]) == (421, f"{up.vault}/v1/vault/cards")
    assert ask(f"{up.shop}/v1/carts", {"note": CARD["number"]})[1]["code"] == "card_number"
    assert ask(f"{up.vault}/{CARD['number']}")[1]["code"] == "card_number"
    assert ask(f"{up.vault}/v1/carts")[0] == 404
    log = (up.folder / "vault" / "vault.log").read_text()
    assert CARD["number"] not in log
    assert (up.folder / "vault" / "keys").stat().st_mode & 0o077 == 0


def test_nobody_without_proof_asks_the_vault_for_a_card_and_no_core_of_it_is_dumped(up: Up) -> None:
    status, problem = ask(f"{up.vault}/internal/calls/vault.ForgetCard", {"card": "card_" + "0" * 26})
    assert (status, problem["code"]) == (403, "not_a_peer")
    limits = Path(f"/proc/{up.vault_pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_operators_are_told_that_the_vault_holds_what_it_promises_and_that_each_card_opens(up: Up) -> None:
    assert ask(f"{up.vault}/v1/vault/cards", CARD)[0] == 201
    env = {"BANYAN_CARD_FIELDS": "vault", "BANYAN_LOG_LEVEL": "error"}
    done = CliRunner().invoke(app, ["vault", "check", "--json", "--data-dir", str(up.folder)], env=env)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["cards"] > 0, told["wrong"]) == (True, [])
    assert {"V1", "V6"} <= {each["id"] for each in told["invariants"]}


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_a_browser_types_a_card_and_the_shops_page_is_told_a_token_by_the_vaults_origin_alone(up: Up) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{up.shop}/sign-in")
        page.evaluate(_FRAMED, [f"{up.vault}/fields", CARD])
        frame = page.frame_locator("iframe[title='Card details']")
        frame.locator("#number").press_sequentially("4242424242424241")
        page.evaluate("window.pay()")
        frame.locator("#number[aria-invalid=true]").wait_for()
        frame.locator("#number").fill("4242424242424242")
        assert frame.locator("#brand").text_content() == "Visa"
        frame.locator("#expiry").press_sequentially("1231")
        frame.locator("#cvc").fill("123")
        page.evaluate("window.pay()")
        told = page.evaluate("window.token")
        assert re.fullmatch("card_[0-9a-z]{26}", told["token"])
        assert (told["brand"], told["last4"]) == ("visa", "4242")
        assert {origin for origin, _ in page.evaluate("window.told")} == {up.vault}

        # Another origin, of the same machine, may not embed the fields.
        page.goto(up.shop.replace("127.0.0.1", "localhost") + "/sign-in")
        page.evaluate(_FRAMED, [f"{up.vault}/fields", CARD])
        page.wait_for_timeout(300)
        assert page.evaluate("window.told") == []

        # Without scripts the vault's own page leads back with a reference, and with nothing else.
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{up.vault}/card?return=/account/payment")
        for field, typed in (("number", "4242 4242 4242 4242"), ("expiry", "12/31"), ("cvc", "123")):
            plain.fill(f"#{field}", typed)
        with plain.expect_request(lambda request: request.url.startswith(up.shop)) as back:
            plain.click("main button")
        assert re.fullmatch(re.escape(up.shop) + r"/account/payment\?card=ref_[0-9a-f]{36}", back.value.url)
        browser.close()
