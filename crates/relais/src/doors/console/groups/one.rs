//! One group: who is in it, a page at a time, and as what.

use super::settings;
use crate::doors::console::Console;
use crate::doors::console::accounts::called;
use crate::doors::console::acts::state_badges;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields};
use crate::doors::console::finder;
use crate::doors::console::layout::Page;
use crate::doors::console::said::Said;
use crate::doors::console::section::Section;
use crate::doors::console::suggest;
use crate::doors::console::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::ids::AccountId;
use relais_app::core::organisation::{Group, GroupRole};
use relais_app::read::{Filter, Sort, Tx, accounts, groups};

/// Members of one page.
const PAGE_MAX: usize = 50;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/groups/{group}", get(show))
        .route("/console/groups/{group}/settings", get(show_settings))
}

pub fn place(group: &Group) -> String {
    format!("/console/groups/{}", group.id)
}

/// The parts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Members,
    Settings,
}

impl Part {
    const ALL: [Self; 2] = [Self::Members, Self::Settings];

    pub fn place(self, group: &Group) -> String {
        match self {
            Self::Members => place(group),
            Self::Settings => format!("{}/settings", place(group)),
        }
    }

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::Members => visitor.pick("Membres", "Members"),
            Self::Settings => visitor.pick("Adresse et réglages", "Address and settings"),
        }
    }
}

async fn show(visitor: Visitor, Path(group): Path<String>, Asked(asked): Asked) -> Answer {
    let group = visitor.find_group(&group).await?;
    page(&visitor, &group, Part::Members, &asked, &Said::by(&asked)).await
}

async fn show_settings(visitor: Visitor, Path(group): Path<String>, Asked(asked): Asked) -> Answer {
    let group = visitor.find_group(&group).await?;
    page(&visitor, &group, Part::Settings, &asked, &Said::by(&asked)).await
}

/// A part of the page, with what was typed into its forms or asked of it.
pub async fn page(visitor: &Visitor, group: &Group, part: Part, typed: &Fields, said: &Said<'_>) -> Answer {
    let section = match part {
        Part::Members => members(visitor, group, typed).await?,
        Part::Settings => settings::section(visitor, group, typed).await?,
    };
    let main = html! {
        (said.shown(visitor))
        p.under-title.muted { @match &group.address {
            Some(address) => { (address) " · " (visitor.pick("peuvent y écrire\u{a0}: ", "who may write to it: ")) (words::posting(&group.posting, visitor.language)) },
            None => (visitor.pick("sans adresse", "no address")),
        } }
        nav.tabs aria-label=(visitor.pick("Rubriques du groupe", "Sections of the group")) {
            @for other in Part::ALL {
                a href=(other.place(group)) aria-current=[(other == part).then_some("page")] { (other.name(visitor)) }
            }
        }
        (section)
    };
    let page = Page { title: &group.name, section: Some(Section::Groups), main };
    Ok(visitor.page_with(said.status(), &page))
}

/// A member and what they are in the group.
type Member = (Account, Option<GroupRole>);

async fn members(visitor: &Visitor, group: &Group, asked: &Fields) -> Result<Markup, Fault> {
    let (organisation, id) = (visitor.organisation.id, group.id);
    let search = asked.get("search").map(str::to_owned);
    let after: Option<AccountId> = asked.read("after");
    let filter = Filter { group: Some(id), search, ..Filter::default() };
    let look = move |tx: &mut Tx<'_>| {
        let mut found: Vec<Member> = Vec::new();
        let count_max = i64::try_from(PAGE_MAX + 1).unwrap_or(i64::MAX);
        for account in accounts::page(tx, organisation, &filter, Sort::Name, after, count_max)? {
            let role = groups::role_of(tx, id, account.id)?;
            found.push((account, role));
        }
        Ok((found, groups::members(tx, id)?.len()))
    };
    let (mut found, count) = visitor.app.look(look).await?;
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let last = more.then(|| found.last().map(|(last, _)| last.id)).flatten();
    let changes = visitor.has(Power::ManageAccounts);
    Ok(html! {
        @if changes { (adding(visitor, group, asked).await?) }
        @if count > PAGE_MAX || asked.has("search") {
            form.filters.apart method="get" action=(place(group)) {
                div.field.grow {
                    label for="search" { (visitor.pick("Nom ou adresse", "Name or address")) }
                    input #search name="search" type="search" value=[asked.get("search")];
                }
                button type="submit" { (visitor.pick("Chercher", "Search")) }
            }
        }
        @if found.is_empty() {
            p.empty.apart { @if asked.has("search") { (visitor.pick("Aucun membre ne correspond.", "No member fits.")) }
                @else { (visitor.pick("Personne n'est dans ce groupe\u{a0}: ajoutez quelqu'un ci-dessus.", "Nobody is in this group: add somebody above.")) } }
        } @else { (table(visitor, group, &found)) }
        (finder::pages(visitor, &place(group), asked, "after", last))
    })
}

async fn adding(visitor: &Visitor, group: &Group, typed: &Fields) -> Result<Markup, Fault> {
    Ok(html! {
        form.card.filters method="post" action={ (place(group)) "/members" } {
            div.field.grow {
                label for="address" { (visitor.pick("Ajouter quelqu'un (adresse)", "Add somebody (address)")) }
                input #address name="address" type="email" required list=(suggest::PEOPLE) autocomplete="off" value=[typed.get("address")];
            }
            div.field {
                label for="role" { (visitor.pick("Rôle", "Role")) }
                select #role name="role" {
                    option value="member" { (words::group_role(GroupRole::Member, visitor.language)) }
                    option value="admin" selected[typed.get("role") == Some("admin")] { (words::group_role(GroupRole::Admin, visitor.language)) }
                }
            }
            button.primary type="submit" { (visitor.pick("Ajouter", "Add")) }
            a.button href={ "/console/accounts/new?group=" (group.id) } { (visitor.pick("Inviter quelqu'un de nouveau", "Invite somebody new")) }
            (suggest::people(visitor).await?)
        }
    })
}

fn table(visitor: &Visitor, group: &Group, found: &[Member]) -> Markup {
    let changes = visitor.has(Power::ManageAccounts);
    html! {
        div.listing.apart { table.folds {
            thead { tr {
                th { (visitor.pick("Membre", "Member")) }
                th { (visitor.pick("Rôle dans le groupe", "Role in the group")) }
                th { (visitor.pick("État", "State")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for (account, role) in found { tr {
                td.who {
                    a.name href={ "/console/accounts/" (account.id) } dir="auto" { (called(visitor, account)) }
                    span.hint { (account.address) }
                }
                td { @match role {
                    Some(GroupRole::Admin) => span.badge.plain { (words::group_role(GroupRole::Admin, visitor.language)) },
                    Some(GroupRole::Member) => span.muted { (words::group_role(GroupRole::Member, visitor.language)) },
                    None => {},
                } }
                td { (state_badges(visitor, account)) }
                td.number { @if changes { (buttons(visitor, group, account, *role)) } }
            } } }
        } }
        p.hint { (visitor.pick(
            "Un administrateur du groupe en change les membres et dit qui peut y écrire. Un compte désactivé reste membre et n'a plus son courrier.",
            "An admin of the group changes its members and says who may write to it. A deactivated account stays a member and has none of its mail.",
        )) }
    }
}

fn buttons(visitor: &Visitor, group: &Group, account: &Account, role: Option<GroupRole>) -> Markup {
    let name = called(visitor, account);
    let (word, label) = match role {
        Some(GroupRole::Admin) => {
            ("member", visitor.pick("Ne plus être administrateur", "No longer an admin"))
        }
        Some(GroupRole::Member) | None => ("admin", visitor.pick("Nommer administrateur", "Make an admin")),
    };
    html! {
        form method="post" action={ (place(group)) "/members/change" } {
            input type="hidden" name="account" value=(account.id);
            button.quiet type="submit" name="role" value=(word) aria-label={ (label) ", " (name) } { (label) }
            button.quiet type="submit" name="role" value="none" aria-label={ (visitor.pick("Retirer du groupe, ", "Take out of the group, ")) (name) } {
                (visitor.pick("Retirer", "Take out"))
            }
        }
    }
}
