//! One act on many accounts: tried first, shown, and carried out once the person agrees.

use super::arguments::{BulkCommand, JobCommand, Many};
use super::client::Answer;
use super::group::group_id;
use super::reader::Reader;
use super::session::Form;
use super::{Failure, Session, words};
use anyhow::Context as _;
use relais_core::account::Account;
use relais_core::content::{ContentFate, Reassign, Selection};
use relais_core::ids::{AccountId, SubscriptionId};
use relais_core::job::{BulkAct, ItemOutcome, Job, JobItem, JobState, Run};
use relais_core::language::Language;
use relais_core::organisation::GroupRole;
use relais_core::plan::Subscription;
use serde_json::{Value, json};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Refused accounts that are named; the rest is counted.
const NAMED_MAX: usize = 20;

pub async fn bulk(session: &mut Session, command: BulkCommand) -> Result<(), Failure> {
    let (act, many) = meant(session, command).await?;
    let organisation = session.organisation(many.organisation.organisation.as_deref()).await?;
    let on = selection(session, &many).await?;
    let order = |run: Run| json!({ "act": act, "run": run, "on": on });
    if !many.yes {
        let (_, tried) = carry_out(session, &organisation, &order(Run::Dry)).await?;
        if many.dry_run {
            return ending(&tried, session.language());
        }
        if tried.changed == 0 {
            let said = session.language().pick("Il n'y a rien à faire.", "There is nothing to do.");
            return Err(Failure::NotDone(said.to_owned()));
        }
        let agreed = session.agrees(
            &format!("Modifier {} comptes ?", tried.changed),
            &format!("Change {} accounts?", tried.changed),
        )?;
        if !agreed {
            let said = session.language().pick("Rien n'a été fait.", "Nothing was done.");
            return Err(Failure::NotDone(said.to_owned()));
        }
    }
    let (answer, done) = carry_out(session, &organisation, &order(Run::Apply)).await?;
    if session.form == Form::Json {
        session.say(answer.text.trim_end())?;
    }
    ending(&done, session.language())
}

async fn meant(session: &Session, command: BulkCommand) -> Result<(BulkAct, Many), Failure> {
    Ok(match command {
        BulkCommand::Deactivate { content_to, many } => {
            let content_to = account_id(session, content_to.as_deref()).await?;
            let content = content_to.map(|to| Reassign { to, selection: Selection::Everything });
            (BulkAct::Deactivate { inbound: None, content }, many)
        }
        BulkCommand::Reactivate(many) => (BulkAct::Reactivate, many),
        BulkCommand::Delete { content_to, erase_content, many } => {
            let heir = account_id(session, content_to.as_deref()).await?;
            let content = match heir {
                Some(to) => Some(ContentFate::Reassign { to }),
                None => erase_content.then_some(ContentFate::Erase),
            };
            (BulkAct::Delete { content }, many)
        }
        BulkCommand::Reassign { to, kind, many } => {
            let found: Account = session.client.get(&["accounts", &to]).await?.read()?;
            let selection = match kind.is_empty() {
                true => Selection::Everything,
                false => Selection::Kinds { kinds: kind },
            };
            (BulkAct::Reassign(Reassign { to: found.id, selection }), many)
        }
        BulkCommand::Role { role, many } => (BulkAct::SetRole { role }, many),
        BulkCommand::Subscription { subscription, many } => {
            let subscription = match subscription.as_str() {
                "none" => None,
                named => Some(subscription_id(session, named).await?),
            };
            (BulkAct::SetSubscription { subscription }, many)
        }
        BulkCommand::Join { group, admin, many } => {
            let group = group_of(session, &group, &many).await?;
            let role = if admin { GroupRole::Admin } else { GroupRole::Member };
            (BulkAct::JoinGroup { group, role }, many)
        }
        BulkCommand::Leave { group, many } => {
            (BulkAct::LeaveGroup { group: group_of(session, &group, &many).await? }, many)
        }
    })
}

async fn account_id(session: &Session, named: Option<&str>) -> Result<Option<AccountId>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let found: Account = session.client.get(&["accounts", named]).await?.read()?;
    Ok(Some(found.id))
}

async fn group_of(session: &Session, named: &str, many: &Many) -> Result<relais_core::ids::GroupId, Failure> {
    let id = group_id(session, named, many.organisation.organisation.as_deref()).await?;
    Ok(id.parse().context("the id of a group")?)
}

async fn subscription_id(session: &Session, named: &str) -> Result<SubscriptionId, Failure> {
    let found: Subscription = session.client.get(&["subscriptions", named]).await?.read()?;
    Ok(found.id)
}

async fn selection(session: &Session, many: &Many) -> Result<Value, Failure> {
    if !many.accounts.is_empty() {
        return Ok(json!({ "accounts": many.accounts }));
    }
    let group = match &many.in_group {
        Some(named) => Some(group_of(session, named, many).await?),
        None => None,
    };
    let subscription = match &many.on {
        Some(named) => Some(subscription_id(session, named).await?),
        None => None,
    };
    let states: Vec<_> = many.state.into_iter().collect();
    Ok(json!({ "filter": {
        "states": states, "role": many.with_role, "search": many.search, "group": group,
        "subscription": subscription,
    } }))
}

/// Orders a job, waits for its end, and says what became of it.
async fn carry_out(
    session: &mut Session,
    organisation: &str,
    order: &Value,
) -> Result<(Answer, Job), Failure> {
    let mut answer = session.client.post(&["organisations", organisation, "jobs"], order).await?;
    let mut job: Job = answer.read()?;
    let id = job.id.to_string();
    let mut said = 0;
    while job.state == JobState::Running {
        tokio::time::sleep(LOOK_EVERY).await;
        answer = session.client.get(&["jobs", &id]).await?;
        job = answer.read()?;
        if job.items_done != said && job.state == JobState::Running {
            said = job.items_done;
            session.remark(&format!("{said} / {}", job.items))?;
        }
    }
    if session.form == Form::Words {
        let query = [("outcome", "refused"), ("limit", "200")];
        let refused: Vec<JobItem> = session.client.search(&["jobs", &id, "items"], &query).await?.read()?;
        let shown = refused.iter().take(NAMED_MAX).map(|item| in_words(item, &session.reader));
        let lines: Vec<String> = shown.chain([summary(&job, session.language())]).collect();
        session.say(&lines.join("\n"))?;
    }
    Ok((answer, job))
}

fn in_words(item: &JobItem, reader: &Reader) -> String {
    let why: Vec<&str> =
        item.refusals.iter().map(|refusal| reader.pick(&refusal.french, &refusal.english)).collect();
    words::printable(&format!("{}{} {}", item.address, reader.colon(), why.join(" ")))
}

fn summary(job: &Job, language: Language) -> String {
    let Job { changed, unchanged, refused, id, .. } = job;
    let counts = match (job.run, language) {
        (Run::Dry, Language::French) => {
            format!(
                "À modifier : {changed}, déjà ainsi : {unchanged}, refusés : {refused}. Rien n'est encore fait."
            )
        }
        (Run::Dry, Language::English) => {
            format!("To change: {changed}, so already: {unchanged}, refused: {refused}. Nothing is done yet.")
        }
        (Run::Apply, Language::French) => {
            format!("Modifiés : {changed}, déjà ainsi : {unchanged}, refusés : {refused}.")
        }
        (Run::Apply, Language::English) => {
            format!("Changed: {changed}, so already: {unchanged}, refused: {refused}.")
        }
    };
    let stopped = match job.state {
        JobState::Cancelled => language.pick(" Arrêté avant la fin.", " Stopped before the end."),
        JobState::Running | JobState::Finished => "",
    };
    if usize::try_from(*refused).unwrap_or_default() > NAMED_MAX {
        let rest = language.pick("Tous les refus", "All refusals");
        return format!(
            "{counts}{stopped}\n{rest}{} relais job items {id} --outcome refused",
            language.pick(" :", ":")
        );
    }
    format!("{counts}{stopped}")
}

/// What was refused is a failure of the command, though the rest is done.
fn ending(job: &Job, language: Language) -> Result<(), Failure> {
    if job.refused == 0 {
        return Ok(());
    }
    let said = language.pick(
        "Des comptes sont refusés ; ce qui les empêche est dit ci-dessus.",
        "Accounts were refused; what stands against each is said above.",
    );
    Err(Failure::NotDone(said.to_owned()))
}

pub async fn job(session: &mut Session, command: JobCommand) -> Result<(), Failure> {
    match command {
        JobCommand::List { organisation } => {
            session.list(organisation.organisation.as_deref(), "jobs", table).await
        }
        JobCommand::Show { job } => {
            let answer = session.client.get(&["jobs", &job]).await?;
            session.show(&answer, |reader, job: Job| sheet(reader, &job))
        }
        JobCommand::Items { job, outcome, after } => {
            let outcome = outcome.map(ItemOutcome::from).map(ItemOutcome::as_str);
            let after = after.to_string();
            let mut query = vec![("after", after.as_str()), ("limit", "200")];
            query.extend(outcome.map(|outcome| ("outcome", outcome)));
            let answer = session.client.search(&["jobs", &job, "items"], &query).await?;
            session.show(&answer, |reader, items: Vec<JobItem>| {
                let row = |item: JobItem| {
                    let why = item.refusals.iter().map(|one| reader.pick(&one.french, &one.english));
                    let why = why.collect::<Vec<_>>().join(" ");
                    let outcome = words::item_outcome(item.outcome, reader.language).to_owned();
                    [
                        item.number.to_string(),
                        words::printable(&item.address),
                        outcome,
                        words::printable(&why),
                    ]
                };
                reader.table(
                    [("n°", "no."), ("compte", "account"), ("résultat", "result"), ("raison", "reason")],
                    items.into_iter().map(row).collect(),
                )
            })
        }
        JobCommand::Export { job, output } => {
            let text = session.client.download(&["jobs", &job, "items.csv"], "text/csv").await?;
            std::fs::write(&output, &text).with_context(|| output.display().to_string())?;
            let output = output.display();
            session.say_unless_json(&match session.language() {
                Language::French => format!("Le résultat est dans {output}."),
                Language::English => format!("The results are in {output}."),
            })
        }
        JobCommand::Cancel { job } => {
            let answer = session.client.post(&["jobs", &job, "cancel"], &json!({})).await?;
            session.confirm(
                &answer,
                "La tâche est arrêtée ; ce qui est fait reste fait.",
                "The job is stopped; what was done stays done.",
            )
        }
    }
}

fn table(reader: &Reader, rows: Vec<Job>) -> String {
    let row = |job: Job| {
        let progress = format!("{} / {}", job.items_done, job.items);
        [
            job.id.to_string(),
            words::bulk_act(&job.act, job.run, reader.language),
            words::job_state(job.state, reader.language).to_owned(),
            progress,
            job.refused.to_string(),
            reader.time(job.created_at),
        ]
    };
    let headings = [
        ("id", "id"),
        ("tâche", "job"),
        ("état", "state"),
        ("comptes", "accounts"),
        ("refusés", "refused"),
        ("demandée le", "ordered"),
    ];
    reader.table(headings, rows.into_iter().map(row).collect())
}

fn sheet(reader: &Reader, job: &Job) -> String {
    reader.sheet(&[
        ("tâche", "job", words::bulk_act(&job.act, job.run, reader.language)),
        ("état", "state", words::job_state(job.state, reader.language).to_owned()),
        ("comptes", "accounts", format!("{} / {}", job.items_done, job.items)),
        ("modifiés", "changed", job.changed.to_string()),
        ("déjà ainsi", "so already", job.unchanged.to_string()),
        ("refusés", "refused", job.refused.to_string()),
        ("demandée le", "ordered", reader.time(job.created_at)),
        ("finie le", "ended", job.ended_at.map_or_else(String::new, |at| reader.time(at))),
    ])
}
