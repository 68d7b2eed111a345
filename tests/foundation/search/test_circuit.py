"""Nobody waits for what has just let somebody wait."""

import pytest

from banyan.foundation.search.circuit import PAUSE, Circuit
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import NotFound, Unavailable


class Server:
    def __init__(self) -> None:
        self.there, self.asked = True, 0

    async def answer(self) -> int:
        self.asked += 1
        if not self.there:
            raise Unavailable("nobody there")
        return self.asked


async def refused(circuit: Circuit, server: Server) -> bool:
    try:
        await circuit.ask(server.answer)
    except Unavailable:
        return True
    return False


async def test_what_does_not_answer_is_asked_once_in_a_while_and_used_again_when_it_answers() -> None:
    clock, server = VirtualClock(), Server()
    circuit = Circuit("server", clock)
    assert [await circuit.ask(server.answer) for _ in range(3)] == [1, 2, 3]
    server.there = False
    assert [await refused(circuit, server) for _ in range(5)] == [True] * 5
    assert server.asked == 4
    clock.advance(PAUSE)
    assert [await refused(circuit, server) for _ in range(5)] == [True] * 5
    assert server.asked == 5
    server.there = True
    assert await refused(circuit, server)
    clock.advance(PAUSE)
    assert [await refused(circuit, server) for _ in range(3)] == [False] * 3
    assert server.asked == 8


async def test_while_one_tries_again_the_others_do_not_wait_for_it() -> None:
    clock, server = VirtualClock(), Server()
    circuit = Circuit("server", clock)
    server.there = False
    assert await refused(circuit, server)
    clock.advance(PAUSE)

    async def slow() -> bool:
        return await refused(circuit, server)

    server.there = True
    assert await circuit.ask(slow) is True


async def test_a_refusal_of_another_kind_is_an_answer() -> None:
    circuit = Circuit("server", VirtualClock())

    async def refuse() -> None:
        raise NotFound

    for _ in range(2):
        with pytest.raises(NotFound):
            await circuit.ask(refuse)
