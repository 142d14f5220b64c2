-- Random keys of this database. `index` keys the hashes by which contents and logins are known
-- again without being readable: `entries.import_key`, and accounts in the log of blocked logins.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
