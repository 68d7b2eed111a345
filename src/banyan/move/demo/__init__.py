"""A legacy shop of our own to practise on: a private MariaDB, and a small shop in OpenCart's schema with its own shoppers."""
