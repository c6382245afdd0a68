//! One act on many accounts: ordered, followed, stopped, and what became of each.

use super::find::require;
use super::input::{Asked, Body, Limit, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Json, Response};
use relais_app::core::authority::Power;
use relais_app::core::ids::OrganisationId;
use relais_app::core::job::{BulkAct, ItemOutcome, Job, JobItem, Run};
use relais_app::read::{Filter, jobs};
use relais_app::{Caller, Error, JobAccounts};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many accounts have their results in the answer (R12).
const ANSWERED_AT_ONCE_MAX: i64 = 50;
const LISTED_MAX: i64 = 100;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, order))
        .routes(routes!(show))
        .routes(routes!(cancel))
        .routes(routes!(items))
        .routes(routes!(items_as_csv))
}

/// List the newest jobs
#[utoipa::path(get, path = "/organisations/{organisation}/jobs", tag = "jobs", responses((status = 200, body = Vec<Job>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Job>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::ManageAccounts, id)?;
    let mut found = api.app.look(move |tx| jobs::list(tx, Some(id), LISTED_MAX)).await?;
    found.retain(|job| caller.actor.has(job.act.power(), id));
    Ok(Json(found))
}

/// What is done, and to whom: `accounts`, by address or id in this order, or all that `filter` finds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JobOrder {
    act: BulkAct,
    run: Run,
    on: AskedAccounts,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AskedAccounts {
    Accounts(Vec<String>),
    Filter(Filter),
}

/// A job, and what became of each account where they are few.
#[derive(Serialize, ToSchema)]
struct OrderedJob {
    #[serde(flatten)]
    job: Job,
    /// `null`: it goes on behind the answer; ask for it and its items.
    results: Option<Vec<JobItem>>,
}

/// Order one act on many accounts
///
/// Up to 50 accounts are done before the answer, which has their results; more are done behind it. `dry` keeps nothing and
/// says what would be refused: five thousand accounts are tried together. A filter means the accounts it finds now, deleted
/// ones left out unless it names their state.
#[utoipa::path(
    post, path = "/organisations/{organisation}/jobs", tag = "jobs",
    request_body(content = JobOrder, example = json!({
        "act": { "do": "deactivate" }, "run": "dry", "on": { "accounts": ["user1@bm.com", "user2@bm.com"] }
    })),
    responses((status = 201, body = OrderedJob))
)]
async fn order(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<JobOrder>,
) -> Result<Created<OrderedJob>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, asked.act.power(), id)?;
    let selection = chosen(&api, &caller, id, asked.on).await?;
    let mut job = api.app.order_job(id, asked.act, selection, asked.run, caller.actor).await?;
    let mut results = None;
    if job.items <= ANSWERED_AT_ONCE_MAX {
        job = api.app.finish_job(job.id).await?;
        let id = job.id;
        results = Some(api.app.look(move |tx| jobs::items(tx, id, None, 0, ANSWERED_AT_ONCE_MAX)).await?);
    }
    Ok(Created { location: format!("/api/v1/jobs/{}", job.id), of: OrderedJob { job, results } })
}

async fn chosen(
    api: &Api,
    caller: &Caller,
    organisation: OrganisationId,
    asked: AskedAccounts,
) -> Result<JobAccounts, Problem> {
    let named = match asked {
        AskedAccounts::Filter(filter) => return Ok(JobAccounts::Filter(filter)),
        AskedAccounts::Accounts(named) => named,
    };
    let (mut accounts, mut seen) = (Vec::with_capacity(named.len()), HashSet::new());
    for text in named {
        let found = api.account(caller, &text).await.map_err(|problem| problem.in_body(&text))?;
        if found.organisation != organisation {
            return Err(Problem::from(Error::NotFound).in_body(&text));
        }
        // Named twice is meant once.
        if seen.insert(found.id) {
            accounts.push(found.id);
        }
    }
    Ok(JobAccounts::Accounts(accounts))
}

/// Show a job and how far it is
#[utoipa::path(get, path = "/jobs/{job}", tag = "jobs", responses((status = 200, body = Job)))]
async fn show(State(api): State<Api>, caller: Caller, Segment(job): Segment<String>) -> Answer<Job> {
    Ok(Json(api.job(&caller, &job).await?))
}

/// Stop a job
///
/// What was done stays done; the accounts it had not come to have no outcome.
#[utoipa::path(post, path = "/jobs/{job}/cancel", tag = "jobs", responses((status = 200, body = Job)))]
async fn cancel(State(api): State<Api>, caller: Caller, Segment(job): Segment<String>) -> Answer<Job> {
    let id = api.job(&caller, &job).await?.id;
    Ok(Json(api.app.cancel_job(id, caller.actor).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemsAsked {
    /// Only accounts with this outcome.
    #[param(inline)]
    outcome: Option<ItemOutcome>,
    /// The number of the last item of the page before.
    #[serde(default)]
    after: i64,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List what became of each account of a job
#[utoipa::path(get, path = "/jobs/{job}/items", tag = "jobs", params(ItemsAsked), responses((status = 200, body = Vec<JobItem>)))]
async fn items(
    State(api): State<Api>,
    caller: Caller,
    Segment(job): Segment<String>,
    Asked(asked): Asked<ItemsAsked>,
) -> Answer<Vec<JobItem>> {
    let id = api.job(&caller, &job).await?.id;
    let ItemsAsked { outcome, after, limit } = asked;
    Ok(Json(api.app.look(move |tx| jobs::items(tx, id, outcome, after, limit.count())).await?))
}

/// Give out what became of each account of a job as CSV
#[utoipa::path(
    get, path = "/jobs/{job}/items.csv", tag = "jobs",
    responses((status = 200, body = String, content_type = "text/csv"))
)]
async fn items_as_csv(
    State(api): State<Api>,
    caller: Caller,
    Segment(job): Segment<String>,
) -> Result<Response, Problem> {
    let id = api.job(&caller, &job).await?.id;
    let text = api.app.job_items_as_csv(id).await?;
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"job.csv\""),
    ];
    Ok((head, text).into_response())
}
