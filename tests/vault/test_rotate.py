"""The key-encryption key changes while cards are used: every card opens before, between and after."""

from pathlib import Path

import pytest

from banyan.kernel.refusals import Unavailable
from banyan.vault import actions, storage
from banyan.vault.safe import Safe
from tests.vault.conftest import NUMBER, World


def with_keys(world: World, new: str, old: str) -> World:
    """Another process on the same database, with other keys."""
    ports = world.ports
    settings = type(ports.settings).model_validate(
        ports.settings.model_dump() | {"vault_keys_url": new, "vault_old_keys_url": old}
    )
    ports.settings = settings
    return World(world.shop, Safe(), world.bank)


async def opened(world: World, tokens: list[str]) -> set[str]:
    rows = [await storage.card(world.ports.db, token) for token in tokens]
    return {(await world.safe.open(world.ports, row)).number for row in rows if row}


async def test_all_cards_are_wrapped_anew_and_the_old_key_is_needed_no_more(world: World, tmp_path: Path) -> None:
    first, second = f"file://{tmp_path}/first", f"file://{tmp_path}/second"
    await world.ports.db.execute("DELETE FROM card")
    await world.ports.db.execute("DELETE FROM own_key")
    before = with_keys(world, first, "")
    tokens = []
    for _ in range(5):
        told = await actions.put_in(before.safe, before.ports, actions.cards.Plain(NUMBER, 12, 2031), "", "a")
        tokens.append(told.token)
    print_before = await before.safe.fingerprint(before.ports, "x")

    alone = with_keys(world, second, "")
    with pytest.raises(Unavailable, match="BANYAN_VAULT_OLD_KEYS_URL"):
        await opened(alone, tokens)

    between = with_keys(world, second, first)
    assert await opened(between, tokens) == {NUMBER}
    told = await actions.put_in(between.safe, between.ports, actions.cards.Plain(NUMBER, 12, 2031), "", "a")
    newest = await between.safe.newest(between.ports)
    assert len(await storage.old_cards(world.ports.db, newest, 100)) == 5

    seen: list[int] = []
    assert await actions.rotate(between.safe, between.ports, progress=seen.append) == 5
    assert await actions.rotate(between.safe, between.ports) == 0
    assert seen == [5]

    after = with_keys(world, second, "")
    assert await opened(after, [*tokens, told.token]) == {NUMBER}
    assert await after.safe.fingerprint(after.ports, "x") == print_before
    assert await actions.rotate(after.safe, after.ports, again=True) == 6
    assert await opened(before, []) == set()
    assert await opened(after, tokens) == {NUMBER}  # a running process learns of the new generation by itself


async def test_a_key_that_is_another_than_it_was_is_noticed(world: World, tmp_path: Path) -> None:
    await world.ports.db.execute("DELETE FROM own_key")
    here = with_keys(world, f"file://{tmp_path}/keys", "")
    told = await actions.put_in(here.safe, here.ports, actions.cards.Plain(NUMBER, 12, 2031), "", "a")
    (tmp_path / "keys" / "master.key").write_bytes(bytes(32))
    with pytest.raises(Unavailable, match="another than the one"):
        await opened(with_keys(world, f"file://{tmp_path}/keys", ""), [told.token])
