"""How the catalogue is put together."""

from functools import partial
from pathlib import Path

from banyan.catalog import api, indexing, intake, reactions
from banyan.catalog.actions import items
from banyan.catalog.actions.keeping import Keeping
from banyan.catalog.invariants import INVARIANTS
from banyan.catalog.showcase import Showcase
from banyan.contracts import access
from banyan.contracts.catalog import AskItems
from banyan.contracts.inventory import AvailabilityChanged
from banyan.contracts.legacy import CatalogHandOver, CatalogTake, CatalogTenure
from banyan.foundation import tenure
from banyan.foundation.service import Follower, Service, Together
from banyan.foundation.tenure import Fence

OWNED = ("category", "brand", "attribute", "product_slug", "variant", "price", "media")


def service() -> Service:
    keeper, showcase = indexing.Keeper(), Showcase()
    keeping = Keeping(showcase)
    return Service(
        name="catalog",
        folder=Path(__file__).parent,
        plan_once=False,
        routes=partial(api.routes, showcase),
        access=access.rows("catalog"),
        calls={
            AskItems: items.items,
            CatalogTake: intake.take,
            CatalogHandOver: intake.hand_over,
            # `revision` also moves when inventory tells that something can be bought.
            CatalogTenure: tenure.over(Fence("product", free=("revision",)), *OWNED),
        },
        reactions={AvailabilityChanged: Together(reactions.note_availability)},
        chores={"shared index": indexing.SharedKeeper().keep, "cards": keeping.keep, "cards ahead": keeping.ahead},
        followers={"search": Follower(indexing.TOPICS, indexing.begin, keeper.take, keeper.reached)},
        invariants=INVARIANTS,
        searches=True,
    )
