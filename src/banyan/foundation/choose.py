"""A URL's scheme chooses the backend: the only branch between a laptop and a cloud."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from banyan.foundation.schemes import driver, pick
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import Clock, SystemClock

if TYPE_CHECKING:
    from banyan.foundation.bus import Bus
    from banyan.foundation.cache import Cache
    from banyan.foundation.keys import Keys
    from banyan.foundation.mail import Mail
    from banyan.foundation.media import Media
    from banyan.foundation.outlets import Outlet
    from banyan.foundation.queue import Queue
    from banyan.foundation.search import Search
    from banyan.foundation.sessions import Sessions


def folder(url: str, settings: Settings) -> Path:
    """The folder of a `file://name` URL: below the data folder, or absolute for `file:///…`."""
    parts = urlsplit(url)
    return Path(parts.path) if not parts.netloc else settings.data_dir / parts.netloc / parts.path.lstrip("/")


async def bus(url: str) -> "Bus":
    async def postgres() -> "Bus":
        from banyan.foundation.bus.postgres import PostgresBus

        return await PostgresBus.connect(url)

    async def kafka() -> "Bus":
        with driver("kafka"):
            from banyan.foundation.bus.kafka import KafkaBus

        return await KafkaBus.connect(url)

    return await pick("bus", url, {"postgresql": postgres, "kafka": kafka, "kafkas": kafka})


async def cache(settings: Settings, clock: Clock) -> "Cache":
    async def memory() -> "Cache":
        from banyan.foundation.cache.memory import MemoryCache

        return MemoryCache(clock)

    url = settings.cache_url.get_secret_value()

    async def redis() -> "Cache":
        with driver("redis"):
            from banyan.foundation.cache.redis import RedisCache

        return await RedisCache.connect(url, clock)

    return await pick("cache", url, {"memory": memory, "redis": redis, "rediss": redis})


async def search(settings: Settings) -> "Search":
    """`embedded://` keeps its index in the data folder; `embedded://memory` keeps none.

    `embedded://search?shared`: whoever comes first keeps the index in that folder, those who come later read it.
    `opensearch://host:9200/prefix` (`opensearchs://` with TLS) is a server that all processes share.
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

    async def opensearch() -> "Search":
        with driver("opensearch"):
            from banyan.foundation.search.opensearch import OpenSearchSearch, place

        return OpenSearchSearch(place(url))

    return await pick("search", url, {"embedded": embedded, "opensearch": opensearch, "opensearchs": opensearch})


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

    async def s3() -> "Media":
        with driver("aws"):
            from banyan.foundation import aws
            from banyan.foundation.media.s3 import S3Media

        return S3Media(aws.place("BANYAN_MEDIA_URL", url))

    return await pick("media", url, {"file": file, "s3": s3})


async def mail(settings: Settings, clock: Clock | None = None) -> "Mail":
    """`smtp://`, `smtps://` and `ses://` say in `from=` who sends; the name beside it is the shop's."""
    url, clock = settings.mail_url.get_secret_value(), clock or SystemClock()

    async def file() -> "Mail":
        from banyan.foundation.mail.file import FileMail

        return FileMail(folder(url, settings))

    async def smtp() -> "Mail":
        from banyan.foundation.mail.smtp import SmtpMail, read
        from banyan.foundation.mail.wire import Sender

        server, sender = read(url)
        return SmtpMail(server, Sender(sender, settings.shop_name), clock)

    async def ses() -> "Mail":
        with driver("aws"):
            from banyan.foundation import aws
            from banyan.foundation.mail.ses import SesMail
        from banyan.foundation.mail.wire import Sender

        where = aws.place("BANYAN_MAIL_URL", url, "from")
        return SesMail(where, Sender(where.options.get("from", ""), settings.shop_name), clock)

    return await pick("mail", url, {"file": file, "smtp": smtp, "smtps": smtp, "ses": ses})


async def keys(settings: Settings, clock: Clock | None = None) -> "Keys":
    url, clock = settings.keys_url.get_secret_value(), clock or SystemClock()

    async def file() -> "Keys":
        from banyan.foundation.keys.file import FileKeys

        return FileKeys(folder(url, settings))

    async def kms() -> "Keys":
        with driver("aws"):
            from banyan.foundation import aws
            from banyan.foundation.keys.kms import KmsKeys

        return KmsKeys(aws.place("BANYAN_KEYS_URL", url), clock)

    return await pick("keys", url, {"file": file, "kms": kms})


async def sessions(settings: Settings) -> "Sessions | None":
    """Where sessions are kept apart from the users database; None: they are not."""
    url = settings.sessions_url.get_secret_value()

    async def dynamodb() -> "Sessions":
        with driver("aws"):
            from banyan.foundation import aws
            from banyan.foundation.sessions.dynamodb import DynamoSessions

        return DynamoSessions(aws.place("BANYAN_SESSIONS_URL", url))

    return await pick("sessions", url, {"dynamodb": dynamodb}) if url else None


async def queue(setting: str, settings: Settings, clock: Clock) -> "Queue | None":
    """The queue of `BANYAN_…_URL` (`setting`: stock_feed), None where there is none."""
    url, name = getattr(settings, f"{setting}_url").get_secret_value(), f"BANYAN_{setting.upper()}_URL"

    async def file() -> "Queue":
        from banyan.foundation.queue.file import FolderQueue

        return FolderQueue(folder(url, settings), clock)

    async def sqs() -> "Queue":
        with driver("aws"):
            from banyan.foundation import aws
            from banyan.foundation.queue.sqs import SqsQueue

        return SqsQueue(name, aws.place(name, url, "wait"))

    return await pick(setting, url, {"file": file, "sqs": sqs}) if url else None


async def outlets(settings: Settings) -> "tuple[Outlet, ...]":
    """Each URL of BANYAN_OUTLETS, in their order."""
    name, urls = "BANYAN_OUTLETS", settings.outlets.get_secret_value().split(",")
    made = []
    for url in filter(None, (each.strip() for each in urls)):

        async def sns(url: str = url) -> "Outlet":
            with driver("aws"):
                from banyan.foundation import aws
                from banyan.foundation.outlets.sns import SnsOutlet

            return SnsOutlet(aws.place(name, url))

        async def eventbridge(url: str = url) -> "Outlet":
            with driver("aws"):
                from banyan.foundation import aws
                from banyan.foundation.outlets.eventbridge import EventBridgeOutlet

            return EventBridgeOutlet(aws.place(name, url))

        made.append(await pick("outlets", url, {"sns": sns, "eventbridge": eventbridge}))
    if len({each.name for each in made}) < len(made):
        raise WrongSettings(f"{name}: the same outlet twice")
    return tuple(made)


def no_search(service: str) -> "Search":
    """Stands where a service was given no search port: using it says so."""

    class NoSearch:
        def __getattr__(self, name: str) -> object:
            if name == "close":
                return _closed
            raise RuntimeError(f"{service} declares no search (Service.searches)")

    return NoSearch()  # type: ignore[return-value]


async def _closed() -> None: ...
