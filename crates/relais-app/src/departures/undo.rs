//! The way back: each step that was done is undone, the last one first. Undoing may be repeated like doing.

use super::content;
use super::steps::{Frozen, Given, HandedOver, Renamed, destination};
use super::succession;
use crate::execute::apply;
use crate::organisations::note;
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::departure::{Departure, DepartureState, Step, StepReport};
use relais_core::ids::MailboxId;
use relais_core::inbound::Inbound;
use relais_core::lifecycle::{AddressChange, Command};
use relais_core::organisation::{AddressKind, DomainKind, Target};
use relais_core::refusal::Refusal;
use relais_engines::maildir::folder_component;
use relais_store::{Tx, accounts, addresses, departures};
use serde::de::DeserializeOwned;
use serde_json::json;

impl Relais {
    /// Takes back the last step that was done, or ends the way back.
    pub(super) async fn undo_last_step(&self, departure: &Departure) -> Result<(), Error> {
        let last = departure.plan.steps.iter().rev().find_map(|step| departure.report_of(*step)).cloned();
        // What a step has begun comes after everything that is recorded, so it goes first.
        match departure.next_step() {
            Some(Step::HandOverMail) => self.take_back_what_was_begun(departure).await?,
            Some(Step::HandOverCollections) => self.take_collections_back(departure, None).await?,
            Some(Step::Export) => self.withdraw_exports(departure).await?,
            Some(_) | None => {}
        }
        if let Some(report) = &last {
            self.undo_outside(departure, report).await?;
        }
        let (departure, ids, now) = (departure.clone(), self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let actor = Actor::Departure { id: departure.id, organisation: departure.organisation };
                match &last {
                    Some(report) => {
                        undo_in(tx, &ids, &departure, report, &actor, now)?;
                        departures::forget_step(tx, departure.id, report.step)?;
                        let detail = json!({ "step": report.step });
                        note(
                            tx,
                            departure.organisation,
                            "departure.step_undone",
                            departure.id,
                            detail,
                            actor,
                            now,
                        )
                    }
                    None => end(tx, &ids, &departure, &actor, now),
                }
            })
            .await?;
        self.settle_effects().await;
        Ok(())
    }

    /// What a step did outside of the tables.
    async fn undo_outside(&self, departure: &Departure, report: &StepReport) -> Result<(), Error> {
        match report.step {
            Step::HandOverMail => {
                let handed: HandedOver = read(report)?;
                self.take_mail_back(departure, handed.mailbox, handed.folder).await
            }
            Step::HandOverCollections => self.take_collections_back(departure, Some(report)).await,
            Step::SettleMeetings => self.unsettle_meetings(departure, report).await,
            Step::Export => self.withdraw_exports(departure).await,
            Step::Freeze
            | Step::CutSessions
            | Step::Inventory
            | Step::RouteInbound
            | Step::BackUp
            | Step::ReassignContent
            | Step::Rename
            | Step::GiveAddresses
            | Step::Wait
            | Step::Delete
            | Step::Certificate => Ok(()),
        }
    }

    /// A hand-over is on disk before it is recorded: one that was cut short has left messages there.
    async fn take_back_what_was_begun(&self, departure: &Departure) -> Result<(), Error> {
        let Some(to) = departure.plan.old_mail_to.clone() else { return Ok(()) };
        let found: Result<MailboxId, Error> = self.store.read(move |tx| destination(tx, &to)).await;
        match found {
            Ok(mailbox) => {
                let folder = folder_component(departure.plan.leaver.as_str());
                self.take_mail_back(departure, mailbox, folder).await
            }
            // Nobody there any more: nor any mail.
            Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn take_mail_back(
        &self,
        departure: &Departure,
        mailbox: MailboxId,
        folder: String,
    ) -> Result<(), Error> {
        let leaver = departure.plan.account;
        let account = self.look(move |tx| accounts::get(tx, leaver)).await?.ok_or(Error::NotFound)?;
        let maildirs = self.maildirs.clone();
        let taken = tokio::task::spawn_blocking(move || {
            if !maildirs.home(mailbox).exists() {
                // Removed with its holder, and the mail with it.
                return Ok(0);
            }
            maildirs.create(mailbox)?;
            maildirs.create(account.mailbox)?;
            maildirs.take_back(account.mailbox, mailbox, &folder)
        })
        .await??;
        tracing::info!(departure = %departure.id, taken, "handed-over mail was taken back");
        Ok(())
    }
}

pub(super) fn read<T: DeserializeOwned>(report: &StepReport) -> Result<T, Error> {
    serde_json::from_value(report.detail.clone())
        .map_err(|error| Error::Internal(format!("report of {}: {error}", report.step.as_str())))
}

fn undo_in(
    tx: &mut Tx<'_>,
    ids: &Ids,
    departure: &Departure,
    report: &StepReport,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let id = departure.plan.account;
    let command = |tx: &mut Tx<'_>, command| apply(tx, ids, id, command, actor, now).map(|_: Account| ());
    match report.step {
        Step::Freeze => {
            let frozen: Frozen = read(report)?;
            if frozen.closed {
                command(tx, Command::Reactivate)?;
            } else {
                let inbound = frozen.inbound_before.from_now(now);
                match command(tx, Command::SetInbound { inbound }) {
                    // The world went on. Mail is kept, and whoever closed the account decides anew.
                    Err(Error::Refused(Refusal::RedirectLoop { .. } | Refusal::RedirectNowhere { .. })) => {
                        command(tx, Command::SetInbound { inbound: Inbound::deliver() })
                    }
                    done => done,
                }?;
            }
            succession::take_back(tx, departure, &frozen.groups_given, *actor, now)
        }
        Step::Rename => {
            let renamed: Renamed = read(report)?;
            command(tx, Command::Rename { to: renamed.from })?;
            let held = addresses::get(tx, &renamed.to)?;
            match held.filter(|held| held.target == Some(Target::Account(id))) {
                // What a provider domain gave once stays with whom it was given to.
                Some(held) if held.domain == DomainKind::Own => {
                    command(tx, Command::RemoveAlias { address: renamed.to })
                }
                Some(_) | None => Ok(()),
            }
        }
        Step::ReassignContent => content::take_back(tx, ids, report, actor, now),
        Step::GiveAddresses => take_addresses_back(tx, departure, &read(report)?, now),
        Step::CutSessions
        | Step::Inventory
        | Step::RouteInbound
        | Step::BackUp
        | Step::Export
        | Step::HandOverMail
        | Step::SettleMeetings
        | Step::HandOverCollections
        | Step::Wait
        | Step::Certificate => Ok(()),
        Step::Delete => Err(Refusal::DepartureNotUndoable.into()),
    }
}

/// An address that someone else was given since stays with them.
fn take_addresses_back(
    tx: &mut Tx<'_>,
    departure: &Departure,
    given: &Given,
    now: Timestamp,
) -> Result<(), Error> {
    let leaver = Target::Account(departure.plan.account);
    for address in &given.addresses {
        let held = addresses::get(tx, address)?.and_then(|held| held.target);
        if held == Some(given.to) {
            let change =
                AddressChange::Point { address: address.clone(), to: leaver, kind: AddressKind::Alias };
            addresses::apply(tx, &change, departure.organisation, now)?;
        }
    }
    Ok(())
}

fn end(
    tx: &mut Tx<'_>,
    ids: &Ids,
    departure: &Departure,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    apply(tx, ids, departure.plan.account, Command::SetLeaving { at: None }, actor, now)?;
    departures::set_state(tx, departure.id, DepartureState::Undone, None, now)?;
    note(tx, departure.organisation, "departure.undone", departure.id, json!({}), *actor, now)
}
