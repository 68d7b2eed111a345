"""Products as an old shop has them, with variants, prices and pictures: what is there is read, what differs is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.catalog.domain import taking as rules
from banyan.catalog.domain.naming import slugs_for
from banyan.catalog.domain.product import Status
from banyan.catalog.domain.taking import Wanted
from banyan.catalog.storage import importing, shelves
from banyan.catalog.storage import intake as store
from banyan.catalog.storage.products import meet
from banyan.contracts.catalog import PriceChanged, ProductAdded, ProductChanged
from banyan.contracts.legacy import ProductRecord, VariantRecord
from banyan.foundation.db import Row, Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Json, Kind, Left, Offer, refused, straightened, waits
from banyan.kernel.money import Money

_EPOCH = "1970-01-01T00:00:00Z"
_COLUMNS = (
    "slug", "name", "description", "brand_id", "category_id", "status", "attributes", "popularity", "created_at"
)  # fmt: skip
Product = dict[str, Any]


@dataclass(slots=True)
class _Plan:
    """What is to be written, table by table."""

    added: list[Product] = field(default_factory=list)
    changed: list[Product] = field(default_factory=list)
    slugs: list[Product] = field(default_factory=list)
    variants_gone: list[str] = field(default_factory=list)
    variants_changed: list[Product] = field(default_factory=list)
    variants_added: list[Product] = field(default_factory=list)
    prices: list[Product] = field(default_factory=list)  # of every variant whose prices differ, all of them
    priceless: list[str] = field(default_factory=list)
    media: list[Product] = field(default_factory=list)
    pictureless: list[str] = field(default_factory=list)
    news: list[PriceChanged] = field(default_factory=list)


async def _read(tx: Tx, ids: Sequence[str]) -> dict[str, ProductRecord]:
    return {id: _record(row) for id, row in (await store.products(tx, ids)).items()}


async def _write(ports: Ports, tx: Tx, offers: Sequence[Offer[ProductRecord]]) -> Mapping[str, Left]:
    left: dict[str, Left] = {}
    wanted: dict[str, Wanted] = {}
    for offer in offers:
        try:
            if not offer.record.removed:
                wanted[offer.record.id] = rules.product(offer.record)
        except ValueError as wrong:
            left[offer.record.id] = refused(str(wrong))
    # Places of SKUs before products: whoever tells that a SKU can be bought goes that way too.
    await meet(tx, [variant.sku for each in wanted.values() for variant in each.variants])
    await store.lock_products(tx, [offer.record.id for offer in offers])
    now = await store.products(tx, [offer.record.id for offer in offers])
    wanted = await _with_shelves(tx, wanted, left)
    await _refuse_taken(tx, wanted, left)
    wanted = {id: each for id, each in wanted.items() if id not in left}
    rows = await _rows(tx, wanted, now)
    for offer in offers:
        if offer.record.removed and offer.record.id in now:
            rows[offer.record.id] = {**dict(now[offer.record.id]), "status": Status.ARCHIVED}
    plan = _plan(ports, rows, wanted, now)
    await _carry_out(tx, plan)
    _tell(tx, plan)
    return left


async def _with_shelves(tx: Tx, wanted: Mapping[str, Wanted], left: dict[str, Left]) -> dict[str, Wanted]:
    """With the brands and categories that there are. One that was here and was removed since is left off."""
    named = {
        "brand": {each.brand_id for each in wanted.values() if each.brand_id},
        "category": {each.category_id for each in wanted.values() if each.category_id},
    }
    there = {table: await store.there(tx, table, ids) for table, ids in named.items() if ids}
    missing = {id for table, ids in there.items() for id in named[table] - ids}
    gone = await store.came_and_went(tx, missing) if missing else set()
    found: dict[str, Wanted] = {}
    for id, each in wanted.items():
        if away := next((ref for ref in (each.brand_id, each.category_id) if ref in missing - gone), None):
            left[id] = waits(f"{away}, which it names, has not come yet")
        brand, category = (None if ref in gone else ref for ref in (each.brand_id, each.category_id))
        found[id] = rules.shelved(each, brand, category)
    return found


async def _refuse_taken(tx: Tx, wanted: Mapping[str, Wanted], left: dict[str, Left]) -> None:
    """A variant belongs to one product and a SKU to one variant: whoever has it keeps it, unless it goes in this batch."""
    variants = [variant for each in wanted.values() for variant in each.variants]
    there = await store.variants_of(tx, [each.id for each in variants], [each.sku for each in variants])
    while True:
        whose = {"id": dict[str, str](), "sku": dict[str, str]()}
        for row in there:
            stays = row["product_id"] not in wanted or row["product_id"] in left
            for name in whose:
                if stays or any(getattr(each, name) == row[name] for each in wanted[row["product_id"]].variants):
                    whose[name].setdefault(row[name], row["product_id"])
        if (clash := _clash({id: each for id, each in wanted.items() if id not in left}, whose)) is None:
            return
        left[clash[0]] = refused(clash[1])


def _clash(wanted: Mapping[str, Wanted], whose: Mapping[str, dict[str, str]]) -> tuple[str, str] | None:
    for id, each in wanted.items():
        for variant in each.variants:
            if (other := whose["sku"].setdefault(variant.sku, id)) != id:
                return id, f"the SKU {variant.sku} belongs to another product, {other}"
            if (other := whose["id"].setdefault(variant.id, id)) != id:
                return id, f"the variant {variant.id} belongs to another product, {other}"
    return None


async def _rows(tx: Tx, wanted: Mapping[str, Wanted], now: Mapping[str, Row]) -> dict[str, Product]:
    """The products' own rows as they are to be; attributes that nobody declared are declared."""
    said = {code: each for product in wanted.values() for code, each in rules.declared(product.attributes).items()}
    known = await shelves.attributes_for(tx, list(said)) if said else {}
    if missing := [each for code, each in said.items() if code not in known]:
        await shelves.add_attributes(tx, missing)
        known |= await shelves.attributes_for(tx, [each.code for each in missing])
    asked = {slug for each in wanted.values() for slug in slugs_for(each.slug or each.name, each.id)}
    owners = await store.slug_owners(tx, asked | {each.slug for each in wanted.values() if each.slug})
    rows = {}
    for id, each in wanted.items():
        own = set(now[id]["slugs"]) if id in now else set()
        others = {slug for slug, owner in owners.items() if owner != id}
        slug = rules.slug(each, now[id]["slug"] if id in now else None, own, others)
        owners[slug] = id
        rows[id] = {
            **{name: getattr(each, name) for name in _COLUMNS if name not in ("slug", "attributes")},
            "id": id,
            "slug": slug,
            "attributes": rules.attributes(each.attributes, known),
        }
    return rows


def _plan(ports: Ports, rows: Mapping[str, Product], wanted: Mapping[str, Wanted], now: Mapping[str, Row]) -> _Plan:
    plan = _Plan()
    for id, row in rows.items():
        was = now.get(id)
        if was is None or row["slug"] not in was["slugs"]:
            plan.slugs.append(row)
        parts = _plan_parts(ports, plan, wanted[id], was) if id in wanted else False
        if was is None:
            plan.added.append(row)
        elif parts or any(row[name] != was[name] for name in _COLUMNS):
            plan.changed.append(row)
    return plan


def _plan_parts(ports: Ports, plan: _Plan, wanted: Wanted, was: Row | None) -> bool:
    """Variants, prices and pictures of one product; whether any differ from what is there."""
    there = {each["id"]: each for each in was["variants"]} if was else {}
    differ = False
    gone = [id for id, each in there.items() if each["sku"] not in {v.sku for v in wanted.variants if v.id == id}]
    plan.variants_gone += gone
    for position, variant in enumerate(wanted.variants):
        before = there.get(variant.id) if variant.id not in gone else None
        row = {
            "id": variant.id, "product_id": wanted.id, "sku": variant.sku, "options": dict(variant.options),
            "option_key": variant.key, "position": position, "weight_g": variant.weight_g,
        }  # fmt: skip
        if before is None:
            plan.variants_added.append(row)
        elif any(row[name] != before[name] for name in ("options", "position", "weight_g")):
            plan.variants_changed.append(row)
        else:
            row = {}
        prices = _plan_prices(plan, wanted, variant, there.get(variant.id), fresh=before is None, told=was is not None)
        differ = differ or prices or bool(row)
    if list(wanted.images) != (was["images"] if was else []):
        differ = True
        plan.media += [
            {"id": ports.ids.new("med"), "product_id": wanted.id, "path": path, "position": position}
            for position, path in enumerate(wanted.images)
        ]
        if not wanted.images:
            plan.pictureless.append(wanted.id)
    return differ or bool(gone)


def _plan_prices(
    plan: _Plan,
    wanted: Wanted,
    variant: rules.WantedVariant,
    before: Mapping[str, Any] | None,
    *,
    fresh: bool,
    told: bool,
) -> bool:
    was: Mapping[str, int] = before["prices"] if before else {}
    differ = dict(variant.prices) != dict(was)
    if not differ and not fresh:
        return False
    if not variant.prices:
        plan.priceless.append(variant.id)
    for currency, amount in variant.prices.items():
        plan.prices.append({"variant_id": variant.id, "currency": currency, "amount": amount})
        if told and was.get(currency) != amount:
            old = Money(was[currency], currency) if currency in was else None
            new = Money(amount, currency)
            plan.news.append(PriceChanged(product_id=wanted.id, sku=variant.sku, before=old, after=new))
    return differ


async def _carry_out(tx: Tx, plan: _Plan) -> None:
    """A statement for each table that has something; a variant whose SKU is another one now is made anew."""
    if plan.added:
        await store.add_products(tx, plan.added)
    if plan.slugs:
        await store.own_slugs(tx, plan.slugs)
    if plan.changed:
        await store.change_products(tx, plan.changed)
    if plan.variants_gone:
        await store.remove_variants(tx, plan.variants_gone)
    if plan.variants_changed:
        await store.change_variants(tx, plan.variants_changed)
    if plan.variants_added:
        await importing.add_variants(tx, plan.variants_added)
    if plan.priceless:
        await store.forget_prices(tx, plan.priceless)
    if plan.prices:
        await store.keep_prices(tx, plan.prices)
        await importing.set_prices(tx, plan.prices)
    if plan.pictureless:
        await store.forget_pictures(tx, plan.pictureless)
    if plan.media:
        await importing.set_media(tx, plan.media)


def _tell(tx: Tx, plan: _Plan) -> None:
    for kind, products in ((ProductAdded, plan.added), (ProductChanged, plan.changed)):
        tx.tell(
            *(
                kind(product_id=each["id"], slug=each["slug"], published=each["status"] == Status.PUBLISHED)
                for each in products
            )
        )
    tx.tell(*plan.news)


def _record(row: Row) -> ProductRecord:
    variants = tuple(
        VariantRecord(
            id=each["id"],
            sku=each["sku"],
            options=each["options"],
            prices=tuple(Money(amount, currency) for currency, amount in sorted(each["prices"].items())),
            weight_g=each["weight_g"],
        )
        for each in row["variants"]
    )
    return ProductRecord(
        variants=variants,
        attributes={name: rules.as_text(value) for name, value in row["told"].items()},
        images=tuple(row["images"]),
        version=0,
        **{name: row[name] for name in ("id", *_COLUMNS) if name != "attributes"},
    )


def _straighten(now: Json, kept: Json) -> Json:
    """A product that was removed there and is on sale here again is as it is here."""
    removed = any(part["at"] == ["removed"] for part in kept.get("bent", ()))
    return now if removed and now["status"] != Status.ARCHIVED else straightened(now, kept)


def _gone(id: str) -> ProductRecord:
    return ProductRecord.model_validate({"id": id, "version": 0, "name": "", "created_at": _EPOCH, "removed": True})


_WORDS = {
    "product_slug_pkey": "another product has, or had, its slug",
    "variant_sku_key": "one of its SKUs belongs to another product",
    "variant_options": "two of its variants have the same options",
    "variant_pkey": "one of its variants belongs to another product",
}
PRODUCT = Kind("product", _read, _write, _gone, _WORDS, straighten=_straighten)
