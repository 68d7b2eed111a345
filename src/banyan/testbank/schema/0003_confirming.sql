-- Charges that their card's holder confirms first, on the bank's own page (3-D Secure).
ALTER TABLE charge DROP CONSTRAINT charge_state_check; -- one more state
ALTER TABLE charge ADD CONSTRAINT charge_state_check CHECK (state IN
    ('requires_action', 'authorized', 'captured', 'declined', 'voided'));
ALTER TABLE charge ADD COLUMN action text; -- that page
ALTER TABLE charge ADD COLUMN return_url text NOT NULL DEFAULT ''; -- where it leads back to
