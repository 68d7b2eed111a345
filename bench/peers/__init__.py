"""Other shop platforms beside ours on one machine: the same goods, the same client, turn by turn (`make bench-peers`)."""
