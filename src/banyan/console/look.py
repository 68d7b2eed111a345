"""How pages look: templates, each compiled when it is first shown, with the words and numbers as operators read them."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banyan.console import shown, story
from banyan.console.assets import Assets
from banyan.console.places import segment, with_query
from banyan.kernel.clock import Clock

_FOLDER = Path(__file__).parent / "templates"
_WORDS = (
    shown.money,
    shown.amount_only,
    shown.number,
    shown.signed,
    shown.counted,
    shown.moment,
    shown.exact,
    shown.iso,
    shown.pretty,
    shown.label,
    shown.tone,
    shown.picture,
)


def environment(assets: Assets, clock: Clock, **shop: Any) -> Environment:
    """`shop`: what every page knows. Everything is escaped, in every template."""
    jinja = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {each.__name__: each for each in _WORDS}
    jinja.filters |= {
        "ago": lambda when: shown.ago(when, clock.now()),
        "segment": segment,
        "gist": story.gist,
        "event_name": story.name,
    }
    jinja.globals |= {"asset": assets.url, "with_query": with_query, **shop}
    return jinja
