-- Keys that programs of the shop's own people ask with. Only digests are kept; a key permits no more than its maker may now.
CREATE TABLE api_key (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    digest text NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    hint text NOT NULL CHECK (length(hint) = 4),
    scopes text[] NOT NULL CHECK (scopes <> '{}'),
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    replaced_by text REFERENCES api_key (id) ON DELETE SET NULL
);
CREATE INDEX api_key_owner ON api_key (account_id, id);
