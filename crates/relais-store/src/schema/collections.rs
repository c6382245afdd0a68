//! Calendars and address books that are shared. What is in them lies in files.

use crate::migrate::Migration;

pub const COLLECTIONS: Migration = Migration { version: 5, name: "collections", sql: SQL };

const SQL: &str = "
CREATE TABLE collection_shares (
    id BIGINT PRIMARY KEY,
    owner BIGINT NOT NULL REFERENCES accounts (id),
    collection TEXT NOT NULL,
    sharee_kind TEXT NOT NULL,
    sharee_id BIGINT NOT NULL,
    access TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT collection_shares_once UNIQUE (owner, collection, sharee_kind, sharee_id),
    CONSTRAINT collection_shares_kind CHECK (sharee_kind IN ('account', 'group')),
    CONSTRAINT collection_shares_other CHECK (sharee_kind <> 'account' OR sharee_id <> owner)
);
CREATE INDEX collection_shares_by_sharee ON collection_shares (sharee_kind, sharee_id);
";
