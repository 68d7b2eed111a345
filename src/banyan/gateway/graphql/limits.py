"""What a GraphQL document may ask for, decided from its text alone, before any of it runs.

Saleor's advisories are the list of what to refuse: unbounded batches (CVE-2026-33756), aliases (CVE-2026-35401), depth,
fragments that unfold without end, pages without bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

MAX_CHARACTERS = 20_000
MAX_TOKENS = 1_000
MAX_DEPTH = 10
MAX_INTROSPECTION_DEPTH = 16
MAX_ALIASES = 30
MAX_BATCH = 5
MAX_COST = 1_000
MAX_FIELDS = 2_000
MAX_PAGE = 100

# What a field costs by itself; fields that are not here and have no selection cost nothing.
_COST = {
    "products": 10,
    "search": 20,
    "suggest": 5,
    "categories": 5,
    "orders": 10,
    "checkout": 100,
    "createCart": 20,
    "addLine": 20,
    "changeLine": 20,
    "removeLine": 20,
    "setDelivery": 20,
    "cancelOrder": 50,
    "description": 1,  # these four are loaded apart from a list's cards
    "images": 1,
    "attributes": 1,
    "stock": 1,
    "__schema": 50,
    "__type": 20,
}
_PAGED = frozenset({"products", "search", "orders"})
_USUAL_PAGE = 20
_USUAL_LIST = {
    "variants": 5,
    "images": 3,
    "lines": 10,
    "facets": 20,
    "shippingOptions": 3,
    "events": 10,
    "children": 10,
}


class TooMuch(GraphQLError):
    """A document that asks for more than anyone needs."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(what, extensions={"code": code})


@dataclass(slots=True)
class _Count:
    fields: int = 0
    aliases: int = 0


@lru_cache(maxsize=1_000)
def read(text: str) -> DocumentNode:
    """Parse a document; the same text is parsed once. TooMuch or GraphQLSyntaxError when it cannot be accepted."""
    if len(text) > MAX_CHARACTERS:
        raise TooMuch(f"a document is at most {MAX_CHARACTERS} characters", "document_too_long")
    try:
        return parse(text, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message:
            raise TooMuch(f"a document is at most {MAX_TOKENS} tokens", "too_many_tokens") from None
        raise
    except RecursionError:
        raise TooMuch("the document is nested too deeply", "too_deep") from None


def check(document: DocumentNode, variables: Mapping[str, Any], operation: str | None) -> int:
    """The cost of the operation that will run. TooMuch when any limit is exceeded."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if operation is None or (node.name and node.name.value == operation)]
    walk = _Walk(fragments, variables, _Count())
    cost = max((walk.cost(node.selection_set, 1, False, ()) for node in chosen), default=0)
    if walk.count.aliases > MAX_ALIASES:
        raise TooMuch(f"a document has at most {MAX_ALIASES} aliases", "too_many_aliases")
    if cost > MAX_COST:
        raise TooMuch(
            f"this costs {cost}, at most {MAX_COST} is allowed: ask for fewer fields or smaller pages", "too_costly"
        )
    return cost


@dataclass(frozen=True, slots=True)
class _Walk:
    """Unfolds the selections of an operation, counting as it goes and stopping at the first limit."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    count: _Count

    def cost(self, selected: SelectionSetNode | None, depth: int, inspecting: bool, inside: tuple[str, ...]) -> int:
        if selected is None:
            return 0
        if depth > (MAX_INTROSPECTION_DEPTH if inspecting else MAX_DEPTH):
            raise TooMuch(f"selections are nested at most {MAX_DEPTH} deep", "too_deep")
        total = 0
        for node in selected.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, depth, inspecting, inside)
            elif isinstance(node, InlineFragmentNode):
                total += self.cost(node.selection_set, depth, inspecting, inside)
            elif isinstance(node, FragmentSpreadNode):
                total += self._spread(node.name.value, depth, inspecting, inside)
        return total

    def _field(self, node: FieldNode, depth: int, inspecting: bool, inside: tuple[str, ...]) -> int:
        self.count.fields += 1
        self.count.aliases += node.alias is not None
        if self.count.fields > MAX_FIELDS:
            raise TooMuch(f"a document unfolds to at most {MAX_FIELDS} fields", "too_many_fields")
        name = node.name.value
        inspecting = inspecting or name.startswith("__")
        if node.selection_set is None:
            return _COST.get(name, 0)
        times = 1 if inspecting else self._times(node)
        return _COST.get(name, 1) + times * self.cost(node.selection_set, depth + 1, inspecting, inside)

    def _spread(self, name: str, depth: int, inspecting: bool, inside: tuple[str, ...]) -> int:
        fragment = self.fragments.get(name)
        if fragment is None:
            return 0  # validation says so in its own words
        if name in inside:
            raise TooMuch(f"the fragment {name} contains itself", "fragment_loop")
        return self.cost(fragment.selection_set, depth, inspecting, (*inside, name))

    def _times(self, node: FieldNode) -> int:
        """How many of this there will be, by its `first` argument or by what is usual."""
        name = node.name.value
        if name not in _PAGED:
            return _USUAL_LIST.get(name, 1)
        for argument in node.arguments or ():
            if argument.name.value == "first":
                return self._number(argument.value)
        return _USUAL_PAGE

    def _number(self, value: Any) -> int:
        given: Any = MAX_PAGE
        if isinstance(value, IntValueNode):
            given = int(value.value)
        elif isinstance(value, VariableNode):
            given = self.variables.get(value.name.value, _USUAL_PAGE)
        return min(max(given, 1), 10 * MAX_COST) if type(given) is int else MAX_PAGE
