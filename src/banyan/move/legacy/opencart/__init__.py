"""What OpenCart 3 and 4 have in common: one file per kind of aggregate, and what all of them read and write alike."""
