"""The demo's shoppers, with a password and an address each."""

from datetime import datetime, timedelta

from banyan.kernel.ids import Ids
from banyan.move.demo.stocking.putting import COUNTRY, GROUP, LANGUAGE, STORE, Putting

PASSWORD = "banyan and fig"
"""Every customer's of the demo."""
# bcrypt of it, as PHP's password_hash writes: made once, because making one takes a quarter of a second.
PASSWORD_HASH = "$2y$10$6FeM9QGBUC/Vmki7dxliLun5jWvujlfHIel5GoiGAbVKGtyWwsvnO"
_NAMES = ("Ada", "Björn", "Chloé", "Dmitri", "Eyüp", "Fatima", "Grażyna", "Hugo", "Ines", "Jürgen", "Kaya", "Liam")
_FAMILIES = ("Abel", "Brandt", "Córdoba", "Dvořák", "Evans", "Fischer", "García", "Hansen", "Ito", "Jansen", "O'Brien")
_CITIES = (("Berlin", "10115"), ("Leipzig", "04103"), ("Köln", "50667"), ("München", "80331"), ("Kiel", "24103"))


def called(customer: int) -> tuple[str, str]:
    """First and last name."""
    return _NAMES[customer % len(_NAMES)], _FAMILIES[customer // len(_NAMES) % len(_FAMILIES)]


def at_home(customer: int) -> tuple[str, str]:
    """City and postcode."""
    return _CITIES[customer % len(_CITIES)]


def people(put: Putting, ids: Ids, now: datetime, count: int) -> None:
    customers, addresses = [], []
    for n in range(1, count + 1):
        first, last = called(n)
        city, postcode = at_home(n)
        customers.append(
            {
                "customer_id": n,
                "customer_group_id": GROUP,
                "store_id": STORE,
                "language_id": LANGUAGE,
                "firstname": first,
                "lastname": last,
                "email": f"shopper{n}@example.com",
                "telephone": "",
                "password": PASSWORD_HASH,
                "custom_field": "",
                "newsletter": n % 3 == 0,
                "status": 1,
                "date_added": now - timedelta(days=int(ids.fraction() * 800)),
            }
        )
        addresses.append(
            {
                "customer_id": n,
                "firstname": first,
                "lastname": last,
                "company": "",
                "address_1": f"High Street {n}",
                "address_2": "",
                "city": city,
                "postcode": postcode,
                "country_id": COUNTRY,
                "zone_id": 0,
                "custom_field": "",
                "default": 1,
            }
        )
    put.rows("customer", customers)
    put.rows("address", addresses)
