"""The category tree as ours: at most ten levels, every parent there, no two children of one parent of the same name.

A category that is off or in no store is left out, and its children stand below the next one above; one whose parent does not
exist stands at the top; what lies deeper than ten levels stands on the tenth; a ring of parents is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from banyan.move.rows import Row

DEEPEST = 10
LONGEST_NAME = 100


@dataclass(frozen=True)
class Tree:
    parents: Mapping[int, int]  # as kept
    shown: frozenset[int]
    names: Mapping[int, str]
    rings: Mapping[int, str] = field(default_factory=dict)  # category in a ring → the ring, spelt
    _unique: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row], placed: set[int], names: Mapping[int, str]) -> "Tree":
        found = {row.int("category_id"): row for row in rows}
        parents = {id: row.int("parent_id") for id, row in found.items()}
        shown = frozenset(id for id, row in found.items() if row.int("status") and id in placed)
        rings = {id: ring for id in found if (ring := _ring(id, parents))}
        tree = cls(parents, shown, names, rings)
        return cls(parents, shown, names, rings, tree._told_apart())

    def chain(self, id: int) -> list[int]:
        """The shown categories from the top down to this one, at most ten with it."""
        above: list[int] = []
        at = self.parents.get(id, 0)
        while at in self.parents and at not in self.rings and len(above) < len(self.parents):
            if at in self.shown:
                above.append(at)
            at = self.parents[at]
        return [*above[::-1][: DEEPEST - 1], id]

    def parent(self, id: int) -> int | None:
        chain = self.chain(id)
        return chain[-2] if len(chain) > 1 else None

    def has(self, id: int) -> bool:
        """Whether it is a category of ours."""
        return id in self.shown and id not in self.rings

    def deepest(self, ids: Iterable[int]) -> int | None:
        """Which of a product's categories is its place with us: the deepest, of equals the lowest number."""
        return min((id for id in ids if self.has(id)), key=lambda id: (-len(self.chain(id)), id), default=None)

    def name(self, id: int) -> str:
        return self._unique.get(id) or self.plain(id)

    def plain(self, id: int) -> str:
        """Its own name, or its number where it has none."""
        return self.names.get(id, "")[:LONGEST_NAME].rstrip() or f"Category {id}"

    def forms(self, id: int) -> tuple[str, str]:
        """The names it may go by with us: its own, and that with its number."""
        tail = f" ({id})"
        return self.plain(id), f"{self.plain(id)[: LONGEST_NAME - len(tail)].rstrip()}{tail}"

    def _told_apart(self) -> dict[int, str]:
        first: dict[tuple[int | None, str], int] = {}
        for id in sorted(self.shown):
            first.setdefault((self.parent(id), _alike(self.plain(id))), id)
        return {id: self.forms(id)[first[self.parent(id), _alike(self.plain(id))] != id] for id in self.shown}


def _alike(name: str) -> str:
    return " ".join(name.casefold().split())


def _ring(id: int, parents: Mapping[int, int]) -> str:
    """The ring that a category is part of, spelt; '' for one that is in none (one that hangs below a ring is in none)."""
    path, at = [id], parents.get(id, 0)
    while at in parents and at != id and len(path) <= len(parents):
        path.append(at)
        at = parents[at]
    return " → ".join(map(str, [*path, id])) if at == id else ""
