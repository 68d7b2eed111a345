-- The report of a time reads the merchant's entries of that time alone.
CREATE INDEX entry_of_merchant ON entry (made_at, transfer) WHERE account = 'merchant';
