"""What is true about carts, prices and orders. Nothing here waits, reads or writes."""
