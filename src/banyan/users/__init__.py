"""Users: who someone is, how they come in, what they may do, and where their parcels go."""
