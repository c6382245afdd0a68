//! Single sign-on.

use crate::migrate::Migration;

/// A provider's secret is kept as it is: whoever redeems a code needs it. A person is the provider's subject; an attempt is
/// bound to the browser that began it.
pub const SIGN_ON: Migration = Migration { version: 16, name: "sign-on", sql: SQL };

const SQL: &str = "
CREATE TABLE identity_providers (
    organisation BIGINT PRIMARY KEY REFERENCES organisations (id),
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT,
    domains TEXT NOT NULL,
    demand TEXT NOT NULL,
    newcomers TEXT NOT NULL,
    address_claim TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT identity_providers_demand CHECK (demand IN ('optional', 'required')),
    CONSTRAINT identity_providers_newcomers CHECK (newcomers IN ('refused', 'members'))
);
CREATE INDEX identity_providers_by_issuer ON identity_providers (issuer);

CREATE TABLE sign_on_links (
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account BIGINT NOT NULL REFERENCES accounts (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (organisation, issuer, subject)
);
CREATE INDEX sign_on_links_by_account ON sign_on_links (account);
CREATE INDEX sign_on_links_by_subject ON sign_on_links (issuer, subject);

-- A link by which a signed-in person links their account.
CREATE TABLE sign_on_tickets (
    secret_hash BYTES PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_on_tickets_by_time ON sign_on_tickets (expires_at);

CREATE TABLE sign_on_attempts (
    state_hash BYTES PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    browser_hash BYTES NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    account BIGINT REFERENCES accounts (id),
    epoch BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_on_attempts_by_time ON sign_on_attempts (expires_at);

-- By which provider a session was opened; NULL for those opened with a password.
ALTER TABLE sessions ADD COLUMN issuer TEXT;
ALTER TABLE sessions ADD COLUMN subject TEXT;
ALTER TABLE sessions ADD COLUMN sid TEXT;
ALTER TABLE sessions ADD COLUMN id_token TEXT;
CREATE INDEX sessions_by_subject ON sessions (issuer, subject);
";
