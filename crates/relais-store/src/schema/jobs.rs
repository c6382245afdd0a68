//! Acts on many accounts, and what became of each.

use crate::migrate::Migration;

pub const JOBS: Migration = Migration { version: 11, name: "jobs", sql: SQL };

const SQL: &str = "
CREATE TABLE jobs (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    ordered_by TEXT NOT NULL,
    act TEXT NOT NULL,
    run TEXT NOT NULL,
    state TEXT NOT NULL,
    items BIGINT NOT NULL,
    items_done BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT jobs_state CHECK (state IN ('running', 'cancelled', 'finished'))
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_organisation ON jobs (organisation, id);

CREATE TABLE job_items (
    job BIGINT NOT NULL REFERENCES jobs (id),
    number BIGINT NOT NULL,
    account BIGINT NOT NULL REFERENCES accounts (id),
    address TEXT NOT NULL,
    outcome TEXT,
    refusals TEXT,
    PRIMARY KEY (job, number),
    CONSTRAINT job_items_outcome CHECK (outcome IN ('changed', 'unchanged', 'refused'))
);
CREATE INDEX job_items_by_outcome ON job_items (job, outcome, number);
";
