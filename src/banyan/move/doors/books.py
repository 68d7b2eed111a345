"""What the legacy shop's rows say that a door must know: SKUs, sessions, countries, names in addresses. It only reads."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import orjson

from banyan.foundation.service import Ports
from banyan.move.legacy import Adapter, adapter
from banyan.move.legacy.opencart import looks, sessions, variants
from banyan.move.legacy.opencart.sessions import Session
from banyan.move.rows import Row, pack, unpack
from banyan.move.storage import identities, mirror, tables
from banyan.move.storage.tables import Mirrored

_FRESH = 60.0  # seconds for which whole tables are believed
_MOST_CHOICES = 6


@dataclass(slots=True)
class _Kept:
    at: float
    rows: list[Row]


class Books:
    """The mirror as doors read it; one for each process."""

    def __init__(self) -> None:
        self._tables: dict[str, Mirrored] = {}
        self._at = float("-inf")
        self._whole: dict[str, _Kept] = {}

    @staticmethod
    def adapter(ports: Ports) -> Adapter:
        return adapter(ports.settings.legacy_shop)

    async def id(self, ports: Ports, kind: str, key: str) -> str:
        """Our id of something of theirs; empty where it has none."""
        return (await identities.known(ports.db, [(kind, key)])).get((kind, key), "") if _keepable(key) else ""

    async def key(self, ports: Ports, kind: str, id: str) -> str:
        return (await identities.keys(ports.db, [(kind, id)])).get((kind, id), "") if _keepable(id) else ""

    async def sku(self, ports: Ports, product: str, chosen: Iterable[tuple[int, int]]) -> str:
        """What is sold under this product with these choices (product_option_id, product_option_value_id); what was only
        typed in makes no difference. Empty where nothing is, as when a choice is missing."""
        pairs = sorted(chosen)[:_MOST_CHOICES]
        keys = [
            variants.key(product, some)
            for count in range(len(pairs), -1, -1)
            for some in itertools.combinations(pairs, count)
        ]
        known = await identities.known(ports.db, [("sku", key) for key in keys])
        return next((known["sku", key] for key in keys if ("sku", key) in known), "")

    async def missing(self, ports: Ports, product: str, given: Iterable[int]) -> dict[int, str]:
        """Options that must be chosen and were not: product_option_id → name."""
        there = set(given)
        names = {row.int("option_id"): row.text("name") for row in await self.all(ports, "option_description")}
        return {
            row.int("product_option_id"): names.get(row.int("option_id"), "Option")
            for row in await self.of(ports, "product_option", product)
            if row.int("required") and row.int("product_option_id") not in there
        }

    async def session(self, ports: Ports, id: str) -> Session | None:
        """A session that has not ended, as far as the mirror has heard."""
        row = await self.row(ports, "session", id)
        if row is None:
            return None
        ends = row.moment("expire")
        there = ports.clock.now().astimezone(ZoneInfo(ports.settings.legacy_time_zone)).replace(tzinfo=None)
        if ends is not None and ends < there:
            return None
        return sessions.session(row)

    async def in_cart(self, ports: Ports, cart_id: str) -> str:
        """The SKU of a row of the legacy shop's cart; empty where there is none."""
        row = await self.row(ports, "cart", cart_id)
        return await self.sku(ports, str(row.int("product_id")), chosen_in(row.text("option"))) if row else ""

    async def country(self, ports: Ports, number: str) -> str:
        """ISO 3166-1 alpha-2; empty where the shop has no such country."""
        for row in await self.all(ports, "country"):
            if row.text("country_id") == number:
                return row.text("iso_code_2")
        return ""

    async def zone(self, ports: Ports, number: str) -> str:
        """The name of a region: in OpenCart 4.1 by language, before that in `zone` itself."""
        for table in ("zone_description", "zone"):
            for row in await self.all(ports, table):
                if "name" in row and row.text("zone_id") == number:
                    return row.text("name")
        return ""

    async def named(self, ports: Ports, keyword: str) -> tuple[str, str] | None:
        """What a search-friendly address stands for: (`product_id`, `42`)."""
        for row in await self.all(ports, "seo_url"):
            if row.text("keyword") == keyword:
                return looks.named(row)
        return None

    async def row(self, ports: Ports, table: str, *key: str) -> Row | None:
        mirrored = await self._table(ports, table)
        if mirrored is None or not all(map(_keepable, key)):
            return None
        image = await mirror.image(ports.db, mirrored.number, pack([each.encode() for each in key]))
        return None if image is None else Row(mirrored.table, unpack(image))

    async def of(self, ports: Ports, table: str, parent: str) -> list[Row]:
        """The rows that belong to one aggregate."""
        mirrored = await self._table(ports, table)
        if mirrored is None or not _keepable(parent):
            return []
        return [
            Row(mirrored.table, unpack(row["image"]))
            for row in await mirror.of_parents(ports.db, mirrored.number, [parent])
        ]

    async def all(self, ports: Ports, table: str) -> list[Row]:
        """Every row of a small table."""
        kept, now = self._whole.get(table), ports.clock.monotonic()
        if kept is None or now - kept.at > _FRESH:
            mirrored = await self._table(ports, table)
            images = await mirror.all_of(ports.db, mirrored.number) if mirrored else []
            rows = [Row(mirrored.table, unpack(image)) for image in images] if mirrored else []
            kept = self._whole[table] = _Kept(now, rows)
        return kept.rows

    async def _table(self, ports: Ports, name: str) -> Mirrored | None:
        now = ports.clock.monotonic()
        if now - self._at > _FRESH or (name not in self._tables and now - self._at > 1):
            found = await tables.read(ports.db, self.adapter(ports))
            self._tables = {each.use.table: each for each in found}
            self._at = now
        return self._tables.get(name)


def chosen_in(option: str) -> list[tuple[int, int]]:
    """The choices in a cart row's JSON: `{"226": "15"}`."""
    try:
        said = orjson.loads(option or "{}")
    except orjson.JSONDecodeError:
        return []
    return chosen_of(said.items()) if isinstance(said, dict) else []


def chosen_of(pairs: Iterable[Sequence[object]]) -> list[tuple[int, int]]:
    """Those that are a choice: both sides are numbers."""
    texts = [(str(option), str(value)) for option, value in pairs]
    return [(int(a), int(b)) for a, b in texts if _is_number(a) and _is_number(b)]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def _keepable(text: str) -> bool:
    return "\0" not in text and len(text) < 500 and text.isprintable()
