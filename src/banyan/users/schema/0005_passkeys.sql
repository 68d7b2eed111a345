-- Ways to sign in besides a password: passkeys, codes of an app, recovery codes; and an address changed with proof.

CREATE TABLE passkey (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    credential_id bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL DEFAULT 0 CHECK (sign_count >= 0),
    name text NOT NULL,
    synced boolean NOT NULL DEFAULT false,
    transports text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    last_used_at timestamptz
);
CREATE INDEX passkey_owner ON passkey (account_id, id);

-- A challenge that waits for its answer. Only who was given the ceremony's secret may answer it, once, for its purpose.
CREATE TABLE ceremony (
    hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'sign_up', 'add', 'prove')),
    challenge bytea NOT NULL,
    account_id text,
    session_id text,
    facts jsonb NOT NULL DEFAULT '{}',
    expires_at timestamptz NOT NULL
);
CREATE INDEX ceremony_age ON ceremony (expires_at);

-- The secret is sealed; a code is used once because its step becomes the last one.
CREATE TABLE totp (
    account_id text PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    confirmed_at timestamptz
);
CREATE TABLE recovery_code (
    hash bytea PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    used_at timestamptz
);
CREATE INDEX recovery_code_owner ON recovery_code (account_id);

-- A sign-in whose first step is done and whose code is awaited.
CREATE TABLE second_step (
    hash bytea PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    epoch integer NOT NULL,
    method text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX second_step_age ON second_step (expires_at);
CREATE INDEX second_step_owner ON second_step (account_id);

-- What a session has shown since it began. It may be kept elsewhere, so no foreign key.
CREATE TABLE session_proof (
    session_id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    strong boolean NOT NULL,
    proved_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX session_proof_owner ON session_proof (account_id);
CREATE INDEX session_proof_age ON session_proof (proved_at);

-- Who asked for a link, and a code that works only in the browser that asked.
ALTER TABLE magic_link
    ADD COLUMN asked_by text NOT NULL DEFAULT '',
    ADD COLUMN attempt bytea,
    ADD COLUMN code_hash bytea,
    ADD COLUMN tries integer NOT NULL DEFAULT 0;
CREATE INDEX magic_link_attempt ON magic_link (attempt) WHERE attempt IS NOT NULL;

-- Bound to the account and both addresses: nothing changes before the new mailbox answers, and the old one may take it back.
CREATE TABLE email_change (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    old_raw text NOT NULL,
    old_canonical text NOT NULL,
    new_raw text NOT NULL,
    new_canonical text NOT NULL,
    confirm_hash bytea NOT NULL UNIQUE,
    undo_hash bytea UNIQUE,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    undo_until timestamptz,
    undone_at timestamptz
);
CREATE INDEX email_change_owner ON email_change (account_id);
CREATE INDEX email_change_age ON email_change (created_at);

-- One mailbox is one account: Gmail hears no dots and nothing from a plus on, and has two names. Where two accounts of one
-- mailbox are there already, both stay as they are.
WITH folded AS (
    SELECT id, replace(split_part(split_part(email_canonical, '@', 1), '+', 1), '.', '') || '@gmail.com' AS canonical
    FROM account WHERE email_canonical ~ '@(gmail|googlemail)\.com$' AND split_part(email_canonical, '@', 1) !~ '^\+'
), alone AS (
    SELECT min(id) AS id, canonical FROM folded GROUP BY canonical HAVING count(*) = 1
)
UPDATE account AS a SET email_canonical = alone.canonical FROM alone
WHERE a.id = alone.id AND a.email_canonical <> alone.canonical;
