"""Who drives a change of hands: steps C1 … C13, the revert's R1 … R13, giving up, dying and being taken up again.

`state.step` is the step that is about to be done; a process that takes up a group sees it in the durable row.
"""

from collections.abc import Callable, Iterator, Mapping

from banyan.trial.cutover_model.state import BACK, IDLE, LEGACY, NEW, OPENED, REVERT, Left, State
from banyan.trial.cutover_model.world import Next, stalled

Step = Callable[[State, frozenset[str]], State | None]
"""What comes after a step; None where it has to wait."""


def control(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    before_commit = 1 <= state.step % REVERT <= 11
    if state.up:
        yield from _go_on(state, wrong)
        if state.left.crashes:
            dead = state._replace(
                up=False, locked=False, stale=state.stale or stalled(state), picked=None, left=_less(state, "crashes")
            )
            yield f"the mover dies at {_name(state)}", dead
    else:
        yield from _take_up(state, wrong)
    if before_commit and not state.late and state.left.delays:
        yield "the deadline passes", state._replace(late=True, left=_less(state, "delays"))


def _go_on(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    if state.step == IDLE:
        if state.left.attempts:
            first = 1 + (REVERT if state.owner == NEW else 0)
            begun = state._replace(step=first, attempt=state.attempt + 1, late=False, left=_less(state, "attempts"))
            yield f"{_name(begun)}: intent written down", begun
        return
    if state.late and 1 <= state.step % REVERT <= 11 and "late_commit" not in wrong:
        yield "the attempt gives up", _given_up(state)
        return
    next_ = STEPS[state.step](state, wrong)
    if next_ is not None:
        yield f"{_name(state)} {WORDS.get(state.step, '')}".rstrip(), next_


def _take_up(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    """Another process finds the row: back before the commit point, forward after it. Its way back takes a new token."""
    up = state._replace(up=True, token=state.token + 1)
    step = state.step % REVERT
    if 1 <= step <= 11:
        if "forward_before_commit" in wrong and step > 6:
            yield "taken up, and rolled forward", up._replace(step=11 + state.step - step)
        else:
            yield "taken up, and rolled back", _given_up(up)
    elif step in (12, 13) and "back_after_commit" in wrong:
        yield "taken up, and rolled back", up._replace(step=BACK, owner=LEGACY)
    else:
        yield "taken up, to go on", up


def _given_up(state: State) -> State:
    """From here on it can only go back: the row says so before anything is opened."""
    return state._replace(step=BACK + (REVERT if state.step > REVERT else 0), locked=False)


def _hold(state: State, _: frozenset[str]) -> State:
    return state._replace(step=state.step + 1, holding=True)


def _await_gateways(state: State, wrong: frozenset[str]) -> State | None:
    """Every worker has reported for this attempt that it holds and has none in flight, or has no lease."""
    for gateway in state.gateways:
        reported = gateway.told == state.attempt or ("stale_report" in wrong and gateway.told > 0)
        if "no_lease_wait" in wrong and not gateway.holds:
            continue
        if "no_flight_wait" in wrong and gateway.holds:
            continue
        if gateway.leased and not reported:
            return None
    at = len(state.log) if "early_position" in wrong else state.at
    return state._replace(step=state.step + 1, at=at)


def _lock(state: State, wrong: frozenset[str]) -> State | None:
    if state.open_tx and "no_drain" not in wrong:
        return None
    return state._replace(step=4, locked=True)


def _position(state: State, wrong: frozenset[str]) -> State:
    return state._replace(step=5, at=state.at if "early_position" in wrong else len(state.log))


def _fence(state: State, wrong: frozenset[str]) -> State:
    return state._replace(step=6, closed="no_fence" not in wrong)


def _unlock(state: State, _: frozenset[str]) -> State:
    return state._replace(step=7, locked=False)


def _catch_up(state: State, wrong: frozenset[str]) -> State | None:
    reached = state.applied >= state.at or "early_commit" in wrong
    return state._replace(step=10) if reached else None


def _mark_way_back(state: State, wrong: frozenset[str]) -> State:
    """C10: from which fact on ours go back, written down before there can be any. C8 and C9 change nothing here."""
    return state._replace(step=11, goes_back=-1 if "late_way_back_start" in wrong else state.sent)


def _commit(state: State, _: frozenset[str]) -> State:
    wrong = "committed after its deadline" if state.late else state.wrong
    return state._replace(step=12, owner=NEW, epoch=state.epoch + 1, wrong=wrong)


def _grant(state: State, wrong: frozenset[str]) -> State:
    if "early_release" in wrong and state.holding:
        return state._replace(holding=False)
    tenure = (NEW, state.epoch)
    return state._replace(step=13, tenure=tenure, letter=state.letter or _sent(state, tenure))


def _release(state: State, _: frozenset[str]) -> State:
    if state.goes_back < 0:  # only where C10 did not
        if state.holding:
            return state._replace(holding=False)
        state = state._replace(goes_back=len(state.facts))
    return state._replace(step=IDLE, holding=False, at=-1)


def _open_again(state: State, wrong: frozenset[str]) -> State:
    if "early_release" in wrong and state.holding:
        return state._replace(holding=False)
    return state._replace(step=OPENED, closed=False)


def _given_back(state: State, _: frozenset[str]) -> State:
    return state._replace(step=IDLE, holding=False, at=-1, goes_back=-1)


def _end_tenure(state: State, wrong: frozenset[str]) -> State:
    """Our databases refuse writes from here on; the epoch rises first, so that no older word can undo it."""
    epoch = state.epoch + 1
    tenure = state.tenure if "no_tenure_fence" in wrong else (LEGACY, epoch)
    return state._replace(step=24, epoch=epoch, tenure=tenure)


def _mark_facts(state: State, wrong: frozenset[str]) -> State:
    """How many facts there are, those that are yet to reach the bus included."""
    return state._replace(step=27, at=state.sent if "unmarked_facts" in wrong else len(state.facts))


def _all_back(state: State, wrong: frozenset[str]) -> State | None:
    back = state.goes_back >= state.at or "early_revert" in wrong
    return state._replace(step=31) if back else None


def _commit_revert(state: State, _: frozenset[str]) -> State:
    return state._replace(step=32, owner=LEGACY, epoch=state.epoch + 1, goes_back=-1, picked=None)


def _open_legacy(state: State, wrong: frozenset[str]) -> State:
    if "early_release" in wrong and state.holding:
        return state._replace(holding=False)
    return state._replace(step=33, closed=False, tenure=(LEGACY, state.epoch))


def _released(state: State, _: frozenset[str]) -> State:
    return state._replace(step=IDLE, holding=False, at=-1)


def _tenure_again(state: State, _: frozenset[str]) -> State:
    epoch = state.epoch + 1
    return state._replace(step=REVERT + OPENED, epoch=epoch, tenure=(NEW, epoch))


def _kept(state: State, _: frozenset[str]) -> State:
    return state._replace(step=IDLE, holding=False, at=-1)


STEPS: Mapping[int, Step] = {
    1: _hold,
    2: _await_gateways,
    3: _lock,
    4: _position,
    5: _fence,
    6: _unlock,
    7: _catch_up,
    10: _mark_way_back,
    11: _commit,
    12: _grant,
    13: _release,
    BACK: _open_again,
    OPENED: _given_back,
    21: _hold,
    22: _await_gateways,
    23: _end_tenure,
    24: _mark_facts,
    27: _all_back,
    31: _commit_revert,
    32: _open_legacy,
    33: _released,
    REVERT + BACK: _tenure_again,
    REVERT + OPENED: _kept,
}
WORDS = {
    1: "gateways are told to hold",
    2: "no gateway has writes in flight",
    3: "the fence's lock is taken, nobody is writing",
    4: "the position is read",
    5: "the fence is closed",
    6: "the lock is let go",
    7: "the stream has come that far",
    10: "the way back's beginning is written down",
    11: "COMMIT: ours",
    12: "our side may write",
    13: "gateways go on",
    BACK: "the fence is opened",
    OPENED: "gateways go on with the legacy shop",
    21: "gateways are told to hold",
    22: "no gateway has writes in flight",
    23: "our databases refuse writes",
    24: "the last of our facts is known",
    27: "everything is back",
    31: "COMMIT: the legacy shop's",
    32: "the fence is opened",
    33: "gateways go on",
}


def _sent(state: State, tenure: tuple[int, int]) -> tuple[int, int] | None:
    """A copy of the message that may arrive late; only where something may go wrong at all."""
    return tenure if state.left.crashes or state.left.delays else None


def _less(state: State, what: str) -> Left:
    return state.left._replace(**{what: getattr(state.left, what) - 1})


def _name(state: State) -> str:
    if state.step == IDLE:
        return "rest"
    letter, step = ("R", state.step - REVERT) if state.step > REVERT else ("C", state.step)
    return {BACK: f"{letter}: back,", OPENED: f"{letter}: back,"}.get(step, f"{letter}{step}")
