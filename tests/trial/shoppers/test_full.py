"""`banyan bench load` from end to end: a shop of its own is full for some seconds, and whole afterwards."""

from pathlib import Path

import orjson

from tests.process.cli import banyan

MIX = """
title = "A busy moment"
think = [0.5, 1.0]
hot = 0.5

[shares]
product = 0.3
list = 0.15
search = 0.15
suggest = 0.1
cart = 0.18
account = 0.06
checkout = 0.06

[[phases]]
seconds = 3

[[phases]]
seconds = 3
times = 2
"""


async def test_a_full_shop_serves_every_act_and_every_acknowledged_order_is_there(tmp_path: Path) -> None:
    (tmp_path / "busy.toml").write_text(MIX)
    said = await banyan(
        *("bench", "load", "--mix", str(tmp_path / "busy.toml"), "--shoppers", "24", "--products", "48"),
        *("--workers", "2", "--json"),
        seconds=240,
    )
    assert said.status == 0, said.out + said.err
    told = orjson.loads(said.out)
    assert set(told["acts"]) == {"product", "list", "search", "suggest", "cart", "account", "checkout", "all"}
    assert told["orders"] > 0
    assert (told["missing_orders"], told["failed"], told["wrong"]) == (0, 0, [])
    assert len(told["resident_megabytes"]) == 2


async def test_a_mix_that_nobody_knows_is_refused_with_the_known_ones() -> None:
    said = await banyan("bench", "load", "--mix", "christmas")
    assert (said.status, "known: black-friday, day" in said.err) == (2, True)
