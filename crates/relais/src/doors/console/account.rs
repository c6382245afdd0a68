//! One account: who it is, what it has, what happened to it; a section each, by links.

mod access;
mod addresses;
mod content;
mod details;
mod sections;

use super::Console;
use super::accounts::called;
use super::acts::{Offer, offered, state_badges};
use super::backups;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::Page;
use super::personal;
use super::said::Said;
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::account::{Account, Cause};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::{Power, Role};
use relais_app::core::backup::Scope;
use relais_app::core::ids::SessionId;
use relais_app::core::lifecycle::Command;
use relais_app::core::profile::{Phone, PhoneKind, Profile};
use relais_app::core::refusal::Refusal;
use relais_app::read::{departures, profiles};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/accounts/{account}", get(show).post(set_profile))
        .route("/console/accounts/{account}/{section}", get(show_section))
        .route("/console/accounts/{account}/role", post(set_role))
        .route("/console/accounts/{account}/sessions/end", post(end_session))
        .route("/console/accounts/{account}/backups", post(back_up).get(show_backups))
        .merge(access::routes())
        .merge(details::routes())
}

/// The parts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Profile,
    Addresses,
    Groups,
    Content,
    Sessions,
    Billing,
    Backups,
    Events,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Profile,
        Self::Addresses,
        Self::Groups,
        Self::Content,
        Self::Sessions,
        Self::Billing,
        Self::Backups,
        Self::Events,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Addresses => "addresses",
            Self::Groups => "groups",
            Self::Content => "content",
            Self::Sessions => "sessions",
            Self::Billing => "billing",
            Self::Backups => "backups",
            Self::Events => "events",
        }
    }

    fn place(self, account: &Account) -> String {
        match self {
            Self::Profile => format!("/console/accounts/{}", account.id),
            other => format!("/console/accounts/{}/{}", account.id, other.word()),
        }
    }

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::Profile => visitor.pick("Profil", "Profile"),
            Self::Addresses => visitor.pick("Adresses", "Addresses"),
            Self::Groups => visitor.pick("Groupes", "Groups"),
            Self::Content => visitor.pick("Contenus", "Content"),
            Self::Sessions => visitor.pick("Accès", "Access"),
            Self::Billing => visitor.pick("Abonnement", "Subscription"),
            Self::Backups => visitor.pick("Sauvegardes", "Backups"),
            Self::Events => visitor.pick("Journal", "Log"),
        }
    }

    fn is_for(self, visitor: &Visitor, account: &Account) -> bool {
        match self {
            Self::Profile | Self::Addresses | Self::Groups | Self::Billing => true,
            Self::Content | Self::Sessions => visitor.has_over(Power::ChangeSelf, account),
            Self::Backups | Self::Events => visitor.has(Power::EndAccounts),
        }
    }
}

async fn show(visitor: Visitor, Path(account): Path<String>, Asked(asked): Asked) -> Answer {
    let account = visitor.find_account(&account).await?;
    let said = match asked.get("done").and_then(|act| was_done(&visitor, act, &account)) {
        Some(sentence) => Said::Told(sentence),
        None => Said::by(&asked),
    };
    page_of(&visitor, &account, Part::Profile, &Fields::default(), &said).await
}

async fn show_section(
    visitor: Visitor,
    Path((account, section)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let account = visitor.find_account(&account).await?;
    let part = Part::ALL.into_iter().find(|part| part.word() == section).ok_or_else(Fault::not_found)?;
    page_of(&visitor, &account, part, &asked, &Said::by(&asked)).await
}

async fn show_backups(visitor: Visitor, Path(account): Path<String>, Asked(asked): Asked) -> Answer {
    let account = visitor.find_account(&account).await?;
    page_of(&visitor, &account, Part::Backups, &Fields::default(), &Said::by(&asked)).await
}

async fn back_up(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let scope = Scope::Account(account.id);
    let begun = visitor.app.start_backup(account.organisation, scope, visitor.actor()).await?;
    Ok(Redirect::to(&format!("/console/backups/{}", begun.id)).into_response())
}

/// A part of the account's page, with what was typed into its forms.
async fn page_of(
    visitor: &Visitor,
    account: &Account,
    part: Part,
    typed: &Fields,
    said: &Said<'_>,
) -> Answer {
    let section = match part {
        Part::Profile => sections::profile(visitor, account, typed).await?,
        Part::Addresses => addresses::section(visitor, account, typed).await?,
        Part::Groups => sections::groups(visitor, account).await?,
        Part::Content => content::section(visitor, account, typed).await?,
        Part::Sessions => access::section(visitor, account, typed).await?,
        Part::Billing => sections::billing(visitor, account).await?,
        Part::Backups => backups::of_account(visitor, account).await?,
        Part::Events => sections::events(visitor, account).await?,
    };
    let id = account.id;
    let departure = visitor.app.look(move |tx| departures::open_of(tx, id)).await?;
    let main = html! {
        (said.shown(visitor))
        p.under-title { span.muted { (account.address) } " " (state_badges(visitor, account)) }
        @if let Some(departure) = departure {
            p.note { (visitor.pick("Son départ est en route.", "Their departure is under way.")) " "
                a href={ "/console/departures/" (departure) } { (visitor.pick("Voir où il en est", "See how far it is")) } }
        }
        @if let Some(closed) = &account.deactivation {
            p.note { (closed_because(visitor, closed.cause)) " " (visitor.minute(closed.at)) "." }
        }
        (buttons(visitor, account, departure.is_some()))
        nav.tabs aria-label=(visitor.pick("Rubriques du compte", "Sections of the account")) {
            @for other in Part::ALL { @if other.is_for(visitor, account) {
                a href=(other.place(account)) aria-current=[(other == part).then_some("page")] { (other.name(visitor)) }
            } }
        }
        (section)
    };
    let title = called(visitor, account);
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Accounts), main }))
}

fn buttons(visitor: &Visitor, account: &Account, is_leaving: bool) -> Markup {
    let offers = offered(visitor, account);
    html! {
        @if !offers.is_empty() {
            p.actions.before {
                @for (offer, place, name) in offers {
                    @match offer {
                        Offer::Depart => @if !is_leaving { a.button.primary href=(place) { (name) } },
                        Offer::Delete => a.button.grave href=(place) { (name) },
                        Offer::Deactivate | Offer::Reactivate => a.button href=(place) { (name) },
                    }
                }
            }
        }
    }
}

fn closed_because(visitor: &Visitor, cause: Cause) -> &'static str {
    match cause {
        Cause::Admin => {
            visitor.pick("Désactivé par un administrateur le", "Deactivated by an administrator on")
        }
        Cause::Directory => visitor.pick("Suspendu par l'annuaire le", "Suspended by the directory on"),
        Cause::Scim => visitor.pick(
            "Désactivé par le fournisseur d'identités (SCIM) le",
            "Deactivated by the identity provider (SCIM) on",
        ),
        Cause::Departure => visitor.pick("Désactivé par son départ le", "Deactivated by their departure on"),
        Cause::Billing => {
            visitor.pick("Désactivé faute de provision le", "Deactivated for want of provision on")
        }
        Cause::Schedule => visitor.pick("Désactivé à la date prévue, le", "Deactivated on the planned date,"),
    }
}

fn was_done(visitor: &Visitor, act: &str, account: &Account) -> Option<String> {
    let name = called(visitor, account);
    let (french, english) = match act {
        "deactivated" => (
            format!("{name} est désactivé : plus aucune porte ne s'ouvre."),
            format!("{name} is deactivated: no door opens any more."),
        ),
        "reactivated" => (
            format!("{name} est de nouveau actif, comme avant."),
            format!("{name} is active again, as before."),
        ),
        "saved" => ("Les changements sont enregistrés.".to_owned(), "The changes are saved.".to_owned()),
        "deleted" => (
            "Le compte est supprimé. Il n'en reste que la trace.".to_owned(),
            "The account is deleted. Only its tombstone is left.".to_owned(),
        ),
        _ => return None,
    };
    Some(visitor.pick(french, english))
}

fn back(account: &Account, part: &str) -> axum::response::Response {
    Redirect::to(&format!("/console/accounts/{}{part}", account.id)).into_response()
}

async fn set_profile(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let id = account.id;
    let before = visitor.app.look(move |tx| profiles::get(tx, id)).await?;
    let text = |name| sent.get(name).map(str::to_owned);
    let phones = [(PhoneKind::Work, "work"), (PhoneKind::Mobile, "mobile"), (PhoneKind::Home, "home")];
    let external = match sent.get("external_address") {
        Some(typed) => {
            let read = typed.parse::<EmailAddress>();
            Some(read.map_err(|_| Fault::Missing {
                field: visitor.pick("adresse extérieure", "external address"),
            })?)
        }
        None => None,
    };
    let wanted = Profile {
        given_name: text("given_name"),
        family_name: text("family_name"),
        job_title: text("job_title"),
        department: text("department"),
        external_address: external,
        phones: phones
            .into_iter()
            .filter_map(|(kind, name)| Some(Phone { kind, number: text(name)? }))
            .collect(),
        ..personal::filled(&visitor, before, &sent)?
    };
    if let Some(name) = text("name").filter(|name| *name != account.name) {
        visitor.app.execute(id, Command::SetName { name }, visitor.actor()).await?;
    }
    visitor.app.set_profile(id, wanted, visitor.actor()).await?;
    Ok(back(&account, "?done=saved"))
}

async fn set_role(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let word = sent.need("role")?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == word).ok_or(Fault::Unreadable)?;
    visitor.app.execute(account.id, Command::SetRole { role }, visitor.actor()).await?;
    // From the page where the role stood in the way, back to it.
    let to = if sent.get("then") == Some("deactivate") { "/deactivate" } else { "?done=saved" };
    Ok(back(&account, to))
}

async fn end_session(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let session: SessionId = sent.need("session")?.parse().map_err(|_| Fault::not_found())?;
    if !visitor.has_over(Power::ChangeSelf, &account) {
        return Err(Refusal::NotAllowed.into());
    }
    visitor.app.end_session(&account, session, visitor.actor()).await?;
    Ok(back(&account, "/sessions"))
}
