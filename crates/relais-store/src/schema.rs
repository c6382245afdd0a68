//! The tables. One list of migrations for both databases; `BYTES` is the one word that differs.
//!
//! Times are milliseconds since 1970 (UTC), truths 0 or 1, ids their number, structured values JSON text. A migration
//! that has shipped never changes: add another.

mod applications;
mod backups;
mod collections;
mod content;
mod credentials;
mod directories;
mod domains;
mod feeds;
mod groups;
mod jobs;
mod money;
mod notifications;
mod operators;
mod passkeys;
mod people;
mod scim;
mod sign_on;
mod webhooks;

use crate::migrate::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "foundations", sql: FOUNDATIONS },
    Migration { version: 2, name: "money", sql: money::MONEY },
    domains::DOMAINS,
    Migration { version: 4, name: "people", sql: people::PEOPLE },
    collections::COLLECTIONS,
    backups::BACKUPS,
    applications::APPLICATIONS,
    groups::GROUPS,
    content::CONTENT,
    webhooks::WEBHOOKS,
    jobs::JOBS,
    notifications::NOTIFICATIONS,
    scim::SCIM,
    directories::DIRECTORIES,
    credentials::CREDENTIALS,
    sign_on::SIGN_ON,
    feeds::FEEDS,
    passkeys::PASSKEYS,
    people::LEADERS,
    operators::OPERATORS,
    scim::TOKENS_USED,
    money::DEFAULT_SUBSCRIPTION,
];

const FOUNDATIONS: &str = "
CREATE TABLE organisations (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE domains (
    name TEXT PRIMARY KEY,
    organisation BIGINT REFERENCES organisations (id),
    kind TEXT NOT NULL,
    CONSTRAINT domains_kind CHECK (kind IN ('own', 'provider')),
    CONSTRAINT domains_owner CHECK ((kind = 'own') = (organisation IS NOT NULL))
);

CREATE TABLE accounts (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    mailbox BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    deactivation TEXT,
    leaves_at BIGINT,
    inbound TEXT NOT NULL,
    quota_bytes BIGINT,
    password TEXT,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT accounts_state CHECK (state IN ('invited', 'active', 'deactivated', 'deleted')),
    CONSTRAINT accounts_deactivation CHECK (state <> 'deactivated' OR deactivation IS NOT NULL),
    CONSTRAINT accounts_tombstone CHECK (state <> 'deleted' OR (password IS NULL AND name = ''))
);
CREATE INDEX accounts_by_organisation ON accounts (organisation, state, address);

-- Where accounts redirect to, for whoever leaves: kept with the account's inbound.
CREATE TABLE redirects (
    account BIGINT NOT NULL REFERENCES accounts (id),
    address TEXT NOT NULL,
    PRIMARY KEY (account, address)
);
CREATE INDEX redirects_by_address ON redirects (address);

-- The primary key is the rule that an address has one target at a time on the whole instance.
CREATE TABLE addresses (
    address TEXT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    target_kind TEXT,
    target_id BIGINT,
    kind TEXT NOT NULL,
    domain_kind TEXT NOT NULL,
    retired BIGINT NOT NULL,
    reply_text TEXT,
    reply_until BIGINT,
    since BIGINT NOT NULL,
    CONSTRAINT addresses_target CHECK ((target_kind IS NULL) = (target_id IS NULL)),
    CONSTRAINT addresses_retired CHECK (retired = 0 OR target_kind IS NULL)
);
CREATE INDEX addresses_by_target ON addresses (target_kind, target_id);

CREATE TABLE address_history (
    address TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    held_from BIGINT NOT NULL,
    held_until BIGINT
);
CREATE INDEX address_history_by_address ON address_history (address, held_from);

CREATE TABLE shared_mailboxes (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX shared_mailboxes_by_address ON shared_mailboxes (address);

CREATE TABLE mailbox_members (
    mailbox BIGINT NOT NULL REFERENCES shared_mailboxes (id),
    account BIGINT NOT NULL REFERENCES accounts (id),
    access TEXT NOT NULL,
    PRIMARY KEY (mailbox, account)
);
CREATE INDEX mailbox_members_by_account ON mailbox_members (account);

CREATE TABLE member_groups (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    address TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT member_groups_name UNIQUE (organisation, name)
);

CREATE TABLE group_members (
    member_group BIGINT NOT NULL REFERENCES member_groups (id),
    account BIGINT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    PRIMARY KEY (member_group, account)
);
CREATE INDEX group_members_by_account ON group_members (account);

CREATE TABLE responders (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT responders_name UNIQUE (organisation, name)
);

-- Whom a target answered last, and when: one automatic reply per sender and period.
CREATE TABLE replies (
    target_kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    sender TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (target_kind, target_id, sender)
);

-- Append-only. Each hash covers the one before, so that a changed or missing row shows.
CREATE TABLE events (
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (organisation, number)
);
CREATE INDEX events_by_subject ON events (subject);

CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,
    effect TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    trouble TEXT
);
CREATE INDEX outbox_by_time ON outbox (next_at);

-- One row a recipient; the message is a file named after the id. The key makes a repeated delivery recognisable.
CREATE TABLE spool (
    id BIGINT PRIMARY KEY,
    dedup_key TEXT NOT NULL UNIQUE,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    sender TEXT,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    answer TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT spool_state CHECK (state IN ('waiting', 'sent', 'failed'))
);
CREATE INDEX spool_by_time ON spool (state, next_at);

CREATE TABLE departures (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    account BIGINT NOT NULL REFERENCES accounts (id),
    state TEXT NOT NULL,
    plan TEXT NOT NULL,
    started_by TEXT NOT NULL,
    steps_done BIGINT NOT NULL,
    trouble TEXT,
    wake_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    certificate TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT departures_state CHECK (state IN ('scheduled', 'running', 'held', 'undoing', 'undone', 'finished'))
);
CREATE UNIQUE INDEX departures_open ON departures (account) WHERE state NOT IN ('undone', 'finished');
CREATE INDEX departures_by_time ON departures (state, wake_at);

CREATE TABLE departure_steps (
    departure BIGINT NOT NULL REFERENCES departures (id),
    step TEXT NOT NULL,
    done_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (departure, step)
);

CREATE TABLE tokens (
    id BIGINT PRIMARY KEY,
    organisation BIGINT REFERENCES organisations (id),
    name TEXT NOT NULL,
    secret_hash BYTES NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE sessions (
    id BIGINT PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    secret_hash BYTES NOT NULL UNIQUE,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);

CREATE TABLE grants (
    id BIGINT PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    secret_hash BYTES NOT NULL,
    reason TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX grants_by_account ON grants (account);
";
