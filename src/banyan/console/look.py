"""How pages look: templates, each compiled when it is first shown, with the words and numbers as operators read them."""

from pathlib import Path
from typing import Any

from jinja2 import Environment

from banyan.console import shown, story
from banyan.console.assets import assets
from banyan.foundation.face.look import picture, templates
from banyan.foundation.face.places import segment, with_query
from banyan.kernel.clock import Clock

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
    shown.span,
    shown.percent,
    shown.label,
    shown.tone,
    picture,
)


def environment(clock: Clock, **shop: Any) -> Environment:
    """`shop`: what every page knows."""
    jinja = templates(Path(__file__).parent / "templates")
    jinja.filters |= {each.__name__: each for each in _WORDS}
    jinja.filters |= {
        "ago": lambda when: shown.ago(when, clock.now()),
        "segment": segment,
        "gist": story.gist,
        "event_name": story.name,
    }
    jinja.globals |= {"asset": assets().url, "with_query": with_query, **shop}
    return jinja
