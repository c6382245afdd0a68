//! Where organisations are backed up, what each generation holds, and what people take along.

use crate::migrate::Migration;

pub const BACKUPS: Migration = Migration { version: 6, name: "backups", sql: SQL };

const SQL: &str = "
ALTER TABLE accounts ADD COLUMN legal_hold TEXT;


CREATE TABLE repositories (
    organisation BIGINT PRIMARY KEY REFERENCES organisations (id),
    location TEXT NOT NULL UNIQUE,
    access_key TEXT NOT NULL,
    daily_at TEXT,
    retention TEXT NOT NULL,
    next_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX repositories_by_time ON repositories (next_at);

CREATE TABLE generations (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    account BIGINT REFERENCES accounts (id),
    occasion TEXT NOT NULL,
    started_by TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    holders BIGINT NOT NULL,
    holders_done BIGINT NOT NULL,
    trouble TEXT,
    wake_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    CONSTRAINT generations_state CHECK (state IN ('running', 'verified', 'incomplete'))
);
CREATE INDEX generations_by_organisation ON generations (organisation, started_at);
CREATE INDEX generations_by_time ON generations (state, wake_at);

CREATE TABLE snapshots (
    generation BIGINT NOT NULL REFERENCES generations (id),
    holder_kind TEXT NOT NULL,
    holder_id BIGINT NOT NULL,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    id TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    verified_at BIGINT,
    messages BIGINT NOT NULL,
    personal_messages BIGINT NOT NULL,
    items BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    fingerprint TEXT,
    PRIMARY KEY (generation, holder_kind, holder_id),
    CONSTRAINT snapshots_holder CHECK (holder_kind IN ('account', 'shared_mailbox', 'organisation'))
);
CREATE INDEX snapshots_by_holder ON snapshots (holder_kind, holder_id, begun_at);
CREATE INDEX snapshots_by_organisation ON snapshots (organisation, holder_kind, holder_id);

-- An archive for the person, and the hash of the secret in its link.
CREATE TABLE exports (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    account BIGINT NOT NULL REFERENCES accounts (id),
    secret_hash BYTES NOT NULL UNIQUE,
    sent_to TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    taken_at BIGINT
);
CREATE INDEX exports_by_account ON exports (account, made_at);
";
