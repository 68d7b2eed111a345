-- The same password as an old shop can check it, for as long as that shop may get its accounts back; forgotten afterwards.
ALTER TABLE account
    ADD COLUMN legacy_scheme text,
    ADD COLUMN legacy_hash text,
    ADD CHECK ((legacy_scheme IS NULL) = (legacy_hash IS NULL)),
    ADD CHECK (legacy_hash IS NULL OR password_hash IS NOT NULL);
