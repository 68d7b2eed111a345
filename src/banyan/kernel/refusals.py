"""Refusals: what the shop will not do, said so that the asker knows what to do next (RFC 9457 fields, no HTTP here)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent: a JSON pointer into it (RFC 6901), a code, and words."""

    pointer: str
    code: str
    detail: str


class Refusal(Exception):
    """A request that is refused. Subclasses set `status` and `code`; `detail` is for people and holds no secret."""

    status = 400
    code = "refused"
    title = "The request is refused"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: Sequence[Fault] = (),
        retry_after: float | None = None,
        status: int | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """`more`: extension members of the problem (RFC 9457 §3.2), for what a program needs to go on."""
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.status = status or self.status
        self.more = dict(more or {})


class Malformed(Refusal):
    status, code, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(Refusal):
    status, code, title = 401, "unauthenticated", "Sign in first"


class Forbidden(Refusal):
    status, code, title = 403, "forbidden", "This is not yours to do"


class NotFound(Refusal):
    status, code, title = 404, "not_found", "There is no such thing"


class Conflict(Refusal):
    status, code, title = 409, "conflict", "This does not fit the present state"


class Stale(Refusal):
    status, code, title = 412, "stale", "It has changed since you read it; read it again"


class TooLarge(Refusal):
    status, code, title = 413, "too_large", "The request is too large"


class Invalid(Refusal):
    status, code, title = 422, "invalid", "Some of what was sent cannot be accepted"


class Unconditional(Refusal):
    status, code, title = 428, "if_match_required", "Send If-Match with the ETag you read"


class TooMany(Refusal):
    status, code, title = 429, "too_many_requests", "Too many requests; wait and try again"


class Unavailable(Refusal):
    """Something that is needed does not answer just now. What was asked may or may not have been done."""

    status, code, title = 503, "unavailable", "A part of the shop does not answer; try again"


class Moving(Unavailable):
    """An old shop that is moving in still owns what was to be written. Nothing was done."""

    status, code = 503, "moving"
    title = "This part of the shop is still run by the old shop; try again in a moment"


class DeadlinePassed(Refusal):
    status, code, title = 504, "deadline_passed", "The time allowed for this request is over"
