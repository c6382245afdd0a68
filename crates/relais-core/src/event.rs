//! Events: what happened, appended for ever. Each carries the hash of the one before it in its organisation, so
//! that a change or a gap shows.

use crate::authority::Actor;
use crate::ids::OrganisationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// One thing that happened, before it has a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Dotted name: `account.deactivated`.
    pub kind: &'static str,
    /// The text of the id it happened to.
    pub subject: String,
    /// What changed, without secrets.
    pub detail: serde_json::Value,
}

/// One link of an organisation's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    pub organisation: OrganisationId,
    /// 1, 2, 3… without gap.
    pub number: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub kind: String,
    pub subject: String,
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// SHA-256 in hexadecimal over the previous hash and everything above.
    pub hash: String,
}

/// What stands before the first event.
pub const CHAIN_START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Event {
    /// Links a happening behind the event that has `previous` as hash.
    #[must_use]
    pub fn link(
        happening: Happening,
        organisation: OrganisationId,
        number: i64,
        previous: &str,
        actor: Actor,
        now: Timestamp,
    ) -> Self {
        let mut event = Self {
            organisation,
            number,
            at: now,
            actor,
            kind: happening.kind.to_owned(),
            subject: happening.subject,
            detail: happening.detail,
            hash: String::new(),
        };
        event.hash = event.hash_after(previous);
        event
    }

    /// The hash this event must have behind `previous`.
    #[must_use]
    pub fn hash_after(&self, previous: &str) -> String {
        let mut hash = Sha256::new();
        // Lengths are part of what is hashed: no two different events give the same bytes.
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        add(previous);
        add(&self.organisation.to_string());
        add(&self.number.to_string());
        add(&self.at.as_millisecond().to_string());
        add(&serde_json::to_string(&self.actor).expect("actors serialise"));
        add(&self.kind);
        add(&self.subject);
        add(&self.detail.to_string());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
