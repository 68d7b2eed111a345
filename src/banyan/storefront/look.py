"""How pages look: templates compiled once, with the words and numbers as shoppers read them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from banyan.storefront import shown
from banyan.storefront.assets import assets
from banyan.storefront.places import segment

_FOLDER = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Compiled once for the process: nothing in it is of one shop or one visit."""
    jinja = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "money": shown.money,
        "round_money": shown.round_money,
        "day": shown.day,
        "moment": shown.moment,
        "counted": shown.counted,
        "country": shown.country,
        "picture": shown.picture,
        "segment": segment,
        "device": shown.device,
    }
    jinja.globals["asset"] = assets().url
    for name in jinja.list_templates():
        jinja.get_template(name)
    return jinja
