"""Addresses as forms have them: the fields, what fills them in, and what a shopper typed."""

from banyan.foundation.face.forms import Form
from banyan.storefront.countries import WITHOUT_POSTAL_CODES
from banyan.storefront.shop_api.shapes import Address, SavedAddress

FIELDS = tuple(Address.model_fields)
# Which field is meant by the end of a pointer in a refusal.
POINTED = {name: name for name in (*FIELDS, "email", "shipping_option")}


def typed(form: Form) -> Address:
    """What the form says."""
    values = {name: form[name] for name in FIELDS}
    return Address(**{**values, "country": values["country"].upper(), "postal_code": values["postal_code"].upper()})


def of_saved(saved: SavedAddress) -> Address:
    return Address(**saved.model_dump(include=set(FIELDS)))


def lines(address: Address, country: str) -> list[str]:
    """As it would be written on a parcel, without what is empty."""
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    town = ", ".join(part for part in (town, address.region) if part)
    return [line for line in (address.name, address.line1, address.line2, town, country) if line]


def missing(address: Address) -> dict[str, str]:
    """What nobody can deliver without."""
    needed = {
        "name": "Who is it for?",
        "line1": "Street and number, please",
        "city": "The town, please",
        "country": "Which country?",
    }
    if address.country not in WITHOUT_POSTAL_CODES:
        needed["postal_code"] = "The postal code, please"
    return {field: words for field, words in needed.items() if not getattr(address, field)}
