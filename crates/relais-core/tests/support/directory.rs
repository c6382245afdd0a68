//! A directory in memory: what routing asks, without a store.

use crate::people::{account, address, moment};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::domain::Domain;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use relais_core::organisation::{
    Address, AddressKind, DomainKind, Group, GroupRole, Responder, SharedMailbox, Target,
};
use relais_core::routing::Directory;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Hosts `bm.com`, and the provider's `host.net`.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub addresses: BTreeMap<EmailAddress, Address>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub shared: BTreeMap<MailboxId, SharedMailbox>,
    /// Of each, the first member looks after it.
    pub groups: BTreeMap<GroupId, (Group, Vec<AccountId>)>,
    /// What is in a group.
    pub inner: BTreeMap<GroupId, Vec<GroupId>>,
    pub responders: BTreeMap<ResponderId, Responder>,
    /// Of `bm.com`.
    pub catch_all: Option<Target>,
    pub operator: Option<EmailAddress>,
}

pub const ORGANISATION: i64 = 1;

fn own_domain() -> Domain {
    Domain::own("bm.com".into(), OrganisationId::from_number(ORGANISATION))
}

impl World {
    pub fn point(&mut self, text: &str, target: Option<Target>) -> &mut Address {
        let held = Address {
            address: address(text),
            organisation: OrganisationId::from_number(ORGANISATION),
            target,
            kind: AddressKind::Alias,
            domain: DomainKind::Own,
            retired: false,
            reply_text: None,
            reply_until: None,
            since: moment("2026-01-05T08:00:00Z"),
        };
        self.addresses.insert(address(text), held);
        self.addresses.get_mut(&address(text)).expect("just inserted")
    }

    /// Account `number`, active and delivering until the test says otherwise.
    pub fn account(&mut self, number: i64, primary: &str) -> &mut Account {
        let new = account(number, primary);
        let id = new.id;
        self.point(primary, Some(Target::Account(id))).kind = AddressKind::Primary;
        self.accounts.entry(id).or_insert(new)
    }

    pub fn shared_mailbox(&mut self, number: i64, text: &str) {
        let id = MailboxId::from_number(number);
        self.point(text, Some(Target::SharedMailbox(id)));
        self.shared.insert(
            id,
            SharedMailbox {
                id,
                organisation: OrganisationId::from_number(ORGANISATION),
                address: address(text),
                name: text.into(),
                created_at: moment("2026-01-05T08:00:00Z"),
            },
        );
    }
}

impl Directory for World {
    type Error = Infallible;

    fn domain(&mut self, name: &str) -> Result<Option<Domain>, Infallible> {
        Ok(match name {
            "bm.com" => Some(Domain { catch_all: self.catch_all, ..own_domain() }),
            "host.net" => Some(Domain::provider("host.net".into())),
            _ => None,
        })
    }

    fn owners(&mut self, organisation: OrganisationId) -> Result<Vec<Account>, Infallible> {
        let owners = self.accounts.values();
        let is_owner =
            |account: &&Account| account.role == Role::Owner && account.organisation == organisation;
        Ok(owners.filter(is_owner).cloned().collect())
    }

    fn operator_address(&mut self) -> Result<Option<EmailAddress>, Infallible> {
        Ok(self.operator.clone())
    }

    fn address(&mut self, address: &EmailAddress) -> Result<Option<Address>, Infallible> {
        Ok(self.addresses.get(address).cloned())
    }

    fn account(&mut self, id: AccountId) -> Result<Option<Account>, Infallible> {
        Ok(self.accounts.get(&id).cloned())
    }

    fn shared_mailbox(&mut self, id: MailboxId) -> Result<Option<SharedMailbox>, Infallible> {
        Ok(self.shared.get(&id).cloned())
    }

    fn group(&mut self, id: GroupId) -> Result<Option<Group>, Infallible> {
        Ok(self.groups.get(&id).map(|(group, _)| group.clone()))
    }

    fn group_members(&mut self, id: GroupId) -> Result<Vec<(AccountId, GroupRole)>, Infallible> {
        let members = self.groups.get(&id).map(|(_, members)| members.as_slice()).unwrap_or_default();
        let roles = std::iter::once(GroupRole::Admin).chain(std::iter::repeat(GroupRole::Member));
        Ok(members.iter().copied().zip(roles).collect())
    }

    fn inner_groups(&mut self, id: GroupId) -> Result<Vec<GroupId>, Infallible> {
        Ok(self.inner.get(&id).cloned().unwrap_or_default())
    }

    fn responder(&mut self, id: ResponderId) -> Result<Option<Responder>, Infallible> {
        Ok(self.responders.get(&id).cloned())
    }
}
