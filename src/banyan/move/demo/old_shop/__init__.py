"""The demo's legacy web shop: OpenCart's URLs, tables and habits in a small program, one statement committing at a time.

It is what a move has to cope with: no transactions, a session of JSON in a table, stock counted down when an order is placed,
an order that a GET inserts. Started as a process of its own: `python -m banyan.move.demo.old_shop --port 8080 --database …`.
"""

from banyan.move.demo.old_shop import accounts, carts, checkout, window
from banyan.move.demo.old_shop.visit import Handler

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "common/home"): window.home,
    ("GET", "product/category"): window.category,
    ("GET", "product/search"): window.search,
    ("GET", "product/product"): window.product,
    ("GET", "checkout/cart"): carts.cart,
    ("POST", "checkout/cart.add"): carts.cart_add,
    ("POST", "checkout/cart.edit"): carts.cart_edit,
    ("POST", "checkout/cart.remove"): carts.cart_remove,
    ("GET", "account/login"): accounts.sign_in_page,
    ("POST", "account/register.register"): accounts.register,
    ("POST", "account/login.login"): accounts.login,
    ("GET", "account/account"): accounts.account,
    ("POST", "account/address.save"): accounts.address_save,
    ("POST", "account/edit.save"): accounts.account_edit,
    ("POST", "checkout/shipping_address.address"): checkout.address,
    ("POST", "checkout/shipping_address.save"): checkout.new_address,
    ("POST", "checkout/shipping_method.quote"): checkout.ways,
    ("POST", "checkout/shipping_method.save"): checkout.way,
    ("POST", "checkout/payment_method.getMethods"): checkout.means,
    ("POST", "checkout/payment_method.save"): checkout.pay,
    ("POST", "checkout/payment_method.comment"): checkout.comment,
    ("GET", "checkout/confirm.confirm"): checkout.confirm,
    ("POST", "extension/opencart/payment/cod.confirm"): checkout.place,
    ("POST", "extension/opencart/payment/bank_transfer.confirm"): checkout.place,
    ("GET", "checkout/success"): checkout.success,
}
