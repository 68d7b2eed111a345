"""What some writes to one aggregate would have come to with us, beside what they came to in the legacy shop."""

from collections.abc import Sequence
from datetime import timedelta

from banyan.contracts.legacy import CartRecord, Customer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.move.doors.desk import Desk, Rules, play
from banyan.move.legacy import Ref
from banyan.move.playing.cases import Case, Verdict, held, put
from banyan.move.playing.past import Past, PastBooks
from banyan.move.rows import Unreadable
from banyan.move.shift import played
from banyan.move.storage import dual

SLACK = 5.0  # seconds by which a gateway's clock may differ from ours
HISTORY = timedelta(hours=23)


class Judge:
    """`books` are asked for what a session said when a write came."""

    def __init__(self, ports: Ports, past: Past, books: PastBooks) -> None:
        self._ports, self._past, self._books = ports, past, books
        self._rules = Rules(ports)

    async def judge(self, ref: Ref | None, cases: Sequence[Case]) -> Verdict:
        try:
            return await self._compare(ref, cases)
        except Unreadable as error:
            return Verdict(unclear=f"its rows cannot be read: {error}")
        except Refusal as refusal:
            return Verdict(unclear=f"it could not be played: {refusal.detail}")

    async def _compare(self, ref: Ref | None, cases: Sequence[Case]) -> Verdict:
        first, until = cases[0].row, max(case.row["until_at"] for case in cases)
        began = first["began_at"] - timedelta(seconds=SLACK)
        if (
            began < self._ports.clock.now() - HISTORY
            or first["mode_since"] is None
            or first["began_at"] < first["mode_since"]
        ):
            return Verdict(unclear="it began when nothing was kept to look back at")
        before, after, early, taken = None, None, False, False
        if ref is not None:
            changes = await dual.changes_of(self._ports.db, ref.kind, ref.key)
            judged = await dual.judged_to(self._ports.db, ref.kind, ref.key)
            taken = any(each["at"] <= judged and each["applied_at"] >= first["began_at"] for each in changes)
            older = [each["at"] for each in changes if each["applied_at"] < began]
            start = self._books.at = max([judged, first["since"], *older])
            early = any(start < each["at"] <= until and each["applied_at"] < first["began_at"] for each in changes)
            before, after = await self._past.record(ref, start), await self._past.record(ref, until)
        verdict = await self._play(ref, cases, before, after)
        verdict.early, verdict.taken = early, taken
        return verdict

    async def _play(
        self,
        ref: Ref | None,
        cases: Sequence[Case],
        before: Customer | CartRecord | None,
        after: Customer | CartRecord | None,
    ) -> Verdict:
        taken = cases[0].door == "register" and before is not None
        desk = await self._desk(cases[0], before, taken=taken)
        verdict = Verdict()
        for case in cases:
            was = held(desk, ref)
            case.said = await play(self._ports, self._books, desk, case.door, case.row["said"])
            if case.row["answer"] == "refused" and case.said.answer == "done":
                put(desk, ref, was)
            now = held(desk, ref)
            case.touched = set(
                played.differing(played.fields(was, before), played.fields(now, before), played.fields(was, before))
            )
            if case.row["answer"] != "unknown" and case.said.answer != case.row["answer"]:
                named = f" ({', '.join(case.said.fields)})" if case.said.fields else ""
                verdict.wrong[f"answer:{case.id}"] = (
                    f"ours: {case.said.answer}{named}; the legacy shop: {case.row['answer']}"
                )
        base = played.fields(before, before)
        legacy, ours = played.fields(after, before), played.fields(held(desk, ref), before)
        verdict.nothing = legacy == base
        refused_here = any(text.startswith("ours: refused") for text in verdict.wrong.values())
        unanswered = verdict.nothing and all(case.row["answer"] == "unknown" for case in cases)
        if (
            not refused_here and not unanswered
        ):  # what ours refuses it does not change: that is said by the answer alone
            verdict.wrong |= played.differing(base, ours, legacy)
        return verdict

    async def _desk(self, case: Case, before: Customer | CartRecord | None, *, taken: bool) -> Desk:
        if case.ref is not None and case.ref.kind == "cart":
            who = None
            if case.whose.startswith("c"):
                who = Customer(id="usr_played", version=0, email="", name="", created_at=case.row["began_at"])
            return Desk(self._rules, who, before if isinstance(before, CartRecord) else None)
        signed_in = before if isinstance(before, Customer) and case.door != "register" else None
        return Desk(self._rules, signed_in, None, taken=taken)
