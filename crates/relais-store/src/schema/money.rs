//! Plans, subscriptions, and the provision's ledger; and what lists of many accounts are sorted by.

use crate::migrate::Migration;

/// What whoever a machine makes is on.
pub const DEFAULT_SUBSCRIPTION: Migration = Migration {
    version: 24,
    name: "default_subscription",
    sql: "ALTER TABLE organisations ADD COLUMN default_subscription BIGINT REFERENCES subscriptions (id);",
};

pub const MONEY: &str = "
CREATE TABLE plans (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TABLE subscriptions (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

ALTER TABLE organisations ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'Europe/Paris';
ALTER TABLE organisations ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE organisations ADD COLUMN plan BIGINT REFERENCES plans (id);
ALTER TABLE organisations ADD COLUMN plan_term TEXT;
-- When what is due has to be looked at again.
ALTER TABLE organisations ADD COLUMN billing_at BIGINT NOT NULL DEFAULT 0;
-- When its people were last told that the provision runs low.
ALTER TABLE organisations ADD COLUMN low_noticed_at BIGINT;
CREATE INDEX organisations_by_billing ON organisations (billing_at);

ALTER TABLE accounts ADD COLUMN subscription BIGINT REFERENCES subscriptions (id);
ALTER TABLE accounts ADD COLUMN term TEXT;
-- Said by the term and the deactivation; kept beside them to be found by.
ALTER TABLE accounts ADD COLUMN renews_on TEXT;
ALTER TABLE accounts ADD COLUMN closed_by TEXT;
-- The name as it is sorted and searched.
ALTER TABLE accounts ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE accounts SET name_key = LOWER(name);
CREATE INDEX accounts_by_address ON accounts (organisation, address, id);
CREATE INDEX accounts_by_name ON accounts (organisation, name_key, id);
CREATE INDEX accounts_by_state_and_name ON accounts (organisation, state, name_key, id);
CREATE INDEX accounts_by_renewal ON accounts (organisation, renews_on, id);
CREATE INDEX accounts_by_cause ON accounts (organisation, closed_by, id);
CREATE INDEX accounts_by_seat ON accounts (organisation, state, role, subscription, leaves_at);
CREATE INDEX accounts_by_role ON accounts (organisation, role);

-- Append-only. The amount is what the provision gained, the balance what it holds afterwards.
CREATE TABLE ledger_entries (
    organisation BIGINT NOT NULL REFERENCES organisations (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    account BIGINT REFERENCES accounts (id),
    service TEXT,
    reference TEXT,
    amount_minor BIGINT NOT NULL,
    balance_minor BIGINT NOT NULL,
    PRIMARY KEY (organisation, number),
    CONSTRAINT ledger_entries_reference UNIQUE (organisation, reference)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, number);

CREATE TABLE postings (
    organisation BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    book TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (organisation, entry, book),
    CONSTRAINT postings_book CHECK (book IN ('provision', 'payments', 'sales'))
);
";
