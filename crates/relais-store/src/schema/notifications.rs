//! What people are told, what they want to hear, and how far the events were looked at for it.

use crate::migrate::Migration;

pub const NOTIFICATIONS: Migration = Migration { version: 12, name: "notifications", sql: SQL };

/// What happened before is no news.
const SQL: &str = "
ALTER TABLE organisations ADD COLUMN notified_until BIGINT NOT NULL DEFAULT 0;
UPDATE organisations SET notified_until =
    COALESCE((SELECT MAX(number) FROM events WHERE events.organisation = organisations.id), 0);

ALTER TABLE spool ADD COLUMN notifies BIGINT REFERENCES accounts (id);

CREATE TABLE notification_preferences (
    account BIGINT PRIMARY KEY REFERENCES accounts (id),
    preferences TEXT NOT NULL
);

-- One event that one person is told of. What was sent or dropped is kept for a while, to be counted and shown.
CREATE TABLE notifications (
    account BIGINT NOT NULL REFERENCES accounts (id),
    number BIGINT NOT NULL,
    topic TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (account, number),
    CONSTRAINT notifications_state CHECK (state IN ('waiting', 'sent', 'dropped'))
);
CREATE INDEX notifications_by_time ON notifications (state, due_at);
";
