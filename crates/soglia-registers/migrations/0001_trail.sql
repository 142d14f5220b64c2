-- The audit trail: one row for each change, chained by hashes. Appended to, never edited; erasing
-- personal data empties `detail` and `salt` and leaves the commitment that the chain covers.
CREATE TABLE trail (
    seq BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    digest TEXT NOT NULL,
    detail TEXT,
    salt TEXT,
    commitment TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX trail_object ON trail (object, seq);
CREATE INDEX trail_action ON trail (action, seq);

-- The newest link. Whoever writes takes this row first, so links are made one after the other.
CREATE TABLE trail_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO trail_head (one, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- What was erased, so that a missing text can be told from a removed one.
CREATE TABLE erasures (
    object TEXT NOT NULL,
    part TEXT NOT NULL,
    certificate TEXT NOT NULL,
    PRIMARY KEY (object, part)
);
