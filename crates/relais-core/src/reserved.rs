//! Addresses that every domain has, whoever else it has (RFC 2142): who has their mail, and who may hold them.

use crate::organisation::DomainKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A local part with a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    Abuse,
    Postmaster,
    Support,
}

/// Who has the mail of a reserved address that nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// The owner of the domain's organisation.
    Owner,
    /// Who runs the instance, at the operator's address.
    Operator,
}

impl Reserved {
    #[must_use]
    pub fn of(local: &str) -> Option<Self> {
        match local {
            "abuse" => Some(Self::Abuse),
            "postmaster" => Some(Self::Postmaster),
            "support" => Some(Self::Support),
            _ => None,
        }
    }

    /// Whether someone may hold it. On a provider domain nobody may: it would speak for the operator to every other
    /// organisation there, and postmaster@ is whom certificate authorities ask.
    #[must_use]
    pub fn may_be_held(self, domain: DomainKind) -> bool {
        match (self, domain) {
            (Self::Abuse, DomainKind::Own | DomainKind::Provider) => false,
            (Self::Postmaster | Self::Support, DomainKind::Own) => true,
            (Self::Postmaster | Self::Support, DomainKind::Provider) => false,
        }
    }

    /// Who has its mail while nobody holds it: the first of these who can be reached.
    #[must_use]
    pub fn keepers(self, domain: DomainKind) -> &'static [Keeper] {
        match (self, domain) {
            (Self::Abuse, DomainKind::Own) => &[Keeper::Operator, Keeper::Owner],
            (Self::Postmaster | Self::Support, DomainKind::Own) => &[Keeper::Owner, Keeper::Operator],
            (Self::Abuse | Self::Postmaster | Self::Support, DomainKind::Provider) => &[Keeper::Operator],
        }
    }
}
