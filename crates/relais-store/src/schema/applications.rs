//! Programs that are connected to an organisation.

use crate::migrate::Migration;

pub const APPLICATIONS: Migration = Migration { version: 7, name: "applications", sql: SQL };

/// The signing secrets are kept as they are: whoever signs needs them. The former one is good for a while after its
/// replacement.
const SQL: &str = "
CREATE TABLE applications (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    url TEXT,
    token_hash BYTES NOT NULL UNIQUE,
    signing_secret TEXT NOT NULL,
    former_secret TEXT,
    former_until BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX applications_in_use ON applications (organisation, name) WHERE ended_at IS NULL;
";
