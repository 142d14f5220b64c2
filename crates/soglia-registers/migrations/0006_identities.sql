-- Who somebody is at an identity provider, and which account that is here. `subject` is the
-- provider's own lasting name of the person; `awaited` stands in its place until the person came
-- in once: a name or address that an administrator wrote down.
CREATE TABLE identities (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    issuer TEXT NOT NULL,
    subject TEXT,
    awaited TEXT,
    UNIQUE (issuer, subject),
    UNIQUE (issuer, awaited)
);
CREATE INDEX identities_user ON identities (user_id);

-- The provider by which a session began; nothing for a password.
ALTER TABLE sessions ADD COLUMN issuer TEXT;
