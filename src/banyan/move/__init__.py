"""A live legacy shop moves in: assessed, copied, followed, verified; its traffic, then its writes taken over, and given back."""
