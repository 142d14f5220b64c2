-- Who may come in.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    login TEXT UNIQUE,
    name TEXT,
    email TEXT,
    password TEXT,
    totp_secret TEXT,
    totp_step BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Which role a user has, where and for how long.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    contract TEXT,
    service TEXT,
    from_ms BIGINT,
    until_ms BIGINT,
    revoked_ms BIGINT
);
CREATE INDEX grants_user ON grants (user_id);

-- Sessions and tokens are known by hash only.
CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    revoked_ms BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    contract TEXT,
    service TEXT,
    created_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    revoked_ms BIGINT,
    used_ms BIGINT
);

-- Failed logins, by account and by address.
CREATE TABLE throttles (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    blocked_until_ms BIGINT NOT NULL
);
