//! Domains that are claimed and not proven yet, catch-alls, and what the operator sets for the whole instance.

use crate::migrate::Migration;

pub const DOMAINS: Migration = Migration { version: 3, name: "domains", sql: SQL };

const SQL: &str = "
-- Several organisations may claim one name; one row of `domains` says who has it.
CREATE TABLE domain_claims (
    name TEXT NOT NULL,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    proof TEXT NOT NULL,
    found TEXT NOT NULL,
    checked_at BIGINT,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    PRIMARY KEY (name, organisation),
    CONSTRAINT domain_claims_found CHECK (found IN ('waiting', 'not_found', 'taken', 'no_room', 'trouble'))
);
CREATE INDEX domain_claims_by_time ON domain_claims (next_at);

ALTER TABLE domains ADD COLUMN catch_all_kind TEXT;
ALTER TABLE domains ADD COLUMN catch_all_id BIGINT
    CONSTRAINT domains_catch_all CHECK ((catch_all_kind IS NULL) = (catch_all_id IS NULL));

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Mail for the operator goes out for no organisation.
CREATE TABLE spool_with_operator (
    id BIGINT PRIMARY KEY,
    dedup_key TEXT NOT NULL UNIQUE,
    organisation BIGINT REFERENCES organisations (id),
    sender TEXT,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    answer TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT spool_state CHECK (state IN ('waiting', 'sent', 'failed'))
);
INSERT INTO spool_with_operator
    SELECT id, dedup_key, organisation, sender, recipient, state, attempts, next_at, answer, created_at FROM spool;
DROP TABLE spool;
ALTER TABLE spool_with_operator RENAME TO spool;
CREATE INDEX spool_by_time ON spool (state, next_at);
";
