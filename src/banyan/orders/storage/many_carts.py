"""Many carts written at once: each as it was worked out from what was read, and only while it still is as it was read."""

from collections.abc import Sequence
from datetime import datetime

from banyan.orders.domain.cart import Cart
from banyan.orders.storage import Reader
from banyan.orders.storage.carts import KEPT

_INSERT = """
INSERT INTO cart (id, user_id, token_hash, currency, expires_at)
SELECT id, user_id, token_hash, currency, shop_now() + $5
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) AS made (id, user_id, token_hash, currency)
RETURNING id, expires_at"""
# In the order of the ids, so that two rounds that share carts wait for each other only one way.
_WRITE = """
WITH kept AS (
    UPDATE cart SET version = news.version, seen_total = news.seen_total, touched_at = shop_now(),
        expires_at = shop_now() + $8, email = coalesce(news.email, cart.email),
        address = coalesce(news.address::jsonb, cart.address),
        shipping_option = coalesce(news.option, cart.shipping_option)
    FROM unnest($1::text[], $2::xid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
        AS news (id, mark, version, seen_total, email, address, option)
    WHERE cart.id = news.id AND cart.xmin = news.mark AND cart.status = 'open'
    RETURNING cart.id, cart.expires_at
){lines} SELECT id, expires_at FROM kept"""
_LINES = """, put AS (
    INSERT INTO cart_line (id, cart_id, sku, quantity, seen)
    SELECT line.id, line.cart_id, line.sku, line.quantity, line.seen::jsonb
    FROM unnest($9::text[], $10::text[], $11::text[], $12::integer[], $13::text[])
        WITH ORDINALITY AS line (id, cart_id, sku, quantity, seen, place)
    JOIN kept ON kept.id = line.cart_id ORDER BY place
    ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity, seen = excluded.seen
)"""
_REMOVED = """, removed AS (
    DELETE FROM cart_line USING kept WHERE cart_line.cart_id = kept.id AND cart_line.id = ANY($%d::text[])
)"""

Columns = tuple[list[object], ...]


async def insert(db: Reader, made: Sequence[Cart]) -> dict[str, datetime]:
    """New, empty carts; when each expires."""
    rows = await db.fetch(
        _INSERT,
        [cart.id for cart in made],
        [cart.user_id for cart in made],
        [cart.token_hash for cart in made],
        [cart.currency for cart in made],
        KEPT,
    )
    return {row["id"]: row["expires_at"] for row in rows}


async def write(db: Reader, news: Sequence[tuple[Cart, Cart]]) -> dict[str, datetime]:
    """Make of each cart, as it was read, the other one, in one statement; no cart twice.

    The answer has those that were still open and as they were read, with when each expires; of the others nothing is
    written. A line that is removed must not come back under another id at the same time.
    """
    if not news:
        return {}
    news = sorted(news, key=lambda each: each[0].id)
    sql, values = _WRITE.replace("{lines}", ""), (*_carts(news), KEPT)
    parts = ""
    if (lines := _lines(news))[0]:
        parts, values = _LINES, (*values, *lines)
    if removed := _removed(news):
        parts, values = parts + _REMOVED % (len(values) + 1), (*values, removed)
    sql = _WRITE.replace("{lines}", parts)
    return {row["id"]: row["expires_at"] for row in await db.fetch(sql, *values)}


def _carts(news: Sequence[tuple[Cart, Cart]]) -> Columns:
    """NULL where contact, address and way stay as they are."""
    elsewhere = [after.address if after.address is not before.address else None for before, after in news]
    return (
        [before.id for before, _ in news],
        [before.mark for before, _ in news],
        [after.version for _, after in news],
        [after.seen_total for _, after in news],
        [after.email if after.email != before.email else None for before, after in news],
        [address and address.model_dump_json() for address in elsewhere],
        [after.shipping_option if after.shipping_option != before.shipping_option else None for before, after in news],
    )


def _lines(news: Sequence[tuple[Cart, Cart]]) -> Columns:
    """Lines that are new or other than before."""
    changed = [(after.id, line) for before, after in news for line in after.lines if line not in before.lines]
    return (
        [line.id for _, line in changed],
        [cart_id for cart_id, _ in changed],
        [line.sku for _, line in changed],
        [line.quantity for _, line in changed],
        [line.seen.model_dump_json() for _, line in changed],
    )


def _removed(news: Sequence[tuple[Cart, Cart]]) -> list[str]:
    gone = [{line.id for line in before.lines} - {line.id for line in after.lines} for before, after in news]
    return sorted(set[str]().union(*gone))
