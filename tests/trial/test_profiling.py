"""A flame graph read back: own time adds up to all samples, each frame is in its layer, and a missing sampler says so."""

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.trial import profiling
from banyan.trial.profiling import CannotSample, WrongFlames, frames, layer, sampling

Tree = tuple[str, int, list["Tree"]]
"""A frame, its own samples, and what it called."""


def drawn(tree: Tree) -> str:
    """As py-spy draws it: a box for each frame, as wide as its samples, on the box of who called it."""
    boxes: list[str] = []

    def width(node: Tree) -> int:
        return node[1] + sum(map(width, node[2]))

    def draw(node: Tree, x: int, y: int) -> None:
        boxes.append(
            f"<g><title>{html.escape(node[0])} ({width(node):,} samples, 1.00%)</title>"
            f'<rect x="0.1%" y="{y}" width="1%" height="15" fill="red" fg:x="{x}" fg:w="{width(node)}"/></g>'
        )
        for child in node[2]:
            draw(child, x, y + 16)
            x += width(child)

    draw(tree, 0, 36)
    return f"<svg>{''.join(boxes)}</svg>"


SQL = "fetch (asyncpg/connection.py:12)"
TREE: Tree = (
    "all",
    0,
    [
        ("run (asyncio/runners.py:118)", 5, [("placed (banyan/orders/actions/placing.py:9)", 10, [(SQL, 40, [])])]),
        ("read (banyan/orders/storage/carts.py:3)", 20, [(SQL.replace("12", "99"), 25, [])]),
    ],
)


def test_own_time_is_by_function_most_first_whatever_the_line() -> None:
    samples, own = frames(drawn(TREE))
    assert samples == 100
    assert [(frame.name, frame.layer, frame.own) for frame in own] == [
        ("fetch (asyncpg/connection.py)", "driver", 65),
        ("read (banyan/orders/storage/carts.py)", "storage", 20),
        ("placed (banyan/orders/actions/placing.py)", "service", 10),
        ("run (asyncio/runners.py)", "loop", 5),
    ]


def trees(depth: int = 3) -> st.SearchStrategy[Tree]:
    names = st.sampled_from(["<lambda> (a.py:1)", "f (b & c.py:2)", "g<T> (banyan/gateway/app.py:30)"])
    children = st.lists(trees(depth - 1), max_size=3) if depth else st.just([])
    return st.tuples(names, st.integers(1, 2000), children)


@given(trees())
def test_own_times_add_up_to_all_samples(tree: Tree) -> None:
    samples, own = frames(drawn(("all", 0, [tree])))
    assert sum(frame.own for frame in own) == samples


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("banyan/gateway/prepared.py", "gateway"),
        ("banyan/foundation/edge.py", "gateway"),
        ("banyan/orders/api/carts.py", "service"),
        ("banyan/kernel/ids.py", "service"),
        ("banyan/catalog/storage/products.py", "storage"),
        ("banyan/foundation/db.py", "storage"),
        ("asyncpg/connection.py", "driver"),
        ("fastapi/routing.py", "framework"),
        ("pydantic/main.py", "framework"),
        ("asyncio/base_events.py", "loop"),
        ("json/decoder.py", "python"),
        ("/venv/lib/python3.11/site-packages/starlette/routing.py", "framework"),
        ("/home/shop/src/banyan/payments/domain.py", "service"),
    ],
)
def test_every_file_has_its_layer(file: str, where: str) -> None:
    assert layer(f"work ({file}:7)") == where


def test_what_is_no_flame_graph_is_refused() -> None:
    with pytest.raises(WrongFlames):
        frames("<svg></svg>")


def test_without_py_spy_the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotSample, match="-m pip install py-spy"):
        sampling.sampler(beside=tmp_path)


def test_rows_are_layer_by_layer_and_shares_of_all(tmp_path: Path) -> None:
    samples, own = frames(drawn(TREE))
    got = profiling.Profile("checkout", tmp_path / "x.svg", samples, own, sampling.Measured(1.0))
    assert got.rows(1)[:2] == [("driver", "65.0%", "", ""), ("", "", "65.0%", "fetch (asyncpg/connection.py)")]
    assert sum(got.as_json()["layers"].values()) == pytest.approx(1.0)
