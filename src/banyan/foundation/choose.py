"""A URL's scheme chooses the backend: the only branch between a laptop and a cloud."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import Clock

if TYPE_CHECKING:
    from banyan.foundation.bus import Bus
    from banyan.foundation.cache import Cache
    from banyan.foundation.keys import Keys
    from banyan.foundation.mail import Mail
    from banyan.foundation.media import Media
    from banyan.foundation.search import Search

T = TypeVar("T")


def folder(url: str, settings: Settings) -> Path:
    """The folder of a `file://name` URL: below the data folder, or absolute for `file:///…`."""
    parts = urlsplit(url)
    return Path(parts.path) if not parts.netloc else settings.data_dir / parts.netloc / parts.path.lstrip("/")


async def bus(url: str) -> "Bus":
    async def postgres() -> "Bus":
        from banyan.foundation.bus.postgres import PostgresBus

        return await PostgresBus.connect(url)

    return await _pick("bus", url, {"postgresql": postgres})


async def cache(settings: Settings, clock: Clock) -> "Cache":
    async def memory() -> "Cache":
        from banyan.foundation.cache.memory import MemoryCache

        return MemoryCache(clock)

    return await _pick("cache", settings.cache_url.get_secret_value(), {"memory": memory})


async def search(settings: Settings) -> "Search":
    """`embedded://` keeps its index in the data folder; `embedded://memory` keeps none.

    `embedded://search?shared`: whoever comes first keeps the index in that folder, those who come later read it.
    """
    url = settings.search_url.get_secret_value()

    async def embedded() -> "Search":
        from banyan.foundation.search import IndexInUse
        from banyan.foundation.search.embedded import EmbeddedSearch
        from banyan.foundation.search.embedded.shared import SharedSearch

        parts = urlsplit(url)
        if parts.netloc == "memory":
            return EmbeddedSearch.open(None)
        place = settings.data_dir / (parts.netloc or "search")
        if parts.query != "shared":
            return EmbeddedSearch.open(place)
        try:
            return EmbeddedSearch.open(place)
        except IndexInUse:
            return SharedSearch(place)

    return await _pick("search", url, {"embedded": embedded})


def search_of_several(url: str) -> str:
    """The search URL of one of several processes: an index in a folder is read by all, and kept by one."""
    parts = urlsplit(url)
    own = parts.scheme == "embedded" and parts.netloc != "memory" and not parts.query
    return f"embedded://{parts.netloc or 'search'}?shared" if own else url


async def media(settings: Settings) -> "Media":
    url = settings.media_url.get_secret_value()

    async def file() -> "Media":
        from banyan.foundation.media.file import FileMedia

        return FileMedia(folder(url, settings))

    return await _pick("media", url, {"file": file})


async def mail(settings: Settings) -> "Mail":
    url = settings.mail_url.get_secret_value()

    async def file() -> "Mail":
        from banyan.foundation.mail.file import FileMail

        return FileMail(folder(url, settings))

    return await _pick("mail", url, {"file": file})


async def keys(settings: Settings) -> "Keys":
    url = settings.keys_url.get_secret_value()

    async def file() -> "Keys":
        from banyan.foundation.keys.file import FileKeys

        return FileKeys(folder(url, settings))

    return await _pick("keys", url, {"file": file})


async def _pick(port: str, url: str, makers: Mapping[str, Callable[[], Awaitable[T]]]) -> T:
    scheme = url.partition("://")[0]
    if scheme not in makers:
        known = ", ".join(f"{name}://" for name in makers)
        raise WrongSettings(
            f"BANYAN_{port.upper()}_URL: {scheme or 'nothing'}:// is no backend for {port}. Known: {known}"
        )
    return await makers[scheme]()


def no_search(service: str) -> "Search":
    """Stands where a service was given no search port: using it says so."""

    class NoSearch:
        def __getattr__(self, name: str) -> object:
            if name == "close":
                return _closed
            raise RuntimeError(f"{service} declares no search (Service.searches)")

    return NoSearch()  # type: ignore[return-value]


async def _closed() -> None: ...
