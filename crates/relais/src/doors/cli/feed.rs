//! What an application that is a SCIM server is told: setting it up, seeing what would be done, and what could not be.

use super::application::id_of;
use super::arguments::{FeedArguments, FeedCommand};
use super::client::Answer;
use super::group::group_id;
use super::reader::Reader;
use super::{Failure, Session, words};
use clap::ValueEnum;
use relais_app::FeedShown;
use relais_core::application::Application;
use relais_core::feed::{ActKind, FeedError, FeedPlan, FeedReport, FeedState, PlannedAct};
use serde_json::{Map, Value, json};

pub async fn feed(session: &mut Session, command: FeedCommand) -> Result<(), Failure> {
    match command {
        FeedCommand::Set { application, settings } => set(session, &application, *settings).await,
        FeedCommand::Show { application } => {
            let id = id_of(session, &application).await?;
            let answer = session.client.get(&["applications", &id, "feed"]).await?;
            show(session, &answer)
        }
        FeedCommand::Plan { application } => {
            let id = id_of(session, &application).await?;
            let place = ["applications", &id, "feed", "plan"];
            let answer = session.client.post_patiently(&place, &json!({})).await?;
            session.show(&answer, plan)
        }
        FeedCommand::Run { application } => act(session, &application, "run").await,
        FeedCommand::Off { application } => act(session, &application, "off").await,
        FeedCommand::Errors { application, after } => {
            let id = id_of(session, &application).await?;
            let place = ["applications", &id, "feed", "errors"];
            let answer =
                session.client.search(&place, &[("after", after.as_str()), ("limit", "200")]).await?;
            session.show(&answer, errors)
        }
    }
}

async fn act(session: &mut Session, application: &str, act: &str) -> Result<(), Failure> {
    let id = id_of(session, application).await?;
    let answer = session.client.post(&["applications", &id, "feed", act], &json!({})).await?;
    show(session, &answer)
}

fn show(session: &mut Session, answer: &Answer) -> Result<(), Failure> {
    session.show(answer, |reader, of: FeedShown| sheet(reader, &of))
}

/// What is typed changes what is set up; what is not stays.
async fn set(session: &mut Session, application: &str, typed: FeedArguments) -> Result<(), Failure> {
    let id = id_of(session, application).await?;
    let place = ["applications", &id, "feed"];
    let mut settings = match session.client.get(&place).await {
        Ok(answer) => match answer.read::<Value>()?.get_mut("settings").map(Value::take) {
            Some(Value::Object(settings)) => settings,
            _ => Map::new(),
        },
        Err(failure) if failure.is_not_found() => Map::new(),
        Err(failure) => return Err(failure),
    };
    let organisation = session.client.get(&["applications", &id]).await?.read::<Application>()?.organisation;
    if typed.everybody {
        settings.insert("only_groups".to_owned(), json!([]));
    } else if !typed.only_group.is_empty() {
        let mut groups = Vec::new();
        for group in &typed.only_group {
            groups.push(group_id(session, group, Some(&organisation.to_string())).await?);
        }
        settings.insert("only_groups".to_owned(), json!(groups));
    }
    let named = [
        ("url", typed.scim_url.clone()),
        ("user_name", typed.user_name.as_ref().map(word)),
        ("external_id", typed.external_id.as_ref().map(word)),
        ("groups", typed.groups.as_ref().map(word)),
        ("when_closed", typed.when_closed.as_ref().map(word)),
        ("when_deleted", typed.when_deleted.as_ref().map(word)),
        ("changes", typed.changes.as_ref().map(word)),
    ];
    for (field, value) in named {
        settings.extend(value.map(|value| (field.to_owned(), json!(value))));
    }
    if !typed.tell.is_empty() {
        let told: Vec<String> = typed.tell.iter().map(word).collect();
        settings.insert("attributes".to_owned(), json!(told));
    }
    settings.entry("url").or_insert(json!(""));
    let token = typed.scim_token.map(|source| source.read()).transpose()?;
    let token = token.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
    let answer = session.client.put(&place, &json!({ "settings": settings, "token": token })).await?;
    show(session, &answer)
}

/// A typed word as the API has it.
fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|word| word.get_name().replace('-', "_")).unwrap_or_default()
}

fn sheet(reader: &Reader, of: &FeedShown) -> String {
    let FeedShown { feed, known, in_trouble } = of;
    let state = match feed.state {
        FeedState::Off => reader.pick("arrêtée", "off"),
        FeedState::On => reader.pick("en marche", "on"),
        FeedState::Stopped => reader.pick(
            "en panne : l'application refuse le jeton ; donnez-en un nouveau avec relais application scim set --scim-token",
            "stopped: the application does not take the token; give a new one with relais application scim set --scim-token",
        ),
    };
    let mut rows = vec![
        ("serveur SCIM", "SCIM server", feed.settings.url.clone()),
        ("alimentation", "feed", state.to_owned()),
        ("entrées connues", "known entries", known.to_string()),
        ("en erreur", "in trouble", in_trouble.to_string()),
    ];
    if let Some(trouble) = &feed.trouble {
        rows.push(("ennui", "trouble", words::printable(trouble)));
    }
    if let Some(until) = feed.away_until {
        rows.push(("réessayé le", "tried again", reader.time(until)));
    }
    if let Some(report) = &feed.report {
        rows.push(("comparé le", "compared", reader.time(report.at)));
        rows.extend(counts(report));
    }
    reader.sheet(&rows)
}

fn counts(report: &FeedReport) -> [(&'static str, &'static str, String); 4] {
    [
        ("comptes", "accounts", report.accounts.to_string()),
        ("groupes", "groups", report.groups.to_string()),
        ("différences", "differences", report.differing.to_string()),
        ("entrées étrangères", "foreign entries", report.foreign.to_string()),
    ]
}

fn plan(reader: &Reader, of: FeedPlan) -> String {
    let row = |one: PlannedAct| {
        let act = match one.act {
            ActKind::Close => reader.pick("fermer", "close"),
            ActKind::Remove => reader.pick("retirer", "remove"),
            ActKind::Create => reader.pick("créer", "create"),
            ActKind::Change => reader.pick("changer", "change"),
        };
        let name = if one.name.is_empty() { one.subject } else { one.name };
        [words::printable(&name), act.to_owned(), one.attributes.join(", ")]
    };
    let headings = [("compte ou groupe", "account or group"), ("acte", "act"), ("attributs", "attributes")];
    let mut text = reader.table(headings, of.acts.into_iter().map(row).collect());
    if of.acts_left_out > 0 {
        text.push_str(&format!("\n+ {}", of.acts_left_out));
    }
    format!("{text}\n\n{}", reader.sheet(&counts(&of.report)))
}

fn errors(reader: &Reader, rows: Vec<FeedError>) -> String {
    let row = |one: FeedError| {
        let name = if one.name.is_empty() { one.subject.clone() } else { one.name };
        [
            words::printable(&name),
            one.attempts.to_string(),
            reader.time(one.next_at),
            words::printable(&one.trouble),
            one.subject,
        ]
    };
    let headings = [
        ("compte ou groupe", "account or group"),
        ("essais", "attempts"),
        ("prochain", "next"),
        ("ennui", "trouble"),
        ("id", "id"),
    ];
    reader.table(headings, rows.into_iter().map(row).collect())
}
