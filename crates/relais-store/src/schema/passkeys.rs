//! Passkeys.

use crate::migrate::Migration;

/// `public_key` as the device wrote it (COSE, RFC 9052), `signatures` how many it told to have made. Who is asked is found by
/// the question, of which a hash is kept until it is answered; void under another epoch.
pub const PASSKEYS: Migration = Migration { version: 18, name: "passkeys", sql: SQL };

const SQL: &str = "
CREATE TABLE passkeys (
    id BIGINT PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    credential_id BYTES NOT NULL UNIQUE,
    public_key BYTES NOT NULL,
    signatures BIGINT NOT NULL,
    backup_eligible BIGINT NOT NULL,
    backed_up BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    CONSTRAINT passkeys_backed_up CHECK (backed_up = 0 OR backup_eligible = 1)
);
CREATE INDEX passkeys_by_account ON passkeys (account, id);

CREATE TABLE passkey_ceremonies (
    challenge_hash BYTES PRIMARY KEY,
    purpose TEXT NOT NULL,
    account BIGINT REFERENCES accounts (id),
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT passkey_ceremonies_purpose CHECK (purpose IN ('registration', 'sign_in'))
);
CREATE INDEX passkey_ceremonies_by_time ON passkey_ceremonies (expires_at);
CREATE INDEX passkey_ceremonies_by_account ON passkey_ceremonies (account);
";
