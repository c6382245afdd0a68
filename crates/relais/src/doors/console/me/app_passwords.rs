//! App passwords, and how a phone or Thunderbird is set up with one.

use super::{Said, Tab, answered, show, while_fresh};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::sign_in::Scope;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/me/app-passwords", get(look).post(create))
        .route("/me/app-passwords/revoke", post(revoke))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &Fields::default(), &Said::by(&asked)).await
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let name = sent.get("name").unwrap_or_default().to_owned();
    let scopes = [("mail", Scope::Mail), ("calendars", Scope::Calendars)];
    let scopes = scopes.into_iter().filter(|(field, _)| sent.has(field)).map(|(_, scope)| scope).collect();
    match visitor.app.create_app_password(visitor.account.id, name, scopes, &visitor.caller).await {
        Ok(made) => Ok(show(
            &visitor,
            Tab::AppPasswords,
            &Said::Done,
            &shown_once(&visitor, &made.of.name, &made.secret),
        )),
        Err(error) => {
            let done = Err(Fault::from(error));
            let again = async |fault: &Fault| page(&visitor, &sent, &Said::Refused(fault)).await;
            answered(done, Tab::AppPasswords, again).await
        }
    }
}

async fn revoke(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = revoke_one(&visitor, &sent).await;
    let again = async |fault: &Fault| page(&visitor, &Fields::default(), &Said::Refused(fault)).await;
    answered(done, Tab::AppPasswords, again).await
}

async fn revoke_one(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let id = sent.read("app_password").ok_or(Fault::Missing { field: "app_password" })?;
    Ok(visitor.app.revoke_app_password(&visitor.account, id, visitor.actor()).await?)
}

async fn page(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Answer {
    let there = visitor.app.app_passwords_of(&visitor.account, &visitor.actor()).await?;
    let opens = |scopes: &[Scope]| {
        let word = |scope: &Scope| match scope {
            Scope::Mail => visitor.pick("courrier", "mail"),
            Scope::Calendars => visitor.pick("agendas et contacts", "calendars and contacts"),
        };
        scopes.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    let form = while_fresh(visitor, Tab::AppPasswords, new_one(visitor, typed)).await?;
    let main = html! {
        @if !there.is_empty() {
            div.listing {
                table.folds {
                    thead { tr {
                        th scope="col" { (visitor.pick("appareil", "device")) }
                        th scope="col" { (visitor.pick("ouvre", "opens")) }
                        th scope="col" { (visitor.pick("utilisé", "used")) }
                        th scope="col" {}
                    } }
                    tbody {
                        @for one in &there {
                            tr {
                                td { (one.name) }
                                td data-label=(visitor.pick("ouvre", "opens")) { (opens(&one.scopes)) }
                                td data-label=(visitor.pick("utilisé", "used")) {
                                    @match one.used_at {
                                        Some(at) => (visitor.minute(at)),
                                        None => (visitor.pick("jamais", "never")),
                                    }
                                }
                                td { form method="post" action="/me/app-passwords/revoke" {
                                    button.grave type="submit" name="app_password" value=(one.id) { (visitor.pick("Révoquer", "Revoke")) }
                                } }
                            }
                        }
                    }
                }
            }
        }
        h2 { (visitor.pick("Ajouter un appareil", "Add a device")) }
        (form)
        (hints(visitor))
    };
    Ok(show(visitor, Tab::AppPasswords, said, &main))
}

fn new_one(visitor: &Visitor, typed: &Fields) -> Markup {
    let both = !typed.has("name");
    html! {
        form.stack.card method="post" action="/me/app-passwords" {
            div.field {
                label for="name" { (visitor.pick("Quel appareil ou quel programme\u{a0}?", "Which device or program?")) }
                input #name name="name" required maxlength="100" value=[typed.get("name")]
                    placeholder=(visitor.pick("Téléphone, Thunderbird au bureau…", "Phone, Thunderbird at work…"));
            }
            fieldset {
                legend { (visitor.pick("Ce qu'il ouvre", "What it opens")) }
                label { input type="checkbox" name="mail" value="1" checked[both || typed.has("mail")]; (visitor.pick("Le courrier", "Mail")) }
                br;
                label { input type="checkbox" name="calendars" value="1" checked[both || typed.has("calendars")]; (visitor.pick("Agendas et contacts", "Calendars and contacts")) }
            }
            div { button.primary type="submit" { (visitor.pick("Créer son mot de passe", "Create its password")) } }
        }
    }
}

fn shown_once(visitor: &Visitor, name: &str, secret: &str) -> Markup {
    html! {
        h2 { (visitor.pick("Mot de passe pour ", "Password for ")) (name) }
        p.warning { (visitor.pick(
            "Saisissez-le maintenant dans l'appareil\u{a0}: il ne sera plus jamais affiché. Les tirets et les majuscules ne comptent pas.",
            "Type it into the device now: it will never be shown again. Hyphens and capitals do not count.",
        )) }
        p.card { code.secret { (secret) } }
        (hints(visitor))
        p.actions { a.button.primary href="/me/app-passwords" { (visitor.pick("C'est saisi", "It is typed")) } }
    }
}

/// What the programs ask for.
fn hints(visitor: &Visitor) -> Markup {
    let login = &visitor.account.address;
    let host = visitor.app.hostname();
    let url = visitor.app.public_url();
    html! {
        h2 { (visitor.pick("Réglages", "Settings")) }
        div.columns {
            section.card {
                h3 { "Thunderbird" }
                ol {
                    li { (visitor.pick("Paramètres des comptes, puis Ajouter un compte de messagerie.", "Account settings, then Add mail account.")) }
                    li { (visitor.pick("Votre nom, votre adresse, et le mot de passe d'application au lieu du vôtre.", "Your name, your address, and the app password instead of your own.")) }
                    li { (visitor.pick("Serveurs\u{a0}: ceux de la liste «\u{a0}Serveurs\u{a0}».", "Servers: those of the list \u{201c}Servers\u{201d}.")) }
                    li { (visitor.pick("Pour l'agenda\u{a0}: Nouvel agenda, Sur le réseau, l'adresse CalDAV.", "For the calendar: New calendar, On the network, the CalDAV address.")) }
                }
            }
            section.card {
                h3 { "iPhone, iPad, Android" }
                ol {
                    li { (visitor.pick("Réglages, Comptes, Ajouter un compte, Autre (IMAP).", "Settings, Accounts, Add account, Other (IMAP).")) }
                    li { (visitor.pick("Agendas et contacts\u{a0}: «\u{a0}Compte CalDAV\u{a0}» et «\u{a0}Compte CardDAV\u{a0}» sur iPhone\u{a0}; l'application DAVx⁵ sur Android.", "Calendars and contacts: \u{201c}CalDAV account\u{201d} and \u{201c}CardDAV account\u{201d} on iPhone; the app DAVx⁵ on Android.")) }
                    li { (visitor.pick("Le même mot de passe d'application partout sur cet appareil.", "The same app password everywhere on this device.")) }
                }
            }
            section.card {
                h3 { (visitor.pick("Serveurs", "Servers")) }
                dl.facts {
                    dt { (visitor.pick("Identifiant", "Login")) } dd { (login) }
                    dt { "IMAP" } dd { (host) }
                    dt { "SMTP" } dd { (host) }
                    dt { "CalDAV, CardDAV" } dd { (url) "/dav/" }
                }
            }
        }
    }
}
