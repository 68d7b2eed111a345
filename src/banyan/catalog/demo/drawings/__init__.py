"""Every drawing by name."""

from banyan.catalog.demo.drawings import (
    bikes,
    clothing,
    electronics,
    garden,
    home,
    kitchen,
    office,
    outdoor,
    shoes,
    toys,
)
from banyan.catalog.demo.drawings.stage import Drawing

DRAWINGS: dict[str, Drawing] = {
    **outdoor.DRAWINGS,
    **clothing.DRAWINGS,
    **shoes.DRAWINGS,
    **home.DRAWINGS,
    **kitchen.DRAWINGS,
    **electronics.DRAWINGS,
    **office.DRAWINGS,
    **toys.DRAWINGS,
    **garden.DRAWINGS,
    **bikes.DRAWINGS,
}
