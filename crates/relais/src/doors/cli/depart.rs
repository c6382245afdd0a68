//! `depart`: shows the plan, asks, starts, and stays until the departure has ended or waits for something.

use super::arguments::DepartArguments;
use super::client::Answer;
use super::session::{Attendance, Form};
use super::text::TextSource;
use super::{Failure, Session, departure, plan};
use indicatif::ProgressBar;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::departure::{
    BackupChoice, Departure, DepartureState, ExportChoice, Order, Plan, Step, default_reply,
};
use relais_core::inbound::LocalCopy;
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often in a row the server may be away (it restarts) before this command gives up looking.
const AWAY_MAX: u32 = 120;

pub async fn depart(session: &mut Session, arguments: DepartArguments) -> Result<(), Failure> {
    let order = order(session, &arguments).await?;
    let account = arguments.account.as_str();
    let drawn_up = session.client.post(&["accounts", account, "departure", "plan"], &order).await?;
    let unconfirmed = !arguments.yes && session.attendance == Attendance::Unattended;
    if session.form == Form::Words || arguments.plan || unconfirmed {
        session.show(&drawn_up, |reader, plan: Plan| plan::in_words(reader, &plan))?;
    }
    if arguments.plan {
        return Ok(());
    }
    if unconfirmed {
        let said = session.language().pick(
            "Ceci n'est que le plan ; rien n'a commencé. Ajoutez --yes pour commencer, --plan pour ne voir que le plan.",
            "This is only the plan; nothing was started. Add --yes to start, --plan to see the plan only.",
        );
        return Err(Failure::Usage(said.to_owned()));
    }
    if !arguments.yes && !session.agrees("Commencer ce départ ?", "Start this departure?")? {
        let said = session.language().pick("Rien n'a commencé.", "Nothing was started.");
        return Err(Failure::NotDone(said.to_owned()));
    }
    let started = session.client.post(&["accounts", account, "departure"], &order).await?;
    let begun: Departure = started.read()?;
    if arguments.no_wait {
        let id = begun.id;
        return session.confirm(
            &started,
            &format!("Le départ {id} a commencé ; suivez-le : relais departure status {id}"),
            &format!("Started the departure {id}; follow it: relais departure status {id}"),
        );
    }
    session.say_unless_json("")?;
    follow(session, started).await
}

async fn order(session: &Session, arguments: &DepartArguments) -> Result<Order, Failure> {
    let (zone, now) = (&session.zone, session.now);
    let shared_mailbox = match &arguments.shared_mailbox {
        Some(name) => Some(shared_mailbox(session, &arguments.account, name).await?),
        None => None,
    };
    let reply = match &arguments.reply {
        None => None,
        Some(TextSource::Typed(text)) if text.is_empty() => usual_reply(session, arguments).await?,
        Some(source) => Some(source.read()?),
    };
    Ok(Order {
        to: arguments.to.clone(),
        copy: arguments.copy.then_some(LocalCopy::Keep),
        shared_mailbox,
        reply,
        responder: arguments.responder.clone(),
        until: arguments.until.map(|until| until.ends(zone, now)).transpose()?,
        on: match arguments.on {
            Some(on) => on.begins(zone, now)?,
            None => None,
        },
        delete_after: arguments.delete_after.map(|after| after.ends(zone, now)).transpose()?,
        reason: arguments.reason.clone(),
        backup: arguments.wait_for_backup.then_some(BackupChoice::WaitForNext),
        collections: arguments.collections,
        meetings: arguments.meetings,
        content: arguments.content,
        export: arguments.export.then_some(ExportChoice::ExternalAddress),
        groups_to: arguments.groups_to.clone(),
    })
}

/// `bp.user1` is on the leaver's domain.
async fn shared_mailbox(session: &Session, account: &str, name: &str) -> Result<EmailAddress, Failure> {
    let invalid = |error| Failure::Usage(format!("--shared-mailbox {name}: {error}"));
    if name.contains('@') {
        return name.parse().map_err(invalid);
    }
    leaver(session, account).await?.address.with_local(name).map_err(invalid)
}

async fn leaver(session: &Session, account: &str) -> Result<Account, Failure> {
    session.client.get(&["accounts", account]).await?.read()
}

/// The core's text in the organisation's language. A responder has a common text, which the server takes.
async fn usual_reply(session: &Session, arguments: &DepartArguments) -> Result<Option<String>, Failure> {
    if arguments.responder.is_some() {
        return Ok(None);
    }
    let leaver = leaver(session, &arguments.account).await?;
    let organisation = leaver.organisation.to_string();
    let organisation: Organisation = session.client.get(&["organisations", &organisation]).await?.read()?;
    Ok(Some(default_reply(organisation.language, &leaver.address, arguments.to.as_ref())))
}

/// Shows each step as it is done, until nothing more happens by itself.
pub async fn follow(session: &mut Session, started: Answer) -> Result<(), Failure> {
    let bar = match (session.attendance, session.form) {
        (Attendance::Attended, Form::Words) => ProgressBar::new_spinner(),
        (Attendance::Attended, Form::Json) | (Attendance::Unattended, _) => ProgressBar::hidden(),
    };
    bar.enable_steady_tick(LOOK_EVERY);
    // Steps that were done before are the business of `departure status`.
    let mut shown = started.read::<Departure>()?.reports_done().len();
    let (mut answer, mut away) = (started, 0);
    let last = loop {
        let found: Departure = answer.read()?;
        bar.set_message(departure::now_doing(&session.reader, &found));
        let undone = found.plan.steps.iter().take(shown).skip(found.reports_done().len()).rev();
        let undone = undone.map(|step| departure::undone(&session.reader, *step));
        let done = found.reports_done().iter().skip(shown);
        let done = done.map(|report| departure::done(&session.reader, &found.plan, report));
        for line in undone.chain(done).collect::<Vec<_>>() {
            bar.suspend(|| session.say_unless_json(&line))?;
        }
        shown = found.reports_done().len();
        if rests(&found, session.now) {
            break found;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        match session.client.get(&["departures", &found.id.to_string()]).await {
            Ok(next) => (answer, away) = (next, 0),
            Err(Failure::Unreachable(_)) if away < AWAY_MAX => away += 1,
            Err(failure) => return Err(failure),
        }
    };
    bar.finish_and_clear();
    if session.form == Form::Json {
        session.say(answer.text.trim_end())?;
    }
    ended(session, &last)
}

/// Whether nothing more happens before a date or without a person.
fn rests(found: &Departure, now: jiff::Timestamp) -> bool {
    match found.state {
        DepartureState::Scheduled | DepartureState::Held => true,
        DepartureState::Undone | DepartureState::Finished => true,
        DepartureState::Undoing => false,
        DepartureState::Running => {
            found.next_step() == Some(Step::Wait) && found.plan.delete_after.is_some_and(|after| after > now)
        }
    }
}

fn ended(session: &mut Session, last: &Departure) -> Result<(), Failure> {
    let id = last.id;
    let reader = &session.reader;
    let said = match last.state {
        DepartureState::Finished => format!(
            "{}{} relais departure certificate {id}  (--html {})",
            reader.pick("Le départ est terminé. Son attestation", "The departure has ended. Its certificate"),
            reader.colon(),
            reader.pick("FICHIER", "FILE")
        ),
        DepartureState::Undone => reader.pick("Le départ est annulé.", "The departure is undone.").to_owned(),
        DepartureState::Held => {
            let trouble = last.trouble.as_deref().unwrap_or_default();
            let said = reader.pick("Le départ est suspendu.", "The departure is held.");
            let next = reader.pick("Ensuite : relais departure resume", "Then: relais departure resume");
            return Err(Failure::NotDone(format!("{said} {trouble} {next} {id}").replace("  ", " ")));
        }
        DepartureState::Scheduled => format!(
            "{} {} ({id}).",
            reader.pick("Le départ est prévu ; il commence le", "The departure is scheduled; it begins on"),
            reader.time(last.plan.begins_at)
        ),
        DepartureState::Running | DepartureState::Undoing => {
            let after = last.plan.delete_after.map_or_else(String::new, |after| reader.time(after));
            match reader.language {
                Language::French => format!(
                    "Tout est fait jusqu'à la suppression, le {after}. D'ici là : relais departure status|hold|undo {id}"
                ),
                Language::English => format!(
                    "Everything is done but the deletion, on {after}. Until then: relais departure status|hold|undo {id}"
                ),
            }
        }
    };
    session.say_unless_json(&said)
}
