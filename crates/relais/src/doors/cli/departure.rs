//! Departures that were started: how far they are, and what can be done about them.

use super::arguments::DepartureCommand;
use super::certificate;
use super::depart::follow;
use super::quota::size;
use super::reader::Reader;
use super::session::Attendance;
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::content::ContentCount;
use relais_core::departure::{Departure, DepartureState, Plan, Step, StepReport};
use relais_core::ids::DepartureId;
use relais_core::language::Language;
use relais_core::money::Money;
use serde_json::{Value, json};

pub async fn departure(session: &mut Session, command: DepartureCommand) -> Result<(), Failure> {
    match command {
        DepartureCommand::Status { departure } => {
            let id = find(session, &departure).await?;
            let answer = session.client.get(&["departures", &id]).await?;
            session.show(&answer, |reader, found: Departure| status(reader, &found))
        }
        DepartureCommand::Hold { departure } => {
            let id = find(session, &departure).await?;
            let answer = session.client.post(&["departures", &id, "hold"], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("Le départ {id} est suspendu ; pour continuer : relais departure resume {id}"),
                &format!("The departure {id} is held; to go on: relais departure resume {id}"),
            )
        }
        DepartureCommand::Resume { departure } => {
            let id = find(session, &departure).await?;
            let answer = session.client.post(&["departures", &id, "resume"], &json!({})).await?;
            follow(session, answer).await
        }
        DepartureCommand::Undo { departure, yes } => undo(session, &departure, yes).await,
        DepartureCommand::List { organisation } => {
            session
                .list(organisation.organisation.as_deref(), "departures", |reader, rows: Vec<Departure>| {
                    let row = |found: Departure| {
                        [
                            found.id.to_string(),
                            found.plan.leaver.to_string(),
                            found.plan.name.clone(),
                            words::departure_state(found.state, reader.language).to_owned(),
                            format!("{}/{}", found.steps_done, found.plan.steps.len()),
                            reader.time(found.plan.begins_at),
                        ]
                    };
                    reader.table(
                        [
                            ("id", "id"),
                            ("partant", "leaver"),
                            ("nom", "name"),
                            ("état", "state"),
                            ("étapes", "steps"),
                            ("début", "begins"),
                        ],
                        rows.into_iter().map(row).collect(),
                    )
                })
                .await
        }
        DepartureCommand::Certificate { departure, html } => {
            let id = find(session, &departure).await?;
            certificate::certificate(session, &id, html.as_deref()).await
        }
    }
}

async fn undo(session: &mut Session, departure: &str, yes: bool) -> Result<(), Failure> {
    let id = find(session, departure).await?;
    if !yes {
        if session.attendance == Attendance::Unattended {
            let said = session
                .language()
                .pick("Ajoutez --yes pour annuler ce départ.", "Add --yes to undo this departure.");
            return Err(Failure::Usage(said.to_owned()));
        }
        let agreed = session.agrees(
            "Annuler ce départ et tout remettre comme avant ?",
            "Undo this departure and put everything back as it was?",
        )?;
        if !agreed {
            let said = session.language().pick("Rien n'est annulé.", "Nothing was undone.");
            return Err(Failure::NotDone(said.to_owned()));
        }
    }
    let answer = session.client.post(&["departures", &id, "undo"], &json!({})).await?;
    follow(session, answer).await
}

/// The id of a departure that is named by itself, by its account, or by the address its account had: at the end of a
/// departure that address belongs to someone else.
async fn find(session: &Session, named: &str) -> Result<String, Failure> {
    if named.parse::<DepartureId>().is_ok() {
        return Ok(named.to_owned());
    }
    let address = named.parse::<EmailAddress>().ok();
    let had = |found: &Departure| {
        address
            .as_ref()
            .is_none_or(|address| found.plan.leaver == *address || found.plan.renamed_to == *address)
    };
    let of_holder: Result<Departure, Failure> =
        match session.client.get(&["accounts", named, "departure"]).await {
            Ok(answer) => Ok(answer.read()?),
            Err(failure) if failure.is_not_found() => Err(failure),
            Err(failure) => return Err(failure),
        };
    if let Ok(found) = &of_holder
        && had(found)
    {
        return Ok(found.id.to_string());
    }
    let everywhere: Vec<Departure> = match address {
        Some(_) => session.everywhere("departures").await?,
        None => Vec::new(),
    };
    match everywhere.into_iter().filter(had).max_by_key(|found| found.created_at) {
        Some(latest) => Ok(latest.id.to_string()),
        None => of_holder.map(|found| found.id.to_string()),
    }
}

pub fn status(reader: &Reader, found: &Departure) -> String {
    let language = reader.language;
    let state = words::departure_state(found.state, language);
    let state = match found.state {
        DepartureState::Finished => reader.good(state),
        DepartureState::Held => reader.bad(state),
        DepartureState::Scheduled
        | DepartureState::Running
        | DepartureState::Undoing
        | DepartureState::Undone => reader.careful(state),
    };
    let title = format!(
        "{} {} {} {} <{}>{}",
        reader.pick("Départ", "Departure"),
        found.id,
        reader.pick("de", "of"),
        found.plan.name,
        found.plan.leaver,
        reader.colon()
    );
    let mut lines = vec![format!("{} {state}", reader.strong(&words::printable(&title)))];
    lines.extend(
        found.reports_done().iter().map(|report| {
            format!("  {}  {}", done(reader, &found.plan, report), reader.time(report.done_at))
        }),
    );
    let to_come = found.plan.steps.iter().skip(found.steps_done as usize);
    lines.extend(to_come.map(|step| format!("  · {}", to_do(reader, found, *step))));
    if let Some(trouble) = &found.trouble {
        let said = reader.pick("Difficulté", "Trouble");
        let text = format!("{said}{} {}", reader.colon(), words::printable(trouble));
        lines.push(reader.careful(&text));
    }
    lines.join("\n")
}

/// What is being done, for whoever waits.
pub fn now_doing(reader: &Reader, found: &Departure) -> String {
    match found.next_step() {
        Some(step) => {
            let count = format!("{}/{}", found.steps_done + 1, found.plan.steps.len());
            let trouble = found
                .trouble
                .as_deref()
                .map_or_else(String::new, |trouble| format!(" ({})", words::printable(trouble)));
            format!("{count} {}…{trouble}", words::step(step, reader.language))
        }
        None => words::departure_state(found.state, reader.language).to_owned(),
    }
}

/// One step that was done, and what it reports.
pub fn done(reader: &Reader, plan: &Plan, report: &StepReport) -> String {
    let name = words::step(report.step, reader.language);
    let detail = match report.step {
        Step::CutSessions => cut(reader, &report.detail),
        Step::HandOverMail => handed_over(reader, &report.detail),
        Step::BackUp => backed_up(reader, &report.detail),
        Step::Export => exported(reader, &report.detail),
        Step::HandOverCollections => collections_given(reader, &report.detail),
        Step::ReassignContent => content_given(reader, &report.detail),
        Step::SettleMeetings => meetings_settled(reader, &report.detail),
        Step::Rename => Some(plan.renamed_to.to_string()),
        Step::Freeze => groups_given(plan, &report.detail),
        Step::Inventory | Step::RouteInbound | Step::GiveAddresses | Step::Wait | Step::Certificate => None,
        Step::Delete => credited(reader, &report.detail),
    };
    let detail =
        detail.map_or_else(String::new, |detail| format!("{} {}", reader.colon(), words::printable(&detail)));
    format!("{} {name}{detail}", reader.good("✓"))
}

/// One step that was taken back.
pub fn undone(reader: &Reader, step: Step) -> String {
    format!("{} {}", reader.careful("↶"), words::step(step, reader.language))
}

fn to_do(reader: &Reader, found: &Departure, step: Step) -> String {
    let name = words::step(step, reader.language);
    match (step, found.plan.delete_after) {
        (Step::Wait, Some(after)) => format!("{name} ({})", reader.end(Some(after))),
        _ => name.to_owned(),
    }
}

fn number(detail: &Value, name: &str) -> Option<u64> {
    detail.get(name).and_then(Value::as_u64)
}

fn credited(reader: &Reader, detail: &Value) -> Option<String> {
    let amount: Money = serde_json::from_value(detail.get("credited")?.clone()).ok()?;
    Some(format!(
        "{} {}",
        amount.format(reader.language),
        reader.pick("crédités à la provision", "credited to the provision")
    ))
}

/// The groups that had no other admin.
fn groups_given(plan: &Plan, detail: &Value) -> Option<String> {
    let given = detail.get("groups_given").and_then(Value::as_array)?.iter();
    let names: Vec<&str> = given.filter_map(|given| given.get("name")?.as_str()).collect();
    let to = plan.groups_to.as_ref().filter(|_| !names.is_empty())?;
    Some(format!("{} → {to}", names.join(", ")))
}

fn cut(reader: &Reader, detail: &Value) -> Option<String> {
    let count = number(detail, "sessions_cut").filter(|count| *count > 0)?;
    Some(format!("{count} {}", reader.pick("session(s) de courrier", "mail session(s)")))
}

fn backed_up(reader: &Reader, detail: &Value) -> Option<String> {
    let (messages, items) = (number(detail, "messages")?, number(detail, "items")?);
    let messages = words::messages(messages, reader.language);
    let items = format!("{items} {}", reader.pick("fiches et rendez-vous", "cards and events"));
    let snapshot: String = detail.get("snapshot")?.as_str()?.chars().take(8).collect();
    Some(format!("{messages}, {items} ({} {snapshot})", reader.pick("instantané", "snapshot")))
}

fn exported(reader: &Reader, detail: &Value) -> Option<String> {
    let sent_to = detail.get("sent_to")?.as_str()?;
    let size = size(number(detail, "size_bytes")?, reader.language);
    Some(format!("{size}, {} {sent_to}", reader.pick("lien envoyé à", "link sent to")))
}

fn collections_given(reader: &Reader, detail: &Value) -> Option<String> {
    let listed = |field: &str| -> Vec<&str> {
        let names = detail.get(field).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (names, not_shared) = (listed("collections"), listed("not_shared"));
    let to = detail.get("to")?.as_str()?;
    let aside = number(detail, "personal_items_left_out").unwrap_or_default();
    let names = if names.is_empty() { reader.pick("aucun", "none").to_owned() } else { names.join(", ") };
    let mut said = vec![format!("{names} → {to}")];
    if !not_shared.is_empty() {
        let why = reader.pick("non partagés, car en partie personnels", "not shared, being personal in part");
        said.push(format!("{why}{} {}", reader.colon(), not_shared.join(", ")));
    }
    match (aside, reader.language) {
        (0, _) => {}
        (1, Language::French) => said.push("1 élément personnel mis de côté".to_owned()),
        (_, Language::French) => said.push(format!("{aside} éléments personnels mis de côté")),
        (_, Language::English) => said.push(format!("personal and set aside: {aside}")),
    }
    Some(said.join(reader.pick(" ; ", "; ")))
}

fn content_given(reader: &Reader, detail: &Value) -> Option<String> {
    let kinds: Vec<ContentCount> = serde_json::from_value(detail.get("kinds")?.clone()).ok()?;
    Some(format!("{} → {}", words::content_counts(&kinds, reader), detail.get("to")?.as_str()?))
}

fn meetings_settled(reader: &Reader, detail: &Value) -> Option<String> {
    let (meetings, letters) = (number(detail, "meetings")?, number(detail, "letters")?);
    let told = match (reader.language, letters) {
        (Language::French, 0) => "personne à prévenir".to_owned(),
        (Language::French, 1) => "1 personne prévenue".to_owned(),
        (Language::French, _) => format!("{letters} personnes prévenues"),
        (Language::English, 1) => "1 person told".to_owned(),
        (Language::English, _) => format!("{letters} people told"),
    };
    let noun = match (reader.language, meetings) {
        (Language::French, 0 | 1) => "réunion",
        (Language::French, _) => "réunions",
        (Language::English, 1) => "meeting",
        (Language::English, _) => "meetings",
    };
    Some(format!("{meetings} {noun}, {told}"))
}

fn handed_over(reader: &Reader, detail: &Value) -> Option<String> {
    let (messages, bytes) = (number(detail, "messages")?, number(detail, "size_bytes")?);
    let to = detail.get("to").and_then(Value::as_str).unwrap_or_default();
    let folder = detail.get("folder").and_then(Value::as_str).unwrap_or_default();
    let size = size(bytes, reader.language);
    let aside = number(detail, "personal_messages_left_out").unwrap_or_default();
    let messages = words::messages(messages, reader.language);
    Some(match (reader.language, aside) {
        (Language::French, 0 | 1) => {
            format!("{messages} ({size}) à {to}, dossier {folder} ; {aside} personnel mis de côté")
        }
        (Language::French, _) => {
            format!("{messages} ({size}) à {to}, dossier {folder} ; {aside} personnels mis de côté")
        }
        (Language::English, _) => {
            format!("{messages} ({size}) to {to}, folder {folder}; personal and set aside: {aside}")
        }
    })
}
