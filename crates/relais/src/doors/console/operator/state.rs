//! How the service stands: its engines, backups, what waits; and who operates it.

use super::{Operator, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::Sent;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::backup::{Generation, GenerationState};
use relais_app::core::ids::AccountId;
use relais_app::core::job::JobState;
use relais_app::core::organisation::Organisation;
use relais_app::read::{Outbound, SpoolState, Tx, accounts, generations, jobs, organisations, spool};
use relais_app::{Condition, Health};

/// Backups are made every night: whoever's is older missed one.
const BACKUP_AGE_MAX: SignedDuration = SignedDuration::from_hours(36);
/// Of what waits and runs no more is counted.
const COUNTED_MAX: i64 = 1000;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/operator", get(show))
        .route("/operator/operators", post(appoint))
        .route("/operator/operators/{account}/dismiss", post(dismiss))
}

/// What the tables say.
struct Standing {
    /// The oldest message that waits, and how many do.
    waiting: Option<(Outbound, usize)>,
    jobs_running: usize,
    organisations: usize,
    /// Organisations whose newest backup is old, incomplete or not there.
    behind: Vec<(Organisation, Option<Generation>)>,
}

async fn look(operator: &Operator) -> Result<Standing, Fault> {
    let now = operator.app.now();
    let look = move |tx: &mut Tx<'_>| {
        let mut waiting = spool::list(tx, None, COUNTED_MAX)?;
        waiting.retain(|message| message.state == SpoolState::Waiting);
        let count = waiting.len();
        let oldest = waiting.into_iter().min_by_key(|message| message.created_at);
        let running = jobs::list(tx, None, COUNTED_MAX)?;
        let all = organisations::list(tx)?;
        let mut behind = Vec::new();
        let organisations = all.len();
        for organisation in all {
            let last = generations::page(tx, organisation.id, None, 1)?.pop();
            let fresh = last.as_ref().is_some_and(|last| match last.state {
                GenerationState::Incomplete => false,
                GenerationState::Running | GenerationState::Verified => {
                    last.started_at + BACKUP_AGE_MAX > now
                }
            });
            if !fresh && organisation.created_at + BACKUP_AGE_MAX < now {
                behind.push((organisation, last));
            }
        }
        Ok(Standing {
            waiting: oldest.map(|message| (message, count)),
            jobs_running: running.iter().filter(|job| job.state == JobState::Running).count(),
            organisations,
            behind,
        })
    };
    Ok(operator.app.look(look).await?)
}

async fn show(operator: Operator) -> Answer {
    let health = operator.app.health().await;
    let standing = look(&operator).await?;
    let operators = operator.app.operators(operator.actor()).await?;
    let main = html! {
        (engines(&operator, &health))
        h2 { (operator.pick("Ce qui attend", "What waits")) }
        div.columns.even {
            (waiting(&operator, &standing))
            (backups(&operator, &standing))
            section.card {
                h3 { (operator.pick("Organisations et tâches", "Organisations and jobs")) }
                p.figure { (operator.number(standing.organisations as u64)) }
                p.hint { (operator.pick("Tâches en cours\u{a0}: ", "Jobs under way: ")) a href="/operator/jobs" { (standing.jobs_running) } }
            }
        }
        (people(&operator, &operators))
    };
    Ok(page(&operator, operator.pick("État du service", "State of the service"), main))
}

/// An engine: what it is called, what it does, how it stands, and what to do if it does not.
struct Engine {
    name: &'static str,
    does: &'static str,
    condition: Condition,
    down_since: Option<Timestamp>,
    mend: &'static str,
    turn_on: &'static str,
}

fn parts(operator: &Operator, health: &Health) -> [Engine; 4] {
    let pick = |french, english| operator.pick(french, english);
    [
        Engine {
            name: pick("Base de données", "Database"),
            does: pick("tout ce que Relais sait", "everything that Relais knows"),
            condition: health.database,
            down_since: None,
            mend: pick(
                "Voyez si le disque est plein et si PostgreSQL répond.",
                "See whether the disk is full and PostgreSQL answers.",
            ),
            turn_on: pick("Relais ne marche pas sans elle.", "Relais does not work without it."),
        },
        Engine {
            name: "Dovecot",
            does: pick("lire le courrier (IMAP, POP, filtres)", "reading mail (IMAP, POP, filters)"),
            condition: health.dovecot,
            down_since: health.dovecot_down_since,
            mend: pick(
                "Relais le relance seul. S'il retombe, lisez DIR/dovecot et le journal du serveur.",
                "Relais starts it again by itself. If it falls again, read DIR/dovecot and the log of the server.",
            ),
            turn_on: pick(
                "Installez dovecot-core, dovecot-imapd et dovecot-pop3d, ou donnez un port à imap_port, puis relancez.",
                "Install dovecot-core, dovecot-imapd and dovecot-pop3d, or give imap_port a port, and start again.",
            ),
        },
        Engine {
            name: "Radicale",
            does: pick("agendas et carnets d'adresses", "calendars and address books"),
            condition: health.radicale,
            down_since: health.radicale_down_since,
            mend: pick(
                "Relais le relance seul. S'il retombe, lisez DIR/radicale et le journal du serveur.",
                "Relais starts it again by itself. If it falls again, read DIR/radicale and the log of the server.",
            ),
            turn_on: pick(
                "Installez radicale, ou écrivez dav = true dans relais.toml, puis relancez.",
                "Install radicale, or write dav = true in relais.toml, and start again.",
            ),
        },
        Engine {
            name: pick("Relais de courrier (SMTP)", "Mail relay (SMTP)"),
            does: pick("faire partir le courrier", "sending mail out"),
            condition: health.smarthost,
            down_since: None,
            mend: pick(
                "Voyez pourquoi sur la page du courrier sortant.",
                "See why on the page of outgoing mail.",
            ),
            turn_on: pick(
                "Sans «\u{a0}smarthost\u{a0}» dans relais.toml, le courrier sortant attend.",
                "Without “smarthost” in relais.toml outgoing mail waits.",
            ),
        },
    ]
}

fn engines(operator: &Operator, health: &Health) -> Markup {
    let pick = |french, english| operator.pick(french, english);
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (pick("Partie", "Part")) }
                th scope="col" { (pick("État", "State")) }
                th scope="col" { (pick("Que faire", "What to do")) }
            } }
            tbody { @for engine in parts(operator, health) { tr {
                td { strong { (engine.name) } p.hint { (engine.does) } }
                td {
                    (condition(operator, engine.condition))
                    @if let Some(since) = engine.down_since { p.hint { (pick("depuis le ", "since ")) (operator.minute(since)) } }
                }
                td { @match engine.condition {
                    Condition::Ok => span.muted { (pick("rien", "nothing")) },
                    Condition::Down => (engine.mend),
                    Condition::Off => (engine.turn_on),
                } }
            } } }
        } }
    }
}

fn condition(operator: &Operator, condition: Condition) -> Markup {
    let (tone, french, english) = match condition {
        Condition::Ok => ("badge good", "en marche", "works"),
        Condition::Down => ("badge bad", "en panne", "down"),
        Condition::Off => ("badge", "absent ou coupé", "absent or switched off"),
    };
    html! { span class=(tone) { (operator.pick(french, english)) } }
}

fn waiting(operator: &Operator, standing: &Standing) -> Markup {
    html! {
        section.card {
            h3 { (operator.pick("Courrier sortant", "Outgoing mail")) }
            @match &standing.waiting {
                None => p { span.badge.good { (operator.pick("rien n'attend", "nothing waits")) } },
                Some((oldest, count)) => {
                    p.figure { (operator.number(*count as u64)) }
                    p.hint { (operator.pick("Le plus ancien attend depuis le ", "The oldest waits since ")) (operator.minute(oldest.created_at)) "." }
                    @if let Some(answer) = &oldest.answer { p.hint dir="auto" { (answer) } }
                    p { a href="/operator/spool" { (operator.pick("Voir pourquoi", "See why")) } }
                },
            }
        }
    }
}

fn backups(operator: &Operator, standing: &Standing) -> Markup {
    html! {
        section.card {
            h3 { (operator.pick("Sauvegardes", "Backups")) }
            @if standing.behind.is_empty() {
                p { span.badge.good { (operator.pick("aucune en retard", "none is late")) } }
            } @else {
                ul.plain { @for (organisation, last) in &standing.behind { li.between {
                    a dir="auto" href={ "/operator/organisations/" (organisation.id) } { (organisation.name) }
                    span.badge.bad { @match last {
                        Some(last) => { (operator.pick("dernière le ", "last on ")) (operator.day(last.started_at)) },
                        None => (operator.pick("aucune", "none")),
                    } }
                    @if let Some(trouble) = last.as_ref().and_then(|last| last.trouble.as_ref()) { p.hint { (trouble) } }
                } } }
                p.hint { (operator.pick("Voyez la place et l'accès au dépôt\u{a0}; la prochaine est tentée la nuit.", "See to space and access to the repository; the next is tried at night.")) }
            }
        }
    }
}

fn people(operator: &Operator, operators: &[Account]) -> Markup {
    html! {
        h2 { (operator.pick("Qui exploite", "Who operates")) }
        section.card {
            ul.plain { @for account in operators { li.between {
                span { span dir="auto" { (account.name) } " " span.muted { (account.address) } }
                @if account.id == operator.account.id { span.badge.plain { (operator.pick("vous", "you")) } } @else {
                    form method="post" action={ "/operator/operators/" (account.id) "/dismiss" } {
                        button type="submit" { (operator.pick("Retirer", "Dismiss")) span.unseen { " " (account.address) } }
                    }
                }
            } } }
            form.stack method="post" action="/operator/operators" {
                div.field {
                    label for="address" { (operator.pick("Ajouter quelqu'un, par son adresse", "Add somebody, by their address")) }
                    input #address name="address" type="email" required aria-describedby="address-hint";
                    p.hint #address-hint { (operator.pick(
                        "Un propriétaire ou un administrateur\u{a0}: il verra toutes les organisations. Qui administre son organisation peut changer son mot de passe.",
                        "An owner or a company admin: they will see every organisation. Whoever administers their organisation may change their password.")) }
                }
                p.actions { button type="submit" { (operator.pick("Ajouter", "Add")) } }
            }
        }
    }
}

async fn appoint(operator: Operator, Sent(sent): Sent) -> Answer {
    let field = operator.pick("l'adresse", "the address");
    let address: EmailAddress = sent.need("address")?.parse().map_err(|_| Fault::Unfit { field })?;
    let found = operator.app.look(move |tx| accounts::holding(tx, &address)).await?;
    let account = found.ok_or(Fault::Unfit { field })?;
    operator.app.appoint_operator(account.id, operator.actor()).await?;
    Ok(to("/operator"))
}

async fn dismiss(operator: Operator, Path(account): Path<String>) -> Answer {
    let id: AccountId = account.parse().map_err(|_| Fault::not_found())?;
    operator.app.dismiss_operator(id, operator.actor()).await?;
    Ok(to("/operator"))
}
