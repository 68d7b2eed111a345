"""What payments remembers: payments, operations, the ledger, webhooks taken, saved methods. All of its SQL is here."""
