//! Backups: made, shown, looked into, written to files, restored.

use super::account::read_accounts;
use super::arguments::{BackupCommand, DownloadPart, Held, InOrganisation, Keep, RestorePart};
use super::reader::Reader;
use super::session::Form;
use super::{Failure, Session, client::Answer, quota::size, words};
use relais_app::{Contents, MessagePage, View};
use relais_core::account::Account;
use relais_core::backup::{BackupPolicy, Generation, GenerationState, Holder, Scope, Snapshot};
use relais_core::ids::OrganisationId;
use relais_core::language::Language;
use relais_core::organisation::SharedMailbox;
use relais_core::rights::State;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);

pub async fn backup(session: &mut Session, command: BackupCommand) -> Result<(), Failure> {
    match command {
        BackupCommand::Run { account, no_wait, organisation } => {
            run(session, account, no_wait, &organisation).await
        }
        BackupCommand::List { organisation } => list(session, &organisation).await,
        BackupCommand::Show { generation, organisation } => show(session, &generation, &organisation).await,
        BackupCommand::Tree { of } => tree(session, &of).await,
        BackupCommand::Messages { of, folder, from, subject, since, before } => {
            let (zone, now) = (session.zone.clone(), session.now);
            let date = |when: super::when::When| when.ends(&zone, now).map(|at| at.to_string());
            let begin =
                |when: super::when::When| when.begins(&zone, now).map(|at| at.unwrap_or(now).to_string());
            let mut query = vec![("reason", of.reason.clone())];
            query.extend(folder.map(|text| ("folder", text)));
            query.extend(from.map(|text| ("from", text)));
            query.extend(subject.map(|text| ("subject", text)));
            query.extend(since.map(begin).transpose()?.map(|text| ("since", text)));
            query.extend(before.map(date).transpose()?.map(|text| ("before", text)));
            messages(session, &of, &query).await
        }
        BackupCommand::Message { of, folder, message } => show_message(session, &of, &folder, &message).await,
        BackupCommand::Download { of, part, output } => download(session, &of, &part, &output).await,
        BackupCommand::Restore { of, part, into, beside, dry_run } => {
            let body = json!({
                "what": what(part), "into": into, "place": if beside { "beside" } else { "in_place" },
                "dry_run": if dry_run { "yes" } else { "no" }, "reason": of.reason,
            });
            restore(session, &of, &body).await
        }
        BackupCommand::Policy { location, daily_at, when_asked, keep, organisation } => {
            let schedule = match (daily_at, when_asked) {
                (Some(at), _) => Some(json!({ "daily_at": at })),
                (None, true) => Some(json!({ "daily_at": null })),
                (None, false) => None,
            };
            policy(session, &organisation, location, schedule, &keep).await
        }
        BackupCommand::Key { organisation } => key(session, &organisation).await,
        BackupCommand::Check { organisation } => check(session, &organisation).await,
    }
}

async fn run(
    session: &mut Session,
    account: Option<String>,
    no_wait: bool,
    organisation: &InOrganisation,
) -> Result<(), Failure> {
    let organisation = match (&account, organisation.organisation.as_deref()) {
        (Some(account), None) => {
            let found: relais_core::account::Account =
                session.client.get(&["accounts", account]).await?.read()?;
            found.organisation.to_string()
        }
        (_, named) => session.organisation(named).await?,
    };
    let body = json!({ "account": account });
    let mut answer = session.client.post(&["organisations", &organisation, "backups"], &body).await?;
    let mut found: Generation = answer.read()?;
    if no_wait {
        let id = found.id;
        return session.confirm(
            &answer,
            &format!("La sauvegarde {id} a commencé ; suivez-la : relais backup show {id}"),
            &format!("Started the backup {id}; follow it: relais backup show {id}"),
        );
    }
    let mut said = None;
    while found.state == GenerationState::Running {
        if found.trouble != said {
            said.clone_from(&found.trouble);
            session.remark(said.as_deref().unwrap_or_default())?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        answer = session.client.get(&["backups", &found.id.to_string()]).await?;
        found = answer.read()?;
    }
    let names = names_of(session, std::slice::from_ref(&found)).await?;
    session.show(&answer, |reader, found| generation_in_words(reader, found, &names))?;
    if found.state == GenerationState::Verified {
        return Ok(());
    }
    let said = session.language().pick(
        "La sauvegarde n'est pas complète ; corrigez la cause et relancez-la.",
        "The backup is not complete; mend the cause and start it again.",
    );
    Err(Failure::NotDone(said.to_owned()))
}

async fn list(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let mut lists = Vec::new();
    for organisation in session.organisations(organisation.organisation.as_deref()).await? {
        let id = organisation.id.to_string();
        lists.push(session.client.get(&["organisations", &id, "backups"]).await?);
    }
    let answer = Answer::joined(lists);
    let names = names_of(session, &answer.read::<Vec<Generation>>()?).await?;
    session.show(&answer, |reader, rows: Vec<Generation>| {
        let row = |found: Generation| {
            [
                found.id.to_string(),
                state(reader, found.state),
                scope(reader, found.scope, &names),
                reader.time(found.started_at),
                found.ended_at.map_or_else(String::new, |at| reader.time(at)),
                format!("{}/{}", found.holders_done, found.holders),
            ]
        };
        reader.table(
            [
                ("id", "id"),
                ("état", "state"),
                ("contenu", "of"),
                ("commencée le", "begun"),
                ("finie le", "ended"),
                ("faits", "done"),
            ],
            rows.into_iter().map(row).collect(),
        )
    })
}

/// By id, the addresses of accounts that were backed up alone. Who is deleted keeps only the id.
async fn names_of(session: &Session, of: &[Generation]) -> Result<HashMap<String, String>, Failure> {
    let mut names = HashMap::new();
    for found in of {
        let Scope::Account(id) = found.scope else { continue };
        let id = id.to_string();
        if session.form == Form::Json || names.contains_key(&id) {
            continue;
        }
        let account: Account = session.client.get(&["accounts", &id]).await?.read()?;
        let name = if account.state == State::Deleted { id.clone() } else { account.address.to_string() };
        names.insert(id, name);
    }
    Ok(names)
}

async fn show(session: &mut Session, named: &str, organisation: &InOrganisation) -> Result<(), Failure> {
    let id = find(session, named, organisation).await?;
    let answer = session.client.get(&["backups", &id]).await?;
    if session.form == Form::Json {
        return session.say(answer.text.trim_end());
    }
    let held: Vec<Snapshot> = session.client.get(&["backups", &id, "snapshots"]).await?.read()?;
    let names = addresses_of(session, answer.read::<Generation>()?.organisation).await?;
    session.show(&answer, |reader, found: Generation| {
        let row = |snapshot: Snapshot| {
            [
                holder(reader, snapshot.holder),
                names.get(&snapshot.holder.to_string()).cloned().unwrap_or_default(),
                snapshot.messages.to_string(),
                snapshot.items.to_string(),
                size(snapshot.size_bytes.unsigned_abs(), reader.language),
                snapshot.verified_at.map_or_else(String::new, |at| reader.time(at)),
                snapshot.id.chars().take(8).collect(),
            ]
        };
        let table = reader.table(
            [
                ("de", "of"),
                ("adresse", "address"),
                ("messages", "messages"),
                ("fiches et rendez-vous", "cards and events"),
                ("taille", "size"),
                ("vérifié le", "verified"),
                ("instantané", "snapshot"),
            ],
            held.into_iter().map(row).collect(),
        );
        format!("{}\n\n{table}", generation_in_words(reader, found, &names))
    })
}

/// By id, the address that each account and shared mailbox has now; who is deleted has none.
async fn addresses_of(
    session: &Session,
    organisation: OrganisationId,
) -> Result<HashMap<String, String>, Failure> {
    let (organisation, mut names) = (organisation.to_string(), HashMap::new());
    let path = ["organisations", organisation.as_str(), "shared-mailboxes"];
    let shared: Vec<SharedMailbox> = session.client.get(&path).await?.read()?;
    names.extend(shared.iter().map(|mailbox| (mailbox.id.to_string(), mailbox.address.to_string())));
    let mut pages = Vec::new();
    read_accounts(session, &organisation, None, &mut pages).await?;
    for page in pages {
        let accounts: Vec<Account> = page.read()?;
        names.extend(accounts.iter().map(|account| (account.id.to_string(), account.address.to_string())));
    }
    Ok(names)
}

async fn tree(session: &mut Session, of: &Held) -> Result<(), Failure> {
    let id = find(session, &of.generation, &of.organisation).await?;
    let answer = session.client.search(&["backups", &id, &of.holder], &[("reason", &of.reason)]).await?;
    session.show(&answer, |reader, found: Contents| {
        let folders = found.folders.iter().map(|folder| {
            [
                folder.folder.clone(),
                words::printable(&folder.name),
                folder.messages.to_string(),
                folder.personal_messages.to_string(),
                size(folder.size_bytes, reader.language),
            ]
        });
        let folders = reader.table(
            [
                ("dossier", "folder"),
                ("nom", "name"),
                ("messages", "messages"),
                ("dont personnels", "of which personal"),
                ("taille", "size"),
            ],
            folders.collect(),
        );
        let collections = found.collections.iter().map(|collection| {
            [collection.collection.clone(), words::printable(&collection.name), collection.items.to_string()]
        });
        let collections = reader.table(
            [("agenda ou carnet", "calendar or address book"), ("nom", "name"), ("entrées", "entries")],
            collections.collect(),
        );
        format!("{folders}\n\n{collections}")
    })
}

async fn messages(session: &mut Session, of: &Held, query: &[(&str, String)]) -> Result<(), Failure> {
    let id = find(session, &of.generation, &of.organisation).await?;
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = session.client.search(&["backups", &id, &of.holder, "messages"], &query).await?;
    session.show(&answer, |reader, page: MessagePage| {
        let rows = page.messages.iter().map(|message| {
            [
                message.folder.clone(),
                reader.time(message.date),
                words::printable(&message.from),
                words::printable(&message.subject),
                message.message.clone(),
            ]
        });
        let table = reader.table(
            [
                ("dossier", "folder"),
                ("date", "date"),
                ("de", "from"),
                ("objet", "subject"),
                ("message", "message"),
            ],
            rows.collect(),
        );
        let said = match reader.language {
            Language::French => format!(
                "Messages trouvés : {} ; personnels, ni montrés ni cherchés : {}.",
                page.found, page.personal_messages
            ),
            Language::English => {
                format!(
                    "Messages found: {}; personal, neither shown nor searched: {}.",
                    page.found, page.personal_messages
                )
            }
        };
        format!("{table}\n\n{said}")
    })
}

async fn show_message(session: &mut Session, of: &Held, folder: &str, message: &str) -> Result<(), Failure> {
    let id = find(session, &of.generation, &of.organisation).await?;
    let path = ["backups", &id, &of.holder, "messages", folder, message];
    let answer = session.client.search(&path, &[("reason", &of.reason)]).await?;
    session.show(&answer, |reader, shown: View| {
        let attachments: Vec<_> = shown.attachments.iter().map(|one| one.name.clone()).collect();
        let sheet = reader.sheet(&[
            ("de", "from", words::printable(&shown.from)),
            ("à", "to", words::printable(&shown.to)),
            ("date", "date", shown.date.map_or_else(String::new, |at| reader.time(at))),
            ("objet", "subject", words::printable(&shown.subject)),
            ("pièces jointes", "attachments", words::printable(&attachments.join(", "))),
        ]);
        let text: Vec<String> = shown.text.lines().map(words::printable).collect();
        format!("{sheet}\n\n{}", text.join("\n"))
    })
}

async fn download(
    session: &mut Session,
    of: &Held,
    part: &DownloadPart,
    output: &Path,
) -> Result<(), Failure> {
    let id = find(session, &of.generation, &of.organisation).await?;
    let mut path = vec!["backups", id.as_str(), of.holder.as_str()];
    match (&part.folder, &part.message, &part.collection) {
        (Some(folder), Some(message), _) => path.extend(["messages", folder, message, "eml"]),
        (Some(folder), None, _) => path.extend(["folders", folder]),
        (None, _, Some(collection)) => path.extend(["collections", collection]),
        (None, _, None) => path.push("archive"),
    }
    let written = session.client.download_to(&path, &[("reason", &of.reason)], output).await?;
    let (place, size) = (output.display(), size(written, session.language()));
    let said = match session.language() {
        Language::French => format!("{place} est écrit ({size})."),
        Language::English => format!("Wrote {place} ({size})."),
    };
    session.say_unless_json(&said)
}

fn what(part: RestorePart) -> Value {
    match part {
        RestorePart { folder: Some(folder), message, .. } if message.is_empty() => {
            json!({ "kind": "folder", "folder": folder })
        }
        RestorePart { folder: Some(folder), message, .. } => {
            json!({ "kind": "messages", "folder": folder, "messages": message })
        }
        RestorePart { collection: Some(collection), .. } => {
            json!({ "kind": "collection", "collection": collection })
        }
        RestorePart { mail: true, .. } => json!({ "kind": "mail" }),
        RestorePart { .. } => json!({ "kind": "everything" }),
    }
}

async fn restore(session: &mut Session, of: &Held, body: &Value) -> Result<(), Failure> {
    let id = find(session, &of.generation, &of.organisation).await?;
    let answer = session.client.post_patiently(&["backups", &id, &of.holder, "restore"], body).await?;
    let dry_run = body["dry_run"] == "yes";
    session.show(&answer, |reader, report: Value| {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let mail = &report["mail"];
        let collections = report["collections"].as_array().cloned().unwrap_or_default();
        let items: u64 = collections.iter().map(|one| number(&one["restored"])).sum();
        let present: u64 = collections.iter().map(|one| number(&one["present"])).sum();
        let personal = number(&mail["personal_left_out"]) + number(&report["personal_items_left_out"]);
        let unreadable = mail["unreadable"].as_array().map_or(0, Vec::len);
        let sheet = reader.sheet(&[
            ("vers", "into", report["into"].as_str().unwrap_or_default().to_owned()),
            ("messages ajoutés", "messages added", number(&mail["added"]).to_string()),
            ("messages déjà là", "messages already there", number(&mail["already_there"]).to_string()),
            ("fiches et rendez-vous ajoutés", "cards and events added", items.to_string()),
            ("fiches et rendez-vous déjà là", "cards and events already there", present.to_string()),
            ("personnels laissés de côté", "personal, left out", personal.to_string()),
            ("illisibles", "unreadable", unreadable.to_string()),
        ]);
        if dry_run {
            let said = reader.pick("Rien n'a été écrit ; ce serait :", "Nothing was written; it would be:");
            return format!("{said}\n\n{sheet}");
        }
        sheet
    })
}

async fn policy(
    session: &mut Session,
    organisation: &InOrganisation,
    location: Option<String>,
    schedule: Option<Value>,
    keep: &Keep,
) -> Result<(), Failure> {
    let id = session.organisation(organisation.organisation.as_deref()).await?;
    let path = ["organisations", id.as_str(), "backup-policy"];
    let now = session.client.get(&path).await?;
    let keeps = [keep.keep_days, keep.keep_weeks, keep.keep_months];
    let answer = if location.is_none() && schedule.is_none() && keeps.iter().all(Option::is_none) {
        now
    } else {
        let mut retention = now.read::<BackupPolicy>()?.retention;
        retention.days = keep.keep_days.unwrap_or(retention.days);
        retention.weeks = keep.keep_weeks.unwrap_or(retention.weeks);
        retention.months = keep.keep_months.unwrap_or(retention.months);
        let body = json!({ "location": location, "schedule": schedule, "retention": retention });
        session.client.patch(&path, &body).await?
    };
    session.show(&answer, |reader, found: BackupPolicy| {
        let kept = found.retention;
        let kept = match reader.language {
            Language::French => format!("{} jours, {} semaines, {} mois", kept.days, kept.weeks, kept.months),
            Language::English => format!("{} days, {} weeks, {} months", kept.days, kept.weeks, kept.months),
        };
        let when = found.daily_at.map_or_else(
            || reader.pick("quand on la demande", "when asked").to_owned(),
            |at| format!("{} {}", reader.pick("chaque jour à", "every day at"), at.strftime("%H:%M")),
        );
        reader.sheet(&[
            ("emplacement", "location", found.location),
            ("quand", "when", when),
            ("conservation", "kept", kept),
        ])
    })
}

async fn key(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let id = session.organisation(organisation.organisation.as_deref()).await?;
    let answer = session.client.get(&["organisations", &id, "backup-key"]).await?;
    session.show(&answer, |reader, found: Value| {
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        let sheet =
            reader.sheet(&[("emplacement", "location", text("location")), ("clé", "key", text("key"))]);
        let said = reader.pick(
            "Gardez la clé ailleurs que sur ce serveur : sans elle rien ne pourra être restauré s'il est perdu.\n\
             Elle ouvre tout, messages personnels compris.",
            "Keep the key elsewhere than on this server: without it nothing can be restored if it is lost.\n\
             It opens everything, personal messages too.",
        );
        format!("{sheet}\n\n{said}")
    })
}

async fn check(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let id = session.organisation(organisation.organisation.as_deref()).await?;
    let answer =
        session.client.post_patiently(&["organisations", &id, "backups", "check"], &json!({})).await?;
    let found: Value = answer.read()?;
    let damages: Vec<String> = found["damages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(words::printable)
        .collect();
    if damages.is_empty() {
        return session.confirm(
            &answer,
            "Tout a été relu ; rien n'est abîmé.",
            "Everything was read back; nothing is damaged.",
        );
    }
    let said = session.language().pick(
        "La sauvegarde est abîmée ; lancez-en une autre ailleurs (relais backup policy --location …) :",
        "The backup is damaged; make another elsewhere (relais backup policy --location …):",
    );
    Err(Failure::NotDone(format!("{said}\n{}", damages.join("\n"))))
}

/// The id of a generation that is named by it, or of the latest that ended verified.
async fn find(session: &Session, named: &str, organisation: &InOrganisation) -> Result<String, Failure> {
    if named != "latest" {
        return Ok(named.to_owned());
    }
    let id = session.organisation(organisation.organisation.as_deref()).await?;
    let all: Vec<Generation> = session.client.get(&["organisations", &id, "backups"]).await?.read()?;
    let whole =
        |found: &&Generation| found.state == GenerationState::Verified && found.scope == Scope::Everything;
    match all.iter().find(whole) {
        Some(found) => Ok(found.id.to_string()),
        None => {
            let said = session.language().pick(
                "Aucune sauvegarde complète n'est encore vérifiée ; lancez-en une : relais backup run",
                "No whole backup is verified yet; make one: relais backup run",
            );
            Err(Failure::NotDone(said.to_owned()))
        }
    }
}

fn generation_in_words(reader: &Reader, found: Generation, names: &HashMap<String, String>) -> String {
    let mut rows = vec![
        ("sauvegarde", "backup", found.id.to_string()),
        ("état", "state", state(reader, found.state)),
        ("contenu", "of", scope(reader, found.scope, names)),
        ("commencée le", "begun", reader.time(found.started_at)),
        ("finie le", "ended", found.ended_at.map_or_else(String::new, |at| reader.time(at))),
        ("faits", "done", format!("{}/{}", found.holders_done, found.holders)),
    ];
    let trouble = found.trouble.as_deref().map(words::printable);
    rows.extend(trouble.map(|trouble| ("difficulté", "trouble", trouble)));
    reader.sheet(&rows)
}

fn state(reader: &Reader, state: GenerationState) -> String {
    match state {
        GenerationState::Running => reader.careful(reader.pick("en cours", "running")),
        GenerationState::Verified => reader.good(reader.pick("vérifiée", "verified")),
        GenerationState::Incomplete => reader.bad(reader.pick("incomplète", "incomplete")),
    }
}

fn scope(reader: &Reader, scope: Scope, names: &HashMap<String, String>) -> String {
    match scope {
        Scope::Everything => reader.pick("tout", "everything").to_owned(),
        Scope::Account(id) => {
            let id = id.to_string();
            names.get(&id).cloned().unwrap_or(id)
        }
    }
}

fn holder(reader: &Reader, holder: Holder) -> String {
    match holder {
        Holder::Organisation(_) => reader.pick("l'organisation", "the organisation").to_owned(),
        Holder::Account(_) | Holder::SharedMailbox(_) => holder.to_string(),
    }
}
