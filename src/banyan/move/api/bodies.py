"""What may be sent, within bounds."""

from typing import Annotated

from pydantic import Field, StringConstraints

from banyan.foundation import web
from banyan.move.api.shapes import Flag, Name, Overrides, Pause, Percent, Reason, Window

Word = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Text = Annotated[str, StringConstraints(max_length=65_000, pattern=r"^[^\x00]*$")]


class Said(web.Body):
    """Nothing needs to be said; `who` is kept in the log beside the account that acts."""

    who: Name | None = None


class VerifyBody(Said):
    """`repair`: what differs is mended."""

    repair: Flag = False


class RouteBody(Said):
    """Percent of the group's reads that we are to answer."""

    weight: Percent


class ShadowBody(Said):
    """Percent of the group's reads that are asked again of both sides."""

    percent: Percent


class RevertBody(Said):
    """`dry_run`: look at the gates, and change nothing."""

    max_pause: Pause = 0.5
    overrides: Overrides = {}
    dry_run: Flag = False


class CutoverBody(RevertBody):
    """`rehearsal`: one of the last seven days is asked for."""

    window: Window = 14 * 86_400
    rehearsal: Flag = False


class FinalizeBody(Said):
    """`name`: the group's name once more, to end a way back before its time."""

    name: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = ""


class WaiveBody(web.Body):
    """Who answers for leaving it behind (the account that acts, unless named) and why."""

    who: Name | None = None
    because: Reason


class FixBody(Said):
    """Columns of a legacy row that are to say something else; `key` tells which row of the table where the case has several.

    A null is NULL.
    """

    table: Word
    values: Annotated[dict[Word, Text | None], Field(min_length=1, max_length=100)]
    key: Annotated[dict[Word, Text], Field(max_length=20)] = {}


class RetryBody(Said):
    """All cases of this group, of all groups without it."""

    group: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")] | None = None


class ResumeBody(Said):
    """`table`: only this one that stands still. `again`: the source's log is lost; everything is copied anew."""

    table: Word | None = None
    again: Flag = False


class RehearseBody(Said):
    """`rounds`: how often over and back. `max_pause`: seconds that writes may wait at most."""

    rounds: Annotated[int, Field(strict=True, ge=1, le=50)] = 5
    max_pause: Pause = 0.5


class KnobBody(Said):
    """A limit by its name, and what it is from now on; empty where that means none."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z_]+$")]
    value: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class RestBody(Said):
    """Why the copy should rest."""

    because: Reason
