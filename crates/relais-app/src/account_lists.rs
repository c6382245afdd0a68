//! Lists of accounts, taken in and given out. A list makes accounts and changes those there are; it ends none, takes
//! nothing away, and changes no password. A dry run is the real one, undone: what it says is what would happen.

mod columns;
mod export;
mod reading;

pub use export::AccountRows;

use crate::credentials::passwords;
use crate::dry_run::PartEnd;
use crate::organisations::insert_account;
use crate::profiles::{Applied, apply_profile};
use crate::{Error, Ids, Relais, execute};
use columns::Column;
use jiff::Timestamp;
use reading::{Line, Listed};
use relais_core::account::Account;
use relais_core::authority::{Actor, Power, Role};
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::job::Run;
use relais_core::lifecycle::{Command, NewAccount};
use relais_core::organisation::Target;
use relais_core::password::{PasswordHash, context_words};
use relais_core::plan::Subscription;
use relais_core::refusal::{ListFault, Refusal};
use relais_core::rights::{Act, Verdict, may};
use relais_store::{Tx, accounts, addresses, offers, organisations};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Lines of one transaction: a stop in the middle of a list loses as many, and nobody else waits for long.
const BATCH: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineOutcome {
    Created,
    Changed,
    /// It was so already.
    Unchanged,
    Refused,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReport {
    /// Where it begins in the file; the line of the columns is 1.
    pub line: u64,
    /// As it is written there.
    pub address: String,
    pub outcome: LineOutcome,
    /// All of them, when it is refused.
    pub refusals: Vec<Refusal>,
}

/// Who imports into what.
#[derive(Clone)]
struct Import {
    organisation: OrganisationId,
    /// Its name: no password is to be made of it.
    called: String,
    actor: Actor,
    ids: Ids,
    now: Timestamp,
}

/// The hashes of the passwords that lines bring for new accounts, by line.
type Hashes = HashMap<u64, PasswordHash>;

impl Relais {
    /// Takes in a list of accounts (CSV, RFC 4180). Each line has a result of its own, in the order of the file.
    ///
    /// # Errors
    /// The refusals of the list as a whole: who may not, what is no list, columns nobody knows. With [`Run::Apply`]
    /// trouble in the middle leaves what was done before it; the same list goes on from there.
    pub async fn import_accounts(
        &self,
        organisation: OrganisationId,
        list: Vec<u8>,
        run: Run,
        actor: Actor,
    ) -> Result<Vec<LineReport>, Error> {
        if !actor.has(Power::ManageAccounts, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let lines = tokio::task::spawn_blocking(move || reading::read(&list)).await?;
        let lines = Arc::new(lines.map_err(Error::RefusedAll)?);
        let found = self.look(move |tx| organisations::get(tx, organisation)).await?;
        let called = found.ok_or(Error::NotFound)?.name;
        let import = Import { organisation, called, actor, ids: self.ids.clone(), now: self.now() };
        match run {
            Run::Dry => self.try_out(lines, import).await,
            Run::Apply => {
                let done = self.carry_in(lines, import).await;
                self.settle_effects().await;
                done
            }
        }
    }

    async fn try_out(&self, lines: Arc<Vec<Line>>, import: Import) -> Result<Vec<LineReport>, Error> {
        // Nobody signs in with what is undone: no password has to be hashed.
        let unhashed = || PasswordHash::from_phc(String::new());
        let hashes: Hashes = lines.iter().map(|line| (line.number, unhashed())).collect();
        self.dry_run(move |tx| import_lines(tx, &lines, &hashes, &import)).await
    }

    async fn carry_in(&self, lines: Arc<Vec<Line>>, import: Import) -> Result<Vec<LineReport>, Error> {
        let mut reports = Vec::with_capacity(lines.len());
        for start in (0..lines.len()).step_by(BATCH) {
            let (lines, import) = (Arc::clone(&lines), import.clone());
            let batch = start..lines.len().min(start + BATCH);
            let hashes = self.hash_for_new(&lines[batch.clone()], &import).await?;
            let written =
                self.store.write(move |tx| import_lines(tx, &lines[batch.clone()], &hashes, &import)).await?;
            reports.extend(written);
        }
        Ok(reports)
    }

    /// Hashes the passwords of lines that make an account: those of accounts that are there are not looked at.
    async fn hash_for_new(&self, lines: &[Line], import: &Import) -> Result<Hashes, Error> {
        let organisation = import.organisation;
        let asked: Vec<_> = lines
            .iter()
            .filter_map(|line| {
                let listed = line.listed.as_ref().ok()?;
                let password =
                    listed.password.clone().filter(|text| check_password(text, listed, import).is_ok())?;
                Some((line.number, listed.address.clone(), password))
            })
            .collect();
        if asked.is_empty() {
            return Ok(Hashes::new());
        }
        let new = self
            .look(move |tx| {
                let mut new = Vec::new();
                for (line, address, password) in &asked {
                    if existing(tx, address, organisation)?.is_none() {
                        new.push((*line, password.clone()));
                    }
                }
                Ok(new)
            })
            .await?;
        let mut hashing = JoinSet::new();
        for (line, password) in new {
            let passwords = Arc::clone(&self.passwords);
            hashing.spawn(async move { (line, passwords.hash(password).await) });
        }
        let mut hashes = Hashes::new();
        while let Some(hashed) = hashing.join_next().await {
            let (line, hash) = hashed?;
            hashes.insert(line, hash?);
        }
        Ok(hashes)
    }
}

/// The account of the organisation that has this address as its own.
fn existing(
    tx: &mut Tx<'_>,
    address: &relais_core::address::EmailAddress,
    organisation: OrganisationId,
) -> Result<Option<Account>, relais_store::Error> {
    let held = accounts::holding(tx, address)?;
    Ok(held.filter(|account| account.address == *address && account.organisation == organisation))
}

/// Every line after the other, each decided against what those before it made.
fn import_lines(
    tx: &mut Tx<'_>,
    lines: &[Line],
    hashes: &Hashes,
    import: &Import,
) -> Result<Vec<LineReport>, Error> {
    let mut reports = Vec::with_capacity(lines.len());
    for line in lines {
        let ended = match &line.listed {
            Err(refusals) => Err(PartEnd::Refused(refusals.clone())),
            Ok(listed) => tx.part(|tx| import_line(tx, listed, hashes.get(&line.number), import)),
        };
        let (outcome, refusals) = match ended {
            Ok(outcome) => (outcome, vec![]),
            Err(PartEnd::Refused(refusals)) => (LineOutcome::Refused, refusals),
            Err(PartEnd::Failed(error)) => return Err(error),
        };
        reports.push(LineReport { line: line.number, address: line.address.clone(), outcome, refusals });
    }
    Ok(reports)
}

fn import_line(
    tx: &mut Tx<'_>,
    listed: &Listed,
    hash: Option<&PasswordHash>,
    import: &Import,
) -> Result<LineOutcome, PartEnd> {
    let mut refusals = Vec::new();
    let (account, mut outcome) = match existing(tx, &listed.address, import.organisation)? {
        Some(account) => {
            if let Some(state) = listed.state
                && state != account.state
            {
                refusals.push(ListFault::StateDiffers { is: Some(account.state) }.into());
            }
            let outcome = change(tx, &account, listed, import, &mut refusals)?;
            (account, outcome)
        }
        None => (create(tx, listed, hash, import)?, LineOutcome::Created),
    };
    let held = addresses::of_target(tx, Target::Account(account.id))?;
    for address in listed.aliases.iter().filter(|alias| held.iter().all(|held| held.address != **alias)) {
        let command = Command::AddAlias { address: address.clone() };
        command_account(tx, &account, command, import, &mut refusals)?;
        outcome = outcome.or_changed();
    }
    let known = relais_store::profiles::get(tx, account.id)?;
    let wanted = listed.profile_over(&known).tidied();
    if wanted != known {
        let applied = apply_profile(tx, &account, wanted, &import.actor, import.now);
        if refused(applied, &mut refusals)? == Some(Applied::Changed) {
            outcome = outcome.or_changed();
        }
    }
    if refusals.is_empty() { Ok(outcome) } else { Err(PartEnd::Refused(refusals)) }
}

impl LineOutcome {
    fn or_changed(self) -> Self {
        match self {
            Self::Unchanged => Self::Changed,
            Self::Created | Self::Changed | Self::Refused => self,
        }
    }
}

fn check_password(password: &str, listed: &Listed, import: &Import) -> Result<(), Refusal> {
    let name = listed.name_of_new().unwrap_or_default();
    passwords::check(password, &context_words(&import.called, &listed.address, &name))
}

fn create(
    tx: &mut Tx<'_>,
    listed: &Listed,
    hash: Option<&PasswordHash>,
    import: &Import,
) -> Result<Account, PartEnd> {
    let mut refusals = Vec::new();
    if let Some(state) = listed.state
        && may(state, Act::HoldLicence) != Verdict::Yes
    {
        refusals.push(ListFault::StateDiffers { is: None }.into());
    }
    let name = listed.name_of_new();
    if name.is_none() {
        refusals.push(ListFault::CellEmpty { column: Column::Name.name().to_owned() }.into());
    }
    if let Some(text) = &listed.password {
        refusals.extend(check_password(text, listed, import).err());
    }
    let subscription = subscription(tx, listed, &mut refusals)?;
    let (Some(name), true) = (name, refusals.is_empty()) else { return Err(PartEnd::Refused(refusals)) };
    let password = match (&listed.password, hash) {
        (None, _) => None,
        (Some(_), Some(hash)) => Some(hash.clone()),
        // Its account was deleted since the passwords were hashed: the same list tells it again.
        (Some(_), None) => return Err(PartEnd::Failed(Error::Conflict)),
    };
    let new = NewAccount {
        id: AccountId::from_number(import.ids.next()),
        mailbox: MailboxId::from_number(import.ids.next()),
        organisation: import.organisation,
        name,
        address: listed.address.clone(),
        role: listed.role.unwrap_or(Role::Member),
        password,
        quota_bytes: listed.quota_bytes,
        subscription: subscription.map(|offer| offer.id),
    };
    Ok(insert_account(tx, &import.ids, new, &import.actor, import.now)?)
}

/// What the line says otherwise of an account that is there.
fn change(
    tx: &mut Tx<'_>,
    account: &Account,
    listed: &Listed,
    import: &Import,
    refusals: &mut Vec<Refusal>,
) -> Result<LineOutcome, PartEnd> {
    let name = listed.name.clone().filter(|name| *name != account.name);
    let role = listed.role.filter(|role| *role != account.role);
    let quota = listed.quota_bytes.filter(|quota| Some(*quota) != account.quota_bytes);
    let subscription = subscription(tx, listed, refusals)?.map(|offer| Some(offer.id));
    let commands: Vec<Command> = [
        name.map(|name| Command::SetName { name }),
        role.map(|role| Command::SetRole { role }),
        subscription.filter(|to| *to != account.subscription).map(|to| Command::SetSubscription { to }),
        quota.map(|bytes| Command::SetQuota { quota_bytes: Some(bytes) }),
    ]
    .into_iter()
    .flatten()
    .collect();
    let outcome = if commands.is_empty() { LineOutcome::Unchanged } else { LineOutcome::Changed };
    for command in commands {
        command_account(tx, account, command, import, refusals)?;
    }
    Ok(outcome)
}

/// What the line puts the account on, by its name.
fn subscription(
    tx: &mut Tx<'_>,
    listed: &Listed,
    refusals: &mut Vec<Refusal>,
) -> Result<Option<Subscription>, PartEnd> {
    let Some(name) = &listed.subscription else { return Ok(None) };
    let found = offers::subscription_named(tx, name).map_err(Error::from)?;
    if found.is_none() {
        let column = Column::Subscription.name().to_owned();
        refusals.push(ListFault::CellInvalid { column, text: name.clone() }.into());
    }
    Ok(found)
}

fn command_account(
    tx: &mut Tx<'_>,
    account: &Account,
    command: Command,
    import: &Import,
    refusals: &mut Vec<Refusal>,
) -> Result<(), PartEnd> {
    let done = execute::apply(tx, &import.ids, account.id, command, &import.actor, import.now);
    refused(done, refusals).map(|_| ())
}

/// Notes a refusal and goes on, so that a line hears all of them; anything else ends the import.
fn refused<T>(done: Result<T, Error>, refusals: &mut Vec<Refusal>) -> Result<Option<T>, PartEnd> {
    match done.map_err(PartEnd::from) {
        Ok(done) => Ok(Some(done)),
        Err(PartEnd::Refused(why)) => {
            refusals.extend(why);
            Ok(None)
        }
        Err(failed @ PartEnd::Failed(_)) => Err(failed),
    }
}
