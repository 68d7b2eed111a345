"""What goes wrong, by seed: messages lost, doubled and late, answers lost, the process dying at some point."""

from dataclasses import dataclass
from enum import Enum

from banyan.kernel.ids import SeededIds
from banyan.trial.sim.turnstile import Crash


class Fate(Enum):
    """What becomes of one call between services."""

    FINE = "fine"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    TWICE = "done twice"


@dataclass(slots=True)
class Plan:
    """The faults of one run. `calm()` ends them: from then on everything must come to its end."""

    chance: SeededIds
    lost_request: float = 0.0
    lost_answer: float = 0.0
    twice: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0  # share of events that are held back
    crash: float = 0.0  # chance at each point
    crash_at: int | None = None  # … or the one point, by number, where it happens
    points: int = 0
    eventful: int = 0  # points until everything was done
    crashes: int = 0
    crashed_where: str = ""

    @classmethod
    def by_seed(cls, chance: SeededIds) -> "Plan":
        """Some runs are calm in one respect and wild in another; every mixture comes up."""

        def sometimes(most: float) -> float:
            return most * chance.fraction() if chance.fraction() < 0.6 else 0.0

        return cls(
            chance,
            lost_request=sometimes(0.25),
            lost_answer=sometimes(0.25),
            twice=sometimes(0.2),
            duplicate=sometimes(0.5),
            late=sometimes(0.6),
            crash=sometimes(0.012),
        )

    def calm(self) -> None:
        self.lost_request = self.lost_answer = self.twice = self.duplicate = self.late = self.crash = 0.0
        self.crash_at = None

    def rest(self) -> None:
        """All is done: no more faults, and what comes now is no part of the run's points."""
        self.calm()
        self.eventful = self.points

    def fate(self) -> Fate:
        draw = self.chance.fraction()
        for fate, share in (
            (Fate.REQUEST_LOST, self.lost_request),
            (Fate.ANSWER_LOST, self.lost_answer),
            (Fate.TWICE, self.twice),
        ):
            if draw < share:
                return fate
            draw -= share
        return Fate.FINE

    def delay(self) -> float:
        """Seconds an event is held back."""
        return 30 * self.chance.fraction() if self.chance.fraction() < self.late else 0.0

    def doubled(self) -> bool:
        return self.chance.fraction() < self.duplicate

    def at_point(self, where: str) -> None:
        """Asked at each point inside the process; raises Crash where this run crashes."""
        self.points += 1
        if self.points == self.crash_at or (self.crash and self.chance.fraction() < self.crash):
            self.crashes += 1
            self.crashed_where = where
            raise Crash
