"""What the trial typed, where it found it, and how it says so."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Memory:
    """What was found in the memory of a process."""

    size: int = 0
    typed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Verdict:
    """What was typed where, and where it was found."""

    typed: int = 0  # requests with a number in them
    places: int = 0
    kept: int = 0  # numbers that were typed into the vault's own fields
    opened: int = 0  # of them, those that the vault has sealed and can open
    paid: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unread: int = 0  # answered without a look at where the number stood
    passed: list[str] = field(default_factory=list)  # places where a number was not refused
    looked: dict[str, tuple[int, int]] = field(default_factory=dict)  # where: (bytes, numbers)
    memory: dict[str, "Memory"] = field(default_factory=dict)  # by process
    aborted: tuple[str, ...] = ()  # processes that were ended by SIGABRT where core files may be written
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        answers = ", ".join(f"{count} {what}" for what, count in self.answers.most_common(6))
        lines = [
            f"{self.typed} requests with a card number in one of {self.places} places: {answers}",
            f"{self.unread} of them answered without that place being read (tracing, answers that lie ready, webhooks)",
            f"{self.kept} numbers typed into the vault's fields, {self.paid} of them paid; the vault opens {self.opened}",
            *(
                f"{where}: {size / 1e6:,.1f} MB looked at, {count} found"
                for where, (size, count) in self.looked.items()
            ),
        ]
        lines += [
            f"memory of {name}: {each.size / 1e6:,.0f} MB looked at, {len(each.typed)} of the typed and {len(each.kept)}"
            " of the kept numbers in it"
            for name, each in self.memory.items()
        ]
        if self.aborted:
            lines.append(f"ended by SIGABRT with core files allowed: {', '.join(self.aborted)}")
        else:
            lines.append("core files: not shown, for this machine writes none into the folder of a process that breaks")
        return lines + (self.wrong or ["found nowhere that is kept but sealed in the vault"])

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self.typed,
            "places": self.places,
            "answers": dict(self.answers),
            "unread": self.unread,
            "not_refused": self.passed,
            "kept": self.kept,
            "opened": self.opened,
            "paid": self.paid,
            "looked": {where: {"bytes": size, "found": count} for where, (size, count) in self.looked.items()},
            "memory": [
                {"process": name, "bytes": each.size, "typed": len(each.typed), "kept": len(each.kept)}
                for name, each in self.memory.items()
            ],
            "aborted": list(self.aborted),
            "wrong": self.wrong,
        }

    def looked_at(self, where: str, size: int, found: dict[str, set[str]]) -> None:
        self.looked[where] = (size, len(set().union(*found.values())))
        self.wrong += [f"{where}: {len(held)} numbers in {place}" for place, held in found.items() if held]
