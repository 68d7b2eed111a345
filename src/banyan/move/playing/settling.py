"""What was judged is written down: equal, different and in what, or that nobody can tell."""

import logging
from collections.abc import Sequence
from typing import Any

from banyan.foundation.service import Ports
from banyan.move.legacy import Ref
from banyan.move.playing.cases import Case, Verdict, shared_out
from banyan.move.playing.judging import SLACK
from banyan.move.storage import dual, log

_log = logging.getLogger(__name__)


async def agree(ports: Ports, ref: Ref | None, cases: Sequence[Case], verdict: Verdict) -> int:
    """Both sides came to the same, or the legacy shop did nothing of what it never answered."""
    undone = verdict.nothing and any(case.touched for case in cases)
    return await settle(ports, cases, "not_done" if undone else "equal", ref)


async def disagree(ports: Ports, ref: Ref | None, cases: Sequence[Case], verdict: Verdict) -> int:
    if not verdict.unclear and verdict.taken:
        verdict.unclear = "its changes may have been taken for another write's"
    if not verdict.unclear and ref is not None:
        first, last, slack = cases[0].row, cases[-1].row, SLACK if verdict.early else 0.0
        if await dual.disturbed(ports.db, cases[0].whose, first["began_at"], last["ended_at"], slack):
            verdict.unclear = "something that is not played was written for the same shopper meanwhile"
    if verdict.unclear:
        _log.info("a write cannot be compared", extra={"why": verdict.unclear})
        return await settle(ports, cases, "unclear", ref)
    by_case = shared_out(cases, verdict.wrong)
    done = 0
    async with ports.db.transaction() as tx:
        for case in cases:
            wrong = by_case[case.id]
            if not await dual.settle(tx, case.id, "different" if wrong else "unclear", case.whose):
                continue
            done += 1
            for name, how in wrong.items():
                await _differ(tx, case, name, how)
        if ref is not None:
            await dual.judged(tx, ref.kind, ref.key, max(case.row["until_at"] for case in cases))
    return done


async def _differ(tx: Any, case: Case, name: str, how: str) -> None:
    group, kind, key = case.row["group_name"], case.ref.kind if case.ref else "", case.ref.key if case.ref else ""
    shown = "a guest's" if kind == "cart" and key.startswith("s") else key  # a session opens an account
    if await dual.differ(tx, group, case.door, name, how, kind=kind, key=shown, request=case.id):
        await log.add(tx, f"dual write: {case.door} differs in {name}", group=group, how=how, request=case.id)


async def settle(ports: Ports, cases: Sequence[Case], fate: str, ref: Ref | None = None) -> int:
    async with ports.db.transaction() as tx:
        done = sum([await dual.settle(tx, case.id, fate, case.whose) for case in cases])
        if ref is not None:
            await dual.judged(tx, ref.kind, ref.key, max(case.row["until_at"] for case in cases))
    return done
