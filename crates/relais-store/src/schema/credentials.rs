//! What lets a person in besides their password, and what is known of their sessions.

use crate::migrate::Migration;

/// App passwords and half-done sign-ins are void under another epoch than their own. A factor counts once it is confirmed;
/// `last_step` is the time step of the last code taken, so that none is taken twice.
pub const CREDENTIALS: Migration = Migration { version: 15, name: "credentials", sql: SQL };

const SQL: &str = r#"
ALTER TABLE organisations ADD COLUMN sign_in_policy TEXT NOT NULL
    DEFAULT '{"app_passwords":"optional","second_factor":"optional"}';

ALTER TABLE sessions ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';

CREATE TABLE app_passwords (
    id BIGINT PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BYTES NOT NULL UNIQUE,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX app_passwords_by_account ON app_passwords (account, id);

CREATE TABLE second_factors (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    secret BYTES NOT NULL,
    begun_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    account BIGINT NOT NULL REFERENCES accounts (id),
    code_hash BYTES NOT NULL,
    PRIMARY KEY (account, code_hash)
);

-- Somebody gave the right password, and the code is still to come.
CREATE TABLE half_sign_ins (
    secret_hash BYTES PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    epoch BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX half_sign_ins_by_time ON half_sign_ins (expires_at);

-- From where an account signed in lately: those who guess elsewhere do not keep it out there.
CREATE TABLE known_networks (
    account BIGINT NOT NULL REFERENCES accounts (id),
    network TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account, network)
);
CREATE INDEX known_networks_by_time ON known_networks (seen_at);
"#;
