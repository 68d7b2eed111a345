"""Banyan: a commerce platform that grows around a shop's old monolith until the monolith can be taken away."""

__version__ = "0.1.0"
