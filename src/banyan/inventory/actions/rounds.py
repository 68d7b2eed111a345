"""Rounds: many wishes in one transaction, each with its own answer; who is overtaken asks again, and then for sure."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from banyan.foundation import telemetry
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.inventory.domain import Overtaken
from banyan.kernel.refusals import Refusal, Unavailable

Wish = TypeVar("Wish")
Told = TypeVar("Told")
Round = Callable[[Ports, Sequence[Asked[Wish]]], Awaitable[Sequence[Told | Exception]]]
Effect = Callable[[Ports, Sequence[Asked[Wish]], bool, Tx], Awaitable[Sequence[Told | Exception]]]
Names = Callable[[Wish], Iterable[Hashable]]
TRIES = 8


async def ask(ports: Ports, wish: Wish, first: "Round[Wish, Told]", second: "Round[Wish, Told]") -> Told:
    """The answer to this wish: of a round; if overtaken there, of a second kind of round; and then of one of its own.

    Nobody waits longer for another's bad luck, or fails for another's fault. Unavailable in the end: being overtaken is
    no reason to refuse anyone anything.
    """
    for attempt in range(TRIES):
        try:
            if attempt < 2:
                return await ports.together(second if attempt else first, wish)
            (told,) = await second(ports, [Asked(wish, telemetry.traceparent())])
            if not isinstance(told, Exception):
                return told
            raise told
        except Overtaken:
            continue
    raise Unavailable("too many want the same units at this moment", retry_after=1)


async def serve(
    ports: Ports,
    asked: Sequence[Asked[Wish]],
    effect: "Effect[Wish, Told]",
    names: "Names[Wish]",
    *,
    surely: bool = False,
) -> list[Told | Exception]:
    """The answers of a round; Overtaken for who is to ask again, among them all of a transaction that failed.

    `effect` has no two wishes before it that share one of their `names`: these come one after another, each in a
    transaction of its own. `surely`: it is to lock before it looks.
    """
    told: dict[int, Told | Exception] = {}
    named = [set(names(each.wish)) for each in asked]
    left = list(range(len(asked)))
    while left:
        turn = _apart(left, named)
        answers: Sequence[Told | Exception]
        try:
            answers = await ports.db.retrying(partial(effect, ports, [asked[number] for number in turn], surely))
        except (Overtaken, Refusal) as refusal:
            answers = [refusal] * len(turn)
        except Exception:
            if len(asked) == 1:
                raise
            answers = [Overtaken()] * len(turn)
        told |= zip(turn, answers, strict=True)
        left = [number for number in left if number not in told]
    return [told[number] for number in range(len(asked))]


def _apart(left: Sequence[int], named: Sequence[set[Hashable]]) -> list[int]:
    """Whose turn it is: in the order in which they asked, and none before another that shares a name with it."""
    turn, taken = list[int](), set[Hashable]()
    for number in left:
        if not taken & named[number]:
            turn.append(number)
        taken |= named[number]
    return turn
