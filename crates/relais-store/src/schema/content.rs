//! What applications keep for accounts, with whom it is shared, who was given it, and what is to be erased.

use crate::migrate::Migration;

pub const CONTENT: Migration = Migration { version: 9, name: "content", sql: SQL };

/// One index by owner serves every list of what an account owns, by kind or of all kinds: the kind is part of its order.
/// A parent is no reference, since it may be younger than what it holds, and rows are loaded in the order of their ids.
const SQL: &str = "
CREATE TABLE erasures (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    account BIGINT NOT NULL REFERENCES accounts (id),
    asked_at BIGINT NOT NULL,
    items BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX erasures_by_organisation ON erasures (organisation, id);

CREATE TABLE content_items (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    application BIGINT NOT NULL REFERENCES applications (id),
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    owner BIGINT NOT NULL REFERENCES accounts (id),
    parent BIGINT,
    url TEXT,
    erasure BIGINT REFERENCES erasures (id),
    created_at BIGINT NOT NULL,
    CONSTRAINT content_items_name UNIQUE (application, external_id),
    CONSTRAINT content_items_kind CHECK (kind IN ('board', 'project', 'template', 'document'))
);
CREATE INDEX content_items_by_owner ON content_items (owner, kind, id);
CREATE INDEX content_items_by_parent ON content_items (parent) WHERE parent IS NOT NULL;
CREATE INDEX content_items_by_erasure ON content_items (erasure, id) WHERE erasure IS NOT NULL;

CREATE TABLE content_shares (
    item BIGINT NOT NULL REFERENCES content_items (id),
    sharee_kind TEXT NOT NULL,
    sharee_id BIGINT NOT NULL,
    access TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (item, sharee_kind, sharee_id),
    CONSTRAINT content_shares_kind CHECK (sharee_kind IN ('account', 'group'))
);
CREATE INDEX content_shares_by_sharee ON content_shares (sharee_kind, sharee_id, item);

CREATE TABLE reassignments (
    id BIGINT PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    former_owner BIGINT NOT NULL REFERENCES accounts (id),
    new_owner BIGINT NOT NULL REFERENCES accounts (id),
    selection TEXT NOT NULL,
    at BIGINT NOT NULL,
    items BIGINT NOT NULL,
    collections TEXT,
    undone_at BIGINT
);
CREATE INDEX reassignments_by_organisation ON reassignments (organisation, id);
CREATE INDEX reassignments_by_former_owner ON reassignments (former_owner, id);

-- The item may be gone while its move is still told.
CREATE TABLE content_moves (
    reassignment BIGINT NOT NULL REFERENCES reassignments (id),
    item BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (reassignment, item),
    CONSTRAINT content_moves_state CHECK (state IN ('moved', 'refused', 'undone'))
);
";
