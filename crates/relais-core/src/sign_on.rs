//! Single sign-on: whom an organisation's identity provider lets in, and as which account. A person is known by the
//! provider's subject; an address only makes the first link, and never of an account that leads.

use crate::account::Account;
use crate::address::EmailAddress;
use crate::domain::Domain;
use crate::ids::OrganisationId;
use crate::refusal::{Refusal, SignOnFault};
use crate::rights::{Act, Verdict, may, standing};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an organisation's people sign in. Its secret is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityProvider {
    pub organisation: OrganisationId,
    /// As it names itself (OpenID Connect Discovery 1.0).
    pub issuer: String,
    pub client_id: String,
    /// Own domains of the organisation whose addresses it speaks for, in A-labels.
    pub domains: Vec<String>,
    pub demand: SignOnDemand,
    pub newcomers: Newcomers,
    /// The claim with the address.
    pub address_claim: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignOnDemand {
    #[default]
    Optional,
    /// Nobody signs in with a password but the owner, whose way in stays when the provider fails.
    Required,
}

/// Whoever the provider knows and the organisation does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Newcomers {
    #[default]
    Refused,
    /// Get an account, as members.
    Members,
}

/// How long a browser may be away at the provider, and a link to be used.
pub const ATTEMPT_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The domains that a provider may speak for: hosted ones of the organisation's own, whose ownership was proven.
///
/// # Errors
/// [`SignOnFault::DomainsMissing`], [`SignOnFault::DomainNotOwn`].
pub fn check_domains(
    wanted: &[String],
    hosted: &[Domain],
    organisation: OrganisationId,
) -> Result<(), Refusal> {
    if wanted.is_empty() {
        return Err(SignOnFault::DomainsMissing.into());
    }
    let is_own = |name: &String| {
        hosted.iter().any(|domain| domain.name == *name && domain.organisation == Some(organisation))
    };
    match wanted.iter().find(|name| !is_own(name)) {
        Some(other) => Err(SignOnFault::DomainNotOwn { domain: other.clone() }.into()),
        None => Ok(()),
    }
}

/// As what somebody who comes from the provider is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// By the provider's subject.
    Linked(&'a Account),
    /// By a link of Relais that only they have: of an invitation, or made while they were signed in.
    Proven(&'a Account),
    /// By an address that the provider says is verified, on a domain that it speaks for.
    ByAddress { account: &'a Account, has_other_subject: HasOtherSubject },
    /// With such an address, if there is one, of which no account is.
    Nobody(Option<&'a EmailAddress>),
}

/// Whether the provider knows an account under another subject already: an address that was given on is not the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HasOtherSubject {
    No,
    Yes,
}

/// What lets somebody in takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Open {
        link: Link,
        activate: Activate,
    },
    /// A new account at this address.
    Create,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    IsThere,
    Make,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activate {
    No,
    Yes,
}

/// Whether, and how, somebody who was verified by the provider is let in.
///
/// # Errors
/// [`SignOnFault`].
pub fn enter(known: Known<'_>, provider: &IdentityProvider, now: Timestamp) -> Result<Entry, Refusal> {
    match known {
        Known::Linked(account) => open(account, Link::IsThere, now),
        Known::Proven(account) => open(account, Link::Make, now),
        Known::ByAddress { account, .. } if account.role.leads() => {
            Err(SignOnFault::LeaderLinks { account: account.address.clone() }.into())
        }
        Known::ByAddress { account, has_other_subject: HasOtherSubject::Yes } => {
            Err(SignOnFault::OtherSubject { account: account.address.clone() }.into())
        }
        Known::ByAddress { account, has_other_subject: HasOtherSubject::No } => {
            open(account, Link::Make, now)
        }
        Known::Nobody(Some(_)) if provider.newcomers == Newcomers::Members => Ok(Entry::Create),
        Known::Nobody(_) => Err(SignOnFault::Unknown.into()),
    }
}

fn open(account: &Account, link: Link, now: Timestamp) -> Result<Entry, Refusal> {
    match may(standing(account, now), Act::SignInWithSso) {
        Verdict::Yes => Ok(Entry::Open { link, activate: Activate::No }),
        Verdict::Activates => Ok(Entry::Open { link, activate: Activate::Yes }),
        Verdict::No
        | Verdict::WithGrant
        | Verdict::AsInbound
        | Verdict::InvitationOnly
        | Verdict::WithFlexibleLicences => {
            Err(SignOnFault::Closed { account: account.address.clone() }.into())
        }
    }
}
