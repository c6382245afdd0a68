//! Directories that organisations are kept in step with, and what each last said of its entries.

use crate::migrate::Migration;

pub const DIRECTORIES: Migration = Migration { version: 14, name: "directories", sql: SQL };

/// The password with which a directory is read is kept as it is: whoever signs in there needs it. An entry whose wishes
/// could not be done keeps what was read of it until they can (`pending`); of any other there is a digest only.
const SQL: &str = "
CREATE TABLE directories (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    bind_password TEXT NOT NULL,
    cookie TEXT,
    held_since BIGINT,
    next_at BIGINT,
    report TEXT,
    plan TEXT,
    lease_owner TEXT,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX directories_in_use ON directories (organisation, name) WHERE ended_at IS NULL;
CREATE INDEX directories_by_time ON directories (next_at);

CREATE TABLE directory_entries (
    directory BIGINT NOT NULL REFERENCES directories (id),
    entry BYTES NOT NULL,
    dn TEXT NOT NULL,
    account BIGINT REFERENCES accounts (id),
    said TEXT NOT NULL,
    digest BYTES NOT NULL,
    pending TEXT,
    held BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (directory, entry),
    CONSTRAINT directory_entries_said CHECK (said IN ('enabled', 'disabled', 'vanished'))
);
CREATE INDEX directory_entries_by_account ON directory_entries (account);
CREATE INDEX directory_entries_pending ON directory_entries (directory) WHERE pending IS NOT NULL;
CREATE INDEX directory_entries_disabled ON directory_entries (directory) WHERE said = 'disabled';
CREATE INDEX directory_entries_held ON directory_entries (directory) WHERE held = 1;

CREATE TABLE directory_groups (
    directory BIGINT NOT NULL REFERENCES directories (id),
    entry BYTES NOT NULL,
    dn TEXT NOT NULL,
    member_group BIGINT REFERENCES member_groups (id),
    PRIMARY KEY (directory, entry)
);
CREATE INDEX directory_groups_by_group ON directory_groups (member_group);

CREATE TABLE directory_members (
    directory BIGINT NOT NULL REFERENCES directories (id),
    group_entry BYTES NOT NULL,
    member_entry BYTES NOT NULL,
    PRIMARY KEY (directory, group_entry, member_entry)
);
";
