//! Reading a directory and doing what it says: scan, plan, apply. A scan that broke off changes nothing. What is applied
//! is bounded transactions, each with what is known of its entries: cut off, the next reading finds the rest undone. Where
//! it begins is written last.

use super::applying::Hand;
use super::gathering::{Gathered, gather};
use super::groups::{GroupWork, gather_groups, settle_groups};
use super::{next_at, ruled};
use crate::organisations::note;
use crate::{Error, Ids, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::Actor;
use relais_core::directory::plan::{Approval, Plan, PlanItem, plan};
use relais_core::directory::{Counts, Directory, EntryAct, EntryId, Outcome, Report, ReportItem};
use relais_core::ids::DirectoryId;
use relais_core::job::Run;
use relais_core::refusal::{DirectoryFault, Refusal};
use relais_engines::ldap::Scan;
use relais_store::Tx;
use relais_store::directories::{self, EntryRow, Kept};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Entries of one transaction: nobody else waits for long.
const BATCH: usize = 500;
/// Entries that are tried together in a dry run.
const DRY_BATCH: usize = 5_000;
/// Longer than any reading may take.
const LEASE: SignedDuration = SignedDuration::from_mins(45);
/// What changed is told by the server, and what a server does not tell (a branch that moved away with everyone in it, a
/// right that was lost and given back) a whole reading finds.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// After trouble of our own.
const RETRY_DELAY: SignedDuration = SignedDuration::from_mins(1);

/// What is wanted of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Only to see what it would do.
    Plan,
    Sync,
    /// As [`Order::Sync`], and those go of whom a person has seen that they would.
    ApplyHeld,
}

/// A reading under way.
pub(super) struct Reading {
    pub directory: Directory,
    password: String,
    place: Option<Place>,
    held: BTreeSet<EntryId>,
    names: HashMap<String, EntryId>,
    order: Order,
    owner: String,
    pub actor: Actor,
    started_at: Timestamp,
}

/// Where the next reading begins, and since when only changes were read.
#[derive(Serialize, Deserialize)]
pub(super) struct Place {
    whole_at: Timestamp,
    cookie: String,
}

impl Relais {
    /// What a reading would do now. Nothing of it is kept but the report.
    ///
    /// # Errors
    /// The refusal; [`DirectoryFault::BeingRead`].
    pub async fn plan_directory(self: &Arc<Self>, id: DirectoryId, actor: Actor) -> Result<Report, Error> {
        self.read_apart(id, Order::Plan, actor).await
    }

    /// Reads a directory and does what it says, unless so many would be suspended that a person has to say so.
    ///
    /// # Errors
    /// The refusal; [`DirectoryFault::BeingRead`].
    pub async fn sync_directory(self: &Arc<Self>, id: DirectoryId, actor: Actor) -> Result<Report, Error> {
        self.read_apart(id, Order::Sync, actor).await
    }

    /// Carries out the plan that is held: it is read again, and whoever was not among those it would suspend is not
    /// suspended either.
    ///
    /// # Errors
    /// [`DirectoryFault::NothingHeld`]; as [`Relais::sync_directory`].
    pub async fn apply_held_plan(self: &Arc<Self>, id: DirectoryId, actor: Actor) -> Result<Report, Error> {
        self.read_apart(id, Order::ApplyHeld, actor).await
    }

    /// To its end, whether or not whoever asked still waits.
    async fn read_apart(
        self: &Arc<Self>,
        id: DirectoryId,
        order: Order,
        actor: Actor,
    ) -> Result<Report, Error> {
        let own = self.clone();
        tokio::spawn(async move { own.read_directory(id, order, actor).await }).await?
    }

    /// Reads the directory whose time has come. `false` when there is none.
    pub(crate) async fn advance_one_directory(&self) -> bool {
        let now = self.now();
        let due = self.look(move |tx| match directories::next_due(tx, now)? {
            Some(id) => directories::get(tx, id),
            None => Ok(None),
        });
        let directory = match due.await {
            Ok(Some(directory)) => directory,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(%error, "directories are read later");
                return false;
            }
        };
        let (id, organisation) = (directory.id, directory.organisation);
        match self.read_directory(id, Order::Sync, Actor::Directory { id, organisation }).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, %id, "a directory is read again later");
                false
            }
        }
    }

    async fn read_directory(&self, id: DirectoryId, order: Order, actor: Actor) -> Result<Report, Error> {
        let reading = self.begin_reading(id, order, actor).await?;
        let (owner, directory) = (reading.owner.clone(), reading.directory.clone());
        let done = self.go_through(reading).await;
        self.settle_effects().await;
        let now = self.now();
        let again = match &done {
            Ok(_) => next_at(&directory.settings, now),
            Err(_) => Some(now + RETRY_DELAY),
        };
        self.store
            .write(move |tx| {
                directories::release(tx, id, &owner)?;
                if let Some(mut directory) = directories::get(tx, id)?
                    && order != Order::Plan
                {
                    directory.next_at = again.filter(|_| directory.settings.every_minutes.is_some());
                    directories::update(tx, &directory)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        done
    }

    async fn begin_reading(&self, id: DirectoryId, order: Order, actor: Actor) -> Result<Reading, Error> {
        let now = self.now();
        let owner = format!("{}.{}", self.node, self.ids.next());
        self.store
            .write(move |tx| {
                let directory = ruled(tx, id, &actor)?;
                let is_held = directory.held_since.is_some();
                if order == Order::ApplyHeld && !is_held {
                    return Err(Refusal::from(DirectoryFault::NothingHeld).into());
                }
                if !directories::claim(tx, id, &owner, now, now + LEASE)? {
                    return Err(Refusal::from(DirectoryFault::BeingRead).into());
                }
                if order == Order::ApplyHeld {
                    note(tx, directory.organisation, "directory.plan_approved", id, json!({}), actor, now)?;
                }
                let mut names = HashMap::new();
                if directory.settings.groups.is_some() {
                    directories::for_each_entry(tx, id, &mut |row| {
                        names.insert(relais_core::directory::fold_dn(&row.dn), row.entry);
                        Ok(())
                    })?;
                }
                Ok(Reading {
                    password: directories::password(tx, id)?.unwrap_or_default(),
                    place: directories::cookie(tx, id)?
                        .and_then(|text| serde_json::from_str::<Place>(&text).ok())
                        .filter(|place| place.whole_at + WHOLE_EVERY > now),
                    held: directories::held(tx, id)?.into_iter().collect(),
                    actor: Actor::Directory { id, organisation: directory.organisation },
                    names,
                    order,
                    owner: owner.clone(),
                    started_at: now,
                    directory,
                })
            })
            .await
    }

    async fn go_through(&self, mut reading: Reading) -> Result<Report, Error> {
        let (settings, names) = (reading.directory.settings.clone(), std::mem::take(&mut reading.names));
        let read = self
            .ldap
            .read(
                settings,
                reading.password.clone(),
                reading.place.as_ref().map(|place| place.cookie.clone()),
                names,
            )
            .await;
        let scan = match read {
            Ok(scan) => Arc::new(scan),
            Err(fault) => {
                let because = crate::jobs::in_words(&fault.into());
                return self
                    .end_reading(&reading, Outcome::Incomplete { because }, Counts::default(), vec![], None)
                    .await;
            }
        };
        let (directory, found, now) = (reading.directory.clone(), scan.clone(), self.now());
        let gathered = self.store.read(move |tx| gather(tx, &directory, &found, now)).await?;
        let Gathered { cases, rows, moved, back, there } = gathered;
        let approval = match reading.order {
            Order::Plan | Order::Sync => Approval::Guard(reading.directory.settings.guard),
            Order::ApplyHeld => Approval::These(&reading.held),
        };
        let Plan { mut items, hold } = plan(cases, there, approval);
        if let (Some(hold), Order::Sync | Order::ApplyHeld) = (hold, reading.order) {
            return self.hold(&reading, hold, &items).await;
        }
        // Whoever goes makes room for whoever comes.
        items.sort_by_key(|item| match item.acts.first() {
            Some(EntryAct::Suspend) => 0,
            Some(EntryAct::Resume | EntryAct::Update | EntryAct::Link) | None => 1,
            Some(EntryAct::Create) => 2,
        });
        let mut counts = Counts { read: scan.people.len() as u64, ..Counts::default() };
        let mut told = self.apply_items(&reading, items, &scan, rows).await?;
        self.note_names(&reading, moved).await?;
        told.extend(self.apply_groups(&reading, &scan, &mut counts).await?);
        count(&mut counts, &told);
        told.retain(|item| !item.acts.is_empty() || !item.refusals.is_empty());
        let outcome = hold.map_or(Outcome::Done, Outcome::Held);
        // Of whoever is back unread nothing is known: everything is read the next time.
        let cookie = scan.cookie.clone().filter(|_| back == 0);
        let whole_at = reading.place.as_ref().map_or(reading.started_at, |place| place.whole_at);
        let place = cookie.map(|cookie| Place { whole_at, cookie });
        self.end_reading(&reading, outcome, counts, told, Some(place)).await
    }

    /// Writes down what entries are called now of which nothing else has changed.
    async fn note_names(&self, reading: &Reading, moved: Vec<EntryRow>) -> Result<(), Error> {
        if reading.order == Order::Plan {
            return Ok(());
        }
        for rows in moved.chunks(DRY_BATCH) {
            let (hold, rows) = (Held::of(reading, &self.ids, self.now()), rows.to_vec());
            let write = move |tx: &mut Tx<'_>| {
                hold.check(tx)?;
                for row in &rows {
                    directories::put_entry(tx, hold.directory.id, row)?;
                }
                Ok::<_, Error>(())
            };
            self.store.write(write).await?;
        }
        Ok(())
    }

    async fn apply_items(
        &self,
        reading: &Reading,
        items: Vec<PlanItem>,
        scan: &Scan,
        rows: HashMap<EntryId, EntryRow>,
    ) -> Result<Vec<ReportItem>, Error> {
        let dns: HashMap<EntryId, &str> =
            scan.people.iter().map(|seen| (seen.entry, seen.dn.as_str())).collect();
        let mut work: Vec<Work> = items
            .into_iter()
            .map(|item| {
                let before = rows.get(&item.entry).cloned();
                let known = before.as_ref().map_or("", |row| &row.dn);
                Work { dn: dns.get(&item.entry).copied().unwrap_or(known).to_owned(), before, item }
            })
            .collect();
        let size = if reading.order == Order::Plan { DRY_BATCH } else { BATCH };
        let mut told = Vec::new();
        while !work.is_empty() {
            let rest = work.split_off(work.len().min(size));
            told.extend(self.apply_batch(reading, std::mem::replace(&mut work, rest)).await?);
        }
        Ok(told)
    }

    /// A fault of our own in one entry is that entry's result: the batch is tried one by one.
    async fn apply_batch(&self, reading: &Reading, batch: Vec<Work>) -> Result<Vec<ReportItem>, Error> {
        let batch = Arc::new(batch);
        match self.apply_together(reading, batch.clone(), 0..batch.len()).await {
            Err(Error::Internal(text)) => {
                tracing::error!(id = %reading.directory.id, %text, "a batch of a directory failed; its entries are tried one by one");
            }
            done => return done,
        }
        let mut told = Vec::new();
        for place in 0..batch.len() {
            match self.apply_together(reading, batch.clone(), place..place + 1).await {
                Ok(one) => told.extend(one),
                Err(Error::Internal(text)) => {
                    let work = &batch[place];
                    tracing::error!(entry = %work.item.entry, %text, "an entry of a directory failed");
                    told.push(ReportItem {
                        entry: work.item.entry,
                        name: work.item.address.clone().unwrap_or_else(|| work.dn.clone()),
                        account: work.item.account,
                        acts: vec![],
                        refusals: vec![crate::jobs::in_words(&Refusal::JobItemFailed)],
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(told)
    }

    async fn apply_together(
        &self,
        reading: &Reading,
        batch: Arc<Vec<Work>>,
        range: std::ops::Range<usize>,
    ) -> Result<Vec<ReportItem>, Error> {
        let hold = Held::of(reading, &self.ids, self.now());
        let apply = move |tx: &mut Tx<'_>| {
            hold.check(tx)?;
            let hand = hold.hand();
            let work = batch[range.clone()].iter();
            work.map(|work| hand.carry_out(tx, &work.item, &work.dn, work.before.as_ref())).collect()
        };
        let done = if reading.order == Order::Plan {
            self.dry_run(apply).await
        } else {
            self.store.write(apply).await
        };
        self.settle_effects().await;
        done
    }

    async fn apply_groups(
        &self,
        reading: &Reading,
        scan: &Arc<Scan>,
        counts: &mut Counts,
    ) -> Result<Vec<ReportItem>, Error> {
        let Some(groups) = scan.groups.clone() else { return Ok(vec![]) };
        let id = reading.directory.id;
        let work = self.store.read(move |tx| gather_groups(tx, id, &groups)).await?;
        let mut told = Vec::new();
        for work in work {
            let (hold, work): (_, GroupWork) = (Held::of(reading, &self.ids, self.now()), work);
            let apply = move |tx: &mut Tx<'_>| {
                hold.check(tx)?;
                settle_groups(tx, &hold.hand(), &work)
            };
            let (item, changed) = if reading.order == Order::Plan {
                self.dry_run(apply).await?
            } else {
                self.store.write(apply).await?
            };
            counts.groups_created += changed.groups_created;
            counts.members_added += changed.members_added;
            counts.members_removed += changed.members_removed;
            told.extend(item);
        }
        Ok(told)
    }

    /// Writes the report, and where the next reading begins if everything of this one was done.
    pub(super) async fn end_reading(
        &self,
        reading: &Reading,
        outcome: Outcome,
        counts: Counts,
        items: Vec<ReportItem>,
        place: Option<Option<Place>>,
    ) -> Result<Report, Error> {
        let now = self.now();
        let run = if reading.order == Order::Plan { Run::Dry } else { Run::Apply };
        let mut report = Report {
            run,
            started_at: reading.started_at,
            ended_at: now,
            outcome,
            counts,
            items: vec![],
            items_left_out: 0,
        };
        report.tell(items);
        let kept = report.clone();
        let (id, owner, actor) = (reading.directory.id, reading.owner.clone(), reading.actor);
        let settings = reading.directory.settings.clone();
        self.store
            .write(move |tx| {
                if run == Run::Dry {
                    return Ok(directories::set_report(tx, id, Kept::Plan, &kept)?);
                }
                directories::set_report(tx, id, Kept::Report, &kept)?;
                let found = directories::get(tx, id)?;
                // Settings that were changed meanwhile begin anew.
                let found = found.filter(|directory| directory.settings == settings);
                let (Some(mut directory), Some(place)) = (found, &place) else { return Ok(()) };
                if !directories::keep_lease(tx, id, &owner, now + LEASE)? {
                    return Ok(());
                }
                let place =
                    place.as_ref().map(|place| serde_json::to_string(place).expect("a place serialises"));
                directories::set_cookie(tx, id, place.as_deref())?;
                if directory.held_since.take().is_some() {
                    directories::set_held(tx, id, &[])?;
                    directories::update(tx, &directory)?;
                }
                let counts = kept.counts;
                if (Counts { read: 0, refused: 0, ..counts }) != Counts::default() {
                    let detail = json!({ "counts": counts });
                    note(tx, directory.organisation, "directory.synchronised", id, detail, actor, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(report)
    }
}

/// One item of a plan with what is written down of its entry.
struct Work {
    item: PlanItem,
    dn: String,
    before: Option<EntryRow>,
}

/// What every transaction of a reading begins with: it is still ours, and means what it meant.
struct Held {
    ids: Ids,
    directory: Directory,
    actor: Actor,
    owner: String,
    now: Timestamp,
}

impl Held {
    fn of(reading: &Reading, ids: &Ids, now: Timestamp) -> Self {
        Self {
            ids: ids.clone(),
            directory: reading.directory.clone(),
            actor: reading.actor,
            owner: reading.owner.clone(),
            now,
        }
    }

    fn check(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let id = self.directory.id;
        let kept = directories::keep_lease(tx, id, &self.owner, self.now + LEASE)?;
        let same = directories::get(tx, id)?.is_some_and(|now| now.settings == self.directory.settings);
        if kept && same { Ok(()) } else { Err(Error::Conflict) }
    }

    fn hand(&self) -> Hand<'_> {
        Hand { ids: &self.ids, directory: &self.directory, actor: self.actor, now: self.now }
    }
}

fn count(counts: &mut Counts, told: &[ReportItem]) {
    for item in told {
        item.acts.iter().for_each(|act| counts.add(*act));
        counts.refused += u64::from(!item.refusals.is_empty());
    }
}
