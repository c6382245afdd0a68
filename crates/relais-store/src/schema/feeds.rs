//! What connected applications that are SCIM servers are told of accounts and groups; and what an organisation wants done for
//! whoever a machine closes.

use crate::migrate::Migration;

pub const FEEDS: Migration = Migration { version: 17, name: "feeds", sql: SQL };

/// A link says which of the application's entries is which account or group (`subject` is the text of its id), and stands in
/// line while `next_at` is set: a lower urgency goes first. `sent` is the hash of what the application was last told.
const SQL: &str = "
CREATE TABLE feeds (
    application BIGINT PRIMARY KEY REFERENCES applications (id),
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    settings TEXT NOT NULL,
    token TEXT NOT NULL,
    state TEXT NOT NULL,
    trouble TEXT,
    failures BIGINT NOT NULL,
    away_until BIGINT,
    -- The last event of the chain that was looked at for this feed.
    looked_until BIGINT NOT NULL,
    whole_at BIGINT,
    report TEXT,
    lease_owner TEXT,
    lease_until BIGINT,
    CONSTRAINT feeds_state CHECK (state IN ('off', 'on', 'stopped'))
);

CREATE TABLE feed_links (
    application BIGINT NOT NULL REFERENCES applications (id),
    subject TEXT NOT NULL,
    remote TEXT,
    sent TEXT,
    urgency BIGINT NOT NULL,
    next_at BIGINT,
    attempts BIGINT NOT NULL,
    trouble TEXT,
    PRIMARY KEY (application, subject)
);
-- JSON; absent: new mail is refused and nothing is given away.
ALTER TABLE organisations ADD COLUMN departure_policy TEXT;

CREATE INDEX feed_links_in_line ON feed_links (application, urgency, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX feed_links_by_remote ON feed_links (application, remote) WHERE remote IS NOT NULL;
";
