//! The list of accounts: by state, searched, filtered, sorted, a page at a time; and what is done to several at once.

mod rows;

pub use rows::called;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::finder;
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::ids::AccountId;
use relais_app::core::job::{BulkAct, Run};
use relais_app::core::organisation::Group;
use relais_app::core::plan::Subscription;
use relais_app::core::rights::State;
use relais_app::read::{Filter, Sort, Tx, accounts, groups, offers};
use relais_app::{JobAccounts, core};

/// Accounts of one page; more are not chosen at once (R12).
const PAGE_MAX: i64 = 50;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/accounts", get(list))
        .route("/console/accounts/bulk", post(bulk).get(async || Redirect::to("/console/accounts")))
}

/// Which accounts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    In(State),
    Departing,
}

impl View {
    const ALL: [Self; 5] = [
        Self::In(State::Active),
        Self::In(State::Invited),
        Self::In(State::Deactivated),
        Self::Departing,
        Self::In(State::Deleted),
    ];

    fn word(self) -> &'static str {
        match self {
            Self::In(state) => state.as_str(),
            Self::Departing => "departing",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::In(State::Active) => visitor.pick("Actifs", "Active"),
            Self::In(State::Invited) => visitor.pick("Invités", "Invited"),
            Self::In(State::Deactivated) => visitor.pick("Désactivés", "Deactivated"),
            Self::In(State::Deleted) => visitor.pick("Supprimés", "Deleted"),
            Self::Departing => visitor.pick("En départ", "Departing"),
        }
    }
}

/// What is asked of the list.
struct Question {
    view: Option<View>,
    filter: Filter,
    sort: Sort,
    after: Option<AccountId>,
}

impl Question {
    fn of(asked: &Fields) -> Self {
        let search = asked.get("search").map(str::to_owned);
        let view = asked.get("state").and_then(View::from_word);
        // Whoever searches without choosing a state looks for the person, wherever they are.
        let view = view.or_else(|| search.is_none().then_some(View::In(State::Active)));
        let states = match view {
            Some(View::In(state)) => vec![state],
            Some(View::Departing) | None => Vec::new(),
        };
        let role =
            asked.get("role").and_then(|word| Role::ALL.into_iter().find(|role| role.as_str() == word));
        let filter = Filter {
            states,
            role,
            search,
            subscription: asked.read("subscription"),
            group: asked.read("group"),
            departing: view == Some(View::Departing),
        };
        let sort = match asked.get("sort") {
            Some("address") => Sort::Address,
            _ => Sort::Name,
        };
        Self { view, filter, sort, after: asked.read("after") }
    }
}

/// What a page of the list needs.
#[derive(Default)]
struct Found {
    accounts: Vec<Account>,
    groups: Vec<Group>,
    subscriptions: Vec<Subscription>,
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let question = Question::of(&asked);
    let id = visitor.organisation.id;
    let (filter, sort, after) = (question.filter.clone(), question.sort, question.after);
    let look = move |tx: &mut Tx<'_>| {
        let accounts = accounts::page(tx, id, &filter, sort, after, PAGE_MAX + 1)?;
        Ok(Found { accounts, groups: groups::list(tx, id)?, subscriptions: offers::subscriptions(tx)? })
    };
    let mut found = visitor.app.look(look).await?;
    let page_max = usize::try_from(PAGE_MAX).unwrap_or_default();
    let more = found.accounts.len() > page_max;
    found.accounts.truncate(page_max);
    let last = more.then(|| found.accounts.last().map(|last| last.id)).flatten();
    let main = html! {
        (views(&visitor, question.view))
        (filters(&visitor, &question, &found))
        @if found.accounts.is_empty() {
            p.empty { (nothing(&visitor, &question)) }
        } @else {
            (rows::form(&visitor, &found.accounts, &found.subscriptions))
        }
        (finder::pages(&visitor, "/console/accounts", &asked, "after", last))
        @if !found.accounts.is_empty() {
            p { a href="/console/accounts.csv" download { (visitor.pick("Télécharger la liste de tous les comptes (CSV)", "Download the list of all accounts (CSV)")) } }
        }
    };
    let title = visitor.pick("Comptes", "Accounts");
    Ok(visitor.page(&Page { title, section: Some(Section::Accounts), main }))
}

fn views(visitor: &Visitor, current: Option<View>) -> Markup {
    html! {
        nav.tabs aria-label=(visitor.pick("Comptes par état", "Accounts by state")) {
            @for view in View::ALL {
                a href={ "/console/accounts?state=" (view.word()) }
                    aria-current=[(current == Some(view)).then_some("page")] { (view.name(visitor)) }
            }
        }
    }
}

fn filters(visitor: &Visitor, question: &Question, found: &Found) -> Markup {
    let filter = &question.filter;
    let narrowed = filter.role.is_some() || filter.group.is_some() || filter.subscription.is_some();
    html! {
        form.filters method="get" action="/console/accounts" {
            @if let Some(view) = question.view { input type="hidden" name="state" value=(view.word()); }
            div.field.grow {
                label for="search" { (visitor.pick("Nom ou adresse", "Name or address")) }
                input #search name="search" type="search" value=[filter.search.as_deref()];
            }
            div.field {
                label for="role" { (visitor.pick("Rôle", "Role")) }
                select #role name="role" {
                    option value="" { (visitor.pick("tous", "any")) }
                    @for role in Role::ALL {
                        option value=(role.as_str()) selected[filter.role == Some(role)] { (role.called(visitor.language)) }
                    }
                }
            }
            @if !found.groups.is_empty() {
                div.field {
                    label for="group" { (visitor.pick("Groupe", "Group")) }
                    select #group name="group" {
                        option value="" { (visitor.pick("tous", "any")) }
                        @for group in &found.groups {
                            option value=(group.id) selected[filter.group == Some(group.id)] { (group.name) }
                        }
                    }
                }
            }
            @if !found.subscriptions.is_empty() {
                div.field {
                    label for="subscription" { (visitor.pick("Abonnement", "Subscription")) }
                    select #subscription name="subscription" {
                        option value="" { (visitor.pick("tous", "any")) }
                        @for offer in &found.subscriptions {
                            option value=(offer.id) selected[filter.subscription == Some(offer.id)] { (offer.terms.name) }
                        }
                    }
                }
            }
            div.field {
                label for="sort" { (visitor.pick("Tri", "Order")) }
                select #sort name="sort" {
                    option value="name" selected[question.sort == Sort::Name] { (visitor.pick("par nom", "by name")) }
                    option value="address" selected[question.sort == Sort::Address] { (visitor.pick("par adresse", "by address")) }
                }
            }
            button type="submit" { (visitor.pick("Filtrer", "Filter")) }
            @if visitor.has(Power::ManageAccounts) {
                a.button.primary href="/console/accounts/new" { (visitor.pick("Nouveau compte", "New account")) }
            }
            @if narrowed || filter.search.is_some() {
                a.button.quiet href="/console/accounts" { (visitor.pick("Tout montrer", "Show all")) }
            }
        }
    }
}

fn nothing(visitor: &Visitor, question: &Question) -> &'static str {
    let filter = &question.filter;
    let narrowed = filter.search.is_some()
        || filter.role.is_some()
        || filter.group.is_some()
        || filter.subscription.is_some();
    match (question.view, narrowed) {
        (_, true) => visitor.pick("Aucun compte ne correspond.", "No account fits."),
        (Some(View::Departing), false) => {
            visitor.pick("Personne n'est en train de partir.", "Nobody is leaving at the moment.")
        }
        (Some(View::In(_)) | None, false) => {
            visitor.pick("Aucun compte dans cet état.", "No account is in this state.")
        }
    }
}

/// Tries the act on all that were chosen; the page of the job says what would be refused, and asks.
async fn bulk(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let act = match sent.need("act")? {
        "deactivate" => BulkAct::Deactivate { inbound: None, content: None },
        "reactivate" => BulkAct::Reactivate,
        "delete" => BulkAct::Delete { content: None },
        _ => return Err(Fault::Unreadable),
    };
    let chosen: Result<Vec<AccountId>, Fault> =
        sent.all("account").map(|text| text.parse().map_err(|_| Fault::not_found())).collect();
    let chosen = chosen?;
    if chosen.is_empty() {
        return Err(Fault::Missing { field: visitor.pick("les comptes", "the accounts") });
    }
    if chosen.len() > usize::try_from(PAGE_MAX).unwrap_or_default() {
        return Err(Fault::Unreadable);
    }
    let accounts = JobAccounts::Accounts(chosen);
    let job =
        visitor.app.order_job(visitor.organisation.id, act, accounts, Run::Dry, visitor.actor()).await?;
    let job: core::job::Job = visitor.app.finish_job(job.id).await?;
    Ok(Redirect::to(&format!("/console/jobs/{}", job.id)).into_response())
}
