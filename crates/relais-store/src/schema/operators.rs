//! Who operates the instance in the console.

use crate::migrate::Migration;

/// `set_up_links` has at most one row: a hash of the link by which the first operator is made.
pub const OPERATORS: Migration = Migration { version: 20, name: "operators", sql: SQL };

const SQL: &str = "
CREATE TABLE operators (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    appointed_at BIGINT NOT NULL
);

CREATE TABLE set_up_links (
    secret_hash BYTES PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
";
