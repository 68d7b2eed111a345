-- Applications of others: who they are, what shoppers consented to, codes on their way, and identities of an outside provider.

-- Only the digest of a secret is kept; without one the client is public (RFC 6749 §2.1).
CREATE TABLE oauth_client (
    id text PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    secret_hash bytea,
    redirect_uris text[] NOT NULL DEFAULT '{}',
    scopes text[] NOT NULL DEFAULT '{}',
    grants text[] NOT NULL,
    first_party boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK (secret_hash IS NOT NULL OR NOT 'client_credentials' = ANY (grants)),
    CHECK (redirect_uris <> '{}' OR NOT 'authorization_code' = ANY (grants))
);

CREATE TABLE oauth_consent (
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    client_id text NOT NULL REFERENCES oauth_client (id),
    scopes text[] NOT NULL,
    given_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (account_id, client_id)
);

-- `session_id`: of the browser it was given to; `family_id`: the session that came of it, ended when the code comes again.
CREATE TABLE oauth_code (
    hash bytea PRIMARY KEY,
    client_id text NOT NULL REFERENCES oauth_client (id),
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    session_id text NOT NULL,
    epoch integer NOT NULL,
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    scopes text[] NOT NULL,
    nonce text,
    method text NOT NULL,
    signed_in_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    family_id text,
    CHECK ((used_at IS NULL) = (family_id IS NULL))
);
CREATE INDEX oauth_code_age ON oauth_code (expires_at);

-- Whose a session is that was given to a client; sessions without a row are of the shop's own pages. No foreign key to
-- `session`: sessions may be kept apart.
CREATE TABLE oauth_grant (
    session_id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    client_id text NOT NULL REFERENCES oauth_client (id),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX oauth_grant_owner ON oauth_grant (account_id, client_id);
CREATE INDEX oauth_grant_age ON oauth_grant (expires_at);

-- Who an outside provider says someone is. The provider's name for them (`subject`) is what counts, never their address.
CREATE TABLE outside_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX outside_identity_owner ON outside_identity (account_id);

-- A way to the provider and back, bound to one browser.
CREATE TABLE outside_visit (
    state_hash bytea PRIMARY KEY,
    browser bytea NOT NULL,
    issuer text NOT NULL,
    nonce text NOT NULL,
    sealed_verifier bytea NOT NULL,
    next text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX outside_visit_age ON outside_visit (expires_at);

-- Who came back with an address that has an account here: linked once that account, signed in, says so.
CREATE TABLE outside_claim (
    hash bytea PRIMARY KEY,
    browser bytea NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX outside_claim_age ON outside_claim (expires_at);
