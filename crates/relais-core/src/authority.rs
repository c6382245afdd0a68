//! Who may command what: role × kind of command. The state of the account commanded is [`crate::rights`]' concern.

use crate::account::Account;
use crate::ids::{AccountId, ApplicationId, DepartureId, DirectoryId, GrantId, OrganisationId, TokenId};
use crate::language::Language;
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
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::CompanyAdmin, Self::AccountManager, Self::Member, Self::Guest];
    /// Who answers for the organisation: one of them always stays.
    pub const LEADING: [Self; 2] = [Self::Owner, Self::CompanyAdmin];

    #[must_use]
    pub fn leads(self) -> bool {
        Self::LEADING.contains(&self)
    }

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

    /// As people call it.
    #[must_use]
    pub fn called(self, language: Language) -> &'static str {
        match self {
            Self::Owner => language.pick("propriétaire", "owner"),
            Self::CompanyAdmin => language.pick("administrateur", "company admin"),
            Self::AccountManager => language.pick("gestionnaire de comptes", "account manager"),
            Self::Member => language.pick("membre", "member"),
            Self::Guest => language.pick("invité", "guest"),
        }
    }
}

/// Who asks. Written into every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Who runs the instance: the command line on the machine, or an operator token.
    Operator,
    /// A person who operates the instance in the console, as such.
    Operating { id: AccountId },
    /// A token of an organisation: acts as its company admin.
    Token { id: TokenId, organisation: OrganisationId },
    /// A signed-in person.
    Account { id: AccountId, organisation: OrganisationId, role: Role },
    /// A departure carrying out its plan, which an admin started.
    Departure { id: DepartureId, organisation: OrganisationId },
    /// A directory, read as the organisation has set it up.
    Directory { id: DirectoryId, organisation: OrganisationId },
    /// The billing itself: renewals, what follows when they cannot be paid, and payments that arrive.
    Billing { organisation: OrganisationId },
    /// What happens by the clock and on nobody's word: scheduled backups. Commands nothing.
    Schedule { organisation: OrganisationId },
    /// Whoever has the secret of a recovery grant: reads one mailbox and commands nothing.
    Grant { id: GrantId, organisation: OrganisationId },
    /// The organisation's identity provider: makes accounts for those it knows, and commands nothing else.
    SignOn { organisation: OrganisationId },
    /// A connected program: registers content, and commands nothing.
    Application { id: ApplicationId, organisation: OrganisationId },
    /// A provider of identities, by SCIM: makes, changes and closes accounts, and groups.
    Scim { id: TokenId, organisation: OrganisationId },
}

/// Kinds of commands, as far as authority goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Create organisations, provider domains, domains without proof, plans, subscriptions, operator tokens; record
    /// payments.
    Operate,
    /// Renew what is due.
    Bill,
    /// Name the organisation, claim and remove its domains, say who has mail for unknown addresses.
    ManageOrganisation,
    /// Read accounts, addresses, groups, routing of the organisation.
    Read,
    /// Create accounts, set passwords, aliases, names, groups, shared mailboxes (but not say who reads them).
    ManageAccounts,
    /// Change the subscription of an account: never one's own (M9), but for those who answer for the provision.
    Subscribe,
    /// Deactivate, delete, depart, let people read mail that is not their own, tokens, audit.
    EndAccounts,
    /// Undo a deactivation (R18: company admins only).
    Reactivate,
    /// Read the provision: balance, statement, forecast.
    ReadProvision,
    /// Change one's own password and one's own automatic reply.
    ChangeSelf,
}

impl Power {
    pub const ALL: [Self; 10] = [
        Self::Operate,
        Self::Bill,
        Self::ManageOrganisation,
        Self::Read,
        Self::ManageAccounts,
        Self::Subscribe,
        Self::EndAccounts,
        Self::Reactivate,
        Self::ReadProvision,
        Self::ChangeSelf,
    ];

    fn describe(self) -> &'static str {
        match self {
            Self::Operate => "create organisations, provider domains, plans, subscriptions; record payments",
            Self::Bill => "renew what is due, close what is not paid, open it again when it is",
            Self::ManageOrganisation => {
                "name the organisation, claim, prove and remove its domains, catch-all"
            }
            Self::Read => "read accounts, addresses, groups, where mail goes",
            Self::ManageAccounts => "create and change accounts, aliases, groups, shared mailboxes",
            Self::Subscribe => "change the subscription of an account (one's own: owner and company admins)",
            Self::EndAccounts => "deactivate, delete, depart, recover mail, give roles, tokens, read events",
            Self::Reactivate => "reactivate",
            Self::ReadProvision => "read the provision",
            Self::ChangeSelf => "change one's own password, automatic reply, personal data",
        }
    }
}

impl Actor {
    /// The organisation it belongs to; `None` for the operator, who belongs to all.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationId> {
        match self {
            Self::Operator | Self::Operating { .. } => None,
            Self::Token { organisation, .. }
            | Self::Account { organisation, .. }
            | Self::Departure { organisation, .. }
            | Self::Directory { organisation, .. }
            | Self::Billing { organisation }
            | Self::Schedule { organisation }
            | Self::SignOn { organisation }
            | Self::Grant { organisation, .. }
            | Self::Application { organisation, .. }
            | Self::Scim { organisation, .. } => Some(*organisation),
        }
    }

    /// Whether it runs the instance.
    #[must_use]
    pub fn operates(&self) -> bool {
        matches!(self, Self::Operator | Self::Operating { .. })
    }

    /// The signed-in person who acts for themselves or for their organisation.
    #[must_use]
    pub fn person(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::Operator
            | Self::Operating { .. }
            | Self::Token { .. }
            | Self::Departure { .. }
            | Self::Billing { .. }
            | Self::Schedule { .. }
            | Self::Directory { .. }
            | Self::Scim { .. }
            | Self::SignOn { .. }
            | Self::Grant { .. }
            | Self::Application { .. } => None,
        }
    }

    /// Whether this actor has `power` over things of `organisation`.
    #[must_use]
    pub fn has(&self, power: Power, organisation: OrganisationId) -> bool {
        match self {
            Self::Operator | Self::Operating { .. } => true,
            Self::Token { organisation: own, .. } | Self::Departure { organisation: own, .. } => {
                *own == organisation && role_has(Role::CompanyAdmin, power)
            }
            Self::Billing { organisation: own } => {
                *own == organisation && matches!(power, Power::Bill | Power::EndAccounts | Power::Reactivate)
            }
            Self::Directory { organisation: own, .. } => *own == organisation && directory_has(power),
            Self::Scim { organisation: own, .. } => *own == organisation && scim_has(power),
            Self::SignOn { organisation: own } => *own == organisation && power == Power::ManageAccounts,
            Self::Grant { .. } | Self::Schedule { .. } | Self::Application { .. } => false,
            Self::Account { organisation: own, role, .. } => *own == organisation && role_has(*role, power),
        }
    }

    /// Whether this actor has `power` over `account`; everyone has [`Power::ChangeSelf`] over themselves alone.
    ///
    /// Managing an owner or a company admin asks for the power to end accounts: whoever may not appoint an admin must
    /// not become one by setting an admin's password, or by redirecting the mail that resets it.
    #[must_use]
    pub fn has_over(&self, power: Power, account: &Account) -> bool {
        let is_self = self.person() == Some(account.id);
        let manage = if account.role.leads() { Power::EndAccounts } else { Power::ManageAccounts };
        match power {
            Power::ChangeSelf => is_self || self.has(manage, account.organisation),
            Power::ManageAccounts => self.has(manage, account.organisation),
            Power::Subscribe => {
                let answerable = !is_self || self.has(Power::ReadProvision, account.organisation);
                // A subscription says how much mail a mailbox takes: whoever may not set an owner's quota does not change it.
                answerable && [power, manage].into_iter().all(|power| self.has(power, account.organisation))
            }
            Power::Operate
            | Power::Bill
            | Power::ManageOrganisation
            | Power::Read
            | Power::EndAccounts
            | Power::Reactivate
            | Power::ReadProvision => self.has(power, account.organisation),
        }
    }
}

/// The most that a provider of identities may. Its door offers no more than RFC 7644 has.
fn scim_has(power: Power) -> bool {
    matches!(
        power,
        Power::Read | Power::ManageAccounts | Power::EndAccounts | Power::Reactivate | Power::ChangeSelf
    )
}

/// What a role may. The only place that knows; [`print_table`] is the page that people read.
fn role_has(role: Role, power: Power) -> bool {
    match role {
        Role::Owner | Role::CompanyAdmin => !matches!(power, Power::Operate | Power::Bill),
        Role::AccountManager => {
            matches!(power, Power::Read | Power::ManageAccounts | Power::Subscribe | Power::ChangeSelf)
        }
        Role::Member | Role::Guest => power == Power::ChangeSelf,
    }
}

/// What a directory may: what its entries ask for, and nothing that people decide. Whom it opens again, the reactivation
/// itself looks at.
fn directory_has(power: Power) -> bool {
    match power {
        Power::ManageAccounts | Power::EndAccounts | Power::Reactivate | Power::ChangeSelf => true,
        Power::Operate
        | Power::Bill
        | Power::ManageOrganisation
        | Power::Read
        | Power::Subscribe
        | Power::ReadProvision => false,
    }
}

/// The table as Markdown, as it stands in `docs/roles.md`.
#[must_use]
pub fn print_table() -> String {
    let mut page = String::from(
        "# Roles\n\nWhat each role may do in its organisation. Printed from `relais_core::authority` by a test; to change \
         the table, change `role_has` there. Whoever manages accounts may not manage an owner or a company admin; an \
         organisation's token acts as a company admin; the operator may everything. What stands under SCIM is the most that a \
         provider of identities may; its door offers no more than RFC 7644 has.\n\n\
         | may | owner | company admin | account manager | member | guest | billing | directory | SCIM |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let organisation = OrganisationId::from_number(1);
    for power in Power::ALL {
        page.push_str("| ");
        page.push_str(power.describe());
        for role in Role::ALL {
            page.push_str(if role_has(role, power) { " | yes" } else { " | no" });
        }
        let billing = Actor::Billing { organisation }.has(power, organisation);
        page.push_str(if billing { " | yes" } else { " | no" });
        page.push_str(if directory_has(power) { " | yes" } else { " | no" });
        page.push_str(if scim_has(power) { " | yes |\n" } else { " | no |\n" });
    }
    page
}
