//! What providers of identities say of accounts and groups, and the tokens with which they say it.

use crate::migrate::Migration;

pub const SCIM: Migration = Migration { version: 13, name: "scim", sql: SQL };

/// A token that nobody uses any more is one to revoke.
pub const TOKENS_USED: Migration = Migration {
    version: 23,
    name: "scim_tokens_used",
    sql: "ALTER TABLE scim_tokens ADD COLUMN used_at BIGINT;",
};

/// What is said of a person is kept whole in one column and, so that every filter is an index or a scan of its own, value
/// by value in `scim_values`: `key` in lower case, `list` and `part` as in `emails` and `value`. A detached account is not
/// there for providers; what they said of it stays for the day it comes back.
const SQL: &str = "
CREATE TABLE scim_tokens (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    secret_hash BYTES NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX scim_tokens_by_organisation ON scim_tokens (organisation, id);

CREATE TABLE scim_users (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    user_name TEXT NOT NULL,
    user_name_key TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    detached_at BIGINT
);
CREATE UNIQUE INDEX scim_users_by_user_name ON scim_users (organisation, user_name_key);
CREATE UNIQUE INDEX scim_users_by_external_id ON scim_users (organisation, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX scim_users_detached ON scim_users (organisation, account) WHERE detached_at IS NOT NULL;

CREATE TABLE scim_values (
    account BIGINT NOT NULL REFERENCES accounts (id),
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    list TEXT NOT NULL,
    item BIGINT NOT NULL,
    part TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, list, item, part)
);
CREATE INDEX scim_values_by_key ON scim_values (organisation, list, part, key);

CREATE TABLE scim_groups (
    member_group BIGINT PRIMARY KEY REFERENCES member_groups (id),
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    external_id TEXT NOT NULL
);
CREATE UNIQUE INDEX scim_groups_by_external_id ON scim_groups (organisation, external_id);

-- The last event that told of it: when it changed, and a name for how it is since.
ALTER TABLE accounts ADD COLUMN changed_at BIGINT;
ALTER TABLE accounts ADD COLUMN last_event BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member_groups ADD COLUMN changed_at BIGINT;
ALTER TABLE member_groups ADD COLUMN last_event BIGINT NOT NULL DEFAULT 0;
CREATE INDEX accounts_by_id ON accounts (organisation, id);
CREATE INDEX member_groups_by_id ON member_groups (organisation, id);
";
