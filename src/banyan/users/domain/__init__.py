"""What is true of accounts: pure rules, nothing that waits, reads or writes."""
