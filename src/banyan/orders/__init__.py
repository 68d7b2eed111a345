"""Orders: carts, a checkout in two steps, and orders that always come to an end: confirmed, or all they took given back."""
