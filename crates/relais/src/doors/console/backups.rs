//! Backups: the generations, what one holds, and backing up now. Looking into a snapshot is in `backups/looking.rs`, restoring
//! out of it in `backups/restoring.rs`.

mod looking;
mod restoring;
mod snapshot;

pub use snapshot::of_account;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::finder::{self, Finder, Found};
use super::layout::Page;
use super::said::{Said, answered};
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::numbers::size;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::backup::{
    BackupPolicy, Generation, GenerationState, Holder, Occasion, Retention, Scope, Snapshot,
};
use relais_app::read::{Filter, Sort, Tx, accounts, generations, mailboxes};
use relais_app::{BackupPolicyChange, BackupSchedule};

const LIST: &str = "/console/backups";
/// Lines of one page.
const PAGE_MAX: usize = 50;
/// People that are looked up for one search.
const SEARCHED_MAX: i64 = 500;
/// How soon the page of a generation that goes on looks again.
const RELOAD_S: u32 = 5;

pub fn routes() -> Router<Console> {
    Router::new()
        .route(LIST, get(list).post(start))
        .route("/console/backups/policy", post(set_policy))
        .route("/console/backups/{generation}", get(show))
        .merge(looking::routes())
        .merge(restoring::routes())
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::EndAccounts)?;
    page(&visitor, &asked, &Said::by(&asked)).await
}

async fn page(visitor: &Visitor, asked: &Fields, said: &Said<'_>) -> Answer {
    let id = visitor.organisation.id;
    let before = asked.read("before");
    let policy = visitor.app.backup_policy(id).await?;
    let look = move |tx: &mut Tx<'_>| {
        let count_max = i64::try_from(PAGE_MAX + 1).unwrap_or(i64::MAX);
        Ok((generations::page(tx, id, before, count_max)?, generations::is_running(tx, id)?))
    };
    let (mut found, is_running) = visitor.app.look(look).await?;
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let main = html! {
        (said.shown(visitor))
        (schedule(visitor, &policy))
        form.actions.before method="post" action="/console/backups" {
            button.primary type="submit" disabled[is_running] { (visitor.pick("Tout sauvegarder maintenant", "Back everything up now")) }
        }
        @if found.is_empty() {
            p.empty { (visitor.pick("Pas encore de sauvegarde. Lancez la première\u{a0}; ensuite elles se font d'elles-mêmes.", "No backup yet. Start the first; then they are made by themselves.")) }
        } @else { (table(visitor, &found)) }
        @if more || before.is_some() {
            form.actions method="get" action="/console/backups" {
                @if before.is_some() { button type="submit" { (visitor.pick("Les plus récentes", "The newest")) } }
                @if let (true, Some(last)) = (more, found.last()) {
                    button type="submit" name="before" value=(last.id) { (visitor.pick("Plus anciennes", "Older")) }
                }
            }
        }
        @if visitor.has(Power::ManageOrganisation) { (schedule_form(visitor, &policy, asked)) }
    };
    let title = visitor.pick("Sauvegardes", "Backups");
    let page = Page { title, section: Some(Section::Backups), main };
    Ok(visitor.page_with(said.status(), &page))
}

fn schedule(visitor: &Visitor, policy: &BackupPolicy) -> Markup {
    let kept = policy.retention;
    html! {
        p.lead {
            @match policy.daily_at {
                Some(time) => { (visitor.pick("Chaque jour à ", "Every day at ")) (time.strftime("%H:%M")) ". " },
                None => { (visitor.pick("Seulement quand quelqu'un le demande.", "Only when somebody asks.")) " " },
            }
            (visitor.pick("Gardées\u{a0}: ", "Kept: "))
            (kept.days) (visitor.pick(" jours, ", " days, "))
            (kept.weeks) (visitor.pick(" semaines, ", " weeks, "))
            (kept.months) (visitor.pick(" mois.", " months."))
        }
    }
}

fn schedule_form(visitor: &Visitor, policy: &BackupPolicy, typed: &Fields) -> Markup {
    let kept = policy.retention;
    let number = |name: &str, label: &str, now: u16| {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type="number" min="0" max="1000" required value=(typed.read(name).unwrap_or(now));
            }
        }
    };
    let at = match typed.has("days") {
        true => typed.get("daily_at").map(str::to_owned),
        false => policy.daily_at.map(|time| time.strftime("%H:%M").to_string()),
    };
    html! {
        details.card.apart open[typed.has("days")] {
            summary { (visitor.pick("Changer l'heure et la durée de conservation", "Change the hour and for how long they are kept")) }
            form.stack method="post" action="/console/backups/policy" {
                div.field {
                    label for="daily_at" { (visitor.pick("Chaque jour à", "Every day at")) }
                    input #daily_at name="daily_at" type="time" value=[at] aria-describedby="daily-hint";
                    p.hint #daily-hint { (visitor.pick("Vide\u{a0}: seulement quand quelqu'un le demande.", "Empty: only when somebody asks.")) }
                }
                div.columns {
                    (number("days", visitor.pick("Jours gardés", "Days kept"), kept.days))
                    (number("weeks", visitor.pick("Semaines gardées", "Weeks kept"), kept.weeks))
                    (number("months", visitor.pick("Mois gardés", "Months kept"), kept.months))
                }
                p.hint { (visitor.pick(
                    "De chacun de ces jours, semaines et mois, la dernière sauvegarde est gardée\u{a0}; les autres s'effacent.",
                    "Of each of these days, weeks and months the last backup is kept; the others go.",
                )) }
                p.actions { button type="submit" { (visitor.pick("Enregistrer", "Save")) } }
            }
        }
    }
}

async fn set_policy(visitor: Visitor, Sent(sent): Sent) -> Answer {
    visitor.require(Power::EndAccounts)?;
    let done = match policy_of(&visitor, &sent) {
        Ok(change) => {
            let set = visitor.app.set_backup_policy(visitor.organisation.id, change, visitor.actor()).await;
            set.map(drop).map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    let again = async |fault: &Fault| page(&visitor, &sent, &Said::Refused(fault)).await;
    answered(done, LIST, again).await
}

fn policy_of(visitor: &Visitor, sent: &Fields) -> Result<BackupPolicyChange, Fault> {
    let number = |name, field| sent.read(name).ok_or(Fault::Unfit { field });
    let hour = Fault::Unfit { field: visitor.pick("l'heure", "the hour") };
    Ok(BackupPolicyChange {
        location: None,
        schedule: Some(BackupSchedule {
            daily_at: sent.get("daily_at").map(|time| time.parse().map_err(|_| hour)).transpose()?,
        }),
        retention: Some(Retention {
            days: number("days", visitor.pick("les jours", "the days"))?,
            weeks: number("weeks", visitor.pick("les semaines", "the weeks"))?,
            months: number("months", visitor.pick("les mois", "the months"))?,
        }),
    })
}

fn state(visitor: &Visitor, state: GenerationState) -> Markup {
    let (tone, word) = match state {
        GenerationState::Verified => ("badge good", visitor.pick("relue et complète", "read back and whole")),
        GenerationState::Running => ("badge plain", visitor.pick("en cours", "under way")),
        GenerationState::Incomplete => ("badge bad", visitor.pick("incomplète", "incomplete")),
    };
    html! { span class=(tone) { (word) } }
}

fn occasion(visitor: &Visitor, occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Schedule => visitor.pick("à son heure", "at its hour"),
        Occasion::Asked => visitor.pick("demandée", "asked for"),
        Occasion::Departure => visitor.pick("pour un départ", "for a departure"),
    }
}

fn scope(visitor: &Visitor, scope: Scope) -> &'static str {
    match scope {
        Scope::Everything => visitor.pick("tout", "everything"),
        Scope::Account(_) => visitor.pick("un compte", "one account"),
    }
}

fn table(visitor: &Visitor, found: &[Generation]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Commencée", "Begun")) }
                th { (visitor.pick("Ce qu'elle couvre", "What it covers")) }
                th { (visitor.pick("État", "State")) }
                th.number { (visitor.pick("Boîtes et comptes", "Mailboxes and accounts")) }
            } }
            tbody { @for generation in found { tr {
                td.who {
                    a.name href={ "/console/backups/" (generation.id) } { (visitor.minute(generation.started_at)) }
                    span.hint { (occasion(visitor, generation.occasion)) }
                }
                td { (scope(visitor, generation.scope)) }
                td { (state(visitor, generation.state))
                    @if let Some(trouble) = &generation.trouble { p.hint { (trouble) } } }
                td.number { (generation.holders_done) " / " (generation.holders) }
            } } }
        } }
    }
}

async fn start(visitor: Visitor) -> Answer {
    visitor.require(Power::EndAccounts)?;
    let id = visitor.organisation.id;
    let done = visitor.app.start_backup(id, Scope::Everything, visitor.actor()).await;
    let again = async |fault: &Fault| page(&visitor, &Fields::default(), &Said::Refused(fault)).await;
    answered(done.map(drop).map_err(Fault::from), LIST, again).await
}

/// Whose a snapshot is, as people call them.
type Line = (Snapshot, String, String);

/// What it is called, and its address, if the holder is still known.
fn named(tx: &mut Tx<'_>, holder: Holder) -> Result<(String, String), relais_app::read::StoreError> {
    let found = match holder {
        Holder::Account(id) => {
            accounts::get(tx, id)?.map(|account| (account.name, account.address.to_string()))
        }
        Holder::SharedMailbox(id) => {
            mailboxes::get(tx, id)?.map(|mailbox| (mailbox.name, mailbox.address.to_string()))
        }
        Holder::Organisation(_) => None,
    };
    Ok(found.unwrap_or_default())
}

async fn show(visitor: Visitor, Path(generation): Path<String>, Asked(asked): Asked) -> Answer {
    let generation = visitor.find_generation(&generation).await?;
    let finder = Finder::of(&asked);
    let found = match asked.get("search") {
        Some(search) => searched(&visitor, &generation, finder, search).await?,
        None => all(&visitor, &generation, finder).await?,
    };
    let place = format!("/console/backups/{}", generation.id);
    let main = html! {
        p.under-title { (state(&visitor, generation.state)) " "
            span.muted { (scope(&visitor, generation.scope)) ", " (occasion(&visitor, generation.occasion)) ", " (generation.holders_done) " / " (generation.holders) } }
        @if let Some(trouble) = &generation.trouble { p.warning { (trouble) } }
        (finder::field(&visitor, &place, &asked, visitor.pick("Nom ou adresse", "Name or address"), None))
        @if found.lines.is_empty() {
            (finder::nothing(&visitor, &place, &asked, visitor.pick("Rien ici pour l'instant.", "Nothing here for now.")))
        } @else { (holders(&visitor, &found.lines)) }
        (found.pages(&visitor, &place, &asked))
    };
    let title =
        format!("{} {}", visitor.pick("Sauvegarde du", "Backup of"), visitor.minute(generation.started_at));
    let page = Page { title: &title, section: Some(Section::Backups), main };
    Ok(match generation.state {
        GenerationState::Running => visitor.page_reloading(&page, RELOAD_S),
        GenerationState::Verified | GenerationState::Incomplete => visitor.page(&page),
    })
}

async fn all(visitor: &Visitor, generation: &Generation, finder: Finder) -> Result<Found<Line>, Fault> {
    let id = generation.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut all = generations::snapshots(tx, id)?;
        all.retain(|snapshot| !matches!(snapshot.holder, Holder::Organisation(_)));
        finder.page(all).with(|snapshot| {
            let (name, address) = named(tx, snapshot.holder)?;
            Ok((snapshot, name, address))
        })
    };
    Ok(visitor.app.look(look).await?)
}

/// Those whose name or address is like what is searched for; of very many people the first.
async fn searched(
    visitor: &Visitor,
    generation: &Generation,
    finder: Finder,
    search: &str,
) -> Result<Found<Line>, Fault> {
    let (organisation, id) = (visitor.organisation.id, generation.id);
    let filter = Filter { search: Some(search.to_owned()), ..Filter::default() };
    let look = move |tx: &mut Tx<'_>| {
        let people = accounts::page(tx, organisation, &filter, Sort::Name, None, SEARCHED_MAX)?;
        let mut shared = mailboxes::list(tx, organisation)?;
        shared.retain(|mailbox| finder.fits(&[&mailbox.name, mailbox.address.as_str()]));
        let people = people.into_iter().map(|account| Holder::Account(account.id));
        let shared = shared.into_iter().map(|mailbox| Holder::SharedMailbox(mailbox.id));
        let mut lines: Vec<Line> = Vec::new();
        for holder in people.chain(shared) {
            if let Some(snapshot) = generations::snapshot(tx, id, holder)? {
                let (name, address) = named(tx, holder)?;
                lines.push((snapshot, name, address));
            }
        }
        Ok(finder.page(lines))
    };
    Ok(visitor.app.look(look).await?)
}

fn holders(visitor: &Visitor, lines: &[Line]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("De qui", "Whose")) }
                th.number { (visitor.pick("Messages", "Messages")) }
                th.number { (visitor.pick("Agendas et contacts", "Calendars and contacts")) }
                th.number { (visitor.pick("Taille", "Size")) }
                th { (visitor.pick("Relue", "Read back")) }
            } }
            tbody { @for (snapshot, name, address) in lines { tr {
                td.who {
                    @let shown = if name.is_empty() { visitor.pick("(sans nom)", "(no name)") } else { name };
                    @if snapshot.verified_at.is_some() {
                        a.name href={ "/console/backups/" (snapshot.generation) "/" (snapshot.holder) } dir="auto" { (shown) }
                    } @else { span dir="auto" { (shown) } }
                    span.hint { (address) }
                }
                td.number data-label=(visitor.pick("Messages\u{a0}:", "Messages:")) { (visitor.number(snapshot.messages.unsigned_abs())) }
                td.number data-label=(visitor.pick("Agendas et contacts\u{a0}:", "Calendars and contacts:")) { (visitor.number(snapshot.items.unsigned_abs())) }
                td.number { (size(snapshot.size_bytes.unsigned_abs(), visitor.language)) }
                td { @match snapshot.verified_at {
                    Some(at) => (visitor.minute(at)),
                    None => span.badge.warn { (visitor.pick("pas encore", "not yet")) },
                } }
            } } }
        } }
    }
}
