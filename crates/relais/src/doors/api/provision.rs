//! The provision of an organisation: what it holds, what is coming, what was entered, and its statements.

use super::input::{Asked, Body, Limit, Segment};
use super::{Answer, Api, Created, Problem};
use crate::doors::{sheet, statement_page, statement_table};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Json, Response};
use jiff::civil::Date;
use relais_app::core::authority::Power;
use relais_app::core::ledger::Entry;
use relais_app::core::money::{Currency, Money};
use relais_app::read::{LedgerCheck, Tx, ledger};
use relais_app::{Caller, Days, LicenceReport, Provision, Renewal, Statement};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(forecast))
        .routes(routes!(top_up))
        .routes(routes!(correct))
        .routes(routes!(entries))
        .routes(routes!(check))
        .routes(routes!(statement))
        .routes(routes!(statement_csv))
        .routes(routes!(statement_html))
        .routes(routes!(licences))
}

/// Show what an organisation has to spend, its plan and the licences that are used
#[utoipa::path(get, path = "/organisations/{organisation}/provision", tag = "provision", responses((status = 200, body = Provision)))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Provision> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.provision(id, caller.actor).await?))
}

/// List the renewals of the next 31 days, with what the provision holds after each
#[utoipa::path(get, path = "/organisations/{organisation}/provision/forecast", tag = "provision", responses((status = 200, body = Vec<Renewal>)))]
async fn forecast(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Renewal>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.forecast(id, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TopUp {
    /// In whole cents.
    amount_minor: i64,
    currency: Currency,
    /// The payment's own name: the same one counts once.
    #[serde(default)]
    reference: Option<String>,
}

/// Record money paid in (operator)
///
/// A reference that is on record with the same amount is answered with its entry. What could not be paid before is tried
/// again at once.
#[utoipa::path(
    post, path = "/organisations/{organisation}/provision/top-ups", tag = "provision",
    request_body(content = TopUp, example = json!({ "amount_minor": 12000, "currency": "EUR", "reference": "virement 2026-118" })),
    responses((status = 201, body = Entry))
)]
async fn top_up(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<TopUp>,
) -> Result<Created<Entry>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let TopUp { amount_minor, currency, reference } = asked;
    let amount = Money { amount_minor, currency };
    Ok(entered(api.app.top_up(id, amount, reference, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// In whole cents; negative to take away.
    amount_minor: i64,
    /// Kept in the log.
    reason: String,
}

/// Put earlier top-ups right, either way (operator)
#[utoipa::path(
    post, path = "/organisations/{organisation}/provision/corrections", tag = "provision",
    request_body(content = Correction, example = json!({ "amount_minor": -500, "reason": "virement saisi deux fois" })),
    responses((status = 201, body = Entry))
)]
async fn correct(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<Correction>,
) -> Result<Created<Entry>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(entered(api.app.correct_provision(id, asked.amount_minor, asked.reason, caller.actor).await?))
}

/// Entries have no page of their own: their place is the list behind the one before.
fn entered(entry: Entry) -> Created<Entry> {
    let (organisation, before) = (entry.organisation, entry.number - 1);
    let location = format!("/api/v1/organisations/{organisation}/provision/entries?after={before}&limit=1");
    Created { location, of: entry }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntriesAsked {
    /// The number of the last entry of the page before.
    #[serde(default)]
    #[param(required = false)]
    after: i64,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List the entries of the ledger, the oldest first
#[utoipa::path(get, path = "/organisations/{organisation}/provision/entries", tag = "provision", params(EntriesAsked), responses((status = 200, body = Vec<Entry>)))]
async fn entries(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<EntriesAsked>,
) -> Answer<Vec<Entry>> {
    let id = api.organisation_with(&caller, Power::ReadProvision, &organisation).await?.id;
    let page = move |tx: &mut Tx<'_>| ledger::page(tx, id, asked.after, asked.limit.count());
    Ok(Json(api.app.look(page).await?))
}

/// Add every posting of the ledger up again
#[utoipa::path(get, path = "/organisations/{organisation}/provision/check", tag = "provision", responses((status = 200, body = LedgerCheck)))]
async fn check(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<LedgerCheck> {
    let id = api.organisation_with(&caller, Power::ReadProvision, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| ledger::check(tx, id)).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DaysAsked {
    /// The first day, in the organisation's time zone; the first of its month if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<Date>,
    /// The day after the last; the first of the next month if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-12-01")]
    until: Option<Date>,
}

async fn stated(
    api: &Api,
    caller: &Caller,
    organisation: &str,
    DaysAsked { from, until }: DaysAsked,
) -> Result<Statement, Problem> {
    let id = api.organisation(caller, organisation).await?.id;
    Ok(api.app.statement(id, Days { from, until }, caller.actor).await?)
}

/// Show the licences that were held on each day, beside what is held now and what the plan allows
#[utoipa::path(get, path = "/organisations/{organisation}/licences", tag = "provision", params(DaysAsked), responses((status = 200, body = LicenceReport)))]
async fn licences(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(days): Asked<DaysAsked>,
) -> Answer<LicenceReport> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let DaysAsked { from, until } = days;
    Ok(Json(api.app.licence_report(id, Days { from, until }, caller.actor).await?))
}

/// Show a statement: opening balance, lines, sums, closing balance
#[utoipa::path(get, path = "/organisations/{organisation}/provision/statement", tag = "provision", params(DaysAsked), responses((status = 200, body = Statement)))]
async fn statement(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(days): Asked<DaysAsked>,
) -> Answer<Statement> {
    Ok(Json(stated(&api, &caller, &organisation, days).await?))
}

/// Show a statement as a table for a spreadsheet
///
/// UTF-8 with a byte order mark, CRLF. In French (the organisation's language, or the one asked for) fields are separated by
/// semicolons and decimals by a comma; in English by commas and a point. The first and the last row hold the balances.
#[utoipa::path(
    get, path = "/organisations/{organisation}/provision/statement.csv", tag = "provision", params(DaysAsked),
    responses((status = 200, body = String, content_type = "text/csv"))
)]
async fn statement_csv(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(days): Asked<DaysAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let statement = stated(&api, &caller, &organisation, days).await?;
    let language = sheet::language_of(&headers, statement.organisation.language);
    Ok(statement_table::answer(&statement, language))
}

/// Show a statement as a page to print, in the organisation's language or the one asked for
#[utoipa::path(
    get, path = "/organisations/{organisation}/provision/statement.html", tag = "provision", params(DaysAsked),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn statement_html(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(days): Asked<DaysAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let statement = stated(&api, &caller, &organisation, days).await?;
    let language = sheet::language_of(&headers, statement.organisation.language);
    Ok(sheet::answer(statement_page::page(&statement, language), language))
}
