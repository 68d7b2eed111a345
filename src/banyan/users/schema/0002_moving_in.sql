-- The dearest bcrypt hash that an old shop brought: every sign-in takes its time, so that time tells nothing.
CREATE INDEX account_bcrypt ON account (substr(password_hash, 5, 2)) WHERE password_scheme = 'bcrypt';
