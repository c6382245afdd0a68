//! The organisation's own settings: its name, its language, its time zone; and handing it over to another owner.

use super::Console;
use super::accounts::called;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Sent};
use super::layout::{self, Page, done};
use super::operator::organisations::{language, name_and_place};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::OrganisationChange;
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::ids::SubscriptionId;
use relais_app::core::plan::Subscription;
use relais_app::core::refusal::Refusal;
use relais_app::read::{accounts, offers};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/organisation", get(show).post(change))
        .route("/console/organisation/default-subscription", post(set_default_subscription))
        .route("/console/organisation/owner", get(ask_hand_over).post(hand_over))
}

async fn owners(visitor: &Visitor) -> Result<Vec<Account>, Fault> {
    let id = visitor.organisation.id;
    Ok(visitor.app.look(move |tx| accounts::with_roles(tx, id, &[Role::Owner])).await?)
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    let owners = owners(&visitor).await?;
    let own = &visitor.organisation;
    let mut offers = visitor.app.look(offers::subscriptions).await?;
    offers.retain(|offer| {
        let offered = offer.retired_at.is_none() && offer.terms.currency == own.currency;
        offered || own.default_subscription == Some(offer.id)
    });
    let main = html! {
        @if asked.has("done") { (done(visitor.pick("Les réglages sont enregistrés.", "The settings are saved."))) }
        div.columns.even {
            form.card.stack method="post" action="/console/organisation" {
                h2 { (visitor.pick("Nom et lieu", "Name and place")) }
                (name_and_place(&visitor, Some(&visitor.organisation)))
                p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
            }
            (owner(&visitor, &owners))
        }
        @if !offers.is_empty() { (newcomers(&visitor, &offers)) }
    };
    let title = visitor.pick("Organisation", "Organisation");
    Ok(visitor.page(&Page { title, section: Some(Section::Organisation), main }))
}

fn newcomers(visitor: &Visitor, offers: &[Subscription]) -> Markup {
    html! {
        form.card.stack.apart method="post" action="/console/organisation/default-subscription" {
            h2 { (visitor.pick("Comptes créés par une machine", "Accounts that a machine makes")) }
            div.field {
                label for="subscription" { (visitor.pick("Leur abonnement", "Their subscription")) }
                select #subscription name="subscription" aria-describedby="newcomers-hint" {
                    option value="" { (visitor.pick("aucun\u{a0}: compte compris dans la formule", "none: an account that the plan includes")) }
                    @for offer in offers {
                        option value=(offer.id) selected[visitor.organisation.default_subscription == Some(offer.id)] { (offer.terms.name) }
                    }
                }
                p.hint #newcomers-hint { (visitor.pick(
                    "Pour qui arrive par SCIM, par un annuaire ou par l'authentification unique. Si la provision ne suffit pas, le compte est créé sans abonnement et vous en êtes avertis\u{a0}; les invités n'en ont pas.",
                    "For whoever comes by SCIM, by a directory or by single sign-on. If the provision is short, the account is made without and you are told; guests have none.",
                )) }
            }
            p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}

async fn set_default_subscription(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let to: Option<SubscriptionId> = match sent.get("subscription") {
        None | Some("") => None,
        Some(id) => Some(id.parse().map_err(|_| Fault::not_found())?),
    };
    visitor.app.set_default_subscription(visitor.organisation.id, to, visitor.actor()).await?;
    Ok(Redirect::to("/console/organisation?done=yes").into_response())
}

fn owner(visitor: &Visitor, owners: &[Account]) -> Markup {
    let is_owner = owners.iter().any(|owner| owner.id == visitor.account.id);
    html! {
        section.card {
            h2 { (visitor.pick("Propriétaire", "Owner")) }
            @if owners.is_empty() { p { (visitor.pick("Aucun\u{a0}: l'exploitant en nomme un.", "None: the operator names one.")) } }
            ul.plain { @for owner in owners { li { a dir="auto" href={ "/console/accounts/" (owner.id) } { (called(visitor, owner)) } " " span.muted { (owner.address) } } } }
            p.hint { (visitor.pick(
                "Il répond de l'organisation et ne peut pas partir avant de l'avoir remise à quelqu'un d'autre.",
                "They answer for the organisation and cannot leave before they have handed it over to somebody else.")) }
            @if is_owner {
                p.actions { a.button href="/console/organisation/owner" { (visitor.pick("Remettre l'organisation", "Hand the organisation over")) } }
            }
            dl.facts {
                dt { (visitor.pick("Référence", "Reference")) } dd { code { (visitor.organisation.id) } }
                dt { (visitor.pick("Monnaie", "Currency")) } dd { (visitor.organisation.currency.code()) }
                dt { (visitor.pick("Depuis le", "Since")) } dd { (visitor.day(visitor.organisation.created_at)) }
            }
        }
    }
}

async fn change(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let change = OrganisationChange {
        name: Some(sent.need("name")?.to_owned()),
        language: Some(language(&sent)?),
        time_zone: Some(sent.need("time_zone")?.to_owned()),
    };
    visitor.app.change_organisation(visitor.organisation.id, change, visitor.actor()).await?;
    Ok(Redirect::to("/console/organisation?done=yes").into_response())
}

/// Only an owner gives away what is theirs.
async fn require_owner(visitor: &Visitor) -> Result<(), Fault> {
    let is_owner = owners(visitor).await?.iter().any(|owner| owner.id == visitor.account.id);
    if is_owner { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

async fn ask_hand_over(visitor: Visitor, Asked(asked): Asked) -> Answer {
    require_owner(&visitor).await?;
    let heir = match asked.get("to") {
        Some(text) => Some(visitor.account_named(text).await?),
        None => None,
    };
    let main = html! {
        form.card.stack method="get" action="/console/organisation/owner" {
            div.field {
                label for="to" { (visitor.pick("À qui (adresse d'un compte actif)", "To whom (address of an active account)")) }
                input #to name="to" type="email" required value=[asked.get("to")];
            }
            p.actions { button type="submit" { (visitor.pick("Voir ce qui change", "See what changes")) } }
        }
        @if let Some(heir) = heir { (consequences(&visitor, &heir)) }
    };
    let title = visitor.pick("Remettre l'organisation", "Hand the organisation over");
    Ok(visitor.page(&Page { title, section: Some(Section::Organisation), main }))
}

fn consequences(visitor: &Visitor, heir: &Account) -> Markup {
    html! {
        form.card.stack.apart method="post" action="/console/organisation/owner" {
            h2 { (visitor.pick("Ce qui change", "What changes")) }
            input type="hidden" name="to" value=(heir.address);
            ul {
                li { strong dir="auto" { (called(visitor, heir)) } " (" (heir.address) ") "
                    (visitor.pick("devient propriétaire et répond de l'organisation.", "becomes the owner and answers for the organisation.")) }
                li { (visitor.pick("Vous restez administrateur, jusqu'à ce que quelqu'un vous donne un autre rôle.", "You stay a company admin, until somebody gives you another role.")) }
                li { (visitor.pick("Vous vous reconnectez tous les deux.", "Both of you sign in again.")) }
                li { (visitor.pick("Seul le nouveau propriétaire, ou l'exploitant, peut revenir là-dessus.", "Only the new owner, or the operator, can take it back.")) }
            }
            label { input type="checkbox" name="understood" value="yes" required;
                (visitor.pick("J'ai compris que je ne serai plus propriétaire.", "I understand that I shall not be the owner any more.")) }
            p.actions {
                button.grave type="submit" { (visitor.pick("Remettre l'organisation", "Hand the organisation over")) }
                a.button href="/console/organisation" { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    }
}

async fn hand_over(visitor: Visitor, Sent(sent): Sent) -> Answer {
    sent.need("understood")?;
    let heir = visitor.account_named(sent.need("to")?).await?;
    let heir = visitor.app.hand_over_organisation(visitor.organisation.id, heir.id, visitor.actor()).await?;
    // The visitor's own session ended with it.
    let main = html! {
        p { strong dir="auto" { (called(&visitor, &heir)) } " "
            (visitor.pick("est maintenant propriétaire. Vous restez administrateur.", "is the owner now. You stay a company admin.")) }
        p { a.button.wide href="/sign-in" { (visitor.pick("Se reconnecter", "Sign in again")) } }
    };
    let title = visitor.pick("L'organisation est remise", "The organisation is handed over");
    Ok(layout::alone(StatusCode::OK, title, &main, visitor.language))
}
