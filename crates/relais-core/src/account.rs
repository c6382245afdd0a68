//! An account: a person's membership in an organisation. Plain data; [`crate::lifecycle`] changes it.

use crate::address::EmailAddress;
use crate::authority::Role;
use crate::ids::{AccountId, MailboxId, OrganisationId, SubscriptionId};
use crate::inbound::Inbound;
use crate::password::PasswordHash;
use crate::rights::State;
use crate::term::Term;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an account was deactivated. A later automatic cause never undoes a human's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Admin,
    Directory,
    Scim,
    Departure,
    Billing,
    Schedule,
}

/// What a deactivation keeps, so that reactivation gives back exactly what was there (R14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deactivation {
    pub cause: Cause,
    pub at: Timestamp,
    pub inbound_before: Inbound,
    pub state_before: State,
}

/// Somebody's order to keep everything of an account, whatever else is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegalHold {
    pub reason: String,
    pub since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    pub id: AccountId,
    pub organisation: OrganisationId,
    pub mailbox: MailboxId,
    /// The person's name, as others see it. Empty once deleted.
    pub name: String,
    /// The primary address: the account signs in with it.
    pub address: EmailAddress,
    pub role: Role,
    pub state: State,
    pub deactivation: Option<Deactivation>,
    /// From this moment on the account counts as deactivated (see [`crate::rights::standing`]).
    pub leaves_at: Option<Timestamp>,
    /// While it lasts the account is not deleted, and no backup of it is forgotten.
    pub legal_hold: Option<LegalHold>,
    pub inbound: Inbound,
    /// Largest mailbox size in bytes; `None` without limit.
    pub quota_bytes: Option<i64>,
    /// What it is on; `None` for one of the plan's free accounts.
    pub subscription: Option<SubscriptionId>,
    /// The time that was paid for; `None` before the first charge, after a credit, and for free accounts.
    pub term: Option<Term>,
    #[serde(skip)]
    pub password: Option<PasswordHash>,
    /// Credentials issued under another epoch are void: sessions, remembered logins, reset links.
    #[serde(skip)]
    pub epoch: i64,
    pub created_at: Timestamp,
}
