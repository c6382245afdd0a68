//! The pages of whoever operates the whole instance: its organisations, what they are offered, its engines, its mail on the
//! way, its jobs. A visitor who operates is here the operator, as on the command line.

mod domains;
mod jobs;
mod offers;
mod organisation;
pub mod organisations;
mod spool;
mod state;

use super::Console;
use super::fault::Fault;
use super::layout::Page;
use super::visitor::{Duty, Visitor};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use relais_app::core::authority::Actor;
use relais_app::core::money::{Currency, parse_minor};
use relais_app::core::refusal::Refusal;
use std::ops::Deref;

pub fn routes() -> Router<Console> {
    Router::new()
        .merge(state::routes())
        .merge(organisations::routes())
        .merge(organisation::routes())
        .merge(offers::routes())
        .merge(domains::routes())
        .merge(spool::routes())
        .merge(jobs::routes())
}

/// Who operates. Handlers of these pages take it in the place of the visitor.
pub struct Operator(Visitor);

impl Operator {
    /// As whom they act here.
    pub fn actor(&self) -> Actor {
        Actor::Operating { id: self.account.id }
    }
}

impl Deref for Operator {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        match visitor.duty {
            Duty::Operates => Ok(Self(visitor)),
            Duty::None => Err(Refusal::NotAllowed.into()),
        }
    }
}

/// The pages, in the order in which they are named at the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    State,
    Organisations,
    Offers,
    Domains,
    Spool,
    Jobs,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::State, Self::Organisations, Self::Offers, Self::Domains, Self::Spool, Self::Jobs];

    fn place(self) -> &'static str {
        match self {
            Self::State => "/operator",
            Self::Organisations => "/operator/organisations",
            Self::Offers => "/operator/offers",
            Self::Domains => "/operator/domains",
            Self::Spool => "/operator/spool",
            Self::Jobs => "/operator/jobs",
        }
    }

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::State => visitor.pick("État du service", "State of the service"),
            Self::Organisations => visitor.pick("Organisations", "Organisations"),
            Self::Offers => visitor.pick("Formules et abonnements", "Plans and subscriptions"),
            Self::Domains => visitor.pick("Domaines partagés", "Shared domains"),
            Self::Spool => visitor.pick("Courrier sortant", "Outgoing mail"),
            Self::Jobs => visitor.pick("Tâches", "Jobs"),
        }
    }
}

/// Where they are, and what they are called.
pub fn pages(visitor: &Visitor) -> impl Iterator<Item = (&'static str, &'static str)> {
    Tab::ALL.into_iter().map(|tab| (tab.place(), tab.name(visitor)))
}

fn page(operator: &Operator, title: &str, main: Markup) -> Response {
    operator.page(&Page { title, section: None, main })
}

fn to(place: &str) -> Response {
    Redirect::to(place).into_response()
}

/// An amount as people type it; a field that cannot be read says so.
fn amount(text: &str, field: &'static str) -> Result<i64, Fault> {
    parse_minor(&text.replace(['\u{202f}', '\u{a0}', ' '], "")).ok_or(Fault::Unfit { field })
}

fn currencies(operator: &Operator) -> Markup {
    html! {
        div.field {
            label for="currency" { (operator.pick("Monnaie", "Currency")) }
            select #currency name="currency" {
                @for currency in Currency::ALL { option value=(currency.code()) { (currency.code()) } }
            }
        }
    }
}
