//! The departure workflow: rows that say how far each departure is, and a runner that does the next step. A process
//! may die at any instant: a step that is half done is done again, and every step may be.

pub mod certificate;
mod collections;
mod content;
mod keeping;
mod meetings;
pub(crate) mod policy;
mod steering;
mod steps;
mod succession;
mod undo;

use crate::execute::{apply, decide_only, only_admin_of};
use crate::means::{day_of, time_zone};
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::{Account, Cause};
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::departure::{
    self, Departure, DepartureState, Findings, NewMail, Order, Plan, PlanFacts, Step, StepReport, plan,
};
use relais_core::ids::{AccountId, DepartureId, OrganisationId};
use relais_core::inbound::Inbound;
use relais_core::lifecycle::{Availability, Command, check_free, check_name};
use relais_core::money::Money;
use relais_core::organisation::Target;
use relais_core::refusal::Refusal;
use relais_core::routing;
use relais_engines::maildir::Usage;
use relais_store::{Tx, accounts, addresses, departures, groups, mailboxes, offers, organisations, profiles};
use serde_json::json;
use std::convert::Infallible;

/// How long a runner may be silent before another takes over its departure.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
const RETRY_DELAY: SignedDuration = SignedDuration::from_secs(5);
/// How many `user1.bck`, `user1.bck2`… are tried.
const BACKUP_NAMES_MAX: u32 = 100;

/// What a person reads of trouble that is not a refusal; what it was exactly stands in the log.
const PASSES_FR: &str = "Le stockage ou un moteur ne répond pas ; l'étape sera tentée à nouveau d'elle-même.";
const PASSES_EN: &str = "Storage or an engine does not answer; the step is tried again by itself.";
const DEFECT_FR: &str =
    "L'étape a échoué par un défaut interne ; voyez le journal du serveur, puis reprenez ou annulez.";
const DEFECT_EN: &str = "The step failed by an internal defect; see the server's log, then resume or undo.";

/// What a plan finds in files.
#[derive(Clone)]
struct OnDisk {
    messages: u64,
    size_bytes: u64,
    collections: Vec<String>,
    meetings: Vec<departure::Meeting>,
}

/// Where the runner leaves a departure.
struct Pause {
    wake_at: Timestamp,
    /// The state for which that was decided.
    seen: DepartureState,
}

/// How a step ended.
pub(crate) enum Ended {
    Done(serde_json::Value),
    /// Done and recorded in one transaction already.
    Recorded,
    Wait(Timestamp),
}

impl Relais {
    /// Everything a departure would do, and what it would be refused for. Changes nothing.
    ///
    /// # Errors
    /// [`Error::RefusedAll`] with every refusal at once.
    pub async fn plan_departure(&self, id: AccountId, order: Order, actor: Actor) -> Result<Plan, Error> {
        let on_disk = self.on_disk(id, actor).await?;
        let now = self.now();
        let outcome = self
            .store
            .read(move |tx| {
                let (plan, _) = draw_up(tx, id, &order, on_disk.clone(), &actor, now)?;
                Ok::<_, Error>(plan)
            })
            .await?;
        Ok(outcome)
    }

    /// Starts a departure, or schedules it for its date.
    ///
    /// # Errors
    /// As [`Relais::plan_departure`]; nothing happened then.
    pub async fn start_departure(
        &self,
        id: AccountId,
        order: Order,
        actor: Actor,
    ) -> Result<Departure, Error> {
        let on_disk = self.on_disk(id, actor).await?;
        let departure_id = DepartureId::from_number(self.ids.next());
        let (ids, now) = (self.ids.clone(), self.now());
        let departure = self
            .store
            .write(move |tx| {
                let (plan, account) = draw_up(tx, id, &order, on_disk.clone(), &actor, now)?;
                let later = plan.begins_at > now;
                let departure = Departure {
                    id: departure_id,
                    organisation: account.organisation,
                    state: if later { DepartureState::Scheduled } else { DepartureState::Running },
                    steps_done: 0,
                    reports: vec![],
                    trouble: None,
                    created_at: now,
                    plan,
                };
                departures::insert(tx, &departure, &actor, departure.plan.begins_at)?;
                if later {
                    // Behind the row: the plan says who has the groups then.
                    let at = Some(departure.plan.begins_at);
                    apply(tx, &ids, id, Command::SetLeaving { at }, &actor, now)?;
                }
                let detail = json!({ "account": id, "order": order, "begins_at": departure.plan.begins_at });
                note(tx, account.organisation, "departure.started", departure_id, detail, actor, now)?;
                Ok::<_, Error>(departure)
            })
            .await?;
        self.work.notify_one();
        Ok(departure)
    }

    /// Reads mailbox and calendars only for whoever may end the account, and makes none: a plan changes nothing.
    async fn on_disk(&self, id: AccountId, actor: Actor) -> Result<OnDisk, Error> {
        let (account, organisers, zone) = self
            .store
            .read(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
                let held = addresses::of_target(tx, Target::Account(id))?;
                let organisers: Vec<_> = held.into_iter().map(|held| held.address).collect();
                Ok::<_, Error>((account, organisers, time_zone(&organisation.time_zone)?))
            })
            .await?;
        if !actor.has_over(Power::EndAccounts, &account) {
            return Err(Refusal::NotAllowed.into());
        }
        let found = self.meetings_of(id, organisers, zone).await?;
        let meetings = found.into_iter().map(|meeting| departure::Meeting {
            summary: (!meeting.personal).then_some(meeting.summary),
            next: meeting.next,
            recurring: meeting.recurring,
            // With whom a personal one is stays with the person, too.
            attendees: if meeting.personal {
                Vec::new()
            } else {
                meeting.attendees.iter().map(ToString::to_string).collect()
            },
        });
        let meetings = meetings.collect();
        let (maildirs, disk, marks) =
            (self.maildirs.clone(), self.collections.clone(), self.personal_marks.clone());
        tokio::task::spawn_blocking(move || {
            let usage = match maildirs.home(account.mailbox).exists() {
                true => maildirs.usage(account.mailbox)?,
                false => Usage::default(),
            };
            let shown = disk.list(id, &marks)?.into_iter().filter(|collection| !collection.personal);
            let collections = shown.map(|collection| collection.display_name).collect();
            Ok(OnDisk { messages: usage.messages, size_bytes: usage.bytes, collections, meetings })
        })
        .await?
    }

    /// Takes one departure that has something to do and does it until it ends, waits or is stopped. `false` when
    /// none had.
    pub(crate) async fn advance_one_departure(&self) -> bool {
        let (node, now) = (self.node.clone(), self.now());
        let claimed = self
            .store
            .write(move |tx| departures::claim(tx, &node, now, now + LEASE).map_err(Error::from))
            .await;
        let id = match claimed {
            Ok(Some(id)) => id,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(%error, "departures cannot be read");
                return false;
            }
        };
        let advanced = tokio::select! {
            advanced = self.advance(id) => advanced,
            never = self.keep_lease(id) => match never {},
        };
        let (wake_at, seen) = match advanced {
            Ok(Pause { wake_at, seen }) => (wake_at, Some(seen)),
            Err(error) => (self.note_trouble(id, &error).await, None),
        };
        let node = self.node.clone();
        let released = self
            .store
            .write(move |tx| {
                let state = departures::get(tx, id)?.map(|departure| departure.state);
                // Someone said otherwise since it was last looked at: what they want does not wait.
                let wake_at = if seen.is_some() && seen != state { now } else { wake_at };
                departures::release(tx, id, &node, wake_at).map_err(Error::from)
            })
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, %id, "the lease of a departure runs out by itself");
        }
        true
    }

    /// A step may take longer than a lease lasts: a large mailbox, a slow disk.
    async fn keep_lease(&self, id: DepartureId) -> Infallible {
        loop {
            tokio::time::sleep(LEASE.unsigned_abs() / 4).await;
            let (node, until) = (self.node.clone(), self.now() + LEASE);
            let kept =
                self.store.write(move |tx| Ok::<_, Error>(departures::keep(tx, id, &node, until)?)).await;
            if let Err(error) = kept {
                tracing::warn!(%error, %id, "the lease of a departure could not be renewed");
            }
        }
    }

    /// Does step after step and returns when to look again.
    async fn advance(&self, id: DepartureId) -> Result<Pause, Error> {
        loop {
            let departure = self.look(move |tx| departures::get(tx, id)).await?.ok_or(Error::NotFound)?;
            let until = |wake_at| Ok(Pause { wake_at, seen: departure.state });
            let now = self.now();
            match departure.state {
                DepartureState::Held | DepartureState::Undone | DepartureState::Finished => {
                    return until(now);
                }
                DepartureState::Undoing => {
                    self.undo_last_step(&departure).await?;
                }
                DepartureState::Scheduled | DepartureState::Running => {
                    let Some(step) = departure.next_step() else { return until(now) };
                    match self.do_step(&departure, step).await? {
                        Ended::Done(detail) => self.record(&departure, step, detail).await?,
                        Ended::Recorded => {}
                        Ended::Wait(end) => return until(end),
                    }
                    self.settle_effects().await;
                }
            }
        }
    }

    async fn record(
        &self,
        departure: &Departure,
        step: Step,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        let (departure, now) = (departure.clone(), self.now());
        self.store.write(move |tx| record_in(tx, &departure, step, detail.clone(), now)).await
    }

    /// Does the rows of a step and records it in one transaction, unless another runner was faster. What an earlier try
    /// wrote down before it began is replaced.
    async fn record_with(
        &self,
        departure: &Departure,
        step: Step,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<serde_json::Value, Error> + Send + 'static,
    ) -> Result<Ended, Error> {
        let (departure, now) = (departure.clone(), self.now());
        self.store
            .write(move |tx| {
                let as_it_is = departures::get(tx, departure.id)?.ok_or(Error::NotFound)?;
                if as_it_is.steps_done == departure.steps_done {
                    let detail = work(tx)?;
                    departures::forget_step(tx, departure.id, step)?;
                    record_in(tx, &departure, step, detail, now)?;
                }
                Ok(Ended::Recorded)
            })
            .await
    }

    /// Writes down what a step is about to do, so that whoever repeats or undoes it knows, however far it came.
    async fn intend(
        &self,
        departure: &Departure,
        step: Step,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        let (departure, report) = (departure.clone(), StepReport { step, done_at: self.now(), detail });
        self.store
            .write(move |tx| {
                departures::forget_step(tx, departure.id, step)?;
                departures::record_step(tx, departure.id, departure.steps_done, &report)?;
                Ok::<_, Error>(())
            })
            .await
    }

    /// What a failed step leaves behind: trouble that passes is tried again, anything else waits for a person.
    async fn note_trouble(&self, id: DepartureId, error: &Error) -> Timestamp {
        let now = self.now();
        let passes = error.passes();
        tracing::warn!(%error, %id, passes, "a step of a departure failed");
        let (next_at, passes) = (now + RETRY_DELAY, passes);
        let refusal = match error {
            Error::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        };
        let written = self
            .store
            .write(move |tx| {
                let departure = departures::get(tx, id)?.ok_or(Error::NotFound)?;
                let organisation = organisations::get(tx, departure.organisation)?.ok_or(Error::NotFound)?;
                let trouble = match &refusal {
                    Some(refusal) => refusal.sentence(organisation.language),
                    None if passes => organisation.language.pick(PASSES_FR, PASSES_EN).to_owned(),
                    None => organisation.language.pick(DEFECT_FR, DEFECT_EN).to_owned(),
                };
                let state = if passes { departure.state } else { DepartureState::Held };
                departures::set_state(tx, id, state, Some(&trouble), next_at)?;
                if !passes {
                    let actor = Actor::Departure { id, organisation: departure.organisation };
                    note(
                        tx,
                        departure.organisation,
                        "departure.held",
                        id,
                        json!({ "trouble": trouble }),
                        actor,
                        now,
                    )?;
                }
                Ok::<_, Error>(())
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, %id, "the trouble of a departure could not be written");
        }
        next_at
    }
}

/// Writes that `step` is done, in the transaction that did it.
pub(crate) fn record_in(
    tx: &mut Tx<'_>,
    departure: &Departure,
    step: Step,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let id = departure.id;
    let report = StepReport { step, done_at: now, detail };
    if departures::record_step(tx, id, departure.steps_done + 1, &report)? {
        let actor = Actor::Departure { id, organisation: departure.organisation };
        let detail = json!({ "step": step, "report": report.detail });
        note(tx, departure.organisation, "departure.step_done", id, detail, actor, now)?;
    }
    // As it is now: it may have been held since the step began.
    if departures::get(tx, id)?.is_some_and(|departure| departure.state == DepartureState::Scheduled) {
        departures::set_state(tx, id, DepartureState::Running, None, now)?;
    }
    Ok(())
}

/// The plan as things are, with the refusals of the freeze found before anything happens.
fn draw_up(
    tx: &mut Tx<'_>,
    id: AccountId,
    order: &Order,
    on_disk: OnDisk,
    actor: &Actor,
    now: Timestamp,
) -> Result<(Plan, Account), Error> {
    let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
    if !actor.has_over(Power::EndAccounts, &account) {
        return Err(Refusal::NotAllowed.into());
    }
    let language = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?.language;
    let successor = match &order.to {
        Some(address) => accounts::holding(tx, address)?,
        None => None,
    };
    let group_heir = match &order.groups_to {
        Some(address) => accounts::holding(tx, address)?,
        None => None,
    };
    let facts = PlanFacts {
        leaver: &account,
        successor: successor.as_ref(),
        group_heir: group_heir.as_ref(),
        renamed_to: backup_name(tx, &account)?,
        departure_in_progress: departures::open_of(tx, id)?.is_some(),
        findings: findings(tx, &account, on_disk, order.on.unwrap_or(now))?,
        language,
    };
    let (planned, mut refusals) = match plan(order, &facts, now) {
        Ok(plan) => {
            let refusals = in_the_way(tx, &plan, account.organisation)?;
            (Some(plan), refusals)
        }
        Err(refusals) => (None, refusals),
    };
    let freeze =
        Command::Deactivate { cause: Cause::Departure, inbound: Some(Inbound::deliver()), content: None };
    match decide_only(tx, &account, freeze, actor, now) {
        Ok(()) => {}
        // Their admin is somebody else by then.
        Err(Error::Refused(Refusal::OnlyGroupAdmin { .. }))
            if planned.as_ref().is_some_and(|plan| plan.groups_to.is_some()) => {}
        Err(Error::Refused(refusal)) => {
            if !refusals.contains(&refusal) {
                refusals.push(refusal);
            }
        }
        Err(error) => return Err(error),
    }
    match (planned, refusals.is_empty()) {
        (Some(plan), true) => Ok((plan, account)),
        _ => Err(Error::RefusedAll(refusals)),
    }
}

/// What a later step would be refused for, found while nothing has happened yet.
fn in_the_way(tx: &mut Tx<'_>, plan: &Plan, organisation: OrganisationId) -> Result<Vec<Refusal>, Error> {
    let mut refusals = Vec::new();
    match &plan.new_mail {
        NewMail::Redirect { .. } => {
            let leaver = Target::Account(plan.account);
            let through = routing::loop_through(tx, leaver, &plan.inbound()?)?;
            refusals.extend(through.map(|through| Refusal::RedirectLoop { through }));
        }
        NewMail::Responder { name, .. } => refusals.extend(check_name(name).err()),
        NewMail::Reply { .. } => {}
    }
    if let Some(address) = &plan.shared_mailbox {
        let found = mailboxes::named(tx, address)?.filter(|mailbox| mailbox.organisation == organisation);
        if found.is_none() {
            let wanted = addresses::availability(tx, address, organisation)?;
            refusals.extend(check_free(address, &wanted).err());
        }
    }
    Ok(refusals)
}

fn findings(
    tx: &mut Tx<'_>,
    account: &Account,
    on_disk: OnDisk,
    begins_at: Timestamp,
) -> Result<Findings, Error> {
    let id = account.id;
    let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
    let last_day = day_of(&organisation, begins_at)?;
    let unused_minor = account.term.map(|term| term.unused_minor(last_day)).filter(|amount| *amount > 0);
    let subscription = account.subscription.map(|id| offers::subscription(tx, id)).transpose()?.flatten();
    Ok(Findings {
        addresses: addresses::of_target(tx, Target::Account(id))?
            .into_iter()
            .map(|held| held.address)
            .collect(),
        groups: groups::of_member(tx, id)?.into_iter().map(|group| group.name).collect(),
        only_admin_of: only_admin_of(tx, id, begins_at)?.into_iter().map(|group| group.name).collect(),
        redirects_in: accounts::redirecting_to(tx, Target::Account(id))?,
        redirects_out: account.inbound.redirect_targets().cloned().collect(),
        shared_mailboxes: mailboxes::of_member(tx, id)?.into_iter().map(|mailbox| mailbox.address).collect(),
        subscription: subscription.map(|subscription| subscription.terms.name),
        credit: unused_minor.map(|amount_minor| Money { amount_minor, currency: organisation.currency }),
        external_address: profiles::get(tx, id)?.external_address,
        messages: on_disk.messages,
        size_bytes: on_disk.size_bytes,
        collections: on_disk.collections,
        content: relais_store::content::counts_of_owner(tx, id)?,
        meetings: on_disk.meetings,
    })
}

/// `user1.bck@…`, or the first of `user1.bck2@…`, `user1.bck3@…` that is free (B5).
fn backup_name(tx: &mut Tx<'_>, account: &Account) -> Result<EmailAddress, Error> {
    let local = account.address.local();
    for number in 1..=BACKUP_NAMES_MAX {
        let suffix = if number == 1 { ".bck".to_owned() } else { format!(".bck{number}") };
        let kept: String = local.chars().take(64 - suffix.len()).collect();
        let Ok(address) = account.address.with_local(&format!("{kept}{suffix}")) else { continue };
        if matches!(addresses::availability(tx, &address, account.organisation)?, Availability::Free(_)) {
            return Ok(address);
        }
    }
    Err(Refusal::AddressTaken { address: account.address.clone() }.into())
}
