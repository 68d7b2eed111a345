"""Every fault that is put into the mirror or into what a service holds is found, named, and mended; nothing else is."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from banyan.contracts.legacy import BrandRecord, CatalogHandOver, CatalogTake, Handed
from banyan.foundation.peers import Local
from banyan.foundation.service import Ports
from banyan.move.delivering import Delivery, Made
from banyan.move.rows import Values, pack, unpack
from banyan.move.storage import checks, groups
from banyan.move.verify.against_services import Records
from banyan.move.verify.verifier import Verifier
from tests.move.core.conftest import MakeMoving, Moving

FAULTS = 2_000


@dataclass
class Shelf:
    """The toy's catalog, asked to hand over too."""

    moving: Moving

    async def hand_over(self, ports: Ports, call: CatalogHandOver) -> Handed:
        found = [self.moving.catalog.taken.get((call.kind, id_)) for id_ in call.ids]
        return Handed(records=tuple(each for each in found if each is not None))


async def opened(moving: MakeMoving, makers: int) -> tuple[Moving, Verifier]:
    m = await moving(makers=makers, work=True)
    local = {CatalogTake: m.catalog.take, CatalogHandOver: Shelf(m).hand_over}
    m.ports.peers.add("catalog", Local(m.ports, local, None))
    await m.copied()
    await m.settled()
    return m, Verifier(m.mover)


def text(change: Callable[[bytes], bytes]) -> Callable[[Values], Values]:
    """A fault in the name (column 1)."""
    return lambda row: (row[0], change(row[1] or b""), *row[2:])


def price(change: Callable[[bytes], bytes]) -> Callable[[Values], Values]:
    return lambda row: (*row[:2], change(row[2] or b""), *row[3:])


FLIPS: dict[str, Callable[[Values], Values]] = {
    "flip": text(lambda name: bytes([name[0] ^ 1]) + name[1:]),
    "null": lambda row: (*row[:4], None),
    "empty": lambda row: (*row[:4], b""),
    "trim": text(lambda name: name + b" "),
    "charset": text(lambda name: name.decode().encode("latin-1", "replace")),
    "mojibake": text(lambda name: name.decode("cp1252", "replace").encode()),
    "scale": price(lambda amount: amount[:-1]),
    "rounded": price(lambda amount: b"%.4f" % (float(amount) + 0.0001)),
    "time zone": lambda row: (*row[:4], b"2024-02-01 01:00:00"),
    "stale": lambda row: (*row[:3], b"7", row[4]),
    "column swap": lambda row: (row[0], row[2], row[1], *row[3:]),
}


async def inject(m: Moving, rng: random.Random, count: int) -> set[bytes]:
    """Put faults into the mirror of the makers: the keys of the rows that are wrong now."""
    number = m.mover.mirrors.by_name["toy_maker"].number
    rows = {
        row["key"]: row["image"]
        for row in await m.ports.db.fetch(f"SELECT key, image FROM mirror_{number} ORDER BY key")
    }
    keys = rng.sample(sorted(rows), count)
    wrong: dict[bytes, bytes] = {}
    kinds = [*FLIPS, "drop", "swap", "duplicate"]
    places = iter(keys)
    extra = 1_000_000
    for key in places:
        kind = kinds[len(wrong) % len(kinds)]
        if kind == "drop":
            await m.ports.db.execute(f"DELETE FROM mirror_{number} WHERE key = $1", key)
            wrong[key] = b""
        elif kind == "duplicate":
            extra += 1
            copied = pack((b"%d" % extra, *unpack(rows[key])[1:]))
            await m.ports.db.execute(
                f"INSERT INTO mirror_{number} (tbl, key, image, at) VALUES ($1, $2, $3, 1)",
                number,
                pack([b"%d" % extra]),
                copied,
            )
            wrong[pack([b"%d" % extra])] = b""
        elif kind == "swap" and (other := next(places, None)) is not None:
            one, two = unpack(rows[key]), unpack(rows[other])
            for at, image in ((key, (one[0], *two[1:])), (other, (two[0], *one[1:]))):
                await m.ports.db.execute(f"UPDATE mirror_{number} SET image = $2 WHERE key = $1", at, pack(image))
                wrong[at] = b""
        else:
            image = pack(FLIPS.get(kind, FLIPS["flip"])(unpack(rows[key])))
            assert image != rows[key], kind
            await m.ports.db.execute(f"UPDATE mirror_{number} SET image = $2 WHERE key = $1", key, image)
            wrong[key] = b""
    return set(wrong)


async def test_every_one_of_two_thousand_faults_in_the_mirror_is_found_and_mended(moving: MakeMoving) -> None:
    m, verifier = await opened(moving, makers=2_600)
    clean = await verifier.whole("catalog")
    assert clean.findings == []
    assert (clean.rows, clean.records, clean.coverage.percent) == (2_600 * 3 + 10 + 2, 2_610, 100)
    wrong = await inject(m, random.Random(5), FAULTS)
    assert len(wrong) >= FAULTS
    found = await verifier.whole("catalog", repair=True)
    rows = [each for each in found.findings if each.table == "toy_maker"]
    assert {each.row_key for each in rows} == wrong
    assert found.repaired >= FAULTS
    await m.settled()
    await m.same()
    assert (await verifier.whole("catalog")).findings == []


async def test_what_changed_on_our_side_behind_the_movers_back_is_found_and_told_again(moving: MakeMoving) -> None:
    m, verifier = await opened(moving, makers=60)
    taken = m.catalog.taken
    brands = sorted(key for key in taken if key[0] == "brand")
    changed, gone = brands[3], brands[7]
    right = taken[changed]
    assert isinstance(right, BrandRecord)
    taken[changed] = right.model_copy(update={"name": right.name + " "})
    del taken[gone]
    verdict = await verifier.whole("catalog", repair=True)
    assert sorted(each.what for each in verdict.findings) == sorted(
        [f"{changed[1]} differs in name", f"{gone[1]} is not there"]
    )
    assert verdict.books == {"brand": {"records": (60, 59)}}
    await m.settled()
    assert taken[changed].model_copy(update={"version": 0}) == right.model_copy(update={"version": 0})
    assert gone in taken
    assert (await verifier.whole("catalog")).clean


async def test_a_record_that_changes_at_every_look_is_left_for_later(moving: MakeMoving) -> None:
    """It is read before a change on our side and after it on the other, each time: that is no difference."""
    m, verifier = await opened(moving, makers=3)
    read = dict(m.catalog.taken)

    async def hand_over(ports: Ports, call: CatalogHandOver) -> Handed:
        return Handed(records=tuple(read[call.kind, id_] for id_ in call.ids))

    class Restless(Delivery):
        async def make(self, wanted: Sequence[Made]) -> None:
            read.update(m.catalog.taken)
            m.sql("UPDATE toy_maker SET name = concat(name, '.') WHERE maker_id = 2")
            await m.settled()
            await super().make(wanted)

    m.ports.peers.add("catalog", Local(m.ports, {CatalogTake: m.catalog.take, CatalogHandOver: hand_over}, None))
    await verifier.whole("catalog")  # what conversion refers to is loaded
    restless = Restless(m.ports, m.mover.adapter, m.mover.mirrors, m.mover.lookups)
    looked = await Records(m.ports, m.mover.mirrors, restless).whole("brand")
    assert (looked.findings, looked.equal, looked.waiting) == ([], 2, 1)


async def test_under_load_nothing_is_said_that_is_not_so_and_what_changed_is_verified_soon(moving: MakeMoving) -> None:
    m, verifier = await opened(moving, makers=300)
    await verifier.whole("catalog")
    stopped = asyncio.Event()

    def busy() -> None:
        rng = random.Random(1)
        while not stopped.is_set():
            number = rng.randint(1, 300)
            m.sql("UPDATE toy_maker SET name = %s, viewed = viewed + 1 WHERE maker_id = %s", f"N{rng.random()}", number)
            if rng.random() < 0.1:
                m.sql("DELETE FROM toy_maker_text WHERE maker_id = %s AND language = 'de'", number)
                m.sql("REPLACE INTO toy_maker_text VALUES (%s, 'de', %s)", number, f"t{rng.random()}")

    load = asyncio.create_task(asyncio.to_thread(busy))
    for _ in range(3):
        await verifier.once()
    whole = await verifier.whole("catalog")
    stopped.set()
    await load
    assert whole.findings == []
    await m.settled()
    while await verifier.once():
        pass
    coverage = await verifier.coverage("catalog")
    assert (coverage.unverified, coverage.percent) == (0, 100)
    assert await checks.count_open(m.ports.db, "catalog") == 0
    assert (await groups.read(m.ports.db))["catalog"].state == "verified"


async def test_a_group_that_differs_is_not_verified_any_more(moving: MakeMoving) -> None:
    m, verifier = await opened(moving, makers=20)
    await verifier.whole("catalog")
    await verifier.once()
    assert (await groups.read(m.ports.db))["catalog"].state == "verified"
    await inject(m, random.Random(2), 3)
    assert (await verifier.whole("catalog")).findings
    await verifier.once()
    assert (await groups.read(m.ports.db))["catalog"].state == "in_sync"
    assert (await verifier.coverage("catalog")).percent <= 100
