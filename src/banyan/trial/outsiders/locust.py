"""A Locust file of a mix: a text with the mix's numbers put in."""

from pathlib import Path

from banyan.trial.crowd import ADDRESS
from banyan.trial.shoppers.mixes import Mix

_TEXT = Path(__file__).parent / "locustfile.txt"


def locustfile(mix: Mix) -> str:
    """Python for `locust -f`; needs nothing of ours."""
    numbers = {
        "TITLE": mix.title,
        "SHARES": "{\n" + "".join(f'    "{act}": {share:g},\n' for act, share in mix.shares.items()) + "}",
        "THINK": f"({mix.think[0]:g}, {mix.think[1]:g})",
        "PHASES": "[" + ", ".join(f"({phase.seconds:g}, {phase.times:g})" for phase in mix.phases) + "]",
        "SKEW": f"{mix.skew:g}",
        "HOT": f"{mix.hot:g}",
        "SECONDS": f"{mix.seconds:g}",
        "ADDRESS": "{\n" + "".join(f'    "{name}": "{value}",\n' for name, value in ADDRESS.items()) + "}",
    }
    text = _TEXT.read_text()
    for name, value in numbers.items():
        text = text.replace(f"@{name}@", value)
    return text
