"""Rows of a table as pieces of PostgreSQL's binary COPY: the key, the parent, and the image as the wire brought it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from banyan.move.legacy import views
from banyan.move.rows import Row, Unreadable, unpack
from banyan.move.storage import mirror
from banyan.move.storage.mirror import too_long, words
from banyan.move.storage.tables import Mirrored

_size = struct.Struct(">i").pack
_NULL = _size(-1)


@dataclass(slots=True)
class Framed:
    """Rows as pieces of a binary COPY, and what could not be framed."""

    piece: bytes
    odd: list[tuple[str, str, bytes]]  # key in words, why, image
    left: int = 0  # rows that are not mirrored, by rule


class Framing:
    """Puts images of one table into PostgreSQL's COPY format: its key, its parent, the image as it came."""

    def __init__(self, mirrored: Mirrored) -> None:
        table = mirrored.table
        self._table, self._use, self._at = table, mirrored.use, mirrored.copy_from or 0
        self._head = struct.pack(">hii", len(mirror.COPIED), 4, mirrored.number)
        self._tail = struct.pack(">iq", 8, self._at)
        self._leading = len(table.key) if table.key_places == tuple(range(len(table.key))) else 0
        self._parent = self._parent_place()

    def _parent_place(self) -> int | None:
        """The one column that holds the parent as ASCII or UTF-8, where that is all there is to it."""
        names = {view.key for view in self._use.views}
        if len(names) != 1:
            return None
        (name,) = names
        if not isinstance(name, str) or name not in self._table.place:
            return None
        return self._table.place[name]

    def key(self, image: bytes) -> bytes:
        """A row's packed key."""
        if self._leading:
            return image[: _end(image, self._leading)]
        return self._table.key_of(unpack(image))

    def frame(self, images: Sequence[bytes]) -> Framed:
        """The rows in COPY's format."""
        parts: list[bytes] = []
        odd: list[tuple[str, str, bytes]] = []
        left = 0
        head, tail, place, leading, has_views = (
            self._head,
            self._tail,
            self._parent,
            self._leading,
            bool(self._use.views),
        )
        add = parts.append
        if self._use.keeps is not None:
            every = len(images)
            images = [image for image in images if views.kept(self._use, self._table, unpack(image))]
            left = every - len(images)
        for image in images:
            key = image[: _end(image, leading)] if leading else self.key(image)
            if len(key) > mirror.LONGEST_KEY:
                odd.append((words(key), too_long(self._table.name, key), image))
                continue
            parent = None
            if has_views:
                parent = _field(image, place) if place is not None else None
                if place is None or (parent is not None and not parent.isalnum()):
                    parent = self._slowly(image, key, odd)
            add(head)
            add(_size(len(key)))
            add(key)
            if parent is None:
                add(_NULL)
            else:
                add(_size(len(parent)))
                add(parent)
            add(_size(len(image)))
            add(image)
            add(tail)
        return Framed(b"".join(parts), odd, left)

    def _slowly(self, image: bytes, key: bytes, odd: list[tuple[str, str, bytes]]) -> bytes | None:
        try:
            parent = views.parent(self._use, Row(self._table, unpack(image)))
        except Unreadable as error:
            odd.append((words(key), str(error), image))
            return None
        return None if parent is None else parent.encode()


def _end(image: bytes, count: int) -> int:
    """Where the first `count` values of an image end."""
    at = 0
    for _ in range(count):
        size = image[at]
        if size < 0xFB:
            at += 1 + size
        elif size == 0xFB:
            at += 1
        else:
            width = 2 if size == 0xFC else 3 if size == 0xFD else 8
            at += 1 + width + int.from_bytes(image[at + 1 : at + 1 + width], "little")
    return at


def _field(image: bytes, place: int) -> bytes | None:
    at = _end(image, place) if place else 0
    size = image[at]
    if size < 0xFB:
        return image[at + 1 : at + 1 + size]
    return unpack(image)[place]
