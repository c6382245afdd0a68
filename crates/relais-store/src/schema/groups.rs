//! Who may write to a group, groups in groups, what a link is for, and the licences that were held over time.

use crate::migrate::Migration;

/// A group's policy is one value, read with its group at every message. A link serves who forgot a password and who
/// never had one alike. Of each day there is one count.
pub const GROUPS: Migration = Migration { version: 8, name: "groups", sql: SQL };

const SQL: &str = r#"
ALTER TABLE member_groups ADD COLUMN posting TEXT NOT NULL DEFAULT '{"who":"anyone"}';

CREATE TABLE group_groups (
    member_group BIGINT NOT NULL REFERENCES member_groups (id),
    inner_group BIGINT NOT NULL REFERENCES member_groups (id),
    PRIMARY KEY (member_group, inner_group),
    CONSTRAINT group_groups_itself CHECK (member_group <> inner_group)
);
CREATE INDEX group_groups_by_inner ON group_groups (inner_group);

ALTER TABLE password_resets ADD COLUMN purpose TEXT NOT NULL DEFAULT 'reset'
    CONSTRAINT password_resets_purpose CHECK (purpose IN ('reset', 'invitation'));

CREATE TABLE licence_counts (
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    day TEXT NOT NULL,
    accounts BIGINT NOT NULL,
    free BIGINT NOT NULL,
    full_licences BIGINT NOT NULL,
    guests BIGINT NOT NULL,
    PRIMARY KEY (organisation, day)
);
"#;
