//! Acts on many accounts (R12): a few answered at once, any number in the background. A batch of accounts, what became of
//! each and the place where the next begins are one transaction, so a job that was cut off goes on where it was and
//! nothing of it is done twice. Deletions ask files first and go one by one: done again they change nothing.

use crate::cells::Table;
use crate::content::reassigning::reassign_in;
use crate::dry_run::PartEnd;
use crate::organisations::{allow, note, of_organisation};
use crate::{Error, Ids, Relais, execute, groups};
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::Actor;
use relais_core::content::{ContentFate, check_reassign};
use relais_core::ids::{AccountId, JobId, OrganisationId};
use relais_core::job::{BulkAct, ItemAct, ItemOutcome, ItemRefusal, Job, JobItem, JobState, Run};
use relais_core::language::Language;
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, State, Verdict, may};
use relais_store::accounts::Filter;
use relais_store::{Tx, accounts, groups as store_groups, jobs};
use serde_json::json;

/// Accounts of one transaction: nobody else waits for long.
const BATCH: i64 = 100;
/// Accounts that are tried together in a dry run: what one would take is missing for those behind it.
const DRY_BATCH: i64 = 5_000;
/// Items that are read at once.
const PAGE: i64 = 1_000;
/// How long results can be read.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Which accounts a job is about.
#[derive(Debug, Clone)]
pub enum JobAccounts {
    /// These, in this order.
    Accounts(Vec<AccountId>),
    /// Those found when it is ordered.
    Filter(Filter),
}

impl Relais {
    /// Orders an act on many accounts. The worker goes through them, one account after the other.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`]; [`Error::NotFound`] when an account or the group is not of the organisation.
    pub async fn order_job(
        &self,
        organisation: OrganisationId,
        act: BulkAct,
        selection: JobAccounts,
        run: Run,
        actor: Actor,
    ) -> Result<Job, Error> {
        allow(&actor, act.power(), organisation)?;
        let (id, now) = (JobId::from_number(self.ids.next()), self.now());
        let job = self
            .store
            .write(move |tx| {
                require_group(tx, &act, organisation)?;
                let mut job = Job {
                    id,
                    organisation,
                    act: act.clone(),
                    run,
                    state: JobState::Running,
                    items: 0,
                    items_done: 0,
                    changed: 0,
                    unchanged: 0,
                    refused: 0,
                    created_at: now,
                    ended_at: None,
                };
                jobs::insert(tx, &job, &actor)?;
                job.items = add_items(tx, id, organisation, &selection)?;
                jobs::set_items(tx, id, job.items)?;
                if run == Run::Apply {
                    let detail = json!({ "act": act, "items": job.items });
                    note(tx, organisation, "job.ordered", id, detail, actor, now)?;
                }
                Ok::<_, Error>(job)
            })
            .await?;
        self.working_through.notify_one();
        Ok(job)
    }

    /// Goes on with a job until it is over, and returns it.
    ///
    /// # Errors
    /// When the store does not answer: the worker goes on with it.
    pub async fn finish_job(&self, id: JobId) -> Result<Job, Error> {
        loop {
            let job = self.advance_job(id).await?;
            if job.state != JobState::Running {
                return Ok(job);
            }
        }
    }

    /// Stops after the batch under way. What was done stays done.
    ///
    /// # Errors
    /// The refusal; [`Refusal::JobOver`] when there is nothing left to stop.
    pub async fn cancel_job(&self, id: JobId, actor: Actor) -> Result<Job, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let mut job = jobs::get(tx, id)?.ok_or(Error::NotFound)?;
                allow(&actor, job.act.power(), job.organisation)?;
                if job.state != JobState::Running {
                    return Err(Refusal::JobOver.into());
                }
                (job.state, job.ended_at) = (JobState::Cancelled, Some(now));
                jobs::update(tx, &job)?;
                let detail = json!({ "done": job.items_done, "items": job.items });
                note(tx, job.organisation, "job.cancelled", id, detail, actor, now)?;
                Ok(job)
            })
            .await
    }

    /// Goes on with the job that has waited longest. `false` when there is none, or it has to wait.
    pub(crate) async fn advance_one_job(&self) -> bool {
        let advanced = async {
            match self.look(jobs::next_running).await? {
                Some(id) => self.advance_job(id).await.map(|_| true),
                None => Ok(false),
            }
        };
        advanced.await.unwrap_or_else(|error: Error| {
            tracing::warn!(%error, "a job goes on later");
            false
        })
    }

    /// One batch. Trouble that one account makes is that account's result, and nobody else's.
    async fn advance_job(&self, id: JobId) -> Result<Job, Error> {
        let advanced = match self.advance_by(id, None).await {
            Err(Error::Internal(text)) => {
                tracing::error!(%id, %text, "a batch of a job failed; its accounts are tried one by one");
                self.advance_by(id, Some(1)).await
            }
            advanced => advanced,
        };
        self.settle_effects().await;
        advanced
    }

    async fn advance_by(&self, id: JobId, count: Option<i64>) -> Result<Job, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        let job = self.look(move |tx| jobs::get(tx, id)).await?.ok_or(Error::NotFound)?;
        if let BulkAct::Delete { content } = &job.act {
            let content = *content;
            return self.go_on_deleting(job, content).await;
        }
        match job.run {
            Run::Apply => {
                self.store
                    .write(move |tx| {
                        let Some((mut job, actor)) = under_way(tx, id)? else { return over(tx, id) };
                        let items = jobs::items(tx, id, None, job.items_done, count.unwrap_or(BATCH))?;
                        let done = work_through(tx, &ids, &job, items, &actor, now, count)?;
                        record(tx, &mut job, &done, &actor, now)?;
                        Ok(job)
                    })
                    .await
            }
            Run::Dry => self.try_job_out(job, count).await,
        }
    }

    /// One account. Whether it is in a backup is asked of files, and no transaction waits for those.
    async fn go_on_deleting(&self, job: Job, content: Option<ContentFate>) -> Result<Job, Error> {
        let (id, begun, run) = (job.id, job.items_done, job.run);
        let found = self
            .store
            .read(move |tx| match under_way(tx, id)? {
                Some((job, actor)) => {
                    Ok::<_, Error>(Some((jobs::items(tx, id, None, job.items_done, 1)?, actor)))
                }
                None => Ok(None),
            })
            .await?;
        let mut done = Vec::new();
        if let Some((items, actor)) = &found {
            for mut item in items.iter().cloned() {
                let ended = self.delete_item(item.account, content, run, *actor).await;
                settle_item(&mut item, ended, job.id)?;
                done.push(item);
            }
        }
        self.record_behind(id, begun, done).await
    }

    async fn delete_item(
        &self,
        id: AccountId,
        content: Option<ContentFate>,
        run: Run,
        actor: Actor,
    ) -> Result<ItemOutcome, PartEnd> {
        let checked = self.check_deletion(id, content, actor).await?;
        let Some(checked) = checked else { return Ok(ItemOutcome::Unchanged) };
        if run == Run::Apply {
            self.delete_checked(checked, actor).await?;
        }
        Ok(ItemOutcome::Changed)
    }

    /// The same, undone; what it came to is written down apart.
    async fn try_job_out(&self, job: Job, count: Option<i64>) -> Result<Job, Error> {
        let (ids, id, begun, now) = (self.ids.clone(), job.id, job.items_done, self.now());
        let done = self.dry_run(move |tx| {
            let Some((job, actor)) = under_way(tx, id)? else { return Ok(vec![]) };
            let items = jobs::items(tx, id, None, begun, count.unwrap_or(DRY_BATCH))?;
            work_through(tx, &ids, &job, items, &actor, now, count)
        });
        let done = done.await?;
        self.record_behind(id, begun, done).await
    }

    /// Writes what was found out apart from it, unless another server has come as far meanwhile: its results stand.
    async fn record_behind(&self, id: JobId, begun: i64, done: Vec<JobItem>) -> Result<Job, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let Some((mut job, actor)) = under_way(tx, id)? else { return over(tx, id) };
                if job.items_done == begun {
                    record(tx, &mut job, &done, &actor, now)?;
                }
                Ok(job)
            })
            .await
    }

    /// What became of each account, as CSV (RFC 4180) in UTF-8.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn job_items_as_csv(&self, id: JobId) -> Result<String, Error> {
        let mut table =
            Table::new(&["number", "account", "address", "outcome", "code", "french", "english"])?;
        let mut after = 0;
        loop {
            let page = self.look(move |tx| jobs::items(tx, id, None, after, PAGE)).await?;
            let Some(last) = page.last() else { return table.finish() };
            after = last.number;
            for item in &page {
                let said =
                    |of: fn(&ItemRefusal) -> &str| item.refusals.iter().map(of).collect::<Vec<_>>().join(" ");
                table.row(&[
                    item.number.to_string(),
                    item.account.to_string(),
                    item.address.clone(),
                    item.outcome.map_or("", ItemOutcome::as_str).to_owned(),
                    said(|refusal| &refusal.code),
                    said(|refusal| &refusal.french),
                    said(|refusal| &refusal.english),
                ])?;
            }
        }
    }

    pub(crate) async fn forget_jobs(&self) -> Result<(), Error> {
        let end = self.now() - KEPT;
        self.store.write(move |tx| jobs::forget(tx, end).map_err(Error::from)).await?;
        Ok(())
    }
}

fn require_group(tx: &mut Tx<'_>, act: &BulkAct, organisation: OrganisationId) -> Result<(), Error> {
    let Some(id) = act.group() else { return Ok(()) };
    let found = store_groups::get(tx, id)?.filter(|group| group.organisation == organisation);
    found.map(|_| ()).ok_or(Error::NotFound)
}

fn add_items(
    tx: &mut Tx<'_>,
    id: JobId,
    organisation: OrganisationId,
    selection: &JobAccounts,
) -> Result<i64, Error> {
    match selection {
        JobAccounts::Filter(filter) => {
            let mut filter = filter.clone();
            if filter.states.is_empty() {
                // Nothing is left to be done to a tombstone.
                let changeable = |state: &State| may(*state, Act::ChangeAttributes) == Verdict::Yes;
                filter.states = State::ALL.into_iter().filter(changeable).collect();
            }
            Ok(jobs::add_found(tx, id, organisation, &filter)?)
        }
        JobAccounts::Accounts(accounts) => {
            let mut number = 0;
            for account in accounts {
                let account = of_organisation(tx, *account, organisation)?;
                number += 1;
                jobs::add(tx, id, number, account.id, account.address.as_str())?;
            }
            Ok(number)
        }
    }
}

/// The job and who ordered it, unless it is over.
fn under_way(tx: &mut Tx<'_>, id: JobId) -> Result<Option<(Job, Actor)>, Error> {
    let job = jobs::get(tx, id)?.filter(|job| job.state == JobState::Running);
    let Some(job) = job else { return Ok(None) };
    let actor = jobs::ordered_by(tx, id)?.ok_or(Error::NotFound)?;
    Ok(Some((job, actor)))
}

fn over(tx: &mut Tx<'_>, id: JobId) -> Result<Job, Error> {
    jobs::get(tx, id)?.ok_or(Error::NotFound)
}

/// Each account decided against what those before it made.
fn work_through(
    tx: &mut Tx<'_>,
    ids: &Ids,
    job: &Job,
    mut items: Vec<JobItem>,
    actor: &Actor,
    now: Timestamp,
    alone: Option<i64>,
) -> Result<Vec<JobItem>, Error> {
    for item in &mut items {
        let ended = match tx.part(|tx| act_on(tx, ids, item.account, &job.act, actor, now)) {
            // Of a whole batch: its accounts are tried one by one.
            Err(PartEnd::Failed(error @ Error::Internal(_))) if alone.is_none() => return Err(error),
            ended => ended,
        };
        settle_item(item, ended, job.id)?;
    }
    Ok(items)
}

/// What became of one account; trouble that passes is nobody's result.
fn settle_item(item: &mut JobItem, ended: Result<ItemOutcome, PartEnd>, job: JobId) -> Result<(), Error> {
    let refusals = match ended {
        Ok(outcome) => {
            item.outcome = Some(outcome);
            return Ok(());
        }
        Err(PartEnd::Refused(refusals)) => refusals,
        // Removed since it was ordered: no later try finds it, and other jobs wait behind this one.
        Err(PartEnd::Failed(Error::NotFound)) => vec![Refusal::JobTargetGone],
        Err(PartEnd::Failed(Error::Internal(text))) => {
            tracing::error!(%job, account = %item.account, %text, "an account of a job failed");
            vec![Refusal::JobItemFailed]
        }
        Err(PartEnd::Failed(error)) => return Err(error),
    };
    item.outcome = Some(ItemOutcome::Refused);
    item.refusals = refusals.iter().map(in_words).collect();
    Ok(())
}

fn act_on(
    tx: &mut Tx<'_>,
    ids: &Ids,
    id: AccountId,
    act: &BulkAct,
    actor: &Actor,
    now: Timestamp,
) -> Result<ItemOutcome, PartEnd> {
    let changed = match act.on_each() {
        ItemAct::Command(command) => {
            let before = accounts::get(tx, id)?;
            before != Some(execute::apply(tx, ids, id, command, actor, now)?)
        }
        ItemAct::Membership { group, role } => {
            let before = store_groups::role_of(tx, group, id)?;
            groups::set_member(tx, ids, group, id, role, actor, now)?;
            before != role
        }
        ItemAct::Reassign(reassign) => {
            let from = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
            let to = accounts::get(tx, reassign.to)?.ok_or(Error::NotFound)?;
            check_reassign(&from, &to, &reassign.selection, actor, now).map_err(Error::from)?;
            reassign_in(tx, ids, &from, &reassign, actor, now)?;
            true
        }
    };
    Ok(if changed { ItemOutcome::Changed } else { ItemOutcome::Unchanged })
}

pub(crate) fn in_words(refusal: &Refusal) -> ItemRefusal {
    ItemRefusal {
        code: refusal.code().to_owned(),
        french: refusal.sentence(Language::French),
        english: refusal.sentence(Language::English),
    }
}

/// Writes what became of a batch, and that the job is over where it was the last.
fn record(
    tx: &mut Tx<'_>,
    job: &mut Job,
    done: &[JobItem],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    for item in done {
        jobs::set_outcome(tx, job.id, item)?;
        match item.outcome {
            Some(ItemOutcome::Changed) => job.changed += 1,
            Some(ItemOutcome::Unchanged) => job.unchanged += 1,
            Some(ItemOutcome::Refused) => job.refused += 1,
            None => {}
        }
    }
    job.items_done = done.last().map_or(job.items_done, |last| last.number);
    if job.items_done >= job.items {
        (job.state, job.ended_at) = (JobState::Finished, Some(now));
        if job.run == Run::Apply {
            let detail =
                json!({ "changed": job.changed, "unchanged": job.unchanged, "refused": job.refused });
            note(tx, job.organisation, "job.finished", job.id, detail, *actor, now)?;
        }
    }
    jobs::update(tx, job)?;
    Ok(())
}
