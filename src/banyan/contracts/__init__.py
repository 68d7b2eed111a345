"""What services say to each other: Events told (facts, past tense) and Calls asked (questions with an answer).

Contracts only grow: readers ignore unknown fields, writers only add; a changed meaning is a new name (`…V2`).
"""

from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Answer = TypeVar("Answer", bound=BaseModel)

EVENTS: dict[str, type["Event"]] = {}
CALLS: dict[str, type["Call[Any]"]] = {}


class Contract(BaseModel):
    """A record that crosses a service boundary: frozen, and tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__()  # the words are for pydantic's hook; Python's own takes none


class Event(Contract):
    """A fact. `owner` is the service that tells it; `key` names the field that orders the stream (the aggregate's id)."""

    TYPE: ClassVar[str]
    KEY: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, *, owner: str = "", key: str = "", **kwargs: object) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if owner:
            if key not in cls.model_fields:
                raise TypeError(f"{cls.__name__}: key {key!r} is not one of its fields")
            cls.TYPE, cls.KEY = f"{owner}.{cls.__name__}", key
            EVENTS[cls.TYPE] = cls

    @property
    def key(self) -> str:
        """The id of the aggregate this is about; facts of one key are heard in order."""
        return str(getattr(self, self.KEY))


class Call(Contract, Generic[Answer]):
    """A question to the service `owner`, answered with `answer`. Asking twice must do no more than asking once."""

    OWNER: ClassVar[str]
    ANSWER: ClassVar[type[BaseModel]]

    @classmethod
    def __pydantic_init_subclass__(
        cls, *, owner: str = "", answer: type[BaseModel] | None = None, **kwargs: object
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if owner and answer:
            cls.OWNER, cls.ANSWER = owner, answer
            CALLS[f"{owner}.{cls.__name__}"] = cls
