"""What may be asked of orders: one action, one transaction, with every outside call before or after it."""
