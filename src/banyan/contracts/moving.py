"""What the gateway and the mover say to each other while a legacy shop moves in: who answers what, and who holds what."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from banyan.contracts import Call, Contract

Side = Literal["legacy", "new"]
PageKind = Literal["read", "unsafe_read", "write"]

CONFIRM, PLACE = "checkout.confirm", "checkout.place"
"""Doors of the last two steps of a legacy checkout: an order is shown, and it is placed."""
CONFIRMED = "banyan_confirmed"
"""The cookie of a shopper who was shown an order by our side: it is placed here, or not at all."""
THERE = "x-banyan-there"
"""The header of a door's answer that is for the gateway: a Homeward, as which the legacy shop is asked for the rest, or as
the request came where it has no target."""

BOUNDS_MS = (1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
"""Upper ends of the latency histogram's bins in milliseconds; one more bin is above them."""


class PageRule(Contract):
    """A page of the legacy shop that may change hands. `route` as in `index.php?route=…`; `*` at its end matches any rest.

    `_route_` is any address that the legacy shop's own search-friendly names make. A write to two groups names the other one
    in `also`: while that alone is ours, the door `first` does its part and says how the legacy shop is asked for the rest.
    """

    method: str
    route: str
    group: str
    kind: PageKind
    to: str = ""  # our page for it, where there is one
    door: str = ""  # what answers on our side in the legacy shop's way, where there is one
    also: str = ""
    first: str = ""


class GroupSteering(Contract):
    """Where a group stands. `epoch` rises whenever the owner may have changed."""

    name: str
    owner: Side
    epoch: int
    changing: bool = False  # a change of owner is under way: a worker that lost touch holds the group's writes
    holding: bool = False  # new writes wait
    weight: int = 0  # percent of reads that we answer while the legacy shop owns the group
    shadow: int = 0  # percent of reads that are to be asked again
    final: bool = False  # there is no way back: the legacy shop is not asked any more
    dual: bool = False  # writes that the legacy shop answers are told to the mover, which plays them on our side


class Steering(Contract):
    """Who answers what, as of now. `mark` names this state; the rules are left out where the asker has them already."""

    mark: str
    groups: tuple[GroupSteering, ...]
    rules_mark: str
    rules: tuple[PageRule, ...] | None = None
    session_cookie: str = ""  # by which the legacy shop knows its shoppers
    lease_seconds: float = 2.0


class Counted(Contract):
    """What one worker saw one side do with a group's reads, since it began: only ever more."""

    group: str
    side: Side
    asked: int
    failed: int  # no answer, or one of 500 and above
    bins: tuple[int, ...]  # answers by latency, see BOUNDS_MS


class Sample(Contract):
    """A read that the mover is to ask again of both sides. `target`: path and query, nothing of the shopper."""

    group: str
    route: str
    target: str


class Renew(Call[Steering], owner="move", answer=Steering):
    """A gateway worker says where it stands and hears where to send what; its lease runs anew from now.

    Answered at once when `seen` is not the present mark or something is said with `wait` 0, else at the next change or
    after `wait` seconds. Beats rise: one that comes late changes nothing.
    """

    worker: str
    beat: int
    seen: str = ""
    epochs: dict[str, int] = {}  # by group, as this worker steers now
    held: dict[str, int] = {}  # group → epoch: its writes wait here, and none is in flight
    slowest: dict[str, float] = {}  # group → seconds that a write of it took of late, or is under way already
    rules_mark: str = ""
    counted: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    wait: float = Field(default=0.0, ge=0, le=5)
    leaving: bool = False  # the worker ends: its lease with it


class Place(Contract):
    """Our own page; empty where there is none. `moved`: it may be told to browsers and search engines for good."""

    path: str
    moved: bool = False


class AskPlace(Call[Place], owner="move", answer=Place):
    """Which page of ours shows what a legacy read shows. `target`: its path and query."""

    method: str
    route: str
    target: str


class Homeward(Contract):
    """The same request in the legacy shop's own shape; without a target it has none, and `after` is where to go instead."""

    target: str = ""
    form: tuple[tuple[str, str], ...] = ()
    after: str  # where the shopper goes on


class AskHomeward(Call[Homeward], owner="move", answer=Homeward):
    """A form of our storefront was sent while the legacy shop owns what it would change: a product into the cart."""

    path: str
    form: tuple[tuple[str, str], ...]


class Recognised(Contract):
    """What a shopper of the legacy shop has with us. Tokens are empty for a guest, and for who was recognised before."""

    cart_token: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_in: int = 0  # seconds, of the access token


class Recognise(Call[Recognised], owner="move", answer=Recognised):
    """Somebody comes with a session of the legacy shop. Whoever is signed in there is signed in here: once."""

    session: str
    user_agent: str = ""


class SignedIn(Contract):
    """A session that has begun."""

    access_token: str
    refresh_token: str
    expires_in: int  # seconds, of the access token


class SignIn(Call[SignedIn], owner="users", answer=SignedIn):
    """Somebody whom the legacy shop knows as signed in is to be signed in here. NotFound for no account of ours."""

    user_id: str
    user_agent: str = ""


class Written(Contract):
    """A write that the legacy shop was asked for while its group is in dual mode. `id` is the request's: told again it is
    the same. Of its form there is what a door may read, never a password.
    """

    id: str
    group: str
    route: str
    door: str = ""  # empty: our side has none for it, or its form is none that a door reads
    target: str = ""  # path and query
    form: tuple[tuple[str, str], ...] = ()
    session: str = ""
    began: datetime  # by the worker's clock, both
    ended: datetime
    place: int  # rises with the answers of one worker
    answer: Literal["done", "refused", "unknown"]  # unknown: none was seen, so it may or may not have been done


class Noted(Contract):
    """All that was told is kept; so many of it were new."""

    new: int


class TellWritten(Call[Noted], owner="move", answer=Noted):
    """What a gateway has sent to the legacy shop. `unkept`: by group, writes that it had no room to keep."""

    writes: tuple[Written, ...]
    unkept: dict[str, int] = {}
