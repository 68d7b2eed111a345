"""Addresses of the console: nobody is sent elsewhere."""

import re

HOME = "/console"
_LOCAL = re.compile(r"/console(?:[/?][!-\[\]-~]{0,1000})?")  # visible ASCII without a backslash


def local(wanted: str) -> str:
    """`wanted` if it is a page of the console, else its home: a link to sign in cannot lead away."""
    return wanted if _LOCAL.fullmatch(wanted) and "//" not in wanted.partition("?")[0] else HOME
