"""How pages look: templates compiled once, with the words and numbers as shoppers read them."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from banyan.kernel.ids import Ids
from banyan.storefront import shown
from banyan.storefront.assets import Assets
from banyan.storefront.places import segment

_FOLDER = Path(__file__).parent / "templates"


def environment(assets: Assets, ids: Ids, **shop: Any) -> Environment:
    """`shop`: what every page knows."""
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
    jinja.globals |= {"asset": assets.url, "new_key": lambda: ids.new("key"), **shop}
    for name in jinja.list_templates():
        jinja.get_template(name)
    return jinja
