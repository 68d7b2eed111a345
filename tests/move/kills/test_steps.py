"""`kill -9` of a worker at each step of a change of hands, and again of the one that finishes it: nothing acknowledged is
lost or doubled, one side owns the group, and both sides are as after a run that nobody disturbed.

Here at the beginning of each step; with `KILLS=all` at every moment of every step, once alone and once again while it is
finished, with `KILLS=pairs` at every moment again at every moment of what finishes it.
"""

import os
import time
from collections import defaultdict
from itertools import count

import pytest

from tests.move.kills.judge import Case
from tests.move.kills.moments import arrived
from tests.move.kills.stage import Seen, Stage

KILLS = os.environ.get("KILLS", "")
STEPS = {
    "cutover": [f"C{number}" for number in range(14)],
    # Nothing happens at R6 and R10: the revert counts its steps as the cutover does, and needs less.
    "revert": [f"R{number}" for number in range(14) if number not in (6, 10)],
}
BACK = {
    "cutover": ["back", "back fence", "opened", "opened row"],
    "revert": ["back", "back told", "opened", "opened row"],
}


@pytest.mark.parametrize("what", ["cutover", "revert"])
async def test_killed_at_any_step_and_again_while_that_is_finished(stage: Stage, what: str) -> None:
    played: list[Seen] = []

    async def play(first: str = "", again: str = "") -> list[str]:
        began = time.monotonic()
        seen = await stage.play(Case(what, first, again))
        played.append(seen)
        print(f"{time.monotonic() - began:5.2f} s  {seen.case}: {'; '.join(seen.wrong) or 'well'}", flush=True)
        return seen.finished

    await play()
    undisturbed = played[0]
    assert not undisturbed.wrong, undisturbed.wrong
    assert [moment for moment in undisturbed.crossed if " " not in moment] == STEPS[what]
    turns = defaultdict[int, "count[int]"](
        count
    )  # so that what is done twice is killed at one place and then at another
    if KILLS in ("all", "pairs"):
        for moment in undisturbed.crossed:
            finished = await play(moment)
            if finished and KILLS == "all":
                finished = [finished[next(turns[len(finished)]) % len(finished)]]
            for again in finished:
                await play(moment, again)
    else:
        for number, step in enumerate(STEPS[what]):
            again = step if arrived(what, step) else BACK[what][number % 4]
            await play(step, again if number else "")  # at the first, nothing was begun
    print(f"{len(played)} cases, {sum(each.kills for each in played)} kills")
    assert {each.digest for each in played} == {undisturbed.digest}
    assert not [f"{each.case}: {'; '.join(each.wrong)}" for each in played if each.wrong]
