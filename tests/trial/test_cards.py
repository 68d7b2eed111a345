"""The trial with card numbers can see: a number is found in every spelling, and every text that can be typed has a place."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from banyan.kernel import cards
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.trial.cards import cores, looking, places
from banyan.trial.cards.canaries import STYLES, Search, numbers, written
from banyan.trial.cards.verdict import Verdict

NUMBERS = numbers(50, SeededIds(SystemClock(), 7))
ONE = NUMBERS[3]


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(NUMBERS)


def test_the_numbers_are_cards_and_different_ones() -> None:
    assert len(set(NUMBERS)) == 50
    assert all(cards.could_be(each) for each in NUMBERS)
    assert all(cards.holds_one(written(ONE, style).encode()) for style in range(len(STYLES)))


@pytest.mark.parametrize(
    "spelt",
    [
        *(written(ONE, style).encode() for style in range(len(STYLES))),
        ONE.encode().hex().encode(),
        bytes.fromhex(ONE),
        ONE.encode("utf-16-le"),
        *(base64.b64encode(b"xyz"[:shift] + ONE.encode() + b"1234") for shift in range(3)),
        f"{ONE[:4]}%20{ONE[4:8]}%20{ONE[8:12]}%20{ONE[12:]}".encode(),
    ],
)
def test_a_number_is_found_in_every_spelling(search: Search, spelt: bytes) -> None:
    assert search(b"\x00before" + spelt + b"after 99") == {ONE}
    assert search(spelt[: len(spelt) // 2]) == set()


def test_chance_finds_nothing(search: Search) -> None:
    assert search(os.urandom(1_000_000)) == set()


def test_a_number_over_two_pieces_of_a_file_is_found(
    search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_PIECE", 64)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 57 + ONE.encode() + b"y" * 100)
    assert looking.in_files(tmp_path, search) == (173, {"deep/file": {ONE}})


@pytest.mark.skipif(not looking.may_look(), reason="memory of other processes may be looked into by root alone")
def test_a_number_in_the_memory_of_a_process_is_found(search: Search) -> None:
    code = f"kept = '{ONE[:8]}' + '{ONE[8:]}'; print('there', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        size, found = looking.in_memory(other.pid, search)
        assert [pid for pid, _ in looking.below(os.getpid()) if pid == other.pid]
        other.communicate(b"\n")
    assert size > 1_000_000
    assert found == {ONE}


async def test_a_process_that_broke_left_a_core_file_or_none_and_that_is_seen(tmp_path: Path) -> None:
    with cores.allowed():
        if not cores.are_written(tmp_path):
            pytest.skip("no core files are written into folders here")
        assert cores.files(tmp_path) == []
        (tmp_path / "core.not").write_bytes(b"\x7fELF no core")
        await cores.abort([_waiting(tmp_path)], SystemClock())
        assert len(cores.files(tmp_path)) == 1


def _waiting(folder: Path) -> int:
    """A process that does nothing to keep its memory to itself."""
    code = "print('there', flush=True); import time; time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=folder)
    assert other.stdout is not None
    other.stdout.readline()
    return other.pid


def test_every_string_of_an_operation_is_a_place() -> None:
    nested = {"type": "object", "properties": {"city": {"type": "string"}, "more": {"type": ["string", "null"]}}}
    body = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/components/schemas/Address"},
            "tags": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
            "count": {"type": "integer"},
        },
    }
    operation: dict[str, Any] = {
        "parameters": [{"in": "query", "name": "sort"}, {"in": "header", "name": "X-Own"}],
        "requestBody": {"content": {"application/json": {"schema": body}}},
    }
    described = {"paths": {"/v1/a/{id}": {"post": operation}}, "components": {"schemas": {"Address": nested}}}
    found = {each.name.removeprefix("POST /v1/a/{id} "): each for each in places.of_api(described)}
    assert {"path id", "query sort", "query q", "header x-own", "header user-agent", "header cookie"} <= found.keys()
    assert {name for name in found if name.startswith("body")} == {
        *("body name", "body address.city", "body address.more", "body address.(a key)", "body tags", "body (a key)")
    }
    asked = found["body address.city"].asked("4111 1111")
    assert asked.body["address"]["city"] == "4111 1111"
    assert asked.body["name"] == "x"
    assert found["path id"].asked("4111 1111").path == "/v1/a/4111%201111"
    assert found["header x-own"].asked("y").headers == {"x-own": "y"}


def test_every_field_of_a_page_is_a_place() -> None:
    html = """<form action="/search"><input name="q"></form>
        <form method="post" action="/sign-in"><input type="hidden" name="seal" value="s"><input name="email"></form>"""
    found = {each.name: each for each in places.of_page("/", html)}
    assert set(found) == {"page /search q", "page /sign-in seal", "page /sign-in email"}
    assert found["page /sign-in email"].asked("7").form == {"seal": "1", "email": "7"}


def test_what_is_found_is_wrong_and_said() -> None:
    verdict = Verdict()
    verdict.looked_at("logs", 10, {"shop.log": {"1", "2"}})
    verdict.looked_at("metrics", 10, {"metrics": set()})
    assert verdict.wrong == ["logs: 2 numbers in shop.log"]
    assert verdict.as_json()["looked"] == {"logs": {"bytes": 10, "found": 2}, "metrics": {"bytes": 10, "found": 0}}
    assert "logs: 0.0 MB looked at, 2 found" in verdict.lines()
