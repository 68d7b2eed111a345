"""A move of a legacy shop by hand: what tests say of it, and what was asked of it."""

from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

from banyan.kernel.refusals import Conflict
from tests.console.fake_services.asked import Asked, Handler, Json, found
from tests.console.fake_services.shop import FakeShop


@dataclass
class Move(FakeShop):
    move: Json = field(default_factory=lambda: {"moving": False, "stream": None, "groups": [], "next_steps": []})
    log: list[Json] = field(default_factory=list)
    cases: dict[str, Json] = field(default_factory=dict)
    gates: list[Json] = field(default_factory=list)
    turn: Json = field(default_factory=dict)

    def table(self) -> dict[tuple[str, str, str], Handler]:
        acts = ("prepare", "copy", "verify", "route", "shadow", "finalize", "abort")
        turns = ("cutover", "revert")
        return (
            super().table()
            | {
                ("move", "GET", "/v1/move"): self._read_move,
                ("move", "GET", "/v1/move/quarantine"): self._read_cases,
                ("move", "GET", "/v1/move/quarantine/{id}"): self._read_case,
                ("move", "POST", "/v1/move/quarantine/{id}/{act}"): self._act_on_case,
                ("move", "GET", "/v1/move/{group}/log"): self._read_log,
            }
            | {("move", "POST", f"/v1/move/{{group}}/{act}"): self._act for act in acts}
            | {("move", "POST", f"/v1/move/{{group}}/{act}"): self._turn for act in turns}
        )

    async def _read_move(self, asked: Asked) -> Response:
        asked.must("operate")
        return JSONResponse(self.move)

    async def _read_log(self, asked: Asked) -> Response:
        asked.must("operate")
        return JSONResponse({"items": self.log, "next_cursor": None})

    async def _read_cases(self, asked: Asked) -> Response:
        asked.must("operate")
        cases = [each for each in self.cases.values() if each["state"] == asked.one("state")]
        return JSONResponse({"cases": cases, "next_steps": []})

    async def _read_case(self, asked: Asked) -> Response:
        asked.must("operate")
        return JSONResponse(found(self.cases, asked.named["id"]))

    async def _act_on_case(self, asked: Asked) -> Response:
        asked.must("move:write")
        case = found(self.cases, asked.named["id"])
        if asked.named["act"] == "waive":
            case |= {"state": "waived", "waived_by": asked.body["who"], "waived_because": asked.body["because"]}
        return JSONResponse(case)

    async def _act(self, asked: Asked) -> Response:
        asked.must("move:write")
        return JSONResponse({})

    async def _turn(self, asked: Asked) -> Response:
        asked.must("move:write")
        if self.gates and not asked.body.get("overrides"):
            raise Conflict("gates are shut", code="gate_shut", more={"gates": self.gates})
        return JSONResponse({"outcome": "dry_run"} if asked.body.get("dry_run") else self.turn)


def group_of(name: str, state: str = "verified", **more: object) -> Json:
    """A group as the move service tells it."""
    way_back = {"open": False, "until": None, "due": 0, "oldest_seconds": 0.0, "flagged": 0, "waived": 0}
    return {
        "group": name,
        "state": state,
        "owner": "legacy",
        "epoch": 1,
        "copy_percent": 100.0,
        "rows_copied": 4_000,
        "rows_expected": 4_000,
        "coverage_percent": 99.97,
        "rows": 4_000,
        "oldest_unverified_seconds": 4.0,
        "way_back": way_back,
        **more,
    }


def stream_of(**more: object) -> Json:
    return {
        "shop": "opencart4",
        "server": "127.0.0.1:3306/shop",
        "position": "000001:4711",
        "lag_seconds": 0.25,
        "works": True,
        **more,
    }
