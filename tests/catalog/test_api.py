"""HTTP: operators put products in, shoppers see them; what is wrong is a 4xx that says what, and changes nothing."""

import pytest

from banyan.contracts.catalog import AskItems, PriceChanged, ProductAdded, ProductChanged, ProductRemoved
from banyan.kernel.money import Money
from tests.catalog.counter import CATALOGUE, Counter
