"""Accounts: signing up and in, the profile, addresses."""

from html import unescape

import bcrypt

from banyan.move.demo import old_pages, stocking
from banyan.move.demo.old_shop.visit import Answer, Visit


def register(visit: Visit) -> Answer:
    email = visit.typed("email", 96)
    if visit.row("SELECT customer_id FROM {customer} WHERE LCASE(email) = %s", email.lower()):
        return Answer.data({"error": {"warning": "Warning: E-Mail Address is already registered!"}})
    hashed = bcrypt.hashpw(unescape(visit.typed("password", 72)).encode(), bcrypt.gensalt(4, b"2a")).decode()
    customer = visit.add(
        "customer",
        customer_group_id=stocking.GROUP,
        store_id=0,
        language_id=stocking.LANGUAGE,
        firstname=visit.typed("firstname", 32),
        lastname=visit.typed("lastname", 32),
        email=email,
        telephone=visit.typed("telephone", 32),
        password=hashed.replace("$2a$", "$2y$", 1),
        custom_field="[]",
        newsletter=0,
        status=1,
        date_added=visit.now,
    )
    visit.session["customer_id"] = customer
    return Answer.data({"redirect": "index.php?route=account/success"})


def login(visit: Visit) -> Answer:
    email = visit.form.get("email", "").strip().lower()
    known = visit.row("SELECT customer_id, password FROM {customer} WHERE LCASE(email) = %s AND status = 1", email)
    typed = visit.form.get("password", "").encode()[:72]
    if known is None or not bcrypt.checkpw(typed, known["password"].replace("$2y$", "$2b$", 1).encode()):
        return Answer.data({"error": {"warning": "Warning: No match for E-Mail Address and/or Password."}})
    visit.session["customer_id"] = known["customer_id"]
    visit.rows("UPDATE {cart} SET customer_id = %s WHERE customer_id = 0 AND session_id = %s", visit.customer, visit.id)
    return Answer.data({"redirect": "index.php?route=account/account"})


def account(visit: Visit) -> Answer:
    known = visit.row("SELECT firstname, lastname, email FROM {customer} WHERE customer_id = %s", visit.customer)
    if known is None:
        return Answer(302, headers=[(b"location", b"/index.php?route=account/login")])
    kept = visit.rows("SELECT * FROM {address} WHERE customer_id = %s ORDER BY address_id", visit.customer)
    return Answer.page(old_pages.account(known, kept))


def sign_in_page(_: Visit) -> Answer:
    return Answer.page(old_pages.sign_in())


def address_save(visit: Visit) -> Answer:
    if not visit.customer:
        return Answer.data({"redirect": "index.php?route=account/login"})
    return Answer.data({"success": "Your address has been successfully inserted", "address_id": add_address(visit)})


def add_address(visit: Visit) -> int:
    """What the form says, as a row of the customer's; its number."""
    return visit.add(
        "address",
        customer_id=visit.customer,
        firstname=visit.typed("firstname", 32),
        lastname=visit.typed("lastname", 32),
        company=visit.typed("company", 60),
        address_1=visit.typed("address_1", 128),
        address_2=visit.typed("address_2", 128),
        city=visit.typed("city", 128),
        postcode=visit.typed("postcode", 10),
        country_id=int(visit.form.get("country_id") or stocking.COUNTRY),
        zone_id=0,
        custom_field="[]",
        default=0,
    )


def account_edit(visit: Visit) -> Answer:
    if not visit.customer:
        return Answer.data({"redirect": "index.php?route=account/login"})
    visit.rows(
        "UPDATE {customer} SET firstname = %s, lastname = %s, telephone = %s WHERE customer_id = %s",
        visit.typed("firstname", 32),
        visit.typed("lastname", 32),
        visit.typed("telephone", 32),
        visit.customer,
    )
    return Answer.data({"success": "Success: Your account has been successfully updated."})
