"""Tens of thousands of shoppers with time to think, from few processes: what a shop feels like when it is full."""
