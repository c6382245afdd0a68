//! Directories: setting one up, seeing what it would change, and what it came to.

use super::arguments::{
    DirectoryCommand, DirectorySettings, EncryptionWord, Every, KindWord, ReadingWord, SignInWord,
};
use super::client::Answer;
use super::reader::Reader;
use super::{Failure, Session, words};
use anyhow::Context as _;
use relais_core::directory::{Counts, Directory, Outcome, Report, ReportItem};
use relais_core::ids::DirectoryId;
use relais_core::job::{ItemRefusal, Run};
use serde_json::{Map, Value, json};

pub async fn directory(session: &mut Session, command: DirectoryCommand) -> Result<(), Failure> {
    match command {
        DirectoryCommand::Add { name, kind, settings, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let (mut asked, password) = settings_of(*settings)?;
            asked.insert(
                "kind".to_owned(),
                json!(match kind {
                    KindWord::OpenLdap => "open_ldap",
                    KindWord::ActiveDirectory => "active_directory",
                }),
            );
            let body =
                json!({ "name": name, "settings": asked, "bind_password": password.unwrap_or_default() });
            let place = ["organisations", &organisation, "directories"];
            let answer = session.client.post(&place, &body).await?;
            session.show(&answer, |reader, of: Directory| sheet(reader, &of))
        }
        DirectoryCommand::List { organisation } => {
            session.list(organisation.organisation.as_deref(), "directories", table).await
        }
        DirectoryCommand::Show { directory } => {
            let id = id_of(session, &directory).await?;
            let answer = session.client.get(&["directories", &id]).await?;
            session.show(&answer, |reader, of: Directory| sheet(reader, &of))
        }
        DirectoryCommand::Change { directory, name, settings } => {
            let id = id_of(session, &directory).await?;
            let (asked, password) = settings_of(*settings)?;
            let mut body = Map::new();
            if let Some(name) = name {
                body.insert("name".to_owned(), json!(name));
            }
            if !asked.is_empty() {
                body.insert("settings".to_owned(), json!(asked));
            }
            if let Some(password) = password {
                body.insert("bind_password".to_owned(), json!(password));
            }
            let answer = session.client.patch(&["directories", &id], &json!(body)).await?;
            session.show(&answer, |reader, of: Directory| sheet(reader, &of))
        }
        DirectoryCommand::Plan { directory } => read(session, &directory, "plan").await,
        DirectoryCommand::Sync { directory } => read(session, &directory, "sync").await,
        DirectoryCommand::Apply { directory } => read(session, &directory, "apply").await,
        DirectoryCommand::Report { directory } => {
            let id = id_of(session, &directory).await?;
            let answer = session.client.get(&["directories", &id, "report"]).await?;
            show_report(session, &answer)
        }
        DirectoryCommand::Link { directory, entry, account } => {
            let id = id_of(session, &directory).await?;
            let entry = entry.to_string();
            let place = ["directories", &id, "entries", &entry];
            let answer = session.client.put(&place, &json!({ "account": account })).await?;
            session.confirm(
                &answer,
                &format!("L'entrée {entry} et le compte {account} sont la même personne ; la prochaine lecture applique ce que dit l'annuaire."),
                &format!("The entry {entry} and the account {account} are one person's; the next reading applies what the directory says."),
            )
        }
        DirectoryCommand::Remove { directory } => {
            let id = id_of(session, &directory).await?;
            let answer = session.client.delete(&["directories", &id]).await?;
            session.confirm(
                &answer,
                &format!("L'annuaire {directory} n'est plus lu ; comptes et groupes restent comme ils sont."),
                &format!("The directory {directory} is read no more; accounts and groups stay as they are."),
            )
        }
    }
}

async fn read(session: &mut Session, directory: &str, what: &str) -> Result<(), Failure> {
    let id = id_of(session, directory).await?;
    let answer = session.client.post_patiently(&["directories", &id, what], &json!({})).await?;
    show_report(session, &answer)
}

/// By id, or by name where only one directory has it.
async fn id_of(session: &Session, named: &str) -> Result<String, Failure> {
    if named.parse::<DirectoryId>().is_ok() {
        return Ok(named.to_owned());
    }
    let all: Vec<Directory> = session.everywhere("directories").await?;
    let found = all.iter().filter(|one| one.name == named).map(|one| one.id.to_string());
    session.only_one(named, found.collect())
}

/// What was typed as the API has it; an empty text becomes null. The password goes apart.
fn settings_of(typed: DirectorySettings) -> Result<(Map<String, Value>, Option<String>), Failure> {
    let mut asked = Map::new();
    let text = |text: String| if text.is_empty() { Value::Null } else { json!(text) };
    let ca = typed.ca.map(|path| std::fs::read_to_string(&path).with_context(|| path.display().to_string()));
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            asked.insert(field.to_owned(), value);
        }
    };
    put("host", typed.host.map(|host| json!(host)));
    put("port", typed.port.map(|port| json!(port)));
    put(
        "encryption",
        typed.encryption.map(|word| {
            json!(match word {
                EncryptionWord::Tls => "tls",
                EncryptionWord::StartTls => "start_tls",
                EncryptionWord::None => "none",
            })
        }),
    );
    put("ca", ca.transpose()?.map(Value::from));
    put("bind_dn", typed.bind_dn.map(|dn| json!(dn)));
    put("base", typed.base.map(|base| json!(base)));
    put("filter", typed.filter.map(text));
    put("disabled_filter", typed.disabled_filter.map(text));
    put(
        "reading",
        typed.reading.map(|word| {
            json!(match word {
                ReadingWord::Changes => "changes",
                ReadingWord::Whole => "whole",
            })
        }),
    );
    put("domain", typed.domain.map(text));
    let attributes: Map<String, Value> =
        typed.attributes.into_iter().map(|(what, attribute)| (what, json!(attribute))).collect();
    put("attributes", (!attributes.is_empty()).then(|| json!(attributes)));
    let mut groups = Map::new();
    for (field, value) in [("base", typed.groups_base.clone()), ("filter", typed.groups_filter)] {
        if let Some(value) = value {
            groups.insert(field.to_owned(), json!(value));
        }
    }
    let no_groups = typed.groups_base.is_some_and(|base| base.is_empty());
    put("groups", if no_groups { Some(Value::Null) } else { (!groups.is_empty()).then(|| json!(groups)) });
    let mut guard = Map::new();
    for (field, value) in [("count_max", typed.count_max), ("percent_max", typed.percent_max)] {
        if let Some(value) = value {
            guard.insert(field.to_owned(), json!(value));
        }
    }
    put("guard", (!guard.is_empty()).then(|| json!(guard)));
    put(
        "every_minutes",
        typed.every.map(|every| match every {
            Every::Minutes(minutes) => json!(minutes),
            Every::Never => Value::Null,
        }),
    );
    put(
        "sign_in",
        typed.sign_in.map(|word| {
            json!(match word {
                SignInWord::Off => "off",
                SignInWord::Bind => "bind",
            })
        }),
    );
    put("precedence", typed.precedence.map(|number| json!(number)));
    let password = typed.bind_password.map(|source| source.read()).transpose()?;
    Ok((asked, password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned())))
}

fn table(reader: &Reader, rows: Vec<Directory>) -> String {
    let row = |one: Directory| {
        let next = one.next_at.map(|at| reader.time(at)).unwrap_or_default();
        let held = one.held_since.map(|at| reader.time(at)).unwrap_or_default();
        [one.name, one.settings.host, next, held, one.id.to_string()]
    };
    reader.table(
        [
            ("nom", "name"),
            ("serveur", "server"),
            ("prochaine lecture", "next reading"),
            ("plan en attente depuis", "plan held since"),
            ("id", "id"),
        ],
        rows.into_iter().map(row).collect(),
    )
}

fn sheet(reader: &Reader, of: &Directory) -> String {
    let settings = &of.settings;
    let groups = settings.groups.as_ref().map(|groups| groups.base.clone()).unwrap_or_default();
    let when = |at: Option<jiff::Timestamp>| at.map(|at| reader.time(at)).unwrap_or_default();
    reader.sheet(&[
        ("annuaire", "directory", of.id.to_string()),
        ("nom", "name", of.name.clone()),
        ("serveur", "server", format!("{}:{}", settings.host, settings.port())),
        ("lu en tant que", "read as", settings.bind_dn.clone()),
        ("base", "base", settings.base.clone()),
        ("filtre", "filter", settings.people_filter().to_owned()),
        ("groupes", "groups", groups),
        ("priorité", "precedence", settings.precedence.to_string()),
        ("prochaine lecture", "next reading", when(of.next_at)),
        ("plan en attente depuis", "plan held since", when(of.held_since)),
    ])
}

fn show_report(session: &mut Session, answer: &Answer) -> Result<(), Failure> {
    session.show(answer, |reader, report: Report| in_words(reader, &report))
}

/// A report as a person reads it: what became of it, the counts, and what differs still.
#[must_use]
pub fn in_words(reader: &Reader, report: &Report) -> String {
    let mut text = outcome(reader, report);
    let counted = counts(reader, &report.counts);
    if !counted.is_empty() {
        text.push_str(&format!("\n{counted}"));
    }
    if !report.items.is_empty() {
        let rows = report.items.iter().map(|item| row(reader, item)).collect();
        let headings =
            [("qui", "who"), ("quoi", "what"), ("pourquoi pas tout", "why not all"), ("entrée", "entry")];
        text.push_str(&format!("\n\n{}", reader.table(headings, rows)));
    }
    if report.items_left_out > 0 {
        let left = report.items_left_out;
        text.push_str(&format!("\n… +{left}"));
    }
    text
}

fn outcome(reader: &Reader, report: &Report) -> String {
    let dry = report.run == Run::Dry;
    match &report.outcome {
        Outcome::Done if dry => {
            reader.pick("Essai : rien n'a été gardé.", "Tried: nothing was kept.").to_owned()
        }
        Outcome::Done => {
            reader.pick("L'annuaire est lu et appliqué.", "The directory is read and applied.").to_owned()
        }
        Outcome::Held(hold) => {
            let (suspended, of) = (hold.suspended, hold.of);
            let (french, english) = if dry {
                (
                    format!(
                        "Essai : {suspended} suspensions sur {of} ; un tel plan attendrait une décision."
                    ),
                    format!("Tried: {suspended} of {of} suspended; such a plan would be held."),
                )
            } else {
                (
                    format!(
                        "En attente : {suspended} suspensions sur {of}. Rien n'a été changé ; si c'est voulu : relais directory apply."
                    ),
                    format!(
                        "Held: {suspended} of {of} would be suspended. Nothing was changed; if it is meant so: relais directory apply."
                    ),
                )
            };
            reader.careful(reader.pick(&french, &english))
        }
        Outcome::Incomplete { because } => reader.bad(&words::printable(sentence(reader, because))),
    }
}

fn counts(reader: &Reader, counts: &Counts) -> String {
    let said = words::directory_counts(counts, reader.language).into_iter();
    said.map(|(count, word)| format!("{word}{} {count}", reader.colon())).collect::<Vec<_>>().join(", ")
}

fn row(reader: &Reader, item: &ReportItem) -> [String; 4] {
    let acts: Vec<&str> = item.acts.iter().map(|act| words::entry_act(*act, reader.language)).collect();
    let why: Vec<&str> = item.refusals.iter().map(|refusal| sentence(reader, refusal)).collect();
    // Names and addresses are other people's words.
    let [name, why] = [item.name.as_str(), &why.join(" ")].map(words::printable);
    [name, acts.join(", "), why, item.entry.to_string()]
}

fn sentence<'a>(reader: &Reader, refusal: &'a ItemRefusal) -> &'a str {
    reader.language.pick(refusal.french.as_str(), refusal.english.as_str())
}
