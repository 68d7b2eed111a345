"""Engines that others keep, started as programs of ours: each with a folder, a port, a start, an end and a sudden end."""
