"""How pages look: templates compiled once, with the words and numbers as shoppers read them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment

from banyan.foundation.face.look import picture, templates
from banyan.storefront import shown
from banyan.storefront.assets import assets
from banyan.storefront.places import linked


@cache
def environment() -> Environment:
    """Compiled once for the process: nothing in it is of one shop or one visit."""
    jinja = templates(Path(__file__).parent / "templates")
    jinja.filters |= {
        "money": shown.money,
        "round_money": shown.round_money,
        "day": shown.day,
        "moment": shown.moment,
        "counted": shown.counted,
        "country": shown.country,
        "picture": picture,
        "segment": linked,
        "device": shown.device,
    }
    jinja.globals["asset"] = assets().url
    for name in jinja.list_templates():
        jinja.get_template(name)
    return jinja
