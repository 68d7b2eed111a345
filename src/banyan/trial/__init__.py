"""What proves the shop: a crowd on few units, crashes in the middle of checkouts, a seeded simulator, invariants."""
