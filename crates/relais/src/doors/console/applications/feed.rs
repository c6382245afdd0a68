//! What an application that is a SCIM server is told of accounts and groups: the settings, what comparing everything would
//! do, what could not be told yet.

use super::place;
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::finder;
use crate::doors::console::layout::{Page, done, refused};
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::application::Application;
use relais_app::core::feed::{ActKind, FeedError, FeedPlan, FeedReport, FeedSettings, FeedState, Told};
use relais_app::core::refusal::{FeedFault, Refusal};
use relais_app::read::groups;
use relais_app::{Error, FeedRequest, FeedShown};
use serde_json::{Value, json};

const ERRORS_MAX: i64 = 100;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/applications/{application}/feed", get(show).post(set))
        .route("/console/applications/{application}/feed/plan", post(plan))
        .route("/console/applications/{application}/feed/run", post(run))
        .route("/console/applications/{application}/feed/off", post(off))
}

async fn feed_of(visitor: &Visitor, application: &Application) -> Result<Option<FeedShown>, Fault> {
    match visitor.app.feed(application.id, visitor.actor()).await {
        Ok(feed) => Ok(Some(feed)),
        Err(Error::Refused(Refusal::Feed(FeedFault::Missing { .. }))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// On the application's own page.
pub async fn card(visitor: &Visitor, application: &Application) -> Result<Markup, Fault> {
    let feed = feed_of(visitor, application).await?;
    Ok(html! {
        section.card.apart {
            h2 { (visitor.pick("Comptes tenus à jour par SCIM", "Accounts kept up to date by SCIM")) }
            @match &feed {
                None => p { (visitor.pick(
                    "Si l'application est un serveur SCIM, Relais y crée, change et ferme les comptes.",
                    "If the application is a SCIM server, Relais creates, changes and closes accounts there.",
                )) },
                Some(feed) => (standing(visitor, feed)),
            }
            p.actions { a.button href={ (place(application)) "/feed" } {
                @if feed.is_some() { (visitor.pick("Réglages, plan et erreurs", "Settings, plan and errors")) }
                @else { (visitor.pick("Configurer", "Set up")) }
            } }
        }
    })
}

fn standing(visitor: &Visitor, shown: &FeedShown) -> Markup {
    html! {
        p { @match shown.feed.state {
            FeedState::Off => span.badge { (visitor.pick("arrêté", "off")) },
            FeedState::On if shown.in_trouble == 0 => span.badge.good { (visitor.pick("à jour", "up to date")) },
            FeedState::On => span.badge.warn { (shown.in_trouble) (visitor.pick(" en échec", " failing")) },
            FeedState::Stopped => span.badge.bad { (visitor.pick("arrêté par l'application", "stopped by the application")) },
        } }
        @if let Some(trouble) = &shown.feed.trouble { p.refusal { (trouble) } }
        dl.facts {
            dt { (visitor.pick("Connus là-bas", "Known there")) } dd { (shown.known) }
            @if let Some(report) = &shown.feed.report { (counts(visitor, report)) }
        }
    }
}

fn counts(visitor: &Visitor, report: &FeedReport) -> Markup {
    html! {
        dt { (visitor.pick("Comparé", "Compared")) } dd { (visitor.minute(report.at)) }
        dt { (visitor.pick("Comptes", "Accounts")) } dd { (visitor.number(report.accounts)) }
        dt { (visitor.pick("Groupes", "Groups")) } dd { (visitor.number(report.groups)) }
        dt { (visitor.pick("Différences", "Differences")) } dd { (visitor.number(report.differing)) }
        dt { (visitor.pick("Entrées qui ne sont pas d'ici", "Entries that are not from here")) } dd { (visitor.number(report.foreign)) }
    }
}

async fn show(visitor: Visitor, Path(application): Path<String>, Asked(asked): Asked) -> Answer {
    let application = visitor.find_application(&application).await?;
    let said = if asked.has("done") {
        done(visitor.pick("C'est fait.", "Done."))
    } else {
        html! {}
    };
    let after = asked.get("after").unwrap_or_default().to_owned();
    page(&visitor, &application, None, after, StatusCode::OK, said).await
}

async fn set(visitor: Visitor, Path(application): Path<String>, Sent(sent): Sent) -> Answer {
    let application = visitor.find_application(&application).await?;
    let kept = match settings_of(&visitor, &application, &sent).await {
        Ok(settings) => {
            let token = sent.get("token").map(str::to_owned);
            let request = FeedRequest { settings, token };
            visitor.app.set_feed(application.id, request, visitor.actor()).await.map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    then(&visitor, &application, kept.map(drop), Some(&sent)).await
}

/// What was typed, over what is not asked here and stays.
async fn settings_of(
    visitor: &Visitor,
    application: &Application,
    sent: &Fields,
) -> Result<FeedSettings, Fault> {
    let before = feed_of(visitor, application).await?.map(|shown| shown.feed.settings);
    let mut whole = before.map_or_else(|| json!({}), |settings| json!(settings));
    let word = |name: &str| sent.get(name).map_or(Value::Null, |text| json!(text));
    for name in ["user_name", "external_id", "groups", "when_closed", "when_deleted", "changes"] {
        whole[name] = word(name);
    }
    whole["url"] = json!(sent.get("url").unwrap_or_default());
    whole["attributes"] = json!(sent.all("attribute").collect::<Vec<_>>());
    whole["only_groups"] = json!(sent.all("only_group").collect::<Vec<_>>());
    serde_json::from_value(whole).map_err(|_| Fault::Unreadable)
}

async fn then(
    visitor: &Visitor,
    application: &Application,
    ended: Result<(), Fault>,
    typed: Option<&Fields>,
) -> Answer {
    match ended {
        Ok(()) => Ok(Redirect::to(&format!("{}/feed?done=1", place(application))).into_response()),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => {
            let sentences = refused(&fault.sentences(visitor.language));
            page(visitor, application, typed, String::new(), fault.status(), sentences).await
        }
    }
}

async fn run(visitor: Visitor, Path(application): Path<String>) -> Answer {
    let application = visitor.find_application(&application).await?;
    let run = visitor.app.run_feed(application.id, visitor.actor()).await;
    then(&visitor, &application, run.map(drop).map_err(Fault::from), None).await
}

async fn off(visitor: Visitor, Path(application): Path<String>) -> Answer {
    let application = visitor.find_application(&application).await?;
    let stopped = visitor.app.stop_feed(application.id, visitor.actor()).await;
    then(&visitor, &application, stopped.map(drop).map_err(Fault::from), None).await
}

/// The application is only asked: the answer is a page, and nothing is kept of it.
async fn plan(visitor: Visitor, Path(application): Path<String>) -> Answer {
    let application = visitor.find_application(&application).await?;
    match visitor.app.plan_feed(application.id, visitor.actor()).await {
        Ok(plan) => {
            let said = planned(&visitor, &application, &plan);
            page(&visitor, &application, None, String::new(), StatusCode::OK, said).await
        }
        Err(error) => then(&visitor, &application, Err(error.into()), None).await,
    }
}

fn planned(visitor: &Visitor, application: &Application, plan: &FeedPlan) -> Markup {
    let word = |act: ActKind| match act {
        ActKind::Close => visitor.pick("fermer", "close"),
        ActKind::Remove => visitor.pick("retirer", "remove"),
        ActKind::Create => visitor.pick("créer", "create"),
        ActKind::Change => visitor.pick("changer", "change"),
    };
    html! {
        section.card.stack {
            h2 { (visitor.pick("Ce que comparer ferait", "What comparing would do")) }
            p { (visitor.pick("L'application a seulement été interrogée\u{a0}; rien n'y est changé.", "The application was only asked; nothing is changed there.")) }
            dl.facts { (counts(visitor, &plan.report)) }
            @if plan.acts.is_empty() {
                p.done { (visitor.pick("Elle a déjà tout comme il faut.", "It has everything as it should already.")) }
            } @else {
                table.folds {
                    thead { tr {
                        th { (visitor.pick("Compte ou groupe", "Account or group")) }
                        th { (visitor.pick("Acte", "Act")) }
                        th { (visitor.pick("Attributs", "Attributes")) }
                    } }
                    tbody { @for act in &plan.acts { tr {
                        td dir="auto" { @if act.name.is_empty() { (act.subject) } @else { (act.name) } }
                        td { (word(act.act)) }
                        td { (act.attributes.join(", ")) }
                    } } }
                }
            }
            @if plan.acts_left_out > 0 { p.hint { "+ " (visitor.number(plan.acts_left_out)) } }
            form.actions method="post" action={ (place(application)) "/feed/run" } {
                button.primary type="submit" { (visitor.pick("Appliquer et tenir à jour", "Apply and keep up to date")) }
            }
        }
    }
}

async fn page(
    visitor: &Visitor,
    application: &Application,
    typed: Option<&Fields>,
    errors_after: String,
    status: StatusCode,
    said: Markup,
) -> Answer {
    let shown = feed_of(visitor, application).await?;
    let asked: Fields = [("after", errors_after.clone())].into_iter().collect();
    let mut errors = match &shown {
        Some(_) => {
            let count_max = ERRORS_MAX + 1;
            visitor.app.feed_errors(application.id, errors_after, count_max, visitor.actor()).await?
        }
        None => Vec::new(),
    };
    let page_max = usize::try_from(ERRORS_MAX).unwrap_or_default();
    let more = errors.len() > page_max;
    errors.truncate(page_max);
    let last = more.then(|| errors.last().map(|error| error.subject.clone())).flatten();
    let here = format!("{}/feed", place(application));
    let main = html! {
        p.under-title { a href=(place(application)) { "← " (application.name) } }
        (said)
        @if let Some(shown) = &shown {
            section.card {
                (standing(visitor, shown))
                div.actions {
                    form method="post" action={ (here) "/plan" } { button type="submit" { (visitor.pick("Voir ce qui diffère", "See what differs")) } }
                    form method="post" action={ (here) "/run" } { button type="submit" { (visitor.pick("Comparer et réessayer maintenant", "Compare and try again now")) } }
                    @if shown.feed.state != FeedState::Off {
                        form method="post" action={ (here) "/off" } { button.grave type="submit" { (visitor.pick("Ne plus rien lui dire", "Tell it nothing more")) } }
                    }
                }
            }
            (troubles(visitor, &errors))
            (finder::pages(visitor, &here, &asked, "after", last))
        }
        (form(visitor, &here, shown.as_ref().map(|shown| &shown.feed.settings), typed).await?)
    };
    let title = format!("{}\u{a0}: SCIM", application.name);
    Ok(visitor.page_with(status, &Page { title: &title, section: Some(Section::Applications), main }))
}

fn troubles(visitor: &Visitor, errors: &[FeedError]) -> Markup {
    html! {
        @if !errors.is_empty() {
            h2 { (visitor.pick("Ce qui n'a pas pu être dit", "What could not be told")) }
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Compte ou groupe", "Account or group")) }
                    th { (visitor.pick("Essais", "Attempts")) }
                    th { (visitor.pick("Prochain", "Next")) }
                    th { (visitor.pick("Ennui", "Trouble")) }
                } }
                tbody { @for error in errors { tr {
                    td dir="auto" { strong { @if error.name.is_empty() { (error.subject) } @else { (error.name) } } }
                    td data-label=(visitor.pick("essais", "attempts")) { (error.attempts) }
                    td data-label=(visitor.pick("prochain", "next")) { (visitor.minute(error.next_at)) }
                    td { (error.trouble) }
                } } }
            } }
        }
    }
}

const SOURCES: [(&str, &str, &str); 5] = [
    ("address", "l'adresse principale", "the main address"),
    ("local_part", "ce qui précède @", "what stands before the @"),
    ("account", "l'identifiant du compte", "the account's id"),
    ("provider_name", "le nom chez le fournisseur d'identité", "the name at the identity provider"),
    ("provider_id", "l'identifiant externe du fournisseur", "the provider's external id"),
];

const TOLD: [(Told, &str, &str); 7] = [
    (Told::DisplayName, "nom affiché", "name as shown"),
    (Told::Name, "prénom et nom", "given and family name"),
    (Told::Emails, "adresses", "addresses"),
    (Told::Title, "fonction", "job title"),
    (Told::Department, "service", "department"),
    (Told::PhoneNumbers, "téléphones", "phones"),
    (Told::PostalAddress, "adresse postale", "postal address"),
];

fn choice(
    visitor: &Visitor,
    name: &str,
    label: &str,
    chosen: &str,
    options: &[(&str, &str, &str)],
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) { @for (word, french, english) in options {
                option value=(word) selected[chosen == *word] { (visitor.pick(french, english)) }
            } }
        }
    }
}

async fn form(
    visitor: &Visitor,
    here: &str,
    kept: Option<&FeedSettings>,
    typed: Option<&Fields>,
) -> Result<Markup, Fault> {
    let id = visitor.organisation.id;
    let there = visitor.app.look(move |tx| groups::list(tx, id)).await?;
    // Without an address nothing else is missing: what a new feed begins with.
    let usual = json!({ "url": "" });
    let usual =
        || serde_json::from_value::<FeedSettings>(usual).map_err(|error| Error::Internal(error.to_string()));
    let settings = kept.cloned().map_or_else(usual, Ok)?;
    let words = json!(settings);
    let value = |name: &str| {
        let typed = typed.and_then(|typed| typed.get(name));
        typed.or_else(|| words[name].as_str()).unwrap_or_default().to_owned()
    };
    let is_told = |told: &Told| match typed {
        Some(typed) => typed.all("attribute").any(|word| json!(told) == word),
        None => settings.attributes.contains(told),
    };
    let pick = |french, english| visitor.pick(french, english);
    Ok(html! {
        form.card.stack.apart method="post" action=(here) {
            h2 { (pick("Réglages", "Settings")) }
            div.columns {
                div.field {
                    label for="url" { (pick("Adresse de son SCIM", "Where its SCIM is")) }
                    input #url name="url" type="url" required value=(value("url")) placeholder="https://tableaux.exemple.fr/scim/v2";
                }
                div.field {
                    label for="token" { (pick("Son jeton", "Its token")) }
                    input #token name="token" type="password" autocomplete="off" aria-describedby="token-hint";
                    p.hint #token-hint { (pick("Il n'est jamais affiché\u{a0}; laissé vide, celui qui est enregistré reste, tant que l'adresse est la même.", "It is never shown; left empty, the one that is kept stays, as long as the address is the same.")) }
                }
                (choice(visitor, "user_name", pick("Identifiant là-bas (userName)", "Login there (userName)"), &value("user_name"), &SOURCES))
                (choice(visitor, "external_id", pick("Reconnu par (externalId)", "Recognised by (externalId)"), &value("external_id"), &SOURCES))
                (choice(visitor, "when_closed", pick("Qui est désactivé ici", "Whoever is deactivated here"), &value("when_closed"), &[
                    ("close", "y est fermé (active: false)", "is closed there (active: false)"), ("remove", "y est retiré", "is removed there")]))
                (choice(visitor, "when_deleted", pick("Qui est supprimé ici", "Whoever is deleted here"), &value("when_deleted"), &[
                    ("remove", "y est retiré", "is removed there"), ("close", "y est fermé (active: false)", "is closed there (active: false)")]))
                (choice(visitor, "groups", pick("Groupes", "Groups"), &value("groups"), &[
                    ("sent", "y sont aussi", "are there too"), ("left_out", "restent ici", "stay here")]))
                (choice(visitor, "changes", pick("Changements", "Changes"), &value("changes"), &[
                    ("patch", "par PATCH", "by PATCH"), ("put", "par PUT, pour les serveurs sans PATCH", "by PUT, for servers without PATCH")]))
            }
            fieldset {
                legend { (pick("Ce qui lui est dit de chacun", "What it is told of each")) }
                @for (told, french, english) in &TOLD {
                    label.inline { input type="checkbox" name="attribute" value=[json!(told).as_str()] checked[is_told(told)]; (visitor.pick(french, english)) }
                }
            }
            @if !there.is_empty() {
                details open[!settings.only_groups.is_empty()] {
                    summary { (pick("Seulement les membres de certains groupes", "Only members of some groups")) }
                    @for group in &there {
                        label.inline dir="auto" { input type="checkbox" name="only_group" value=(group.id) checked[settings.only_groups.contains(&group.id)]; (group.name) }
                    }
                }
            }
            p.actions { button.primary type="submit" { (pick("Enregistrer", "Save")) } }
            @if kept.is_none() { p.hint { (pick("Rien n'est dit à l'application avant que vous ayez vu le plan et l'ayez appliqué.", "The application is told nothing before you have seen the plan and applied it.")) } }
        }
    })
}
