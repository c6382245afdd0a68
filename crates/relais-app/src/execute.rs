//! One way to change an account: facts, decision, event, addresses, effects, in one transaction.

use crate::backups::since::Kept;
use crate::departures::policy::policy_heir;
use crate::profiles::erase_if_gone;
use crate::{Error, Ids, Relais, content, means};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::{Actor, Role};
use relais_core::backup::Holder;
use relais_core::content::{ContentFate, Owned};
use relais_core::ids::AccountId;
use relais_core::ledger::NewEntry;
use relais_core::lifecycle::{AddressChange, Availability, Change, Command, Decision, Facts, decide};
use relais_core::organisation::{Group, GroupRole, Target};
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, Verdict, allows, may};
use relais_core::routing::{self, Directory};
use relais_core::sign_in::DevicesAfter;
use relais_store::{
    Tx, accounts, addresses, app_passwords, departures, events, generations, groups, mailboxes, outbox,
    responders,
};

impl Relais {
    /// Carries out `command` on an account and returns the account as it is afterwards. Its effects are done when
    /// this returns, or in the outbox and tried again.
    ///
    /// # Errors
    /// [`Error::Refused`] when a rule says no; nothing changed then.
    pub async fn execute(&self, id: AccountId, command: Command, actor: Actor) -> Result<Account, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        let account = match command {
            Command::Delete { content } => self.delete(id, content, actor).await?,
            command => self.store.write(move |tx| apply(tx, &ids, id, command.clone(), &actor, now)).await?,
        };
        self.settle_effects().await;
        Ok(account)
    }

    /// What [`Relais::execute`] would be refused for at this moment. Changes nothing.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`].
    pub async fn foresee(&self, id: AccountId, command: Command, actor: Actor) -> Result<(), Error> {
        if let Command::Delete { content } = command {
            return self.check_deletion(id, content, actor).await.map(drop);
        }
        let now = self.now();
        self.store
            .read(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                decide_only(tx, &account, command.clone(), &actor, now)
            })
            .await
    }

    /// What [`Relais::execute`] would enter into the ledger at this moment. Changes nothing.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`].
    pub async fn foresee_entries(
        &self,
        id: AccountId,
        command: Command,
        actor: Actor,
    ) -> Result<Vec<NewEntry>, Error> {
        let now = self.now();
        self.store
            .read(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                let facts = gather(tx, &account, &command, now)?;
                Ok(match decide(&account, command.clone(), &facts, &actor, now)? {
                    Decision::Unchanged => Vec::new(),
                    Decision::Changed(change) => change.entries,
                })
            })
            .await
    }

    /// Deletes what a verified backup holds to the last message: mail may be kept for a closed account, too.
    async fn delete(
        &self,
        id: AccountId,
        content: Option<ContentFate>,
        actor: Actor,
    ) -> Result<Account, Error> {
        match self.check_deletion(id, content, actor).await? {
            Some(checked) => self.delete_checked(checked, actor).await,
            None => self.look(move |tx| accounts::get(tx, id)).await?.ok_or(Error::NotFound),
        }
    }

    /// All that a deletion is refused for, with what it then needs; `None` where it is done already.
    pub(crate) async fn check_deletion(
        &self,
        id: AccountId,
        content: Option<ContentFate>,
        actor: Actor,
    ) -> Result<Option<Deletion>, Error> {
        // Files cannot be asked inside a transaction.
        let collections = match content {
            Some(_) => 0,
            None => self.filled_collections(id).await?,
        };
        let now = self.now();
        let decided = self.store.read(move |tx| {
            let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
            let mut facts = gather(tx, &account, &Command::Delete { content }, now)?;
            facts.owned.collections = collections;
            Ok::<_, Error>(match decide(&account, Command::Delete { content }, &facts, &actor, now)? {
                Decision::Changed(_) => Some(account),
                Decision::Unchanged => None,
            })
        });
        let Some(account) = decided.await? else { return Ok(None) };
        let holder = Holder::Account(id);
        let kept =
            self.what_is_kept(holder, account.organisation, account.mailbox, BackupFault::Missing).await?;
        let first = kept.clone();
        tokio::task::spawn_blocking(move || first.check_all_is(now)).await??;
        Ok(Some(Deletion { id, content, collections, kept }))
    }

    pub(crate) async fn delete_checked(&self, deletion: Deletion, actor: Actor) -> Result<Account, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        let Deletion { id, content, collections, kept } = deletion;
        // None that was routed before comes after the second look; those that are routed later find no account.
        let _no_delivery = self.deliveries.write().await;
        self.store
            .write(move |tx| {
                kept.check_all_is_now(tx, now)?;
                apply_owning(tx, &ids, id, Command::Delete { content }, collections, &actor, now)
            })
            .await
    }
}

/// A deletion against which nothing stood when it was looked at.
pub(crate) struct Deletion {
    id: AccountId,
    content: Option<ContentFate>,
    /// Calendars and address books with something in them.
    collections: u64,
    kept: Kept,
}

/// Decides and writes inside the caller's transaction. Of an account that goes, what becomes of its collections was decided.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    ids: &Ids,
    id: AccountId,
    command: Command,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    apply_owning(tx, ids, id, command, 0, actor, now)
}

/// As [`apply`], of an account with so many calendars and address books that are not empty.
fn apply_owning(
    tx: &mut Tx<'_>,
    ids: &Ids,
    id: AccountId,
    command: Command,
    collections: u64,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
    if let Command::MoveAddress { to, .. } = &command {
        require_target(tx, *to, &account)?;
    }
    let mut facts = gather(tx, &account, &command, now)?;
    facts.owned.collections = collections;
    let devices = DevicesAfter::of(&command);
    match decide(&account, command, &facts, actor, now)? {
        Decision::Unchanged => Ok(account),
        Decision::Changed(change) => {
            accounts::update(tx, &change.account)?;
            if devices == DevicesAfter::GoOn {
                app_passwords::carry_over(tx, account.id, account.epoch, change.account.epoch)?;
            }
            // First: what is given away is moved before what is left goes for good.
            if let Some(content) = &change.content {
                content::apply(tx, ids, &account, content, actor, now)?;
            }
            write_rest(tx, ids, *change, actor, now)
        }
    }
}

/// What [`apply`] would be refused for, without changing anything.
pub(crate) fn decide_only(
    tx: &mut Tx<'_>,
    account: &Account,
    command: Command,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = gather(tx, account, &command, now)?;
    decide(account, command, &facts, actor, now)?;
    Ok(())
}

/// What an address is given to is there, and of the same organisation.
fn require_target(tx: &mut Tx<'_>, to: Target, account: &Account) -> Result<(), Error> {
    let organisation = match to {
        Target::Account(id) => accounts::get(tx, id)?
            .filter(|heir| may(heir.state, Act::ReceiveMail) != Verdict::No)
            .map(|heir| heir.organisation),
        Target::SharedMailbox(id) => mailboxes::get(tx, id)?.map(|found| found.organisation),
        Target::Group(id) => groups::get(tx, id)?.map(|found| found.organisation),
        Target::Responder(id) => responders::get(tx, id)?.map(|found| found.organisation),
    };
    if organisation == Some(account.organisation) { Ok(()) } else { Err(Error::NotFound) }
}

/// Everything of a change but the account's own row.
pub(crate) fn write_rest(
    tx: &mut Tx<'_>,
    ids: &Ids,
    change: Change,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    let organisation = change.account.organisation;
    for address in &change.addresses {
        addresses::apply(tx, address, organisation, now).map_err(|error| taken(error, address))?;
    }
    erase_if_gone(tx, &change.account, change.content.as_ref())?;
    events::append(tx, organisation, change.happening, *actor, now)?;
    means::enter(tx, organisation, &change.entries, actor, now)?;
    for effect in &change.effects {
        outbox::push(tx, ids.next(), effect, now)?;
    }
    Ok(change.account)
}

/// Two requests at once for one address: the second hears that it is taken.
pub(crate) fn taken(error: relais_store::Error, change: &AddressChange) -> Error {
    match (error, change) {
        (relais_store::Error::Constraint(_), AddressChange::Point { address, .. }) => {
            Refusal::AddressTaken { address: address.clone() }.into()
        }
        (error, _) => error.into(),
    }
}

/// Reads what deciding `command` needs, and no more.
fn gather(tx: &mut Tx<'_>, account: &Account, command: &Command, now: Timestamp) -> Result<Facts, Error> {
    let own = Target::Account(account.id);
    let mut facts = Facts {
        addresses: addresses::of_target(tx, own)?,
        other_admins: 0,
        only_admin_of: vec![],
        wanted: Availability::NotHosted,
        loop_through: None,
        redirect_nowhere: None,
        primary_lost: false,
        departure_in_progress: false,
        backed_up_at: None,
        means: means::for_command(tx, account, command, now)?,
        owned: Owned::default(),
        heir: None,
        policy_heir: None,
    };
    match command {
        Command::SetPassword { .. }
        | Command::Activate
        | Command::RemoveAlias { .. }
        | Command::SetSubscription { .. }
        | Command::Renew
        | Command::SetName { .. }
        | Command::SetQuota { .. }
        | Command::SetLegalHold { .. } => {}
        Command::MoveAddress { address, .. } => {
            facts.wanted = addresses::availability(tx, address, account.organisation)?;
        }
        Command::Deactivate { inbound, content, .. } => {
            if let Some(reassign) = content {
                facts.heir = accounts::get(tx, reassign.to)?;
                facts.policy_heir = policy_heir(tx, account.organisation)?.map(|heir| heir.id);
            }
            facts.only_admin_of = names(only_admin_of(tx, account.id, now)?);
            facts.other_admins = other_admins(tx, account, now)?;
            if let Some(inbound) = inbound {
                gather_redirects(tx, &mut facts, own, inbound)?;
            }
        }
        Command::SetLeaving { at } => {
            if at.is_none() {
                // A day that has come is taken back by a reactivation.
                gather_way_back(tx, &mut facts, account)?;
            }
            if at.is_none() || !has_group_heir(tx, account.id)? {
                facts.only_admin_of = names(only_admin_of(tx, account.id, now)?);
            }
            facts.other_admins = other_admins(tx, account, now)?;
        }
        Command::SetRole { .. } => {
            facts.other_admins = other_admins(tx, account, now)?;
        }
        Command::SetInbound { inbound } => gather_redirects(tx, &mut facts, own, inbound)?,
        Command::Reactivate | Command::ReactivateFlexibly => {
            gather_way_back(tx, &mut facts, account)?;
            if let Some(before) = &account.deactivation {
                gather_redirects(tx, &mut facts, own, &before.inbound_before)?;
            }
        }
        Command::Delete { content: fate } => {
            facts.owned.items =
                u64::try_from(relais_store::content::count_of_owner(tx, account.id)?).unwrap_or_default();
            if let Some(ContentFate::Reassign { to }) = fate {
                facts.heir = accounts::get(tx, *to)?;
            }
            gather_way_back(tx, &mut facts, account)?;
            let newest = generations::newest(tx, Holder::Account(account.id))?;
            facts.backed_up_at = newest.map(|snapshot| snapshot.begun_at);
        }
        Command::Rename { to: address } | Command::AddAlias { address } => {
            facts.wanted = addresses::availability(tx, address, account.organisation)?;
        }
    }
    Ok(facts)
}

fn names(groups: Vec<Group>) -> Vec<String> {
    groups.into_iter().map(|group| group.name).collect()
}

/// Whether the departure by which the account leaves gives its groups to somebody.
fn has_group_heir(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, Error> {
    let Some(open) = departures::open_of(tx, account)? else { return Ok(false) };
    Ok(departures::get(tx, open)?.is_some_and(|departure| departure.plan.groups_to.is_some()))
}

/// Whoever may sign in can act for others.
pub(crate) fn can_act(account: &Account, now: Timestamp) -> bool {
    allows(account, Act::SignInWithPassword, now)
}

/// Owners and company admins who can act, other than this account.
fn other_admins(tx: &mut Tx<'_>, account: &Account, now: Timestamp) -> Result<u64, Error> {
    let leading = accounts::with_roles(tx, account.organisation, &Role::LEADING)?;
    let others = leading.iter().filter(|other| other.id != account.id && can_act(other, now));
    Ok(others.count() as u64)
}

/// The groups that have `account` as admin and no other admin who can act.
pub(crate) fn only_admin_of(
    tx: &mut Tx<'_>,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Group>, Error> {
    let mut found = Vec::new();
    for group in groups::led_by(tx, account)? {
        let mut alone = true;
        for (member, role) in groups::members(tx, group.id)? {
            if alone && role == GroupRole::Admin && member != account {
                alone = !accounts::get(tx, member)?.is_some_and(|other| can_act(&other, now));
            }
        }
        if alone {
            found.push(group);
        }
    }
    Ok(found)
}

fn gather_way_back(tx: &mut Tx<'_>, facts: &mut Facts, account: &Account) -> Result<(), Error> {
    facts.departure_in_progress = departures::open_of(tx, account.id)?.is_some();
    facts.primary_lost = !facts.addresses.iter().any(|held| held.address == account.address);
    Ok(())
}

fn gather_redirects(
    tx: &mut Tx<'_>,
    facts: &mut Facts,
    own: Target,
    inbound: &relais_core::inbound::Inbound,
) -> Result<(), Error> {
    facts.loop_through = routing::loop_through(tx, own, inbound)?;
    for address in inbound.redirect_targets() {
        if tx.hosts(address.domain())? && !routing::leads_somewhere(tx, address)? {
            facts.redirect_nowhere = Some(address.clone());
            break;
        }
    }
    Ok(())
}
