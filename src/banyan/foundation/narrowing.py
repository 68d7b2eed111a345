"""Lists that can be narrowed: only what is asked stands in the statement, since a plan for "this or anything" uses no index."""

from collections.abc import Mapping
from typing import Any


def where(known: Mapping[str, str], after: int = 0, /, **wanted: Any) -> tuple[str, list[Any]]:
    """`WHERE …` of the conditions that are wanted (None wants nothing), and their values, numbered from `after` + 1 on.

    `known`: by name, a condition with `{}` where its value goes. Empty where nothing is wanted.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = [known[name].format(f"${place}") for place, name in enumerate(given, after + 1)]
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", list(given.values())
