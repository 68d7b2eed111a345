"""The commands, as a person at a terminal has them: help with an example, clear refusals, and what they say is so."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import typer.main
from typer.core import TyperGroup

from banyan import cli
from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import OwnShop, own_shop


def banyan(*words: str, folder: Path | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as its own process; with `folder` on that shop's data."""
    command = [sys.executable, "-m", "banyan.cli", *words, *(("--data-dir", str(folder)) if folder else ())]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **env}, timeout=120)


def every_command() -> Iterator[tuple[str, ...]]:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from ((name, inner) for inner in command.commands)
        else:
            yield (name,)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    command = typer.main.get_command(cli.app)
    for word in words:
        assert isinstance(command, TyperGroup)
        command = command.commands[word]
    assert "Example:" in (command.help or "")


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[OwnShop]:
    folder = Path(tempfile.mkdtemp(prefix="banyan-m-"))
    folder.chmod(0o755)
    async with own_shop(folder, SystemClock(), options=("--empty",)) as made:
        await made.start()
        yield made
    shutil.rmtree(folder, ignore_errors=True)


async def run(shop: OwnShop, *words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(banyan, *words, folder=shop.data_dir)


async def test_what_is_imported_beside_a_running_shop_is_found_by_search(shop: OwnShop, tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text(
        '{"sku": "C-1", "name": "Quokka Kettle", "price": "19.90"}\n{"sku": "C-2", "name": "", "price": "x"}\n'
    )
    dry = await run(shop, "catalog", "import", str(file), "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)["added"], json.loads(dry.stdout)["refused"]) == (1, 1, 1)
    done = await run(shop, "catalog", "import", str(file))
    assert "1 were added" in done.stdout
    assert "row 2" in done.stdout
    async with aiohttp.ClientSession(shop.url) as http, asyncio.timeout(30):
        while True:
            async with http.get("/v1/search?q=quokka") as answer:
                if (await answer.json())["total"]:
                    break
            await asyncio.sleep(0.1)
    again = await run(shop, "catalog", "import", str(file), "--json")
    assert json.loads(again.stdout)["unchanged"] == 1
    out = tmp_path / "out.csv"
    assert (await run(shop, "catalog", "export", str(out))).returncode == 0
    assert "Quokka Kettle" in out.read_text()
    back = await run(shop, "catalog", "import", str(out), "--json")
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    export = asyncio.create_task(run(shop, "catalog", "export", str(pipe)))
    assert await asyncio.to_thread(pipe.read_text) == out.read_text()
    assert (await export).returncode == 0
    assert pipe.is_fifo()  # what is no file is written to, never replaced by one
    assert json.loads(back.stdout)["unchanged"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("catalog", "import", "/no/such/file"), "there is no file"),
        (("catalog", "import", "/etc/hostname"), "not a file of products"),
        (("db", "upgrade", "warehouse"), "is no service"),
        (("parked", "retry", "orders", "999"), "no event waits"),
        (("users", "create-operator", "nobody"), ""),
        (("payments", "reconcile", "--provider", "cheque"), "there are no reports of cheque"),
        (("payments", "reconcile", "--provider", "testbank", "--file", "/etc/hostname"), "no report of testbank"),
        (("users", "add-client", "App", "--redirect-uri", "http://app.example/back"), "a redirect URI is https"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
async def test_a_mistake_gets_words_and_no_traceback(shop: OwnShop, words: tuple[str, ...], said: str) -> None:
    done = await run(shop, *words)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_an_unknown_setting_stops_the_start_and_names_what_is_known() -> None:
    done = banyan("up", BANYAN_CURENCY="EUR")
    assert done.returncode == 2
    assert "Did you mean BANYAN_CURRENCY?" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_taken_port_is_said_in_one_line(shop: OwnShop) -> None:
    done = await asyncio.to_thread(banyan, "up", "--port", str(shop.port), folder=shop.data_dir)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "--port" in done.stderr


async def test_everything_holds_and_is_up_to_date_in_a_new_shop(shop: OwnShop) -> None:
    proof = await run(shop, "invariants", "--json")
    found = json.loads(proof.stdout)
    assert proof.returncode == 0
    assert {each["violations"] for each in found} == {0}
    assert {f"I{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 15, 16, 17, 18, 19, 20)} <= {each["id"] for each in found}
    assert "up to date" in (await run(shop, "db", "upgrade")).stdout
    assert json.loads((await run(shop, "parked", "list", "--json")).stdout) == []
    assert json.loads((await run(shop, "orders", "rebuild", "--json")).stdout)["wrong"] == []


async def test_a_report_of_a_provider_is_compared_and_what_nobody_knows_is_an_exit_status(
    shop: OwnShop, tmp_path: Path
) -> None:
    asked = await run(shop, "payments", "reconcile", "--provider", "testbank", "--json")
    assert (asked.returncode, json.loads(asked.stdout)["totals"]) == (0, []), asked.stderr
    report = tmp_path / "report.csv"
    head = "id,kind,reference,charge_reference,charge_id,amount,currency,made_at"
    report.write_text(f"{head}\ncapture x,capture,x,pay_unknown,tb_1,1299,EUR,2026-01-05 12:00:00\n")
    told = await run(shop, "payments", "reconcile", "--provider", "testbank", "--file", str(report))
    assert told.returncode == 1, told.stderr
    assert "theirs_only: capture x, 12.99 EUR theirs, 0.00 EUR ours" in told.stdout


async def test_the_first_operator_comes_in_by_the_printed_link(shop: OwnShop) -> None:
    done = await run(shop, "users", "create-operator", "ada@example.com")
    link = done.stdout.strip()
    assert link.startswith(f"{shop.url}/console/sign-in?token=")
    async with aiohttp.ClientSession(shop.url) as http:
        async with http.post("/v1/sessions/magic-link/redeem", json={"token": link.partition("token=")[2]}) as answer:
            assert answer.status == 201
            token = (await answer.json())["access_token"]
        async with http.get("/v1/orders", headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200


async def test_a_client_is_registered_and_its_secret_printed_this_once(shop: OwnShop) -> None:
    done = await run(shop, "users", "add-client", "Parcels", "--scope", "stock:read", "--json")
    made = json.loads(done.stdout)
    assert made["grants"] == ["client_credentials"]
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"]}
    async with aiohttp.ClientSession(shop.url) as http, http.post("/oauth/token", data=form) as answer:
        assert (await answer.json())["scope"] == "stock:read"
    listed = (await run(shop, "users", "clients", "--json")).stdout
    assert [each["name"] for each in json.loads(listed)] == ["Parcels"]
    assert made["client_secret"] not in listed


async def test_how_well_search_finds_is_printed(shop: OwnShop) -> None:
    done = await run(shop, "catalog", "measure", "--sample", "5", "--json")
    assert "known item, first five words" in json.loads(done.stdout)


def test_the_version_is_told() -> None:
    done = banyan("--version")
    assert (done.returncode, done.stdout.strip()) == (0, "0.1.0")
