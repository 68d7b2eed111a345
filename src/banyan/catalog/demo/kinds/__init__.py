"""Every kind of thing the demo shop sells, shelf by shelf."""

from banyan.catalog.demo.kinds import (
    bikes,
    clothing,
    clothing_tops,
    electronics,
    garden,
    home,
    home_textiles,
    kitchen,
    kitchen_tableware,
    office,
    outdoor,
    shoes,
    toys,
)
from banyan.catalog.demo.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (
    *outdoor.KINDS,
    *clothing.KINDS,
    *clothing_tops.KINDS,
    *shoes.KINDS,
    *home.KINDS,
    *home_textiles.KINDS,
    *kitchen.KINDS,
    *kitchen_tableware.KINDS,
    *electronics.KINDS,
    *office.KINDS,
    *toys.KINDS,
    *garden.KINDS,
    *bikes.KINDS,
)
