"""Idempotency keys (docs.stripe.com/api/idempotent_requests): the first answer is kept for a day, a 500 as well."""

from dataclasses import dataclass
from hashlib import sha256

from banyan.simulators.common import Answer, Asked
from banyan.simulators.stripe.book import ApiError

KEPT = 86_400  # seconds


@dataclass(slots=True)
class _Kept:
    digest: bytes
    at: int
    answer: Answer | None = None  # None: it is being answered


class Keys:
    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def begin(self, key: str, asked: Asked, now: int) -> Answer | None:
        """The answer that was given to this before; None: it is new, and is to be kept or dropped when it is done."""
        if len(key) > 255:
            raise ApiError("Idempotency keys are at most 255 characters long.", kind="idempotency_error")
        digest = sha256(f"{asked.method} {asked.path} {sorted(asked.pairs())}".encode()).digest()
        known = self._kept.get(key)
        if known is None or known.at + KEPT <= now:
            self._kept[key] = _Kept(digest, now)
            return None
        if known.digest != digest:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
                f" Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise ApiError(message, kind="idempotency_error")
        if known.answer is None:
            message = "There is currently another in-progress request using this Idempotent Key."
            raise ApiError(message, 409, "idempotency_error", code="idempotency_key_in_use")
        return Answer(known.answer.status, known.answer.body, {**known.answer.headers, "idempotent-replayed": "true"})

    def keep(self, key: str, answer: Answer) -> None:
        self._kept[key].answer = answer

    def drop(self, key: str) -> None:
        """It was refused before anything was done: the key is as new."""
        self._kept.pop(key, None)
