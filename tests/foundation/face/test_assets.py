"""Assets: an address says what is in the file, so that browsers may keep it."""

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request

from banyan.foundation.face.assets import Assets


def asked(name: str, accept: str = "") -> Request:
    headers = [(b"accept-encoding", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "path_params": {"name": name}})


def test_a_file_is_served_where_its_address_says(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p {}")
    assets = Assets(tmp_path, "/below")
    folder, _, name = assets.url("a.css").rpartition("/")
    assert folder == "/below"
    plain, packed = assets.serve(asked(name)), assets.serve(asked(name, "br, gzip"))
    assert plain is not None
    assert packed is not None
    assert plain.body == gzip.decompress(bytes(packed.body)) == b"p {}"
    assert packed.headers["content-encoding"] == "gzip"
    for each in (plain, packed):
        assert each.headers["content-type"] == "text/css; charset=utf-8"
        assert "immutable" in each.headers["cache-control"]
        assert each.headers["vary"] == "accept-encoding"


def test_a_changed_file_has_another_address(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p {}")
    before = Assets(tmp_path, "/below").url("a.css")
    (tmp_path / "a.css").write_text("b {}")
    assert Assets(tmp_path, "/below").url("a.css") != before


@pytest.mark.parametrize("name", ["a.css", "a.0000000000.css", "../a.css", ""])
def test_other_names_are_none_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.css").write_text("p {}")
    assert Assets(tmp_path, "/below").serve(asked(name)) is None


def test_a_file_that_browsers_are_not_sent_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(KeyError):
        Assets(tmp_path, "/below")
