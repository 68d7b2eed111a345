"""The judge: ends the faults when the shoppers are gone, waits until all is quiet, and then checks everything."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from banyan.foundation.db import Db
from banyan.foundation.service import Ports
from banyan.trial import invariants
from banyan.trial.sim.shoppers import Ledger
from banyan.trial.sim.turnstile import Wedged

if TYPE_CHECKING:
    from banyan.trial.sim.stage import Game, Stage

_UNSENT = "SELECT id FROM {outbox} WHERE (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one)"
_STUCK = "SELECT type, error FROM stuck"
# What must come to its end by itself, per service.
_UNFINISHED = {
    "orders": (
        "SELECT order_id, step, last_error FROM saga WHERE finished_at IS NULL",
        "SELECT id FROM mail_due",
    ),
    "payments": (
        "SELECT payment_id, kind, state FROM operation WHERE next_look_at IS NOT NULL",
        "SELECT id, state FROM payment WHERE state IN ('created', 'unknown', 'requires_action')",
    ),
    "testbank": ("SELECT id, attempts FROM webhook WHERE next_at IS NOT NULL",),
    "inventory": ("SELECT id FROM reservation WHERE state = 'held'",),
}


class Judge:
    """Stands outside the simulated process and looks into its databases."""

    def __init__(self, stage: "Stage", game: "Game", ledger: Ledger, units: Mapping[str, int]) -> None:
        self._stage = stage
        self._game = game
        self._ledger = ledger
        self._units = units
        self.quiet = False

    async def wait_for_the_end(self, longest: float) -> None:
        """Wait for the shoppers, end the faults, and wait until nothing is left to do. Wedged when that never comes."""
        sleep = self._game.turnstile.sleep
        while self._ledger.left:
            await sleep(10)
        if self._game.plan.crash_at is None:  # the one crash that was asked for may come at any time
            self._game.plan.calm()
        ends = self._game.turnstile.clock.monotonic() + longest
        while left := await self._left():
            if self._game.turnstile.clock.monotonic() > ends:
                raise Wedged(f"not finished {longest / 3600:.0f} h after the faults stopped: {left}")
            await sleep(60)
        self._game.plan.rest()
        await sleep(60)  # so that nothing counts as still under way
        self.quiet = True

    async def verdict(self) -> list[str]:
        """What is wrong, in words; nothing when all is well."""
        found = await invariants.check(self._dbs(), list(self._stage.services.values()))
        broken = [f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in found if each.count]
        return broken + await self._promises_kept() + await self._units_add_up()

    async def _promises_kept(self) -> list[str]:
        """Each acknowledged order is there, and is still what its shopper was last told unless it was called off since."""
        rows = await self._db("orders").fetch("SELECT order_id, status FROM order_view")
        found = {row["order_id"]: row["status"] for row in rows}
        wrong = [f"{order} was acknowledged and is lost" for order in self._ledger.acknowledged if order not in found]
        for order, told in self._ledger.last_seen.items():
            if found.get(order) != told and found.get(order) != "cancelled":
                wrong.append(f"{order} was {told} and is {found.get(order)}")
        return wrong + [f"{order} never ended: {status}" for order, status in found.items() if status == "processing"]

    async def _units_add_up(self) -> list[str]:
        """What is left and what confirmed orders took is what there was."""
        left = {
            row["sku"]: row["n"]
            for row in await self._db("inventory").fetch("SELECT sku, sum(on_hand)::int AS n FROM level GROUP BY sku")
        }
        sold = {
            row["sku"]: row["n"]
            for row in await self._db("inventory").fetch(
                """SELECT sku, sum(quantity)::int AS n FROM reservation_line JOIN reservation ON id = reservation_id
               WHERE state = 'sold' GROUP BY sku"""
            )
        }
        return [
            f"{sku}: there were {units}, {left.get(sku, 0)} are left and {sold.get(sku, 0)} sold"
            for sku, units in self._units.items()
            if left.get(sku, 0) + sold.get(sku, 0) != units or left.get(sku, 0) < 0
        ]

    async def _left(self) -> list[str]:
        left = [] if self._game.bus.empty() else ["events on the bus"]
        for name, service in self._stage.services.items():
            for sql in (_UNSENT.format(outbox=service.outbox), _STUCK, *_UNFINISHED.get(name, ())):
                left += [f"{name}: {dict(row)}" for row in await self._db(name).fetch(sql)]
        return left

    def _db(self, name: str) -> Db:
        """The database without points: the judge is not part of the play."""
        ports: Ports = self._stage.ports[name]
        return Db(self._stage.pools[name], clock=self._game.turnstile.clock, ids=ports.ids)

    def _dbs(self) -> dict[str, Db]:
        return {name: self._db(name) for name in self._stage.services}
