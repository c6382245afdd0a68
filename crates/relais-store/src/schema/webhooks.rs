//! What applications have still to be told.

use crate::migrate::Migration;

pub const WEBHOOKS: Migration = Migration { version: 10, name: "webhooks", sql: SQL };

/// An event waits behind those of the same subject.
const SQL: &str = "
-- The last event of the chain that was looked at for this application.
ALTER TABLE applications ADD COLUMN looked_until BIGINT NOT NULL DEFAULT 0;

CREATE TABLE deliveries (
    application BIGINT NOT NULL REFERENCES applications (id),
    number BIGINT NOT NULL,
    subject TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    trouble TEXT,
    PRIMARY KEY (application, number)
);
CREATE INDEX deliveries_by_time ON deliveries (next_at);
CREATE INDEX deliveries_by_subject ON deliveries (application, subject, number);
";
