-- Contract files as they were agreed, so that a change of rules can be told and shown.
CREATE TABLE contract_files (
    hash TEXT NOT NULL,
    number BIGINT NOT NULL PRIMARY KEY,
    contract TEXT NOT NULL,
    noted_ms BIGINT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX contract_files_contract ON contract_files (contract, number);

-- What was erased, when and by which rule.
CREATE TABLE certificates (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    made_ms BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    text TEXT NOT NULL
);
