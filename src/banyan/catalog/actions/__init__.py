"""What may be asked of the catalogue: one action, one transaction."""
