"""Every contract has a golden example that reads back unchanged, so that a changed promise shows as a changed file."""

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from pydantic import BaseModel

from banyan import contracts
from banyan.contracts import CALLS, EVENTS
from banyan.contracts.examples import FOLDER, example

for found in iter_modules(contracts.__path__):
    import_module(f"banyan.contracts.{found.name}")


def _ours(known: dict[str, Any]) -> list[str]:
    """Without those that tests of other modules made."""
    return sorted(name for name, kind in known.items() if kind.__module__.startswith("banyan.contracts."))


def _again(kind: type[BaseModel], said: object) -> Any:
    """What this version makes of what was said, strictly as it would arrive: from JSON."""
    return kind.model_validate_json(json.dumps(said)).model_dump(mode="json")


def _as_kept(name: str, said: object) -> None:
    """The file must be exactly what this version would write; pytest shows the difference."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == json.dumps(
        said, indent=2, ensure_ascii=False
    ) + "\n"


@pytest.mark.parametrize("name", _ours(EVENTS))
def test_an_event_reads_back_as_its_golden_example(name: str) -> None:
    kind = EVENTS[name]
    _as_kept(name, _again(kind, example(name)))
    assert kind.model_validate(example(name)).key == example(name)[kind.KEY]


@pytest.mark.parametrize("name", _ours(CALLS))
def test_a_call_and_its_answer_read_back_as_their_golden_example(name: str) -> None:
    kind = CALLS[name]
    said = example(name)
    _as_kept(name, {"asked": _again(kind, said["asked"]), "answered": _again(kind.ANSWER, said["answered"])})


def test_there_is_no_example_of_a_contract_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*_ours(EVENTS), *_ours(CALLS)}


@pytest.mark.parametrize("name", _ours(EVENTS))
def test_a_reader_ignores_what_a_newer_writer_added(name: str) -> None:
    newer = {**example(name), "added_next_year": {"any": ["thing"]}}
    assert _again(EVENTS[name], newer) == _again(EVENTS[name], example(name))


def test_an_unknown_name_has_no_example() -> None:
    with pytest.raises(KeyError):
        example("orders.NoSuchThing")
