//! What is known of people, the links by which they choose a new password, and who leads.

use crate::migrate::Migration;

/// A person's data and photo go with the account's name at its deletion; a link that was asked for replaces the one
/// before.
pub const PEOPLE: &str = "
CREATE TABLE profiles (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    profile TEXT NOT NULL
);

CREATE TABLE photos (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    kind TEXT NOT NULL,
    image BYTES NOT NULL,
    CONSTRAINT photos_kind CHECK (kind IN ('jpeg', 'png', 'webp'))
);

CREATE TABLE password_resets (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    secret_hash BYTES NOT NULL UNIQUE,
    epoch BIGINT NOT NULL,
    sent_to TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_by_time ON password_resets (expires_at);
";

/// Every closing asks who leads. With the id in it the index answers alone: whatever a database believes of how many people
/// share a role, reading all of them is never cheaper.
pub const LEADERS: Migration = Migration { version: 19, name: "leaders", sql: LEADERS_SQL };

const LEADERS_SQL: &str = "
DROP INDEX accounts_by_role;
CREATE INDEX accounts_by_role ON accounts (organisation, role, id);
";
