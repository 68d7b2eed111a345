"""The demo pictures: one for every path in the rows, small, harmless, and worth looking at twice."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from banyan.catalog.demo import picture, rows
from banyan.catalog.demo.colours import NAMED
from banyan.catalog.demo.drawings import DRAWINGS
from banyan.catalog.demo.drawings.stage import closeup, front
from banyan.catalog.demo.drawings.svg import Look

SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {
    *("svg", "g", "path", "rect", "circle", "ellipse", "clipPath", "pattern", "stop"),
    *("linearGradient", "radialGradient", "filter", "feDropShadow"),
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    named: set[str] = {path for row in rows() for path in _images(row)}
    assert all(path.startswith("media:") for path in named)
    return {path.removeprefix("media:"): picture(path.removeprefix("media:")) for path in sorted(named)}


def _images(row: dict[str, Any]) -> list[str]:
    assert row["image"] == row["images"][0]
    return list(row["images"])


def test_every_product_has_two_pictures_and_one_more_for_each_further_colour() -> None:
    colours: dict[str, set[str]] = {}
    images: dict[str, list[str]] = {}
    for row in rows():
        entry: dict[str, Any] = row
        colours.setdefault(entry["product"], set()).add(entry["options"].get("Colour", "the only one"))
        images[entry["product"]] = entry["images"]
    for handle, paths in images.items():
        assert paths[:2] == [f"media:demo/{handle}.svg", f"media:demo/{handle}-2.svg"]
        assert len(set(paths)) == len(paths) == 1 + len(colours[handle])


def test_pictures_are_small_and_valid(drawn: dict[str, bytes]) -> None:
    for path, svg in drawn.items():
        assert len(svg) <= 6 * 1024, path
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox") == "0 0 800 800"


def test_pictures_hold_nothing_that_runs_or_reaches_outside(drawn: dict[str, bytes]) -> None:
    for path, svg in drawn.items():
        for element in ElementTree.fromstring(svg).iter():
            assert element.tag.removeprefix(SVG) in HARMLESS, path
            assert not any(name.startswith("on") or name.endswith("href") for name in element.attrib), path


def test_whatever_a_picture_refers_to_is_in_it_once(drawn: dict[str, bytes]) -> None:
    for path, svg in drawn.items():
        ids = re.findall(r' id="(\w+)"', svg.decode())
        assert len(ids) == len(set(ids)), path
        assert set(re.findall(r"url\(#(\w+)\)", svg.decode())) <= set(ids), path


def test_the_same_path_gives_the_same_picture(drawn: dict[str, bytes]) -> None:
    assert all(picture(path) == svg for path, svg in list(drawn.items())[::20])


def test_no_two_pictures_of_one_product_are_alike() -> None:
    images: dict[str, list[str]] = {}
    for row in rows():
        entry: dict[str, Any] = row
        images[entry["product"]] = entry["images"]
    for handle, paths in images.items():
        assert len({picture(path.removeprefix("media:")) for path in paths}) == len(paths), handle


@pytest.mark.parametrize("path", ["", "demo/", "demo/nothing.svg", "demo/nothing-2.svg", "../demo/x.svg"])
def test_a_path_no_row_names_is_refused(path: str) -> None:
    with pytest.raises(KeyError):
        picture(path)


def test_a_path_almost_like_one_in_the_rows_is_refused(drawn: dict[str, bytes]) -> None:
    known = next(iter(drawn))
    for wrong in (known.removesuffix(".svg"), known.removeprefix("demo/"), known.replace(".svg", "-3.svg")):
        with pytest.raises(KeyError):
            picture(wrong)


def test_there_is_a_drawing_of_its_own_for_every_kind() -> None:
    look = Look(NAMED["Moss"], NAMED["Coral"])
    assert len({drawing.draw(look) for drawing in DRAWINGS.values()}) == len(DRAWINGS) >= 24


@pytest.mark.parametrize("name", sorted(DRAWINGS))
def test_a_drawing_takes_any_colour_and_any_form(name: str) -> None:
    for colour in NAMED.values():
        for form in range(4):
            look = Look(colour, NAMED["Teal"], form)
            for svg in (front(DRAWINGS[name], look), closeup(DRAWINGS[name], look)):
                assert len(svg) <= 6 * 1024
                ElementTree.fromstring(svg)
