//! The steps. Each reads what is there, does what is missing and reports what it found afterwards.

use super::succession::{self, GivenGroup};
use super::{Ended, certificate, content, record_in};
use crate::execute::apply;
use crate::mailboxes::{insert_shared_mailbox, share};
use crate::organisations::note;
use crate::responders::insert_responder;
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::{Account, Cause};
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::backup::Holder;
use relais_core::departure::{
    AddressHeir, Departure, DepartureState, NewMail, Plan, Step, StepReport, common_reply, default_reply,
};
use relais_core::ids::{AccountId, MailboxId, ResponderId};
use relais_core::inbound::Inbound;
use relais_core::lifecycle::Command;
use relais_core::money::Money;
use relais_core::organisation::{AddressKind, DomainKind, MailboxRight, Responder, SharedMailbox, Target};
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, allows};
use relais_engines::maildir::{FolderReport, HandOver, folder_component};
use relais_store::{
    Tx, accounts, addresses, departures, events, generations, ledger, mailboxes, organisations, responders,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the freeze has to give back when it is undone.
#[derive(Serialize, Deserialize)]
pub(super) struct Frozen {
    /// Whether this departure closed the account, or found it closed.
    pub closed: bool,
    pub inbound_before: Inbound,
    /// The groups that would have had no admin.
    #[serde(default)]
    pub groups_given: Vec<GivenGroup>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Renamed {
    pub from: EmailAddress,
    pub to: EmailAddress,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Given {
    pub addresses: Vec<EmailAddress>,
    pub to: Target,
    /// On a domain of the operator: they stay with the closed account.
    pub stayed: Vec<EmailAddress>,
}

/// What a hand-over did, and what was read back at its destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HandedOver {
    pub to: EmailAddress,
    pub mailbox: MailboxId,
    pub folder: String,
    pub messages: u64,
    pub size_bytes: u64,
    pub personal_messages_left_out: u64,
    pub folders: Vec<FolderReport>,
}

impl Relais {
    pub(super) async fn do_step(&self, departure: &Departure, step: Step) -> Result<Ended, Error> {
        match step {
            Step::Freeze => self.in_transaction(departure, step, freeze).await,
            Step::Inventory => self.in_transaction(departure, step, inventory).await,
            Step::RouteInbound => self.in_transaction(departure, step, route_inbound).await,
            Step::ReassignContent => self.in_transaction(departure, step, content::reassign).await,
            Step::Rename => self.in_transaction(departure, step, rename).await,
            Step::GiveAddresses => self.in_transaction(departure, step, give_addresses).await,
            Step::Certificate => {
                if !departure.is_past_deletion() {
                    self.hand_over_late_mail(departure).await?;
                }
                self.in_transaction(departure, step, finish).await
            }
            Step::CutSessions => {
                let cut = self.cut_sessions(departure.plan.account).await?;
                Ok(Ended::Done(json!({ "sessions_cut": cut, "sessions_left": 0 })))
            }
            Step::BackUp => self.back_up_leaver(departure).await,
            Step::Export => self.export_for_leaver(departure).await,
            Step::HandOverCollections => self.hand_over_collections(departure).await,
            Step::SettleMeetings => self.settle_meetings(departure).await,
            Step::HandOverMail => {
                let handed = self.hand_over_mail(departure, None).await?;
                Ok(Ended::Done(json!(handed)))
            }
            Step::Wait => match departure.plan.delete_after {
                Some(until) if until > self.now() => Ok(Ended::Wait(until)),
                Some(_) | None => Ok(Ended::Done(json!({ "waited_until": departure.plan.delete_after }))),
            },
            Step::Delete => {
                // What may be in the way is met while mail is still taken.
                self.back_up_late_mail(departure).await?;
                self.stop_mail(departure).await?;
                self.let_deliveries_end().await;
                self.hand_over_late_mail(departure).await?;
                self.back_up_late_mail(departure).await?;
                self.in_transaction(departure, step, delete).await
            }
        }
    }

    /// Does a step and records it in one transaction: it happens once, whatever happens to us.
    async fn in_transaction(
        &self,
        departure: &Departure,
        step: Step,
        work: StepWork,
    ) -> Result<Ended, Error> {
        let (departure, ids, now) = (departure.clone(), self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                // Another runner took over while this one was silent: nothing is done twice.
                let as_it_is = departures::get(tx, departure.id)?.ok_or(Error::NotFound)?;
                if as_it_is.steps_done != departure.steps_done {
                    return Ok(Ended::Recorded);
                }
                let mut run = Run {
                    actor: Actor::Departure { id: departure.id, organisation: departure.organisation },
                    plan: &departure.plan,
                    departure: &departure,
                    ids: &ids,
                    now,
                    tx,
                };
                let detail = work(&mut run)?;
                record_in(tx, &departure, step, detail, now)?;
                if step == Step::Certificate {
                    // Reads the step that was just recorded: the certificate covers itself.
                    certificate::issue(tx, departure.id, now)?;
                }
                Ok(Ended::Recorded)
            })
            .await
    }

    /// From here on nothing more is stored in a mailbox that is about to go: what comes is refused, in words.
    async fn stop_mail(&self, departure: &Departure) -> Result<(), Error> {
        let (account, ids, now) = (departure.plan.account, self.ids.clone(), self.now());
        let actor = Actor::Departure { id: departure.id, organisation: departure.organisation };
        self.store
            .write(move |tx| {
                let held = accounts::get(tx, account)?.ok_or(Error::NotFound)?.legal_hold;
                if let Some(hold) = held {
                    return Err(Refusal::from(BackupFault::LegalHold { reason: hold.reason }).into());
                }
                apply(tx, &ids, account, Command::SetInbound { inbound: Inbound::refuse() }, &actor, now)
            })
            .await?;
        Ok(())
    }

    /// Mail that was kept here since the hand-over goes after it, and is counted with it.
    async fn hand_over_late_mail(&self, departure: &Departure) -> Result<(), Error> {
        let Some(before) = departure.report_of(Step::HandOverMail).cloned() else { return Ok(()) };
        let known: HandedOver = serde_json::from_value(before.detail.clone())
            .map_err(|error| Error::Internal(format!("report of {}: {error}", departure.id)))?;
        let handed = self.hand_over_mail(departure, Some(known)).await?;
        let report = StepReport { detail: json!(handed), ..before };
        let (id, steps_done) = (departure.id, departure.steps_done);
        self.store
            .write(move |tx| {
                departures::forget_step(tx, id, Step::HandOverMail)?;
                departures::record_step(tx, id, steps_done, &report)?;
                Ok(())
            })
            .await
    }

    /// Hands over what was not yet, and reads back what is there unless it is `known`.
    async fn hand_over_mail(
        &self,
        departure: &Departure,
        known: Option<HandedOver>,
    ) -> Result<HandedOver, Error> {
        let plan = departure.plan.clone();
        let to =
            plan.old_mail_to.clone().ok_or_else(|| Error::Internal("no destination is planned".into()))?;
        let (leaver, wanted) = (plan.account, to.clone());
        // What came since goes to the mailbox that has the rest, whoever has the address today.
        let before = known.as_ref().map(|known| known.mailbox);
        let (from, mailbox) = self
            .store
            .read(move |tx| {
                let account = accounts::get(tx, leaver)?.ok_or(Error::NotFound)?;
                let mailbox = before.map_or_else(|| destination(tx, &wanted), Ok)?;
                Ok::<_, Error>((account.mailbox, mailbox))
            })
            .await?;
        if let Some(known) = known.as_ref().filter(|_| !self.maildirs.home(mailbox).exists()) {
            // Removed with its holder; the backup keeps what came since.
            return Ok(known.clone());
        }
        self.let_deliveries_end().await;
        let folder = folder_component(plan.leaver.as_str());
        let (maildirs, marks, under) = (self.maildirs.clone(), self.personal_marks.clone(), folder.clone());
        let (handed, folders) = tokio::task::spawn_blocking(move || {
            maildirs.create(from)?;
            maildirs.create(mailbox)?;
            let handed = maildirs.hand_over(from, mailbox, &under, &marks, &mut |_, _| {})?;
            let same = known.filter(|known| known.mailbox == mailbox && known.messages == handed.messages);
            let folders = match same {
                Some(known) => known.folders,
                None => maildirs.folders_below(mailbox, &under)?,
            };
            Ok::<(HandOver, Vec<FolderReport>), std::io::Error>((handed, folders))
        })
        .await??;
        let found: u64 = folders.iter().map(|folder| folder.messages).sum();
        if plan.shared_mailbox.is_some() {
            self.write_shares(mailbox).await?;
        }
        tracing::info!(departure = %departure.id, messages = handed.messages, found, "mail was handed over");
        Ok(HandedOver {
            to,
            mailbox,
            folder,
            messages: handed.messages,
            size_bytes: handed.bytes,
            personal_messages_left_out: handed.personal_messages,
            folders,
        })
    }
}

type StepWork = fn(&mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error>;

/// One step inside its transaction.
pub(super) struct Run<'r, 't, 'c> {
    pub actor: Actor,
    pub plan: &'r Plan,
    departure: &'r Departure,
    pub ids: &'r Ids,
    pub now: Timestamp,
    pub tx: &'t mut Tx<'c>,
}

impl Run<'_, '_, '_> {
    fn command(&mut self, command: Command) -> Result<Account, Error> {
        apply(self.tx, self.ids, self.plan.account, command, &self.actor, self.now)
    }

    pub fn account(&mut self) -> Result<Account, Error> {
        accounts::get(self.tx, self.plan.account)?.ok_or(Error::NotFound)
    }
}

/// Closes every door. New mail is kept until the next steps have decided where it goes: none is refused in between.
fn freeze(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    if let Some(address) = &run.plan.successor {
        let (address, now) = (address.clone(), run.now);
        let successor = accounts::holding(run.tx, &address)?;
        if !successor.is_some_and(|account| allows(&account, Act::ReceiveGroupMail, now)) {
            return Err(Refusal::SuccessorNotActive { address }.into());
        }
    }
    let before = run.account()?;
    let closed = match &before.deactivation {
        None => true,
        // To freeze a second time what it has frozen.
        Some(closed) => closed.at >= run.departure.created_at && closed_by(run, before.id)? == run.actor,
    };
    let groups_given = succession::give(run.tx, run.departure, run.actor, run.now)?;
    let inbound = before.deactivation.is_none().then(Inbound::deliver);
    run.command(Command::Deactivate { cause: Cause::Departure, inbound, content: None })?;
    Ok(json!(Frozen { closed, inbound_before: before.inbound, groups_given }))
}

/// Who closed a closed account.
fn closed_by(run: &mut Run<'_, '_, '_>, account: AccountId) -> Result<Actor, Error> {
    let events = events::page(run.tx, run.departure.organisation, &account.to_string(), 0, i64::MAX)?;
    let closed = events.into_iter().rev().find(|event| event.kind == "account.deactivated");
    closed.map(|event| event.actor).ok_or_else(|| Error::Internal("closed without an event".into()))
}

fn inventory(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let account = run.account()?;
    let planned = &run.plan.findings;
    let on_disk = super::OnDisk {
        messages: planned.messages,
        size_bytes: planned.size_bytes,
        collections: planned.collections.clone(),
        meetings: planned.meetings.clone(),
    };
    let found = super::findings(run.tx, &account, on_disk, run.now)?;
    Ok(json!(found))
}

/// Makes the shared mailbox or the responder if it is not there, and sets where new mail goes.
fn route_inbound(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let mut made = None;
    if let Some(address) = run.plan.shared_mailbox.clone() {
        made = ensure_shared_mailbox(run, &address)?.then_some(address);
    }
    if let NewMail::Responder { name, text, .. } = run.plan.new_mail.clone() {
        ensure_responder(run, &name, &text)?;
    }
    // A responder answers from the moment the addresses are its own: until then mail is kept.
    let inbound = match run.plan.new_mail {
        NewMail::Responder { .. } => Inbound::deliver(),
        // It may have been held longer than its first phases were to last.
        NewMail::Redirect { .. } | NewMail::Reply { .. } => run.plan.inbound()?.from_now(run.now),
    };
    run.command(Command::SetInbound { inbound: inbound.clone() })?;
    Ok(json!({ "inbound": inbound, "shared_mailbox_made": made }))
}

fn ensure_shared_mailbox(run: &mut Run<'_, '_, '_>, address: &EmailAddress) -> Result<bool, Error> {
    let organisation = run.departure.organisation;
    let found = mailboxes::named(run.tx, address)?.filter(|mailbox| mailbox.organisation == organisation);
    let (mailbox, made) = match found {
        Some(mailbox) => (mailbox, false),
        None => {
            let mailbox = SharedMailbox {
                id: MailboxId::from_number(run.ids.next()),
                organisation,
                address: address.clone(),
                name: run.plan.name.clone(),
                created_at: run.now,
            };
            insert_shared_mailbox(run.tx, &mailbox, run.ids.next(), run.actor, run.now)?;
            (mailbox, true)
        }
    };
    if let Some(successor) = &run.plan.successor {
        let account = accounts::holding(run.tx, successor)?.ok_or(Error::NotFound)?;
        share(run.tx, &mailbox, account.id, Some(MailboxRight::ReadWrite), run.actor, run.now)?;
        let effect = relais_core::lifecycle::Effect::ShareMailbox { mailbox: mailbox.id };
        relais_store::outbox::push(run.tx, run.ids.next(), &effect, run.now)?;
    }
    Ok(made)
}

fn ensure_responder(run: &mut Run<'_, '_, '_>, name: &str, text: &str) -> Result<ResponderId, Error> {
    let organisation = run.departure.organisation;
    if let Some(found) = responders::named(run.tx, organisation, name)? {
        return Ok(found.id);
    }
    let id = ResponderId::from_number(run.ids.next());
    let usual = usual_texts(run)?;
    // Those who leave later are not answered for with this one's name.
    let text = if text == usual.own { usual.common } else { text.to_owned() };
    let responder = Responder { id, organisation, name: name.to_owned(), text, created_at: run.now };
    insert_responder(run.tx, &responder, run.actor, run.now)?;
    Ok(id)
}

struct UsualTexts {
    own: String,
    common: String,
}

fn usual_texts(run: &mut Run<'_, '_, '_>) -> Result<UsualTexts, Error> {
    let organisation = organisations::get(run.tx, run.departure.organisation)?.ok_or(Error::NotFound)?;
    let language = organisation.language;
    let own = default_reply(language, &run.plan.leaver, run.plan.successor.as_ref());
    Ok(UsualTexts { own, common: common_reply(language).to_owned() })
}

/// What the responder says for the leaver; `None` is its common text, if someone wrote one (B15).
fn own_text(run: &mut Run<'_, '_, '_>, responder: ResponderId, text: &str) -> Result<Option<String>, Error> {
    let usual = usual_texts(run)?;
    let common = responders::get(run.tx, responder)?.map(|responder| responder.text).unwrap_or_default();
    let someone_wrote_one = common != usual.common && !common.trim().is_empty();
    Ok((text != usual.own || !someone_wrote_one).then(|| text.to_owned()))
}

/// The mailbox behind an address: an account's, or a shared one.
pub(super) fn destination(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<MailboxId, Error> {
    if let Some(shared) = mailboxes::named(tx, address)? {
        return Ok(shared.id);
    }
    let account = accounts::holding(tx, address)?;
    Ok(account.ok_or_else(|| Refusal::SuccessorNotActive { address: address.clone() })?.mailbox)
}

fn rename(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let to = run.plan.renamed_to.clone();
    // Renamed already, if it is done a second time.
    let from = Some(run.account()?.address).filter(|from| *from != to).unwrap_or(run.plan.leaver.clone());
    run.command(Command::Rename { to: to.clone() })?;
    Ok(json!(Renamed { from, to }))
}

fn give_addresses(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let to = match &run.plan.heir {
        AddressHeir::Successor { address } => {
            let account = accounts::holding(run.tx, address)?;
            Target::Account(
                account.ok_or_else(|| Refusal::SuccessorNotActive { address: address.clone() })?.id,
            )
        }
        AddressHeir::SharedMailbox { address } => {
            Target::SharedMailbox(mailboxes::named(run.tx, address)?.ok_or(Error::NotFound)?.id)
        }
        AddressHeir::Responder { name } => {
            let found = responders::named(run.tx, run.departure.organisation, name)?;
            Target::Responder(found.ok_or(Error::NotFound)?.id)
        }
        AddressHeir::Stay | AddressHeir::Released => {
            return Err(Error::Internal("nobody is to have the addresses".into()));
        }
    };
    let held = addresses::of_target(run.tx, Target::Account(run.plan.account))?;
    let mut given = Given { addresses: given_before(run, to)?, to, stayed: vec![] };
    let text = match (&run.plan.new_mail, to) {
        (NewMail::Responder { text, until, .. }, Target::Responder(id)) => {
            Some((own_text(run, id, text)?, *until))
        }
        _ => None,
    };
    for address in held.into_iter().filter(|held| held.kind == AddressKind::Alias) {
        if address.domain == DomainKind::Provider {
            given.stayed.push(address.address);
            continue;
        }
        run.command(Command::MoveAddress { address: address.address.clone(), to })?;
        if let Some((text, until)) = &text {
            addresses::set_reply(run.tx, &address.address, text.as_deref(), *until)?;
        }
        given.addresses.push(address.address);
    }
    if matches!(run.plan.new_mail, NewMail::Responder { .. }) && given.stayed.is_empty() {
        run.command(Command::SetInbound { inbound: Inbound::refuse() })?;
    }
    Ok(json!(given))
}

/// The leaver's addresses that the heir has already, if it is done a second time.
fn given_before(run: &mut Run<'_, '_, '_>, to: Target) -> Result<Vec<EmailAddress>, Error> {
    let mut given = Vec::new();
    for address in &run.plan.findings.addresses {
        if addresses::get(run.tx, address)?.is_some_and(|held| held.target == Some(to)) {
            given.push(address.clone());
        }
    }
    Ok(given)
}

fn delete(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let held = addresses::of_target(run.tx, Target::Account(run.plan.account))?;
    let organisation = organisations::get(run.tx, run.departure.organisation)?.ok_or(Error::NotFound)?;
    let balance_minor = ledger::balance_minor(run.tx, organisation.id)?;
    let content = content::before_deletion(run)?;
    run.command(Command::Delete { content })?;
    let amount_minor = ledger::balance_minor(run.tx, organisation.id)? - balance_minor;
    let credited = (amount_minor > 0).then_some(Money { amount_minor, currency: organisation.currency });
    let freed: Vec<_> = held.into_iter().map(|held| held.address).collect();
    let backup = generations::newest(run.tx, Holder::Account(run.plan.account))?.map(|snapshot| snapshot.id);
    Ok(json!({ "addresses_freed": freed, "credited": credited, "backup": backup }))
}

fn finish(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    let Departure { id, organisation, .. } = *run.departure;
    departures::set_state(run.tx, id, DepartureState::Finished, None, run.now)?;
    note(run.tx, organisation, "departure.finished", id, json!({}), run.actor, run.now)?;
    Ok(json!({}))
}
