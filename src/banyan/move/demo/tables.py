"""The tables of the demo's legacy shop: OpenCart 4's names and columns, in a notation of our own that reads on one page.

`name#` an auto-increment key, `name!` an integer of the key, `name$32` text of the key; after the colon the column's type:
`i` int or NULL, `n` int default 0, `b` tinyint default 0, `m` money decimal(15,4), `w` decimal(15,8), `d` date, `dt` datetime,
`t` text, `f` double(15,8), a number is varchar of that length. `[a,b]` is an index.
"""

import re

TABLES = """
address         address_id# customer_id:i firstname:32 lastname:32 company:60 address_1:128 address_2:128 city:128 postcode:10
                country_id:n zone_id:n custom_field:t default:b [customer_id]
address_format  address_format_id# name:128 address_format:t
attribute       attribute_id# attribute_group_id:n sort_order:n
attribute_description attribute_id! language_id! name:64
attribute_group attribute_group_id# sort_order:n
attribute_group_description attribute_group_id! language_id! name:64
cart            cart_id# store_id:n customer_id:n session_id:32 product_id:i subscription_plan_id:n option:t quantity:i
                override:t price:m date_added:dt [customer_id,session_id,product_id,subscription_plan_id]
category        category_id# image:255 parent_id:n sort_order:n status:b [parent_id]
category_description category_id! language_id! name:255 description:t
                meta_title:255 meta_description:255 meta_keyword:255 [name]
category_path   category_id! path_id! level:i
category_to_store category_id! store_id!
country         country_id# iso_code_2:2 iso_code_3:3 address_format_id:n postcode_required:b status:b
country_description country_id! language_id! name:255 [name]
currency        currency_id# title:32 code:3 symbol_left:12 symbol_right:12 decimal_place:n value:f status:b date_modified:dt
customer        customer_id# customer_group_id:n store_id:n language_id:n firstname:32 lastname:32 email:96 telephone:32
                password:255 custom_field:t newsletter:b ip:40 status:b safe:b commenter:b token:t code:40 date_added:dt [email]
customer_group  customer_group_id# approval:n sort_order:n
customer_group_description customer_group_id! language_id! name:32 description:t
customer_ip     customer_ip_id# customer_id:i store_id:n ip:40 country:2 date_added:dt [ip]
customer_wishlist customer_id! store_id! product_id! date_added:dt
geo_zone        geo_zone_id# name:32 description:255
language        language_id# name:32 code:5 locale:255 extension:255 sort_order:n status:b [name]
length_class    length_class_id# value:w
length_class_description length_class_id! language_id! title:32 unit:4
manufacturer    manufacturer_id# name:64 image:255 sort_order:n
manufacturer_to_store manufacturer_id! store_id!
option          option_id# type:32 validation:255 sort_order:n
option_description option_id! language_id! name:128
option_value    option_value_id# option_id:i image:255 sort_order:n
option_value_description option_value_id! language_id! option_id:i name:128
order           order_id# subscription_id:n invoice_no:n invoice_prefix:26 transaction_id:100 store_id:n store_name:64
                store_url:255
                customer_id:n customer_group_id:n firstname:32 lastname:32 email:96 telephone:32 custom_field:t
                payment_address_id:n payment_firstname:32 payment_lastname:32 payment_company:60 payment_address_1:128
                payment_address_2:128 payment_city:128 payment_postcode:10 payment_country:128 payment_country_id:n
                payment_zone:128 payment_zone_id:n payment_address_format:t payment_custom_field:t payment_method:t
                shipping_address_id:i shipping_firstname:32 shipping_lastname:32 shipping_company:60 shipping_address_1:128
                shipping_address_2:128 shipping_city:128 shipping_postcode:10 shipping_country:128 shipping_country_id:n
                shipping_zone:128 shipping_zone_id:n shipping_address_format:t shipping_custom_field:t shipping_method:t
                comment:t total:m order_status_id:n affiliate_id:n commission:m marketing_id:n tracking:64 language_id:i
                language_code:5 currency_id:i currency_code:3 currency_value:w ip:40 forwarded_ip:40 user_agent:255
                accept_language:255 date_added:dt date_modified:dt [email]
order_history   order_history_id# order_id:i order_status_id:n notify:b comment:t date_added:dt [order_id]
order_option    order_option_id# order_id:i order_product_id:i product_option_id:i product_option_value_id:n name:255 value:t
                type:32 [order_id]
order_product   order_product_id# order_id:i product_id:i master_id:n name:255 model:64 quantity:n price:m total:m tax:m reward:n
                [order_id]
order_status    order_status_id# language_id! name:32
order_total     order_total_id# order_id:i extension:255 code:32 title:255 value:m sort_order:n [order_id]
product         product_id# master_id:n model:64 sku:64 upc:12 ean:14 jan:13 isbn:17 mpn:64 location:128 variant:t override:t
                quantity:n stock_status_id:n image:255 manufacturer_id:n shipping:b price:m points:n tax_class_id:n
                date_available:d weight:w weight_class_id:n length:w width:w height:w length_class_id:n subtract:b minimum:n
                rating:n sort_order:n status:b date_added:dt date_modified:dt
product_attribute product_id! attribute_id! language_id! text:t
product_code    product_code_id# product_id:i code:48 value:255 [product_id]
product_description product_id! language_id! name:255 description:t tag:t
                meta_title:255 meta_description:255 meta_keyword:255 [name]
product_discount product_discount_id# product_id:i customer_group_id:i quantity:n priority:n price:m type:1 special:b
                date_start:d date_end:d [product_id]
product_image   product_image_id# product_id:i image:255 sort_order:n [product_id]
product_option  product_option_id# product_id:i option_id:i value:t required:b [product_id]
product_option_value product_option_value_id# product_option_id:i product_id:i option_id:i option_value_id:n quantity:n
                subtract:b price:m price_prefix:1 points:n points_prefix:1 weight:w weight_prefix:1 [product_id]
product_to_category product_id! category_id! [category_id]
product_to_store product_id! store_id!
seo_url         seo_url_id# store_id:n language_id:i key:64 value:255 keyword:255 sort_order:n [key,value]
session         session_id$32 data:t expire:dt [expire]
setting         setting_id# store_id:n code:128 key:128 value:t serialized:b
statistics      statistics_id# code:64 value:m
stock_status    stock_status_id# language_id! name:32
store           store_id# name:64 url:255
tax_class       tax_class_id# title:32 description:255
tax_rate        tax_rate_id# geo_zone_id:n name:32 rate:m type:1
tax_rate_to_customer_group tax_rate_id! customer_group_id!
tax_rule        tax_rule_id# tax_class_id:i tax_rate_id:i based:10 priority:n
weight_class    weight_class_id# value:w
weight_class_description weight_class_id! language_id! title:32 unit:4
zone            zone_id# country_id:i code:32 status:b
zone_description zone_id! language_id! name:255 [name]
zone_to_geo_zone zone_to_geo_zone_id# geo_zone_id:i country_id:i zone_id:n
"""
PREFIX = "oc_"
_TYPES = {
    "i": "int(11) DEFAULT NULL",
    "n": "int(11) DEFAULT 0",
    "b": "tinyint(1) DEFAULT 0",
    "m": "decimal(15,4) DEFAULT 0.0000",
    "w": "decimal(15,8) DEFAULT 0.00000000",
    "f": "double(15,8) DEFAULT NULL",
    "d": "date DEFAULT NULL",
    "dt": "datetime DEFAULT NULL",
    "t": "text DEFAULT NULL",
}


def statements() -> list[str]:
    """A CREATE TABLE for each."""
    described = re.split(r"\n(?=\w)", TABLES.strip())
    return [_create(*text.split()) for text in described]


def _create(name: str, *parts: str) -> str:
    columns, key, indexes = [], [], []
    for part in parts:
        if part.startswith("["):
            indexes.append(", ".join(f"`{each}`" for each in part.strip("[]").split(",")))
        elif part.endswith("#"):
            key.append(part[:-1])
            columns.append(f"`{key[-1]}` int(11) NOT NULL AUTO_INCREMENT")
        elif part.endswith("!"):
            key.append(part[:-1])
            columns.append(f"`{key[-1]}` int(11) NOT NULL DEFAULT 0")
        elif "$" in part:
            named, size = part.split("$")
            key.append(named)
            columns.append(f"`{named}` varchar({size}) NOT NULL")
        else:
            named, kind = part.split(":")
            columns.append(f"`{named}` " + (_TYPES.get(kind) or f"varchar({kind}) DEFAULT NULL"))
    columns.append("PRIMARY KEY (" + ", ".join(f"`{each}`" for each in key) + ")")
    columns += [f"KEY ({index})" for index in indexes]
    engine = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
    return f"CREATE TABLE `{PREFIX}{name}` (" + ", ".join(columns) + f") {engine}"
