"""What only an index in a folder can promise: it survives, it is held by one, and a broken one is begun anew."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from banyan.foundation.search import Document, IndexInUse, Query, Sort, WritesLost
from banyan.foundation.search.embedded import EmbeddedSearch


async def filled(folder: Path, position: str | None = "7") -> EmbeddedSearch:
    search = EmbeddedSearch.open(folder)
    await search.put([Document(str(at), f"Walnut desk {at}", price=at) for at in range(20)])
    await search.commit(position)
    return search


def another_process(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


async def test_an_index_opened_again_is_as_it_was_committed(tmp_path: Path) -> None:
    search = await filled(tmp_path)
    await search.put([Document("late", "Birch desk")])
    await search.close()
    search = EmbeddedSearch.open(tmp_path)
    assert (await search.count(), await search.position()) == (20, "7")
    assert (await search.search(Query("birch"))).total == 0
    assert (await search.search(Query("wlanut"))).corrected == "walnut"
    assert (await search.search(Query("desk", sort=Sort.PRICE, limit=2))).ids == ("0", "1")
    await search.close()


async def test_a_process_that_dies_leaves_what_it_committed(tmp_path: Path) -> None:
    dies = f"""
import asyncio, os
from pathlib import Path
from banyan.foundation.search import Document
from banyan.foundation.search.embedded import EmbeddedSearch
async def main():
    search = EmbeddedSearch.open(Path({str(tmp_path)!r}))
    await search.put([Document("a", "Walnut desk")])
    await search.commit("1")
    await search.put([Document("b", "Birch desk")])
    os._exit(1)
asyncio.run(main())
"""
    assert another_process(dies).returncode == 1
    search = EmbeddedSearch.open(tmp_path)
    assert (await search.position(), (await search.search(Query("desk"))).ids) == ("1", ("a",))
    await search.close()


async def test_an_index_is_open_in_one_place_at_a_time(tmp_path: Path) -> None:
    search = await filled(tmp_path)
    with pytest.raises(IndexInUse, match=str(tmp_path)):
        EmbeddedSearch.open(tmp_path)
    opens = f"""
from pathlib import Path
from banyan.foundation.search.embedded import EmbeddedSearch
EmbeddedSearch.open(Path({str(tmp_path)!r}))
"""
    assert "IndexInUse" in another_process(opens).stderr
    assert (await search.search(Query("walnut"))).total == 20
    await search.close()
    await search.close()
    await EmbeddedSearch.open(tmp_path).close()


def another_version(folder: Path) -> None:
    note = json.loads((folder / "note.json").read_text())
    (folder / "note.json").write_text(json.dumps(note | {"version": "0"}))


def no_note(folder: Path) -> None:
    (folder / "note.json").unlink()


def half_a_note(folder: Path) -> None:
    (folder / "note.json").write_text('{"version": "1", "posi')


def half_the_files(folder: Path) -> None:
    for file in (folder / "index").iterdir():
        if not file.name.startswith("."):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def no_segments(folder: Path) -> None:
    for file in (folder / "index").iterdir():
        if len(file.stem) == 32:
            file.unlink()


def garbled_description(folder: Path) -> None:
    (folder / "index" / "meta.json").write_text("garbled")


def another_schema(folder: Path) -> None:
    meta = json.loads((folder / "index" / "meta.json").read_text())
    meta["schema"] = meta["schema"][:-1]
    (folder / "index" / "meta.json").write_text(json.dumps(meta))


BROKEN = [another_version, no_note, half_a_note, half_the_files, no_segments, garbled_description, another_schema]


@pytest.mark.parametrize("breaking", BROKEN, ids=lambda it: it.__name__)
async def test_an_index_that_cannot_be_used_is_set_aside_and_begun_anew(
    tmp_path: Path, breaking: Callable[[Path], None]
) -> None:
    await (await filled(tmp_path)).close()
    breaking(tmp_path)
    search = EmbeddedSearch.open(tmp_path)
    assert (await search.count(), await search.position()) == (0, None)
    assert any((tmp_path / "index.aside").iterdir())
    await search.put([Document("a", "Walnut desk")])
    await search.commit("1")
    await search.close()
    search = EmbeddedSearch.open(tmp_path)
    assert (await search.count(), await search.position()) == (1, "1")
    await search.close()


async def test_many_small_commits_leave_a_bounded_number_of_files(tmp_path: Path) -> None:
    search = EmbeddedSearch.open(tmp_path)
    for at in range(60):
        await search.put([Document(str(at % 7), f"Walnut desk {at}")])
        await search.commit(str(at))
    assert await search.count() == 7
    assert len(list((tmp_path / "index").iterdir())) < 200
    await search.close()


async def test_when_writing_fails_the_position_stays_behind_until_the_writes_come_again(tmp_path: Path) -> None:
    search = await filled(tmp_path)
    await search.put([Document("a", "Birch desk")])
    shutil.move(tmp_path / "index", tmp_path / "elsewhere")
    with pytest.raises((OSError, ValueError)):
        await search.commit("8")
    shutil.move(tmp_path / "elsewhere", tmp_path / "index")
    with pytest.raises(WritesLost):
        await search.commit("8")
    assert (await search.position(), await search.count()) == ("7", 20)
    await search.put([Document("a", "Birch desk")])
    await search.commit("8")
    assert (await search.position(), await search.count()) == ("8", 21)
    await search.close()


async def test_an_index_kept_while_it_was_empty_is_opened_again_as_it_was(tmp_path: Path) -> None:
    search = EmbeddedSearch.open(tmp_path / "index")
    await search.commit("17.4")
    await search.close()
    again = EmbeddedSearch.open(tmp_path / "index")
    assert await again.position() == "17.4"
    assert (await again.search(Query())).prices == ()
    await again.close()
