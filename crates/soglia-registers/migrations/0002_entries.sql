-- Entries of all registers as they are now. All of it follows from `entry_versions`.
CREATE TABLE entries (
    id TEXT NOT NULL PRIMARY KEY,
    register TEXT NOT NULL,
    number BIGINT NOT NULL,
    contract TEXT NOT NULL,
    service TEXT,
    reference TEXT,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    search TEXT NOT NULL,
    search_personal TEXT NOT NULL,
    import_key TEXT,
    created_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    changed_ms BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    UNIQUE (register, number),
    UNIQUE (register, contract, reference)
);
CREATE INDEX entries_import ON entries (register, contract, import_key);
CREATE INDEX entries_state ON entries (register, contract, state);

-- The typed fields of the newest version, one row each, for filters and order.
CREATE TABLE entry_values (
    entry TEXT NOT NULL REFERENCES entries (id),
    field TEXT NOT NULL,
    text TEXT NOT NULL,
    number BIGINT,
    PRIMARY KEY (entry, field)
);
CREATE INDEX entry_values_text ON entry_values (field, text);

-- Every version of every entry. `body` is what the digest in the trail covers; it holds commitments
-- to the values, the values stand beside it and can be erased.
CREATE TABLE entry_versions (
    entry TEXT NOT NULL REFERENCES entries (id),
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL UNIQUE REFERENCES trail (seq),
    body TEXT NOT NULL,
    field_values TEXT NOT NULL,
    PRIMARY KEY (entry, version)
);

-- What the newest version points at.
CREATE TABLE entry_links (
    entry TEXT NOT NULL REFERENCES entries (id),
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (entry, kind, target)
);
CREATE INDEX entry_links_target ON entry_links (kind, target);

-- The files of the newest version; the bytes stand in the folder of files.
CREATE TABLE entry_files (
    entry TEXT NOT NULL REFERENCES entries (id),
    sha256 TEXT NOT NULL,
    media TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (entry, sha256)
);
CREATE INDEX entry_files_sha256 ON entry_files (sha256);
