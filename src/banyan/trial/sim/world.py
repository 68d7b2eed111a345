"""The stage of one simulated run: the real services over real databases, emptied, with simulated ports between them."""
