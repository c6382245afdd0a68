//! Meetings to come that the leaver has called: given to the successor or cancelled, and everyone invited is told
//! (X11). Messages are in the spool before an entry changes: repeated, they are the same by their keys.

use super::keeping::entry_in_backup;
use super::{Ended, undo};
use crate::means::time_zone;
use crate::{Error, Relais};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::departure::{CollectionsChoice, Departure, MeetingsChoice, Step, StepReport};
use relais_core::ids::AccountId;
use relais_core::organisation::Organisation;
use relais_engines::collections::{self, Meeting, Party, Scheduled};
use relais_engines::message::{Invitation, MeetingChange, invitation};
use relais_store::{accounts, organisations};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What became of the meetings.
#[derive(Default, Serialize, Deserialize)]
struct Settled {
    choice: MeetingsChoice,
    meetings: u64,
    /// Messages to those invited.
    letters: u64,
    /// Left as they are: they are nobody else's business.
    personal_meetings_left: u64,
    settled: Vec<SettledMeeting>,
    /// Entries that no program can read, by name: they stay as they are.
    unreadable: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct SettledMeeting {
    collection: String,
    item: String,
    uid: String,
    summary: String,
    next: Timestamp,
    /// How many were invited.
    #[serde(default)]
    letters: u64,
}

impl SettledMeeting {
    fn is_at(&self, collection: &str, item: &str) -> bool {
        self.collection == collection && self.item == item
    }
}

/// Between whom the meetings of a departure pass.
struct Parties {
    organisation: Organisation,
    zone: TimeZone,
    leaver: Account,
    /// All addresses by which the leaver may have called a meeting.
    organisers: Vec<EmailAddress>,
    successor: Option<Account>,
}

fn party(account: &Account) -> Party<'_> {
    Party { address: &account.address, name: &account.name }
}

impl Relais {
    /// The meetings to come that an account organises.
    pub(super) async fn meetings_of(
        &self,
        account: AccountId,
        organisers: Vec<EmailAddress>,
        zone: TimeZone,
    ) -> Result<Vec<Meeting>, Error> {
        let (collections, marks, now) = (self.collections.clone(), self.personal_marks.clone(), self.now());
        let found = tokio::task::spawn_blocking(move || {
            collections.meetings(account, &organisers, &marks, &zone, now)
        });
        Ok(found.await??)
    }

    pub(super) async fn settle_meetings(&self, departure: &Departure) -> Result<Ended, Error> {
        let choice = departure.plan.meetings;
        if choice == MeetingsChoice::Transfer {
            // Nobody is told that meetings go to whoever is not there any more.
            self.active_successor(departure).await?;
        }
        let parties = self.parties(departure).await?;
        let found =
            self.meetings_of(parties.leaver.id, parties.organisers.clone(), parties.zone.clone()).await?;
        // An earlier try that was cut short has settled some: they are not found any more.
        let begun: Option<Settled> = departure.report_of(Step::SettleMeetings).map(undo::read).transpose()?;
        let mut settled = begun.unwrap_or(Settled { choice, ..Settled::default() });
        settled.personal_meetings_left = found.iter().filter(|meeting| meeting.personal).count() as u64;
        settled.unreadable.clear();
        let mut to_do = Vec::new();
        for meeting in found.into_iter().filter(|meeting| !meeting.personal) {
            let Some(before) = self.entry(parties.leaver.id, &meeting.collection, &meeting.item).await?
            else {
                continue;
            };
            let Meeting { collection, item, uid, summary, next, .. } = meeting;
            let Some((revised, _, _)) = revise(&parties, choice, &before, self.now()) else {
                settled.unreadable.push(item);
                continue;
            };
            let letters = revised.recipients.len() as u64;
            let meeting = SettledMeeting { collection, item, uid, summary, next, letters };
            if !settled.settled.iter().any(|known| known.is_at(&meeting.collection, &meeting.item)) {
                settled.settled.push(meeting.clone());
            }
            to_do.push((meeting, before));
        }
        settled.meetings = settled.settled.len() as u64;
        settled.letters = settled.settled.iter().map(|meeting| meeting.letters).sum();
        self.intend(departure, Step::SettleMeetings, json!(settled)).await?;
        for (meeting, before) in to_do {
            let Some((revised, from, change)) = revise(&parties, choice, &before, self.now()) else {
                continue;
            };
            let about = format!("{} settled", departure.id);
            self.tell_invited(&parties, &about, from, change, &meeting, &revised).await?;
            self.write_entry(&parties, departure, &meeting, before, revised.stored).await?;
        }
        self.record_with(departure, Step::SettleMeetings, move |_| Ok(json!(settled))).await
    }

    /// The leaver organises again what was settled, and everyone invited is told once more.
    pub(super) async fn unsettle_meetings(
        &self,
        departure: &Departure,
        report: &StepReport,
    ) -> Result<(), Error> {
        let settled: Settled = undo::read(report)?;
        let parties = self.parties(departure).await?;
        for meeting in settled.settled {
            let id = parties.leaver.id;
            let Some(current) = self.entry(id, &meeting.collection, &meeting.item).await? else { continue };
            if let Some(successor) = self.needs_a_copy(&parties, departure, &meeting).await? {
                self.take_copy_back(&parties, successor, &meeting, &current).await?;
            }
            let before = match settled.choice {
                MeetingsChoice::Transfer => None,
                MeetingsChoice::Cancel | MeetingsChoice::Keep => {
                    let (collection, item) = (meeting.collection.clone(), meeting.item.clone());
                    entry_in_backup(self, departure, collection, item).await?
                }
            };
            if before.as_ref() == Some(&current) {
                // It was about to be settled, and nobody heard of it.
                continue;
            }
            let Some(revised) = bring_back(&parties, &current, before.as_deref(), self.now()) else {
                continue;
            };
            let change = MeetingChange::Transferred { organiser: &parties.leaver.name };
            let about = format!("{} undone", departure.id);
            self.tell_invited(&parties, &about, &parties.leaver, change, &meeting, &revised).await?;
            self.replace_entry(id, &meeting, current, revised.stored).await?;
        }
        Ok(())
    }

    async fn parties(&self, departure: &Departure) -> Result<Parties, Error> {
        let plan = &departure.plan;
        let (leaver, successor, organisation) =
            (plan.account, plan.successor.clone(), departure.organisation);
        let mut organisers = plan.findings.addresses.clone();
        organisers.push(plan.leaver.clone());
        self.store
            .read(move |tx| {
                let organisation = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let successor = match &successor {
                    Some(address) => accounts::holding(tx, address)?,
                    None => None,
                };
                let leaver = accounts::get(tx, leaver)?.ok_or(Error::NotFound)?;
                let zone = time_zone(&organisation.time_zone)?;
                Ok(Parties { organisation, zone, leaver, successor, organisers: organisers.clone() })
            })
            .await
    }

    /// Puts a message to each of those invited in line.
    async fn tell_invited(
        &self,
        parties: &Parties,
        about: &str,
        from: &Account,
        change: MeetingChange<'_>,
        meeting: &SettledMeeting,
        revised: &Scheduled,
    ) -> Result<(), Error> {
        for to in &revised.recipients {
            let sender = Some(from.address.to_string());
            let row = self.outbound_row(Some(parties.organisation.id), sender, to.clone());
            let message = invitation(&Invitation {
                from_name: &from.name,
                from: &from.address,
                to,
                language: parties.organisation.language,
                change,
                summary: &meeting.summary,
                next: &meeting.next.to_zoned(parties.zone.clone()),
                calendar: &revised.message,
                message_id: &format!("{}@{}", row.id, self.hostname),
                now: self.now(),
            });
            self.post_message(row, format!("meeting {about} {} {to}", meeting.uid), message).await?;
        }
        Ok(())
    }

    async fn entry(
        &self,
        account: AccountId,
        collection: &str,
        item: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (collections, collection, item) =
            (self.collections.clone(), collection.to_owned(), item.to_owned());
        let read = tokio::task::spawn_blocking(move || collections.read_item(account, &collection, &item));
        Ok(read.await??)
    }

    /// The revision is where the calendar is; the new organiser has it too, if the calendar does not pass to them.
    async fn write_entry(
        &self,
        parties: &Parties,
        departure: &Departure,
        meeting: &SettledMeeting,
        before: Vec<u8>,
        revision: Vec<u8>,
    ) -> Result<(), Error> {
        if let Some(successor) = self.needs_a_copy(parties, departure, meeting).await? {
            self.copy_entry(parties, successor, meeting, revision.clone()).await?;
        }
        self.replace_entry(parties.leaver.id, meeting, before, revision).await
    }

    /// The successor, where they organise the meeting and the calendar stays with the leaver.
    async fn needs_a_copy<'p>(
        &self,
        parties: &'p Parties,
        departure: &Departure,
        meeting: &SettledMeeting,
    ) -> Result<Option<&'p Account>, Error> {
        let (MeetingsChoice::Transfer, Some(successor)) = (departure.plan.meetings, &parties.successor)
        else {
            return Ok(None);
        };
        let stays = match departure.plan.collections {
            CollectionsChoice::Move => false,
            CollectionsChoice::Keep => true,
            CollectionsChoice::Share => {
                let (disk, marks, leaver) =
                    (self.collections.clone(), self.personal_marks.clone(), parties.leaver.id);
                let found = tokio::task::spawn_blocking(move || disk.list(leaver, &marks)).await??;
                !found.iter().any(|found| {
                    found.name == meeting.collection && collections::Collection::may_be_shared(found)
                })
            }
        };
        Ok(stays.then_some(successor))
    }

    /// Beside the successor's own calendars. Returns the name of the calendar it is in.
    async fn copy_entry(
        &self,
        parties: &Parties,
        successor: &Account,
        meeting: &SettledMeeting,
        bytes: Vec<u8>,
    ) -> Result<Option<String>, Error> {
        let (collections, from, to) = (self.collections.clone(), parties.leaver.id, successor.id);
        let (collection, name) = (meeting.collection.clone(), parties.leaver.name.clone());
        let item = collections::Item { name: meeting.item.clone(), bytes };
        let copied = tokio::task::spawn_blocking(move || {
            let Some((properties, _)) = collections.read(from, &collection)? else { return Ok(None) };
            let called = format!("{} – {name}", properties.display_name().unwrap_or(&collection));
            let place = collections::Place::Beside { display_name: &called };
            let run = collections::Run::Real;
            collections.restore(to, (&collection, &properties), &[item], place, run).map(Some)
        });
        Ok(copied.await??.map(|copied| copied.collection))
    }

    /// The successor's copy goes, unless they changed it.
    async fn take_copy_back(
        &self,
        parties: &Parties,
        successor: &Account,
        meeting: &SettledMeeting,
        current: &[u8],
    ) -> Result<(), Error> {
        // What is there already is found again by the same way that put it there.
        let Some(copies) = self.copy_entry(parties, successor, meeting, current.to_vec()).await? else {
            return Ok(());
        };
        let (collections, to) = (self.collections.clone(), successor.id);
        let (item, bytes) = (meeting.item.clone(), current.to_vec());
        tokio::task::spawn_blocking(move || collections.take_out(to, &copies, &item, &bytes)).await??;
        Ok(())
    }

    async fn replace_entry(
        &self,
        account: AccountId,
        meeting: &SettledMeeting,
        before: Vec<u8>,
        after: Vec<u8>,
    ) -> Result<(), Error> {
        let collections = self.collections.clone();
        let (collection, item) = (meeting.collection.clone(), meeting.item.clone());
        let replaced = tokio::task::spawn_blocking(move || {
            collections.replace(account, &collection, &item, &before, &after)
        });
        // Somebody wrote in a shared calendar at the same moment: what they wrote stays, and the step is tried again.
        if replaced.await?? { Ok(()) } else { Err(Error::Conflict) }
    }
}

/// The next revision of a meeting, who sends it and what it says.
fn revise<'p>(
    parties: &'p Parties,
    choice: MeetingsChoice,
    before: &[u8],
    now: Timestamp,
) -> Option<(Scheduled, &'p Account, MeetingChange<'p>)> {
    match (choice, &parties.successor) {
        (MeetingsChoice::Transfer, Some(successor)) => {
            let revised = collections::transfer(before, &parties.organisers, party(successor), now).ok()?;
            Some((revised, successor, MeetingChange::Transferred { organiser: &successor.name }))
        }
        (MeetingsChoice::Cancel, _) => {
            let revised = collections::cancel(before, &parties.organisers, now).ok()?;
            Some((revised, &parties.leaver, MeetingChange::Cancelled))
        }
        (MeetingsChoice::Transfer, None) | (MeetingsChoice::Keep, _) => None,
    }
}

/// The leaver's own again: from the successor, or as it was `before` it was cancelled, in a revision that is later than
/// the cancelled one.
fn bring_back(parties: &Parties, current: &[u8], before: Option<&[u8]>, now: Timestamp) -> Option<Scheduled> {
    let leaver = party(&parties.leaver);
    match (before, &parties.successor) {
        (Some(before), _) => {
            let once = collections::transfer(before, &parties.organisers, leaver, now).ok()?;
            collections::transfer(&once.stored, &parties.organisers, leaver, now).ok()
        }
        (None, Some(successor)) => {
            collections::transfer(current, std::slice::from_ref(&successor.address), leaver, now).ok()
        }
        (None, None) => None,
    }
}
