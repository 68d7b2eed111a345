-- Who may come in: accounts, where parcels go, sessions with their refresh tokens, signing keys, one-time links, letters.

-- `epoch` rises when password, roles or status change: what was being granted on the older state is refused.
CREATE TABLE account (
    id text PRIMARY KEY,
    email_raw text NOT NULL CHECK (length(email_raw) BETWEEN 3 AND 320),
    email_canonical text NOT NULL UNIQUE CHECK (length(email_canonical) BETWEEN 3 AND 320),
    name text NOT NULL DEFAULT '',
    password_scheme text,
    password_hash text,
    roles text[] NOT NULL DEFAULT '{}',
    preferences jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    email_proved_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    epoch integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK ((password_scheme IS NULL) = (password_hash IS NULL))
);
CREATE INDEX account_with_roles ON account (id) WHERE roles <> '{}';

CREATE TABLE address (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name text NOT NULL,
    line1 text NOT NULL,
    line2 text NOT NULL DEFAULT '',
    city text NOT NULL,
    region text NOT NULL DEFAULT '',
    postal_code text NOT NULL DEFAULT '',
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    phone text NOT NULL DEFAULT '',
    is_default boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX address_owner ON address (account_id, id);
CREATE UNIQUE INDEX address_one_default ON address (account_id) WHERE is_default;

CREATE TABLE session (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    method text NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    last_used_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX session_owner ON session (account_id, id) WHERE ended_at IS NULL;
CREATE INDEX session_age ON session (coalesce(ended_at, expires_at));

-- Only digests are kept. `seed` with the used token gives its successor again; alone it gives nothing.
CREATE TABLE refresh_token (
    hash bytea PRIMARY KEY,
    session_id text NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_with bytea,
    seed bytea,
    replaced_by bytea UNIQUE REFERENCES refresh_token (hash) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CHECK ((used_at IS NULL) = (replaced_by IS NULL))
);
CREATE UNIQUE INDEX refresh_token_one_unused ON refresh_token (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_token_session ON refresh_token (session_id);

-- The newest key has no end yet; a rotation gives it one and adds the next.
CREATE TABLE signing_key (
    kid text PRIMARY KEY,
    sealed bytea NOT NULL,
    public jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    signs_from timestamptz NOT NULL,
    retires_at timestamptz
);
CREATE UNIQUE INDEX signing_key_one_newest ON signing_key ((true)) WHERE retires_at IS NULL;

-- Bound to the account and to the mailbox it was sent to: a changed address voids what went to the old one.
CREATE TABLE magic_link (
    hash bytea PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    email_canonical text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'operator')),
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX magic_link_owner ON magic_link (account_id);
CREATE INDEX magic_link_age ON magic_link (expires_at);

-- Mail that waits to be sent; the text is sealed because it may hold a link.
CREATE TABLE letter (
    id text PRIMARY KEY,
    recipient text NOT NULL,
    subject text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL DEFAULT shop_now(),
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX letter_due ON letter (due_at);

-- A leaking bucket per subject; blocked for a while when it runs over, never for ever.
CREATE TABLE throttle (
    subject text PRIMARY KEY,
    level double precision NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX throttle_age ON throttle (last_at);
