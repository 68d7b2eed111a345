"""Who asks the catalogue over HTTP: shoppers read and search, operators (`catalog:write`) edit."""

from fastapi import APIRouter

from banyan.catalog.api import attributes, browsing, categories, pictures, products, searching, variants
from banyan.catalog.showcase import Showcase
from banyan.foundation.service import Ports


def routes(showcase: Showcase, ports: Ports) -> APIRouter:
    router = APIRouter()
    browsing.add_to(router, ports, showcase)
    searching.add_to(router, ports, showcase)
    products.add_to(router, ports)
    variants.add_to(router, ports)
    pictures.add_to(router, ports)
    categories.add_to(router, ports)
    attributes.add_to(router, ports)
    return router
