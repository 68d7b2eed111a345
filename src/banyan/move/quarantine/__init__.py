"""Quarantine: what could not be taken over, shown with its rows, tried again, mended at its source, or answered for by name."""

from banyan.move.quarantine.cases import Case, Cases, cases, show, waive
from banyan.move.quarantine.mending import fix
from banyan.move.quarantine.retrying import retry

__all__ = ["Case", "Cases", "cases", "fix", "retry", "show", "waive"]
