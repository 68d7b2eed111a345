"""What shoppers do, and how often, as data: a mix is a TOML file of shares and phases."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "mixes"
ACTS = ("product", "list", "search", "suggest", "cart", "account", "checkout")
"""`cart` is whatever brings a purchase on: a cart made, a line put in, the address told. `checkout` ends it."""


class WrongMix(ValueError):
    """A mix file that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds in which everything happens so many times as often."""

    seconds: float
    times: float = 1.0


@dataclass(frozen=True, slots=True)
class Mix:
    """`shares` of requests by act; `think`: seconds between two requests of a shopper, evenly from … to."""

    name: str
    title: str
    shares: Mapping[str, float]
    think: tuple[float, float]
    buyers: float  # the share of shoppers who buy: their requests are mostly `cart` and `checkout`
    phases: tuple[Phase, ...]
    opening: tuple[Phase, ...] = ()  # before anything is counted: a shop that is open has answered before
    hot: float = 0.0  # the share of purchases that want one and the same SKU
    skew: float = 1.0  # of which products are looked at: Zipf's exponent, 0 for all alike

    @property
    def seconds(self) -> float:
        return sum(phase.seconds for phase in self.phases)

    def rate(self, shoppers: int) -> float:
        """Requests a second of so many shoppers at times = 1."""
        return shoppers * 2 / sum(self.think)


def known() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> Mix:
    """A mix by its name, or by the path of its file. WrongMix says what is wrong with it."""
    path = FOLDER / f"{name}.toml" if name in known() else Path(name)
    try:
        return _mix(path.stem, tomllib.loads(path.read_text()))
    except FileNotFoundError:
        raise WrongMix(f"there is no mix {name}; known: {', '.join(known())}, or the path of a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise WrongMix(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise WrongMix(f"{path}: {error if not isinstance(error, KeyError) else f'{error} is missing'}") from None


def lasting(mix: Mix, seconds: float) -> Mix:
    """The same with phases that come to so many seconds, and as much less or more of an opening."""
    share = seconds / mix.seconds

    def stretched(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        return tuple(Phase(phase.seconds * share, phase.times) for phase in phases)

    return replace(mix, phases=stretched(mix.phases), opening=stretched(mix.opening))


def _mix(name: str, told: Mapping[str, Any]) -> Mix:
    unknown = set(told) - {"title", "shares", "think", "buyers", "opening", "phases", "hot", "skew"}
    if unknown:
        raise WrongMix(f"{', '.join(sorted(unknown))} is not known")
    shares = {act: float(share) for act, share in told["shares"].items()}
    if unknown := set(shares) - set(ACTS):
        raise WrongMix(f"shares: {', '.join(sorted(unknown))} is no act; known: {', '.join(ACTS)}")
    if abs(sum(shares.values()) - 1) > 0.001:
        raise WrongMix(f"shares come to {sum(shares.values()):.3f}, not to 1")
    least, most = (float(seconds) for seconds in told["think"])
    if not 0 < least <= most:
        raise WrongMix("think is [from, to] in seconds, above 0")
    buying = shares.get("cart", 0.0) + shares.get("checkout", 0.0)
    buyers = float(told.get("buyers", min(1.0, buying * 1.4)))
    if not buying <= buyers <= 1:
        raise WrongMix(f"buyers ({buyers}) make the requests that buy ({buying:.3f}): there must be more of them")
    return Mix(
        name,
        str(told["title"]),
        shares,
        (least, most),
        buyers,
        _phases(told["phases"]),
        _phases(told.get("opening", ())),
        float(told.get("hot", 0)),
        float(told.get("skew", 1)),
    )


def _phases(told: Sequence[Mapping[str, Any]]) -> tuple[Phase, ...]:
    return tuple(Phase(float(each["seconds"]), float(each.get("times", 1))) for each in told)
