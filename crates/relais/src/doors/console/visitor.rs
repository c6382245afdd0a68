//! Who looks at a page: the account behind the session's cookie, its organisation, its rights, the language.

use super::Console;
use super::fault::Fault;
use super::layout;
use super::sign_in::{self, chosen_language};
use crate::doors::cookies::{SESSION, cookie};
use crate::doors::numbers;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use relais_app::core::account::Account;
use relais_app::core::authority::{Actor, Power};
use relais_app::core::language::Language;
use relais_app::core::organisation::Organisation;
use relais_app::core::refusal::Refusal;
use relais_app::core::sign_in::SessionExtent;
use relais_app::read::{accounts, organisations};
use relais_app::{Caller, Error, Relais};
use std::sync::Arc;

/// Where somebody goes who has to set up a second factor before anything else.
const SETTING_UP: &str = "/me/second-factor";

/// What somebody does for the whole instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    None,
    Operates,
}

/// Whoever is signed in. Handlers take it as an argument; there is no way in without.
#[derive(Clone)]
pub struct Visitor {
    pub app: Arc<Relais>,
    pub caller: Caller,
    pub account: Account,
    pub organisation: Organisation,
    pub duty: Duty,
    pub language: Language,
    /// Path and query of the page, to come back to.
    pub place: String,
    zone: TimeZone,
}

impl Visitor {
    pub fn actor(&self) -> Actor {
        self.caller.actor
    }

    pub fn has(&self, power: Power) -> bool {
        self.caller.actor.has(power, self.organisation.id)
    }

    pub fn has_over(&self, power: Power, account: &Account) -> bool {
        self.caller.actor.has_over(power, account)
    }

    /// Refuses whoever has not `power`.
    pub fn require(&self, power: Power) -> Result<(), Fault> {
        if self.has(power) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    pub fn pick<T>(&self, french: T, english: T) -> T {
        self.language.pick(french, english)
    }

    /// A moment as the organisation's clock shows it.
    pub fn minute(&self, at: Timestamp) -> String {
        numbers::minute(at, &self.zone, self.language)
    }

    /// The day of a moment in the organisation.
    pub fn day(&self, at: Timestamp) -> String {
        numbers::day(self.date(at), self.language)
    }

    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// When a day begins in the organisation.
    pub fn beginning(&self, day: Date) -> Option<Timestamp> {
        day.to_zoned(self.zone.clone()).ok().map(|at| at.timestamp())
    }

    pub fn number(&self, count: u64) -> String {
        numbers::count(count, self.language)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Error::Internal("a page is served outside of the console".to_owned()).into())
    }
}

/// Lets in who is signed in, and writes the page of what goes wrong.
pub async fn enter(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let place = request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned();
    let found = match recognise(&console.app, request.headers(), &place).await {
        Ok(found) => found,
        Err(error) => {
            let language = sign_in::language_of(request.headers());
            let fault = Fault::from(error);
            log(&request, &fault);
            let main = layout::refused(&fault.sentences(language));
            let title = crate::doors::failure::title(fault.status(), language);
            return layout::alone(fault.status(), title, &main, language);
        }
    };
    let Some(visitor) = found else {
        let wanted = if request.method() == Method::GET { place.as_str() } else { "/" };
        return sign_in::asked_first(wanted);
    };
    if visitor.caller.extent == SessionExtent::SettingUp && !request.uri().path().starts_with(SETTING_UP) {
        return Redirect::to(SETTING_UP).into_response();
    }
    request.extensions_mut().insert(visitor.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Arc<Fault>>() {
        None => response,
        Some(fault) => {
            if let Some(text) = fault.inner_text() {
                tracing::error!(%method, path, text, "a page failed");
            }
            layout::fault(&visitor, &fault)
        }
    }
}

fn log(request: &Request, fault: &Fault) {
    if let Some(text) = fault.inner_text() {
        tracing::error!(path = request.uri().path(), text, "a page failed");
    }
}

/// The person whose session the cookie holds. Tokens and applications have no pages.
async fn recognise(app: &Arc<Relais>, headers: &HeaderMap, place: &str) -> Result<Option<Visitor>, Error> {
    let Some(secret) = cookie(headers, SESSION) else { return Ok(None) };
    let Some(caller) = app.caller(&secret).await? else { return Ok(None) };
    let Some(id) = caller.actor.person() else { return Ok(None) };
    let found = app
        .look(move |tx| {
            let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
            let duty = if relais_app::operates(tx, &account)? { Duty::Operates } else { Duty::None };
            Ok(organisations::get(tx, account.organisation)?
                .map(|organisation| (account, organisation, duty)))
        })
        .await?;
    Ok(found.map(|(account, organisation, duty)| Visitor {
        app: app.clone(),
        caller,
        account,
        duty,
        language: chosen_language(headers).unwrap_or(organisation.language),
        place: place.to_owned(),
        zone: TimeZone::get(&organisation.time_zone).unwrap_or(TimeZone::UTC),
        organisation,
    }))
}
