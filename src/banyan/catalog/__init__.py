"""Catalog promises: what is sold, described, placed and priced, is found within seconds by whoever looks for it."""
