//! What a plan does to one account, through the same functions as everybody else's wishes. A refusal is written down
//! beside the entry, and stops nothing else.

use crate::departures::policy::close_by_machine;
use crate::dry_run::PartEnd;
use crate::execute::apply;
use crate::newcomers::insert_by_machine;
use crate::profiles::apply_profile;
use crate::{Error, Ids};
use jiff::Timestamp;
use relais_core::account::Cause;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Role};
use relais_core::directory::settings::Field;
use relais_core::directory::{Directory, EntryAct, Person, PlanItem, ReportItem, Said};
use relais_core::ids::{AccountId, MailboxId};
use relais_core::lifecycle::{Command, NewAccount};
use relais_core::organisation::Target;
use relais_core::profile::{Phone, PhoneKind, Profile};
use relais_core::refusal::{DirectoryFault, Refusal};
use relais_store::directories::{self, EntryRow};
use relais_store::{Tx, accounts, addresses, profiles};

/// As whom and where a plan is carried out.
pub(super) struct Hand<'a> {
    pub ids: &'a Ids,
    pub directory: &'a Directory,
    pub actor: Actor,
    pub now: Timestamp,
}

impl Hand<'_> {
    /// Carries out what one entry asks for, and writes down what the directory said of it.
    pub fn carry_out(
        &self,
        tx: &mut Tx<'_>,
        item: &PlanItem,
        dn: &str,
        before: Option<&EntryRow>,
    ) -> Result<ReportItem, Error> {
        let mut refusals: Vec<Refusal> = item.fault.clone().map(Refusal::from).into_iter().collect();
        let mut account = item.account;
        let mut acts = Vec::new();
        for act in &item.acts {
            let refused = refusals.len();
            match (act, account, &item.person) {
                (EntryAct::Create, _, Some(person)) => account = self.create(tx, person, &mut refusals)?,
                (EntryAct::Create, _, None) | (EntryAct::Link, _, _) => {}
                (_, None, _) | (EntryAct::Update, _, None) => continue,
                (EntryAct::Resume, Some(id), _) => {
                    self.command(tx, id, Command::Reactivate, &mut refusals)?;
                }
                (EntryAct::Update, Some(id), Some(person)) => self.update(tx, id, person, &mut refusals)?,
                (EntryAct::Suspend, Some(id), _) => {
                    let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                    let cause = Cause::Directory;
                    let closed = close_by_machine(tx, self.ids, &account, cause, &self.actor, self.now);
                    self::refused(closed, &mut refusals)?;
                }
            }
            if refusals.len() == refused || (*act == EntryAct::Create && account.is_some()) {
                acts.push(*act);
            }
        }
        self.write_down(tx, item, dn, before, account, &refusals)?;
        Ok(ReportItem {
            entry: item.entry,
            name: item.address.clone().unwrap_or_else(|| dn.to_owned()),
            account,
            acts,
            refusals: refusals.iter().map(crate::jobs::in_words).collect(),
        })
    }

    fn write_down(
        &self,
        tx: &mut Tx<'_>,
        item: &PlanItem,
        dn: &str,
        before: Option<&EntryRow>,
        account: Option<AccountId>,
        refusals: &[Refusal],
    ) -> Result<(), Error> {
        let id = self.directory.id;
        if item.said == Said::Vanished && account.is_none() {
            return Ok(directories::forget_entry(tx, id, item.entry)?);
        }
        let read = item.person.as_ref().map(Person::digest);
        // Of whoever was deleted nothing is kept, and it is said once.
        let is_gone = matches!(item.fault, Some(DirectoryFault::AccountDeleted { .. }));
        let row = EntryRow {
            entry: item.entry,
            dn: if is_gone { String::new() } else { dn.to_owned() },
            account,
            said: item.said,
            digest: read.or(before.map(|row| row.digest)).unwrap_or([0; 32]),
            pending: (!refusals.is_empty() && !is_gone)
                .then(|| serde_json::to_string(&item.person).expect("a person serialises")),
        };
        Ok(directories::put_entry(tx, id, &row)?)
    }

    fn command(
        &self,
        tx: &mut Tx<'_>,
        id: AccountId,
        command: Command,
        refusals: &mut Vec<Refusal>,
    ) -> Result<(), Error> {
        refused(apply(tx, self.ids, id, command, &self.actor, self.now), refusals).map(|_| ())
    }

    fn create(
        &self,
        tx: &mut Tx<'_>,
        person: &Person,
        refusals: &mut Vec<Refusal>,
    ) -> Result<Option<AccountId>, Error> {
        let Some(address) = address_of(person, refusals) else { return Ok(None) };
        let new = NewAccount {
            id: AccountId::from_number(self.ids.next()),
            mailbox: MailboxId::from_number(self.ids.next()),
            organisation: self.directory.organisation,
            name: person.name.clone(),
            address,
            role: Role::Member,
            password: None,
            quota_bytes: None,
            subscription: None,
        };
        let made = insert_by_machine(tx, self.ids, new, &self.actor, self.now, |_, made| Ok(made));
        let Some(account) = refused(made, refusals)? else { return Ok(None) };
        let wanted = self.profile(Profile::default(), person);
        if wanted != Profile::default() {
            refused(apply_profile(tx, &account, wanted, &self.actor, self.now), refusals)?;
        }
        Ok(Some(account.id))
    }

    fn update(
        &self,
        tx: &mut Tx<'_>,
        id: AccountId,
        person: &Person,
        refusals: &mut Vec<Refusal>,
    ) -> Result<(), Error> {
        let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
        if self.directory.settings.reads(Field::Name)
            && person.name != account.name
            && !person.name.is_empty()
        {
            self.command(tx, id, Command::SetName { name: person.name.clone() }, refusals)?;
        }
        if person.address.is_some()
            && let Some(address) = address_of(person, refusals)
        {
            // An address that it has already is not made the first: perhaps a person chose another.
            let held = addresses::of_target(tx, Target::Account(id))?;
            if !held.iter().any(|held| held.address == address) {
                self.command(tx, id, Command::Rename { to: address }, refusals)?;
            }
        }
        let before = profiles::get(tx, id)?;
        let wanted = self.profile(before.clone(), person);
        if wanted != before {
            refused(apply_profile(tx, &account, wanted, &self.actor, self.now), refusals)?;
        }
        Ok(())
    }

    /// What is known of a person, with what the directory has in its place.
    fn profile(&self, mut known: Profile, person: &Person) -> Profile {
        let settings = &self.directory.settings;
        for (field, into, from) in [
            (Field::GivenName, &mut known.given_name, &person.given_name),
            (Field::FamilyName, &mut known.family_name, &person.family_name),
            (Field::JobTitle, &mut known.job_title, &person.job_title),
            (Field::Department, &mut known.department, &person.department),
        ] {
            if settings.reads(field) {
                into.clone_from(from);
            }
        }
        for (field, kind, from) in [
            (Field::Phone, PhoneKind::Work, &person.phone),
            (Field::Mobile, PhoneKind::Mobile, &person.mobile),
        ] {
            if settings.reads(field) {
                known.phones.retain(|phone| phone.kind != kind);
                known.phones.extend(from.clone().map(|number| Phone { kind, number }));
            }
        }
        known.tidied()
    }
}

fn address_of(person: &Person, refusals: &mut Vec<Refusal>) -> Option<EmailAddress> {
    let text = person.address.clone().unwrap_or_default();
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            refusals.push(DirectoryFault::AddressInvalid { text }.into());
            None
        }
    }
}

/// Notes a refusal and goes on; anything else ends the batch.
pub(super) fn refused<T>(done: Result<T, Error>, refusals: &mut Vec<Refusal>) -> Result<Option<T>, Error> {
    match done.map_err(PartEnd::from) {
        Ok(done) => Ok(Some(done)),
        Err(PartEnd::Refused(why)) => {
            refusals.extend(why);
            Ok(None)
        }
        Err(PartEnd::Failed(error)) => Err(error),
    }
}
