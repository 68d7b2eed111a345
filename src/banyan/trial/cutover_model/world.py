"""What happens around a change of hands: shoppers write, bypassers write, the log is followed, our facts go back.

Each function gives the states that may come next, each with words for what happened.
"""

from collections.abc import Iterator

from banyan.trial.cutover_model.state import (
    LEGACY,
    NEW,
    Changes,
    Entry,
    Flight,
    Gateway,
    Stale,
    State,
    put,
    put_all,
)

Next = tuple[str, State]
SIDES = ("the legacy shop", "our side")
LOST_ERROR = "a shopper saw an error although the worker's lease held"


def world(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    for number in (0, 1):
        yield from _gateway(state, number)
    yield from _bypass(state, wrong)
    yield from _stream(state, wrong)
    yield from _way_back(state, wrong)
    yield from _late(state, wrong)


def _gateway(state: State, number: int) -> Iterator[Next]:
    gateway = state.gateways[number]
    name = f"gateway {number + 1}"
    row = (state.owner, state.holding, state.attempt)
    if not gateway.leased or (gateway.owner, gateway.holds, gateway.attempt) != row:
        heard = gateway._replace(owner=row[0], holds=row[1], attempt=row[2], leased=True)
        yield f"{name} renews its lease and hears: {_spoken(heard)}", _with(state, number, heard)
    if gateway.holds and gateway.flight is None and gateway.told != gateway.attempt:
        yield f"{name} reports: held, none in flight", _with(state, number, gateway._replace(told=gateway.attempt))
    if gateway.leased and state.left.lapses:
        flight = gateway.flight._replace(sure=False) if gateway.flight else None
        lapsed = _with(state, number, gateway._replace(leased=False, flight=flight))
        yield f"the lease of {name} runs out", _spend(lapsed, "lapses")
    if gateway.flight is None and not gateway.holds and state.left.writes:
        value = state.value + 1
        for key in _keys(state):
            sent = gateway._replace(flight=Flight(gateway.owner, key, value, gateway.leased))
            next_ = _spend(_with(state, number, sent), "writes")._replace(value=value)
            yield f"{name} sends key{key}={value} to {SIDES[gateway.owner]}", next_
    if gateway.flight is not None:
        yield from _arrive(state, number, gateway, gateway.flight)


def _arrive(state: State, number: int, gateway: Gateway, flight: Flight) -> Iterator[Next]:
    """A write reaches its database: it waits for a table lock, is refused by a fence, or is committed and acknowledged."""
    if flight.side == LEGACY and state.locked:
        return
    landed = _with(state, number, gateway._replace(flight=None))
    told = f"key{flight.key}={flight.value}"
    if state.closed if flight.side == LEGACY else state.tenure[0] != NEW:
        wrong = LOST_ERROR if flight.sure else ""
        yield f"{SIDES[flight.side]} refuses {told}", landed._replace(wrong=wrong)
        return
    truth = put(state.truth, flight.key, flight.value)
    if flight.side == LEGACY:
        changes = ((flight.key, flight.value),)
        yield f"{SIDES[0]} commits {told}", _committed(landed, changes)
    else:
        yield (
            f"{SIDES[1]} commits {told}",
            landed._replace(
                new=put(state.new, flight.key, flight.value), facts=(*state.facts, flight.key), truth=truth
            ),
        )


def _bypass(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    """Somebody writes to the legacy database directly, in a transaction that may stay open for long."""
    if state.locked:
        if state.open_tx and "no_drain" in wrong:
            yield "the bypasser commits", _committed(state._replace(open_tx=()), state.open_tx)
        return
    if state.open_tx:
        yield "the bypasser commits", _committed(state._replace(open_tx=()), state.open_tx)
        if len(state.open_tx) == 1 and not state.closed:
            value, other = state.value + 1, 1 - state.open_tx[0][0]
            more = (*state.open_tx, (other, value))
            yield f"the bypasser also writes key{other}={value}", state._replace(open_tx=more, value=value)
    elif state.left.bypasses and not state.closed:
        value = state.value + 1
        for key in _keys(state):
            next_ = _spend(state._replace(open_tx=((key, value),), value=value), "bypasses")
            yield f"a bypasser writes key{key}={value} and has not committed", next_


def _stream(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    """The log is followed: what the legacy shop wrote comes to our side, newest first come stays."""
    if state.half:
        yield (
            "the stream applies the rest of the transaction",
            _applied(state, state.half, state.applied)._replace(half=()),
        )
        if state.left.crashes:
            yield "the stream is killed", _spend(state._replace(half=()), "crashes")
    elif state.applied < len(state.log):
        at, entry = state.applied + 1, state.log[state.applied]
        moved = state._replace(applied=at)
        if entry.tagged and "echo" not in wrong:
            yield f"the stream passes the way back's own transaction {at}", moved
        elif "half_a_transaction" in wrong and len(entry.changes) > 1:
            next_ = _applied(moved, entry.changes[:1], at)._replace(half=entry.changes[1:])
            yield f"the stream applies half of transaction {at} and moves its checkpoint", next_
        else:
            yield f"the stream applies transaction {at}: {_listed(entry.changes)}", _applied(moved, entry.changes, at)
    if state.left.repeats:
        for at, entry in enumerate(state.log[: state.applied], 1):
            again = _applied(state, entry.changes, at, oldest_wins="older_wins" in wrong)
            if not entry.tagged and again != state:
                yield f"transaction {at} is delivered once more", _spend(again, "repeats")


def _way_back(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    """Our facts go to the bus, and from there each changed aggregate, as it is when it is read, to the legacy tables."""
    if state.sent < len(state.facts):
        yield "the relay brings our facts to the bus", state._replace(sent=len(state.facts))
    if not state.up or state.goes_back < 0:
        return
    if state.picked:
        key, value = state.picked
        next_ = _written_back(state, key, value)._replace(picked=None, goes_back=state.goes_back + 1)
        yield f"the way back writes key{key}={value}", next_
    elif state.goes_back < state.sent:
        key = state.facts[state.goes_back]
        yield f"the way back reads key{key}={state.new[key]}", state._replace(picked=(key, state.new[key]))
    if state.left.repeats and state.goes_back > 0 and not state.picked:
        yield "a fact is heard once more", _spend(state._replace(goes_back=state.goes_back - 1), "repeats")


def _late(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    """A message that was long on its way arrives; a process that was taken for dead goes on where it stood."""
    if state.letter:
        owner, epoch = state.letter
        arrived = state._replace(letter=None)
        if epoch >= state.tenure[1] or "stale_epoch" in wrong:
            arrived = arrived._replace(tenure=(owner, epoch))
        yield f"a tenure sent before arrives: {SIDES[owner]}, epoch {epoch}", arrived
    stale = state.stale
    if stale is None:
        return
    gone = state._replace(stale=None)
    if stale.what == "fence":
        fits = stale.attempt == state.attempt and state.step == 5
        if not fits and "late_fence" in wrong:
            yield "the stalled controller closes the fence", gone._replace(closed=True)
        else:
            yield "the stalled controller finds its attempt over", gone
    elif stale.what == "commit":
        fits = stale.attempt == state.attempt and state.step == 11 and not state.late
        if fits or "late_commit" in wrong:
            committed = gone._replace(owner=NEW, epoch=state.epoch + 1, step=12)
            yield "the stalled controller commits", committed
        else:
            yield "the stalled controller's commit finds another row", gone
    elif (stale.attempt == state.token and state.closed) or "late_way_back" in wrong:
        next_ = _written_back(gone, stale.key, stale.value)
        yield f"the stalled way back writes key{stale.key}={stale.value}", next_
    else:
        yield "the stalled way back finds another one in its place", gone


def stalled(state: State) -> Stale | None:
    """What the process that drives would do next, were it only stopped and not dead."""
    if state.picked:
        return Stale("write", state.token, *state.picked)
    if state.step == 5:
        return Stale("fence", state.attempt)
    if state.step == 11:
        return Stale("commit", state.attempt)
    return None


def _keys(state: State) -> tuple[int, ...]:
    """Which keys are written: the first is key 0, as the keys differ in nothing but their names."""
    return (0, 1) if state.value else (0,)


def _written_back(state: State, key: int, value: int) -> State:
    if state.legacy[key] == value:
        return state
    return state._replace(legacy=put(state.legacy, key, value), log=(*state.log, Entry(((key, value),), True)))


def _applied(state: State, changes: Changes, at: int, *, oldest_wins: bool = False) -> State:
    new, seen = state.new, state.seen
    for key, value in changes:
        if at > seen[key] or oldest_wins:
            new, seen = put(new, key, value), put(seen, key, at)
    return state._replace(new=new, seen=seen)


def _committed(state: State, changes: Changes) -> State:
    """The legacy database commits what users wrote."""
    return state._replace(
        legacy=put_all(state.legacy, changes),
        truth=put_all(state.truth, changes),
        log=(*state.log, Entry(changes, False)),
    )


def _with(state: State, number: int, gateway: Gateway) -> State:
    pair = (gateway, state.gateways[1]) if number == 0 else (state.gateways[0], gateway)
    return state._replace(gateways=pair)


def _spend(state: State, what: str) -> State:
    return state._replace(left=state.left._replace(**{what: getattr(state.left, what) - 1}))


def _listed(changes: Changes) -> str:
    return ", ".join(f"key{key}={value}" for key, value in changes)


def _spoken(gateway: Gateway) -> str:
    return "hold" if gateway.holds else f"writes go to {SIDES[gateway.owner]}"
