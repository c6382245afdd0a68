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
use relais_core::departure::{CollectionsChoice, Departure, MeetingsChoice, StepReport};
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

#[derive(Serialize, Deserialize)]
struct SettledMeeting {
    collection: String,
    item: String,
    uid: String,
    summary: String,
    next: Timestamp,
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
        let parties = self.parties(departure).await?;
        let mut settled = Settled { choice: departure.plan.meetings, ..Settled::default() };
        let found =
            self.meetings_of(parties.leaver.id, parties.organisers.clone(), parties.zone.clone()).await?;
        for meeting in found {
            if meeting.personal {
                settled.personal_meetings_left += 1;
                continue;
            }
            let Some(before) = self.entry(parties.leaver.id, &meeting.collection, &meeting.item).await?
            else {
                continue;
            };
            let Some((revised, from, change)) = revise(&parties, settled.choice, &before, self.now()) else {
                settled.unreadable.push(meeting.item);
                continue;
            };
            let Meeting { collection, item, uid, summary, next, .. } = meeting;
            let meeting = SettledMeeting { collection, item, uid, summary, next };
            let about = format!("{} settled", departure.id);
            settled.letters += self.tell_invited(&parties, &about, from, change, &meeting, &revised).await?;
            self.write_entry(&parties, departure, &meeting, before, revised.stored).await?;
            settled.meetings += 1;
            settled.settled.push(meeting);
        }
        Ok(Ended::Done(json!(settled)))
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
            let before = match settled.choice {
                MeetingsChoice::Transfer => None,
                MeetingsChoice::Cancel | MeetingsChoice::Keep => {
                    let (collection, item) = (meeting.collection.clone(), meeting.item.clone());
                    entry_in_backup(self, departure, collection, item).await?
                }
            };
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

    /// Puts a message to each of those invited in line. Returns how many.
    async fn tell_invited(
        &self,
        parties: &Parties,
        about: &str,
        from: &Account,
        change: MeetingChange<'_>,
        meeting: &SettledMeeting,
        revised: &Scheduled,
    ) -> Result<u64, Error> {
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
        Ok(revised.recipients.len() as u64)
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
        let stays = departure.plan.collections == CollectionsChoice::Keep;
        if let Some(successor) = parties.successor.as_ref().filter(|_| stays) {
            let (collections, from, to) = (self.collections.clone(), parties.leaver.id, successor.id);
            let called = format!("{} – {}", meeting.collection, parties.leaver.name);
            let (collection, item) = (meeting.collection.clone(), meeting.item.clone());
            let bytes = revision.clone();
            tokio::task::spawn_blocking(move || {
                let Some((properties, _)) = collections.read(from, &collection)? else { return Ok(()) };
                let item = collections::Item { name: item, bytes };
                let place = collections::Place::Beside { display_name: &called };
                let run = collections::Run::Real;
                collections.restore(to, (&collection, &properties), &[item], place, run).map(|_| ())
            })
            .await??;
        }
        self.replace_entry(parties.leaver.id, meeting, before, revision).await
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
        (MeetingsChoice::Transfer | MeetingsChoice::Cancel | MeetingsChoice::Keep, _) => {
            let revised = collections::cancel(before, &parties.organisers, now).ok()?;
            Some((revised, &parties.leaver, MeetingChange::Cancelled))
        }
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
