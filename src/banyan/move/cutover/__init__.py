"""A group changes hands: the fence on the legacy tables, the steps C0 … C13 and back, and who finishes what a crash left."""
