"""Finding brands and category paths by their names, and adding those that are missing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from banyan.catalog.domain.naming import key_of, slugs_for
from banyan.catalog.storage import shelves
from banyan.contracts.catalog import BrandsChanged, CategoriesChanged
from banyan.foundation.db import Tx

NewId = Callable[[str], str]
Path = tuple[str, ...]


async def brands(tx: Tx, new_id: NewId, names: Iterable[str]) -> dict[str, str]:
    """Ids by the key of each name; the first spelling of a new brand stays."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(key_of(name), name)
    found = await shelves.brand_ids(tx, list(spelled))
    missing = {key: name for key, name in spelled.items() if key not in found}
    if missing:
        slugs = await _slugs(tx, "brand", {key: slugs_for(name) for key, name in missing.items()})
        added = await shelves.add_brands(
            tx,
            [{"id": new_id("brd"), "name": missing[key], "name_key": key, "slug": slugs[key]} for key in missing],
        )
        tx.tell(*(BrandsChanged(brand_id=each) for each in added))
        found |= await shelves.brand_ids(tx, list(missing))
    return found


async def paths(tx: Tx, new_id: NewId, wanted: Iterable[Path], known: Mapping[Path, str]) -> dict[Path, str]:
    """Category ids by path of keys, for every step of each path of names. `known` spares looking again."""
    spelled: dict[Path, str] = {}
    for names in wanted:
        for end in range(1, len(names) + 1):
            spelled.setdefault(tuple(map(key_of, names[:end])), names[end - 1])
    found = {path: known[path] for path in spelled if path in known}
    trails: dict[str, list[str]] = {}
    locked = False
    for level in range(1, max(map(len, spelled), default=0) + 1):
        here = [path for path in spelled if len(path) == level and path not in found]
        await _look(tx, here, found, trails)
        missing = [path for path in here if path not in found]
        if missing and not locked:
            await shelves.lock_tree(tx)
            locked = True
            await _look(tx, missing, found, trails)
            missing = [path for path in missing if path not in found]
        await _add(tx, new_id, missing, spelled, found, trails)
    return found


async def _look(tx: Tx, here: Sequence[Path], found: dict[Path, str], trails: dict[str, list[str]]) -> None:
    """Find the categories of one level among their parents, which are found."""
    if not here:
        return
    rows = await shelves.children(tx, [found.get(path[:-1]) for path in here], [path[-1] for path in here])
    by_place = {(row["parent_id"], row["name_key"]): row for row in rows}
    for path in here:
        row = by_place.get((found.get(path[:-1]), path[-1]))
        if row is not None:
            found[path] = row["id"]
            trails[row["id"]] = list(row["path"])


async def _add(
    tx: Tx,
    new_id: NewId,
    missing: Sequence[Path],
    spelled: Mapping[Path, str],
    found: dict[Path, str],
    trails: dict[str, list[str]],
) -> None:
    if not missing:
        return
    slugs = await _slugs(tx, "category", {path: slugs_for(spelled[path], *path) for path in missing})
    rows: list[dict[str, Any]] = []
    for path in missing:
        parent, made = found.get(path[:-1]), new_id("cat")
        if parent is not None and parent not in trails:
            row = await shelves.category(tx, parent)
            trails[parent] = list(row["path"]) if row else [parent]
        trails[made] = [*trails.get(parent or "", []), made]
        rows.append(
            {
                "id": made,
                "parent_id": parent,
                "name": spelled[path],
                "name_key": path[-1],
                "slug": slugs[path],
                "position": 0,
                "path": trails[made],
            }
        )
        found[path] = made
    await shelves.add_categories(tx, rows)
    tx.tell(*(CategoriesChanged(category_id=row["id"]) for row in rows))


async def _slugs(tx: Tx, table: str, wanted: Mapping[Any, tuple[str, str]]) -> dict[Any, str]:
    """The plain slug for the first who wants it and where it is free, the longer one for the others."""
    taken = await shelves.slugs_taken(tx, table, [plain for plain, _ in wanted.values()])
    chosen: dict[Any, str] = {}
    for key, (plain, longer) in wanted.items():
        chosen[key] = longer if plain in taken else plain
        taken.add(plain)
    return chosen
