//! Domains: whose they are, how an organisation proves that one is its own, and when that is looked at again.
//!
//! A claim routes nothing and holds no address: only a hosted domain does. Several organisations may claim one name;
//! whoever proves it first has it.

use crate::address::{EmailAddress, domain_for_people};
use crate::authority::{Actor, Power};
use crate::ids::OrganisationId;
use crate::organisation::{DomainKind, Target};
use crate::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod readiness;

/// A domain whose mail ends here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Domain {
    /// In A-labels, as the DNS has it.
    pub name: String,
    /// As people read it.
    pub unicode: String,
    /// `None` for a provider domain, on which every organisation may have addresses.
    pub organisation: Option<OrganisationId>,
    pub kind: DomainKind,
    /// Who has the mail for addresses that were never made, if anyone.
    pub catch_all: Option<Target>,
}

impl Domain {
    #[must_use]
    pub fn own(name: String, organisation: OrganisationId) -> Self {
        let unicode = domain_for_people(&name);
        Self { name, unicode, organisation: Some(organisation), kind: DomainKind::Own, catch_all: None }
    }

    #[must_use]
    pub fn provider(name: String) -> Self {
        let unicode = domain_for_people(&name);
        Self { name, unicode, organisation: None, kind: DomainKind::Provider, catch_all: None }
    }
}

/// What to publish in the DNS, to be copied as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TxtRecord {
    #[schema(example = "_relais.bm.com")]
    pub name: String,
    #[schema(example = "relais-domain-verification=3q2hzvbk7w5yq0xj")]
    pub value: String,
}

/// What the last look at the DNS found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nobody has looked yet.
    Waiting,
    NotFound,
    /// Another organisation, or the operator, has the domain.
    Taken,
    /// The proof is there, and the organisation's plan has no room for another domain.
    NoRoom,
    /// The resolver could not say.
    Trouble,
}

/// An organisation's word that a domain is its own, until the DNS says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// In A-labels, as the DNS has it.
    pub name: String,
    /// As people read it.
    pub unicode: String,
    pub organisation: OrganisationId,
    pub record: TxtRecord,
    pub found: Finding,
    pub checked_at: Option<Timestamp>,
    /// When it is looked at again without anyone asking.
    pub next_at: Timestamp,
    pub created_at: Timestamp,
    /// Who gets the credit when it is proven while nobody looks.
    pub claimed_by: Actor,
}

impl Claim {
    /// `token` must not be guessable: whoever can publish it has the domain.
    #[must_use]
    pub fn new(
        name: String,
        organisation: OrganisationId,
        token: &str,
        claimed_by: Actor,
        now: Timestamp,
    ) -> Self {
        Self {
            unicode: domain_for_people(&name),
            organisation,
            record: TxtRecord {
                name: record_name(&name),
                value: format!("relais-domain-verification={token}"),
            },
            name,
            found: Finding::Waiting,
            checked_at: None,
            next_at: now + LOOK_AGAIN_MIN,
            created_at: now,
            claimed_by,
        }
    }

    /// Whether one of the texts published under the record's name is the proof.
    #[must_use]
    pub fn is_proven_by(&self, published: &[String]) -> bool {
        published.iter().any(|text| text.trim() == self.record.value)
    }

    /// The same, looked at `now`: the older it is, the longer until the next look.
    #[must_use]
    pub fn looked_at(self, found: Finding, now: Timestamp) -> Self {
        let age = now.duration_since(self.created_at);
        let wait = (age / 4).clamp(LOOK_AGAIN_MIN, LOOK_AGAIN_MAX);
        Self { found, checked_at: Some(now), next_at: now + wait, ..self }
    }
}

/// Where the proof for a domain is published.
#[must_use]
pub fn record_name(domain: &str) -> String {
    format!("_relais.{domain}")
}

const LOOK_AGAIN_MIN: SignedDuration = SignedDuration::from_mins(1);
const LOOK_AGAIN_MAX: SignedDuration = SignedDuration::from_hours(12);

/// A domain as its organisation sees it: hosted, or only claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DomainEntry {
    Hosted(Domain),
    Claimed(Claim),
}

impl DomainEntry {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Hosted(domain) => &domain.name,
            Self::Claimed(claim) => &claim.name,
        }
    }
}

/// How it is known that a new domain is the organisation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A TXT record that only the domain's holder can publish.
    Record,
    /// The operator knows.
    Waived,
}

/// Which proof a new domain of `organisation` needs. The operator's word is enough unless they ask for more.
///
/// # Errors
/// [`Refusal::NotAllowed`] when the actor may not add domains, or not without proof.
pub fn proof_needed(
    asked: Option<Proof>,
    organisation: OrganisationId,
    actor: &Actor,
) -> Result<Proof, Refusal> {
    let may_waive = actor.has(Power::Operate, organisation);
    match asked {
        Some(Proof::Waived) | None if may_waive => Ok(Proof::Waived),
        Some(Proof::Waived) => Err(Refusal::NotAllowed),
        Some(Proof::Record) | None if actor.has(Power::ManageOrganisation, organisation) => Ok(Proof::Record),
        Some(Proof::Record) | None => Err(Refusal::NotAllowed),
    }
}

/// Whether a domain may go: it is the organisation's own, and none of its addresses has a target. `held` are some of
/// those that have.
///
/// # Errors
/// The refusal that names what stands in the way.
pub fn check_removal(domain: &Domain, held: Vec<EmailAddress>) -> Result<(), Refusal> {
    check_own(domain)?;
    if held.is_empty() {
        Ok(())
    } else {
        Err(Refusal::DomainInUse { domain: domain.unicode.clone(), addresses: held })
    }
}

/// A provider domain is the operator's: no organisation removes it or takes what others did not make there.
///
/// # Errors
/// [`Refusal::DomainIsProvider`].
pub fn check_own(domain: &Domain) -> Result<(), Refusal> {
    match domain.kind {
        DomainKind::Own => Ok(()),
        DomainKind::Provider => Err(Refusal::DomainIsProvider { domain: domain.unicode.clone() }),
    }
}
