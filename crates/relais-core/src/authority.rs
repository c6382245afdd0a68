//! Who may command what: role × kind of command. The state of the account commanded is [`crate::rights`]' concern.

use crate::account::Account;
use crate::ids::{AccountId, DepartureId, GrantId, OrganisationId, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Organisation-wide role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    CompanyAdmin,
    AccountManager,
    Member,
    Guest,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::CompanyAdmin => "company_admin",
            Self::AccountManager => "account_manager",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }
}

/// Who asks. Written into every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Who runs the instance: the command line on the machine, or an operator token.
    Operator,
    /// A token of an organisation: acts as its company admin.
    Token { id: TokenId, organisation: OrganisationId },
    /// A signed-in person.
    Account { id: AccountId, organisation: OrganisationId, role: Role },
    /// A departure carrying out its plan, which an admin started.
    Departure { id: DepartureId, organisation: OrganisationId },
    /// Whoever has the secret of a recovery grant: reads one mailbox and commands nothing.
    Grant { id: GrantId, organisation: OrganisationId },
}

/// Kinds of commands, as far as authority goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Create organisations, provider domains, domains without proof, operator tokens.
    Operate,
    /// Name the organisation, claim and remove its domains, say who has mail for unknown addresses.
    ManageOrganisation,
    /// Read accounts, addresses, groups, routing of the organisation.
    Read,
    /// Create accounts, set passwords, aliases, names, groups, shared mailboxes (but not say who reads them).
    ManageAccounts,
    /// Deactivate, delete, depart, let people read mail that is not their own, tokens, audit.
    EndAccounts,
    /// Undo a deactivation (R18: company admins only).
    Reactivate,
    /// Change one's own password and one's own automatic reply.
    ChangeSelf,
}

impl Actor {
    /// Whether this actor has `power` over things of `organisation`.
    #[must_use]
    pub fn has(&self, power: Power, organisation: OrganisationId) -> bool {
        match self {
            Self::Operator => true,
            Self::Token { organisation: own, .. } | Self::Departure { organisation: own, .. } => {
                *own == organisation && power != Power::Operate
            }
            Self::Grant { .. } => false,
            Self::Account { organisation: own, role, .. } => *own == organisation && role_has(*role, power),
        }
    }

    /// Whether this actor has `power` over `account`; everyone has [`Power::ChangeSelf`] over themselves alone.
    ///
    /// Managing an owner or a company admin asks for the power to end accounts: whoever may not appoint an admin must
    /// not become one by setting an admin's password, or by redirecting the mail that resets it.
    #[must_use]
    pub fn has_over(&self, power: Power, account: &Account) -> bool {
        let is_self = matches!(self, Self::Account { id, .. } if *id == account.id);
        let manage = match account.role {
            Role::Owner | Role::CompanyAdmin => Power::EndAccounts,
            Role::AccountManager | Role::Member | Role::Guest => Power::ManageAccounts,
        };
        match power {
            Power::ChangeSelf => is_self || self.has(manage, account.organisation),
            Power::ManageAccounts => self.has(manage, account.organisation),
            Power::Operate
            | Power::ManageOrganisation
            | Power::Read
            | Power::EndAccounts
            | Power::Reactivate => self.has(power, account.organisation),
        }
    }
}

fn role_has(role: Role, power: Power) -> bool {
    match role {
        Role::Owner | Role::CompanyAdmin => power != Power::Operate,
        Role::AccountManager => matches!(power, Power::Read | Power::ManageAccounts | Power::ChangeSelf),
        Role::Member | Role::Guest => power == Power::ChangeSelf,
    }
}
