"""Proof that both sides are equal: rows with the source byte for byte, records with what services hold, and the books."""

from banyan.move.verify.verifier import Verdict, Verifier, beside

__all__ = ["Verdict", "Verifier", "beside"]
