"""What a measurement is at, for who waits at a terminal."""

import sys


def note(what: str) -> None:
    """Say it on standard error, where that is a terminal."""
    if sys.stderr.isatty():
        print(f"  {what}", file=sys.stderr)
