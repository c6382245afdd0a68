//! Somebody new: invited by a letter, perhaps to one content, or made with a password that is told them. One form, which
//! keeps what was typed.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::Page;
use super::said::{Said, answered_at};
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::collection::ShareRight;
use relais_app::core::content::ContentItem;
use relais_app::core::ids::{ContentId, GroupId};
use relais_app::core::organisation::{Group, GroupRole};
use relais_app::core::password::LENGTH_MIN;
use relais_app::core::plan::Subscription;
use relais_app::core::quota;
use relais_app::read::{Tx, content, groups, offers};
use relais_app::{Invitation, NewAccountRequest};

pub fn routes() -> Router<Console> {
    Router::new().route("/console/accounts/new", get(ask).post(create))
}

async fn ask(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &asked, &Said::Nothing).await
}

/// The roles that the visitor may give to somebody new.
fn roles(visitor: &Visitor) -> impl Iterator<Item = Role> {
    let gives_leading = visitor.has(Power::EndAccounts);
    let offered = [Role::Member, Role::Guest, Role::AccountManager, Role::CompanyAdmin];
    offered.into_iter().filter(move |role| gives_leading || !role.leads())
}

async fn page(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    let organisation = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut subscriptions = offers::subscriptions(tx)?;
        subscriptions.retain(|offer| offer.retired_at.is_none());
        Ok((groups::list(tx, organisation)?, subscriptions))
    };
    let (groups, subscriptions) = visitor.app.look(look).await?;
    let opened = opened(visitor, typed).await?;
    let main = html! {
        (said.shown(visitor))
        p.lead { a href="/console/accounts/import" { (visitor.pick("Plusieurs à la fois\u{a0}: importer une liste", "Several at once: import a list")) } }
        form.stack method="post" action="/console/accounts/new" {
            (who(visitor, typed))
            @if let Some(item) = &opened {
                (opened_card(visitor, typed, item))
                section.card { (external_address(visitor, typed)) }
            } @else { (way_in(visitor, typed)) }
            (more(visitor, typed, &groups, &subscriptions))
            p.actions {
                button.primary type="submit" { (visitor.pick("Créer le compte", "Create the account")) }
                a.button href="/console/accounts" { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    let title = visitor.pick("Nouveau compte", "New account");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Accounts), main }))
}

fn who(visitor: &Visitor, typed: &Fields) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Qui", "Who")) }
            div.columns {
                div.field {
                    label for="name" { (visitor.pick("Nom affiché", "Name as shown")) }
                    input #name name="name" required maxlength="200" dir="auto" value=[typed.get("name")];
                }
                div.field {
                    label for="address" { (visitor.pick("Adresse de courriel", "Mail address")) }
                    input #address name="address" type="email" required value=[typed.get("address")];
                }
                div.field {
                    label for="role" { (visitor.pick("Rôle dans l'organisation", "Role in the organisation")) }
                    select #role name="role" { @for role in roles(visitor) {
                        option value=(role.as_str()) selected[typed.get("role") == Some(role.as_str())] { (role.called(visitor.language)) }
                    } }
                }
            }
        }
    }
}

/// The content that somebody is invited to (R20).
async fn opened(visitor: &Visitor, typed: &Fields) -> Result<Option<ContentItem>, Fault> {
    let Some(text) = typed.get("content") else { return Ok(None) };
    let id: ContentId = text.parse().map_err(|_| Fault::not_found())?;
    let found = visitor.app.look(move |tx| content::get(tx, id)).await?;
    let found = found.filter(|item| item.organisation == visitor.organisation.id);
    found.map(Some).ok_or_else(Fault::not_found)
}

fn opened_card(visitor: &Visitor, typed: &Fields, item: &ContentItem) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Partagé dès le début", "Shared from the beginning")) }
            p { bdi { strong { (item.title) } } " · " (words::content_kind(item.kind, visitor.language)) }
            input type="hidden" name="content" value=(item.id);
            label.choice { input type="checkbox" name="write" checked[typed.has("write")];
                span { (visitor.pick("La personne peut aussi le modifier", "The person may also change it")) } }
        }
    }
}

fn way_in(visitor: &Visitor, typed: &Fields) -> Markup {
    let by_password = typed.get("way") == Some("password");
    html! {
        section.card { fieldset {
            legend { (visitor.pick("Comment la personne entre", "How the person enters")) }
            label.choice { input type="radio" name="way" value="invitation" checked[!by_password];
                span { (visitor.pick("Par une invitation", "By an invitation")) }
                span.hint { (visitor.pick(
                    "Un lien part à son adresse extérieure\u{a0}; il sert une fois, pendant sept jours, à choisir son mot de passe.",
                    "A link goes to their external address; it works once, for seven days, to choose a password.",
                )) } }
            div.indent { (external_address(visitor, typed)) }
            label.choice { input type="radio" name="way" value="password" checked[by_password];
                span { (visitor.pick("Avec un mot de passe que vous lui donnez", "With a password that you give them")) } }
            div.field.indent {
                label for="password" { (visitor.pick("Mot de passe", "Password")) }
                input #password name="password" type="password" autocomplete="new-password" aria-describedby="rule";
                p.hint #rule { (visitor.pick("Au moins ", "At least ")) (LENGTH_MIN) (visitor.pick(" caractères.", " characters.")) }
            }
        } }
    }
}

fn external_address(visitor: &Visitor, typed: &Fields) -> Markup {
    html! {
        div.field {
            label for="external_address" { (visitor.pick("Adresse extérieure, où part l'invitation", "External address, where the invitation goes")) }
            input #external_address name="external_address" type="email" value=[typed.get("external_address")];
        }
    }
}

fn more(visitor: &Visitor, typed: &Fields, groups: &[Group], subscriptions: &[Subscription]) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Ce qu'elle a", "What they have")) }
            div.columns {
                @if visitor.has(Power::Subscribe) && !subscriptions.is_empty() {
                    div.field {
                        label for="subscription" { (visitor.pick("Abonnement", "Subscription")) }
                        select #subscription name="subscription" {
                            option value="" { (visitor.pick("aucun\u{a0}: compte compris dans la formule", "none: an account that the plan includes")) }
                            @for offer in subscriptions {
                                option value=(offer.id) selected[typed.read("subscription") == Some(offer.id)] { (offer.terms.name) }
                            }
                        }
                    }
                }
                div.field {
                    label for="quota" { (visitor.pick("Taille maximale de la boîte (facultatif)", "Largest mailbox size (optional)")) }
                    input #quota name="quota" placeholder="5G" value=[typed.get("quota")];
                }
            }
            @if !groups.is_empty() {
                @let chosen: Vec<&str> = typed.all("group").collect();
                details.apart open[!chosen.is_empty()] {
                    summary { (visitor.pick("Groupes", "Groups")) }
                    div.columns { @for group in groups {
                        label { input type="checkbox" name="group" value=(group.id) checked[chosen.contains(&group.id.to_string().as_str())];
                            span dir="auto" { (group.name) } }
                    } }
                }
            }
        }
    }
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let made = make(&visitor, &sent).await;
    let made = made.map(|account| format!("/console/accounts/{}", account.id));
    answered_at(made, async |fault| page(&visitor, &sent, &Said::Refused(fault)).await).await
}

async fn make(visitor: &Visitor, sent: &Fields) -> Result<Account, Fault> {
    let opened = opened(visitor, sent).await?;
    // To one content one is invited.
    let by_password = opened.is_none() && sent.get("way") == Some("password");
    let password = by_password.then(|| sent.verbatim("password").unwrap_or_default().to_owned());
    let account = request(visitor, sent, password)?;
    let mut into: Vec<GroupId> = Vec::new();
    for group in sent.all("group") {
        into.push(visitor.find_group(group).await?.id);
    }
    let organisation = visitor.organisation.id;
    if !by_password {
        let external_address = sent.address("external_address", visitor)?;
        let right = if sent.has("write") { ShareRight::Write } else { ShareRight::Read };
        let content = opened.iter().map(|item| (item.id, right)).collect();
        let invitation = Invitation { account, external_address, groups: into, content };
        return Ok(visitor.app.invite(organisation, invitation, visitor.actor()).await?);
    }
    let made = visitor.app.create_account(organisation, account, visitor.actor()).await?;
    for group in into {
        visitor.app.set_group_member(group, made.id, Some(GroupRole::Member), visitor.actor()).await?;
    }
    Ok(made)
}

fn request(visitor: &Visitor, sent: &Fields, password: Option<String>) -> Result<NewAccountRequest, Fault> {
    let word = sent.need("role")?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == word).ok_or(Fault::Unreadable)?;
    let quota_bytes = sent.get("quota").map(quota::parse).transpose()?;
    let subscription = match sent.get("subscription") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Fault::Unreadable)?),
    };
    let address = sent.need_address("address", visitor)?;
    let name = sent.need("name")?.to_owned();
    Ok(NewAccountRequest { address, name, password, role, quota_bytes, subscription })
}
