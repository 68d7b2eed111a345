-- Cards, each sealed with a data key of its own that a key-encryption key wraps; who used which, for what; one-time references.

-- One key-encryption key after the other. `place` names the key by a digest of its URL, never the URL itself.
CREATE TABLE kek (
    generation integer PRIMARY KEY,
    place text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT shop_now()
);

-- Keys of the vault's own: that of fingerprints. Wrapped as the cards' keys are.
CREATE TABLE own_key (
    purpose text PRIMARY KEY,
    wrapped bytea NOT NULL,
    generation integer NOT NULL REFERENCES kek
);

CREATE TABLE card (
    token text PRIMARY KEY CHECK (token ~ '^card_[0-9a-z]{26}$'),
    sealed bytea NOT NULL,  -- AES-256-GCM by the data key, bound to the token: nonce, ciphertext, tag
    wrapped bytea NOT NULL, -- the data key, by the key-encryption key
    generation integer NOT NULL REFERENCES kek,
    fingerprint bytea NOT NULL, -- keyed: the same card has the same, and nobody without the key can tell of which number
    brand text NOT NULL,
    last4 text NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    exp_month integer NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
    exp_year integer NOT NULL,
    shopper bytea, -- a keyed digest of whose it is, once it is kept
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    gone_at timestamptz -- when it goes by itself; null: it is kept
);
CREATE UNIQUE INDEX card_of_shopper ON card (shopper, fingerprint) WHERE shopper IS NOT NULL;
CREATE INDEX card_goes ON card (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX card_generation ON card (generation);

-- The page without scripts hands a card over by a reference: for one use, for minutes. Only its digest is kept.
CREATE TABLE reference (
    digest bytea PRIMARY KEY,
    token text NOT NULL REFERENCES card ON DELETE CASCADE,
    until timestamptz NOT NULL
);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT shop_now(),
    token text NOT NULL,
    deed text NOT NULL CHECK (deed IN ('made', 'kept', 'forwarded', 'answered', 'redeemed', 'forgotten', 'rewrapped')),
    who text NOT NULL,
    purpose text,
    provider text,
    host text,
    payment_id text,
    outcome text
);
CREATE INDEX audit_token ON audit (token);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is only ever added to'; END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
