"""Counts of stock: which of them change anything, and which cannot be because more is promised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from banyan.contracts.inventory import StockCount
from banyan.inventory.domain.bounds import LARGEST, is_sku
from banyan.kernel.refusals import Fault, Invalid

DEFAULT_WAREHOUSE = "wh_main"  # made with the tables; where imports count


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set per SKU: whether more may be sold than there is, and when few units are few."""

    backorder: bool
    low_stock_at: int


@dataclass(frozen=True, slots=True)
class Level:
    """One SKU in one warehouse, as it is on the books, with its SKU's settings."""

    on_hand: int
    reserved: int
    settings: Settings


def counts_of(counts: Iterable[StockCount]) -> dict[str, StockCount]:
    """The last count of each SKU. Invalid where one cannot be kept."""
    result: dict[str, StockCount] = {}
    for number, count in enumerate(counts):
        if not is_sku(count.sku):
            raise Invalid("this is no SKU", errors=[Fault(f"/counts/{number}/sku", "malformed", "not a SKU")])
        if not (0 <= count.on_hand <= LARGEST and 0 <= count.low_stock_at <= LARGEST):
            wrong = Fault(f"/counts/{number}", "out_of_range", f"units are 0 to {LARGEST}")
            raise Invalid(f"the count of {count.sku} is out of range", errors=[wrong])
        result[count.sku] = count
    return result


def differing(counts: Mapping[str, StockCount], levels: Mapping[str, Level]) -> dict[str, StockCount]:
    """The counts that say something else than the books, or speak of a SKU the books do not have."""
    return {
        sku: count
        for sku, count in counts.items()
        if (level := levels.get(sku)) is None
        or level.on_hand != count.on_hand
        or level.settings != Settings(count.backorder, count.low_stock_at)
    }


def below_reserved(counts: Mapping[str, StockCount], levels: Mapping[str, Level]) -> list[str]:
    """SKUs whose count is less than what is set aside, where no more may be sold than there is."""
    return sorted(sku for sku, count in counts.items() if not count.backorder and count.on_hand < levels[sku].reserved)
