"""`/_sim/…`: what tests and trials do to a played provider besides asking it.

POST   /_sim/troubles    {"kind": "lost", "path": "POST /v2/checkout/orders$", "times": 1}   DELETE: no more trouble
GET    /_sim/state       its book          GET /_sim/invariants  what does not add up in it
GET    /_sim/report      its report in CSV
POST   /_sim/hooks       {"held": true, "twice": true, "backwards": true}; sends what is due, unless held
POST   /_sim/{anything else}  what this provider alone can do: payouts, disputes …
"""

from typing import Any, Protocol

from banyan.kernel.refusals import Malformed
from banyan.simulators import troubles
from banyan.simulators.common import Answer, Asked, json_answer
from banyan.simulators.hooks import Hooks
from banyan.simulators.troubles import Troubles


class Played(Protocol):
    """A provider that is played."""

    @property
    def hooks(self) -> Hooks: ...

    @property
    def troubles(self) -> Troubles: ...

    def state(self) -> dict[str, Any]: ...

    def broken(self) -> list[str]: ...

    def report(self, told: dict[str, str]) -> Answer: ...

    def act(self, what: str, told: dict[str, Any]) -> dict[str, Any]:
        """KeyError or ValueError for what it cannot do."""
        ...


async def answer(played: Played, asked: Asked) -> Answer:
    try:
        return await _answer(played, asked)
    except Exception as error:  # whoever controls it is told what was wrong, whatever it was
        return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)


async def _answer(played: Played, asked: Asked) -> Answer:
    told = asked.json() if asked.method == "POST" else {}
    match asked.method, asked.path.removeprefix("/_sim/"):
        case "POST", "troubles":
            played.troubles.add(**told)
        case "DELETE", "troubles":
            played.troubles.coming.clear()
        case "GET", "state":
            waiting = [each.id for each in played.hooks.waiting]
            more = {"troubles": troubles.told(played.troubles), "webhooks_waiting": waiting}
            return json_answer(played.state() | more)
        case "GET", "invariants":
            return json_answer({"broken": played.broken()})
        case "GET", "report":
            return played.report(dict(asked.pairs()))
        case "POST", "hooks":
            for name, value in told.items():
                if name not in ("held", "twice", "backwards"):
                    raise Malformed(f"{name} is nothing about webhooks")
                setattr(played.hooks, name, bool(value))
            return json_answer({"taken": await played.hooks.deliver()})
        case "POST", what:
            return json_answer(played.act(what, told))
        case _:
            raise Malformed("there is no such thing to do")
    return json_answer({})
