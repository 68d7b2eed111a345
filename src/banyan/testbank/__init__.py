"""The test bank: an honest little payment provider with its own book, reached over HTTP as a real one would be.

It stands outside the shop: payments knows its address, its key and its signature, and nothing else of it.
"""
