-- An address that its owner may yet take back is looked for at every sign-up.
CREATE INDEX email_change_before ON email_change (old_canonical) WHERE undone_at IS NULL AND confirmed_at IS NOT NULL;
