//! The assistant: questions with the lawful answer first, and beside them the plan that the answers make. Every answer is in
//! the page's address, so that it can be gone back to, sent to a colleague, and printed.

use super::super::Console;
use super::super::accounts::called;
use super::super::fault::{Answer, Fault};
use super::super::fields::{Asked, Fields, Sent};
use super::super::layout::{Page, refused};
use super::super::section::Section;
use super::super::visitor::Visitor;
use super::order::{REDIRECT, REPLY, RESPONDER, SHARED};
use super::{order, planned};
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::departure::{Plan, common_reply};
use relais_app::core::refusal::Refusal;

pub fn routes() -> Router<Console> {
    Router::new().route("/console/accounts/{account}/departure", get(ask).post(start))
}

async fn ask(visitor: Visitor, Path(account): Path<String>, Asked(asked): Asked) -> Answer {
    let account = visitor.find_account(&account).await?;
    page(&visitor, &account, &asked).await
}

/// What the answers make: the plan, or what stands in its way.
async fn planned(
    visitor: &Visitor,
    account: &Account,
    fields: &Fields,
) -> Result<Result<Plan, Vec<String>>, Fault> {
    let order = match order::read(visitor, fields) {
        Ok(order) => order,
        Err(fault @ Fault::Missing { .. }) => return Ok(Err(fault.sentences(visitor.language))),
        Err(fault) => return Err(fault),
    };
    match visitor.app.plan_departure(account.id, order, visitor.actor()).await {
        Ok(plan) => Ok(Ok(plan)),
        Err(error @ (relais_app::Error::Refused(_) | relais_app::Error::RefusedAll(_))) => {
            if matches!(&error, relais_app::Error::Refused(Refusal::NotAllowed)) {
                return Err(error.into());
            }
            Ok(Err(Fault::from(error).sentences(visitor.language)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(visitor: &Visitor, account: &Account, fields: &Fields) -> Answer {
    if !visitor.has_over(Power::EndAccounts, account) {
        return Err(Refusal::NotAllowed.into());
    }
    let plan = planned(visitor, account, fields).await?;
    let place = format!("/console/accounts/{}/departure", account.id);
    let main = html! {
        p.under-title { a href={ "/console/accounts/" (account.id) } dir="auto" { (called(visitor, account)) } " " span.muted { (account.address) } }
        div.assistant {
            form.questions #order method="get" action=(place) data-live="plan" {
                (questions(visitor, fields))
                p.actions { button type="submit" data-without-script { (visitor.pick("Mettre le plan à jour", "Bring the plan up to date")) } }
            }
            section.card.result #plan aria-live="polite" {
                h2 { (visitor.pick("Le plan", "The plan")) }
                @match &plan {
                    Err(sentences) => (refused(sentences)),
                    Ok(plan) => {
                        (planned::plan(visitor, plan))
                        form.actions method="post" action=(place) {
                            @for (name, value) in fields.without("") { input type="hidden" name=(name) value=(value); }
                            button.primary type="submit" { (begin(visitor, plan)) }
                            span.hint { (visitor.pick("Tout peut être annulé jusqu'à la suppression du compte.", "All of it can be undone until the account is deleted.")) }
                        }
                    },
                }
            }
        }
    };
    let title = visitor.pick("Organiser un départ", "Arrange a departure");
    Ok(visitor.page(&Page { title, section: Some(Section::Departures), main }))
}

fn begin(visitor: &Visitor, plan: &Plan) -> String {
    if plan.begins_at > visitor.app.now() {
        format!("{} {}", visitor.pick("Programmer pour le", "Schedule for"), visitor.day(plan.begins_at))
    } else {
        visitor.pick("Commencer maintenant", "Begin now").to_owned()
    }
}

/// One of several answers.
fn choice(fields: &Fields, name: &'static str, value: &str, first: bool, label: &str, hint: &str) -> Markup {
    let chosen = fields.get(name).map_or(first, |given| given == value);
    html! {
        label.choice { input type="radio" name=(name) value=(value) checked[chosen];
            span { (label) } @if !hint.is_empty() { span.hint { (hint) } } }
    }
}

fn line(fields: &Fields, name: &'static str, kind: &str, label: &str, hint: &str) -> Markup {
    let hint_id = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) value=[fields.get(name)] aria-describedby=[(!hint.is_empty()).then_some(&hint_id)];
            @if !hint.is_empty() { p.hint id=(hint_id) { (hint) } }
        }
    }
}

fn questions(visitor: &Visitor, fields: &Fields) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("1. Qui reprend, et quand\u{a0}?", "1. Who takes over, and when?")) }
            div.stack {
                (line(fields, "to", "email", visitor.pick("Adresse du successeur", "Address of the successor"),
                    visitor.pick("Reçoit les anciens messages, agendas et contenus. Personne\u{a0}: tout reste fermé.", "Gets the old mail, calendars and content. Nobody: all of it stays closed.")))
                (line(fields, "on", "date", visitor.pick("Quitte l'organisation le", "Leaves on"), visitor.pick("Vide\u{a0}: dès maintenant.", "Empty: right now.")))
            }
        }
        section.card {
            h2 { (visitor.pick("2. Les nouveaux messages", "2. New mail")) }
            fieldset {
                legend.unseen { (visitor.pick("Les nouveaux messages", "New mail")) }
                (choice(fields, "mail", REPLY, true, visitor.pick("Réponse automatique, puis refus", "Automatic reply, then refused"),
                    visitor.pick("Conforme à la CNIL\u{a0}: un mois, trois au plus. Rien n'est transmis.", "Lawful by default: one month, three at most. Nothing is passed on.")))
                (choice(fields, "mail", RESPONDER, false, visitor.pick("Répondeur commun, sans licence", "A common responder, without a licence"), ""))
                (choice(fields, "mail", REDIRECT, false, visitor.pick("Redirection vers le successeur", "Redirect to the successor"),
                    visitor.pick("Demande un motif et une date de fin\u{a0}; la personne est informée.", "Asks for a reason and an end; the person is informed.")))
                (choice(fields, "mail", SHARED, false, visitor.pick("Une boîte partagée", "A shared mailbox"),
                    visitor.pick("Anciens et nouveaux messages, lus par plusieurs.", "Old and new mail, read by several.")))
            }
            label { input type="checkbox" name="copy" value="yes" checked[fields.has("copy")];
                (visitor.pick("Garder aussi une copie dans la boîte fermée (redirection ou boîte partagée)", "Keep a copy in the closed mailbox as well (redirect or shared mailbox)")) }
            details open[fields.has("text") || fields.has("responder") || fields.has("shared_mailbox")] {
                summary { (visitor.pick("Texte, répondeur, boîte partagée", "Text, responder, shared mailbox")) }
                div.stack {
                    div.field {
                        label for="text" { (visitor.pick("Texte de la réponse", "Text of the reply")) }
                        textarea #text name="text" rows="5" placeholder=(common_reply(visitor.organisation.language)) { (fields.get("text").unwrap_or_default()) }
                    }
                    (line(fields, "responder", "text", visitor.pick("Nom du répondeur", "Name of the responder"), ""))
                    (line(fields, "shared_mailbox", "email", visitor.pick("Adresse de la boîte partagée", "Address of the shared mailbox"), ""))
                }
            }
            div.columns {
                (line(fields, "until", "date", visitor.pick("Jusqu'au", "Until"), visitor.pick("Vide\u{a0}: un mois pour une réponse\u{a0}; une redirection en a besoin.", "Empty: one month for a reply; a redirect needs one.")))
                (line(fields, "reason", "text", visitor.pick("Motif", "Reason"), visitor.pick("Figure dans l'attestation.", "Stands in the certificate.")))
            }
        }
        section.card {
            h2 { (visitor.pick("3. Ce qui est à la personne et à l'équipe", "3. What is the person's and the team's")) }
            div.stack {
                (select(fields, "collections", visitor.pick("Agendas et carnets", "Calendars and address books"), &[
                    ("", visitor.pick("selon le successeur", "as the successor allows")), ("move", visitor.pick("donner au successeur", "give to the successor")),
                    ("share", visitor.pick("ouvrir au successeur", "open to the successor")), ("keep", visitor.pick("garder fermés", "keep closed"))]))
                (select(fields, "meetings", visitor.pick("Réunions à venir", "Meetings to come"), &[
                    ("", visitor.pick("laisser telles quelles", "leave as they are")), ("transfer", visitor.pick("confier au successeur", "give to the successor")),
                    ("cancel", visitor.pick("annuler, en prévenant", "cancel, and tell"))]))
                (select(fields, "content", visitor.pick("Contenus des applications", "Content of applications"), &[
                    ("", visitor.pick("au successeur, s'il y en a un", "to the successor, if there is one")), ("keep", visitor.pick("garder avec le compte", "keep with the account")),
                    ("erase", visitor.pick("effacer à la suppression", "erase on deletion"))]))
                (line(fields, "groups_to", "email", visitor.pick("Groupes sans autre administrateur, à", "Groups without another admin, to"), visitor.pick("Vide\u{a0}: au successeur.", "Empty: to the successor.")))
                label { input type="checkbox" name="export" value="yes" checked[fields.has("export")];
                    (visitor.pick("Envoyer à la personne une archive de ce qui est à elle", "Send the person an archive of what is theirs")) }
            }
        }
        section.card {
            h2 { (visitor.pick("4. Et après", "4. And then")) }
            div.stack {
                (line(fields, "delete_after", "date", visitor.pick("Supprimer le compte le", "Delete the account on"),
                    visitor.pick("Vide\u{a0}: jamais\u{a0}; le compte reste fermé et récupérable.", "Empty: never; the account stays closed and can come back.")))
                label { input type="checkbox" name="wait" value="yes" checked[fields.has("wait")];
                    (visitor.pick("Attendre la prochaine sauvegarde de l'organisation plutôt que d'en faire une", "Wait for the organisation's next backup instead of making one")) }
            }
        }
    }
}

fn select(fields: &Fields, name: &'static str, label: &str, options: &[(&str, &str)]) -> Markup {
    let chosen = fields.get(name).unwrap_or_default();
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, said) in options { option value=(value) selected[*value == chosen] { (said) } }
            }
        }
    }
}

async fn start(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let order = order::read(&visitor, &sent)?;
    match visitor.app.start_departure(account.id, order, visitor.actor()).await {
        Ok(started) => Ok(Redirect::to(&format!("/console/departures/{}", started.id)).into_response()),
        // Something changed since the plan was shown: it is shown anew, with what stands in the way.
        Err(relais_app::Error::RefusedAll(_)) => page(&visitor, &account, &sent).await,
        Err(error) => Err(error.into()),
    }
}
