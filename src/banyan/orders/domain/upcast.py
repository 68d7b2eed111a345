"""Facts written in an older shape are read as if written today; what was written is never changed.

A shape is a number beside the fact. To change one: raise it in SHAPES, and give the step from the one before in UPCASTS.
"""

from collections.abc import Callable, Mapping
from typing import Any

from banyan.orders.domain.personal import PATHS, VIEW

Data = dict[str, Any]
Upcast = Callable[[Data], Data]

# By type of fact; 1 where nothing is said. In shape 2 what is personal is sealed; opened, it is what shape 1 was. A version
# that knows no seals refuses such a fact, instead of taking the order for one of nobody.
SHAPES: Mapping[str, int] = {type: 2 for type in PATHS if type != VIEW}
UPCASTS: Mapping[tuple[str, int], Upcast] = {  # (type, shape it was written in) → the next shape
    (type, 1): lambda data: data for type in SHAPES
}


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
