"""What a URL's scheme stands for: one that is unknown is refused with those that are known, a missing driver with its extra."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from banyan.foundation.settings import WrongSettings

T = TypeVar("T")


async def pick(port: str, url: str, makers: Mapping[str, Callable[[], Awaitable[T]]]) -> T:
    """The backend that the maker of this URL's scheme makes. WrongSettings names the schemes there are."""
    scheme = url.partition("://")[0]
    if scheme not in makers:
        known = ", ".join(f"{name}://" for name in makers)
        raise WrongSettings(
            f"BANYAN_{port.upper()}_URL: {scheme or 'nothing'}:// is no backend for {port}. Known: {known}"
        )
    return await makers[scheme]()


@contextmanager
def driver(extra: str) -> Iterator[None]:
    """Around the import of a backend whose driver may not be installed: WrongSettings says how to install it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("banyan"):
            raise
        raise WrongSettings(
            f"{missing.name} is not installed; it comes with: pip install 'banyan-commerce[{extra}]'"
        ) from None
