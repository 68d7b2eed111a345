"""Pages: nothing is shown as markup that came as text, and no picture is a script."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from banyan.foundation.face.look import picture, templates


def test_texts_are_escaped_in_every_template_and_what_is_missing_is_an_error(tmp_path: Path) -> None:
    for name in ("page.html", "letter.txt"):
        (tmp_path / name).write_text("<p>{{ name }}</p>")
        assert templates(tmp_path).get_template(name).render(name="<b>") == "<p>&lt;b&gt;</p>"
    with pytest.raises(UndefinedError):
        templates(tmp_path).get_template("page.html").render()


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("/media/a.svg", True), ("https://x.test/a.jpg", True), ("http://x.test/a.jpg", False),
        ("javascript:alert(1)", False), ("data:text/html,x", False), ("//x.test/a", False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_only_addresses_of_pictures_are_shown(url: str | None, fits: bool) -> None:
    assert bool(picture(url)) is fits
