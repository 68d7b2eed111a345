"""A live legacy shop moves in: assessed, copied, followed, verified, its traffic and then its writes taken over, and given back."""
