"""Facts written in an older shape are read as if written today; what was written is never changed.

A shape is a number beside the fact. To change one: raise it in SHAPES, and give the step from the one before in UPCASTS.
"""

from collections.abc import Callable, Mapping
from typing import Any

Data = dict[str, Any]
Upcast = Callable[[Data], Data]

SHAPES: Mapping[str, int] = {}  # by type of fact; 1 where nothing is said
UPCASTS: Mapping[tuple[str, int], Upcast] = {}  # (type, shape it was written in) → the next shape


def shape(type: str, shapes: Mapping[str, int] = SHAPES) -> int:
    """The shape in which this version writes facts of this type."""
    return shapes.get(type, 1)


def upcast(
    type: str,
    written: int,
    data: Data,
    upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
    shapes: Mapping[str, int] = SHAPES,
) -> Data:
    """The fact's data in today's shape. ValueError for one from the future, KeyError when a step is missing."""
    today = shape(type, shapes)
    if written > today:
        raise ValueError(f"{type} was written in shape {written}; this version knows {today}")
    for step in range(written, today):
        data = upcasts[type, step](data)
    return data
