"""How the catalogue is put together."""

from pathlib import Path

from banyan.catalog import api, indexing, reactions
from banyan.catalog.actions import items
from banyan.catalog.invariants import INVARIANTS
from banyan.contracts.catalog import AskItems
from banyan.contracts.inventory import AvailabilityChanged
from banyan.foundation.service import Follower, Service


def service() -> Service:
    keeper = indexing.Keeper()
    return Service(
        name="catalog",
        folder=Path(__file__).parent,
        routes=api.routes,
        calls={AskItems: items.items},
        reactions={AvailabilityChanged: reactions.note_availability},
        followers={"search": Follower(indexing.TOPICS, indexing.begin, keeper.take, keeper.reached)},
        invariants=INVARIANTS,
        searches=True,
    )
