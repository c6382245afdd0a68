//! What the operator offers, and who is on it: plans for organisations, subscriptions for accounts. Both are found by id
//! or name.

use super::find::{require_operator, require_some_reader};
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::account::Account;
use relais_app::core::ids::SubscriptionId;
use relais_app::core::lifecycle::Command;
use relais_app::core::organisation::Organisation;
use relais_app::core::plan::{Plan, PlanTerms, Subscription, SubscriptionTerms};
use relais_app::read::offers;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(plans, create_plan))
        .routes(routes!(plan))
        .routes(routes!(retire_plan))
        .routes(routes!(set_plan))
        .routes(routes!(subscriptions, create_subscription))
        .routes(routes!(subscription))
        .routes(routes!(retire_subscription))
        .routes(routes!(set_subscription))
        .routes(routes!(set_default_subscription))
}

/// List the plans, those that are no longer offered too
#[utoipa::path(get, path = "/plans", tag = "offers", responses((status = 200, body = Vec<Plan>)))]
async fn plans(State(api): State<Api>, caller: Caller) -> Answer<Vec<Plan>> {
    require_some_reader(&caller)?;
    Ok(Json(api.app.look(offers::plans).await?))
}

/// Offer a plan (operator)
///
/// It is never changed afterwards: another price is another plan.
#[utoipa::path(
    post, path = "/plans", tag = "offers",
    request_body(content = PlanTerms, example = json!({
        "name": "Mairie", "price_minor": 4900, "currency": "EUR", "period": "month", "accounts_free": 2,
        "accounts_max": 50, "full_licences_max": 30, "own_domains_max": 2, "flexible_licences": false
    })),
    responses((status = 201, body = Plan))
)]
async fn create_plan(
    State(api): State<Api>,
    caller: Caller,
    Body(terms): Body<PlanTerms>,
) -> Result<Created<Plan>, Problem> {
    let made = api.app.create_plan(terms, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/plans/{}", made.id), of: made })
}

/// Show a plan
#[utoipa::path(get, path = "/plans/{plan}", tag = "offers", responses((status = 200, body = Plan)))]
async fn plan(State(api): State<Api>, caller: Caller, Segment(plan): Segment<String>) -> Answer<Plan> {
    require_some_reader(&caller)?;
    Ok(Json(api.plan(&plan).await?))
}

/// Offer a plan no longer (operator)
///
/// Organisations that are on it stay and are renewed.
#[utoipa::path(post, path = "/plans/{plan}/retire", tag = "offers", responses((status = 200, body = Plan)))]
async fn retire_plan(State(api): State<Api>, caller: Caller, Segment(plan): Segment<String>) -> Answer<Plan> {
    require_operator(&caller)?;
    let id = api.plan(&plan).await?.id;
    Ok(Json(api.app.retire_plan(id, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OnPlan {
    /// Id or name; null for none.
    #[serde(deserialize_with = "Option::deserialize")]
    plan: Option<String>,
}

/// Put an organisation on a plan, or on none (operator)
///
/// At once, if the provision suffices: unused days of the old one are credited, a new period begins today.
#[utoipa::path(
    put, path = "/organisations/{organisation}/plan", tag = "offers",
    request_body(content = OnPlan, example = json!({ "plan": "Mairie" })),
    responses((status = 200, body = Organisation))
)]
async fn set_plan(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<OnPlan>,
) -> Answer<Organisation> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require_operator(&caller)?;
    let plan = match asked.plan {
        Some(text) => Some(api.plan(&text).await.map_err(|problem| problem.in_body(&text))?.id),
        None => None,
    };
    Ok(Json(api.app.set_plan(id, plan, caller.actor).await?))
}

/// List the subscriptions, those that are no longer offered too
#[utoipa::path(get, path = "/subscriptions", tag = "offers", responses((status = 200, body = Vec<Subscription>)))]
async fn subscriptions(State(api): State<Api>, caller: Caller) -> Answer<Vec<Subscription>> {
    require_some_reader(&caller)?;
    Ok(Json(api.app.look(offers::subscriptions).await?))
}

/// Offer a subscription (operator)
///
/// It is never changed afterwards: another price is another subscription.
#[utoipa::path(
    post, path = "/subscriptions", tag = "offers",
    request_body(content = SubscriptionTerms, example = json!({
        "name": "Base", "price_minor": 300, "currency": "EUR", "period": "month", "aliases_max": 5,
        "quota_bytes": 5368709120i64, "licence": "full"
    })),
    responses((status = 201, body = Subscription))
)]
async fn create_subscription(
    State(api): State<Api>,
    caller: Caller,
    Body(terms): Body<SubscriptionTerms>,
) -> Result<Created<Subscription>, Problem> {
    let made = api.app.create_subscription(terms, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/subscriptions/{}", made.id), of: made })
}

/// Show a subscription
#[utoipa::path(get, path = "/subscriptions/{subscription}", tag = "offers", responses((status = 200, body = Subscription)))]
async fn subscription(
    State(api): State<Api>,
    caller: Caller,
    Segment(subscription): Segment<String>,
) -> Answer<Subscription> {
    require_some_reader(&caller)?;
    Ok(Json(api.subscription(&subscription).await?))
}

/// Offer a subscription no longer (operator)
///
/// Accounts that are on it stay and are renewed.
#[utoipa::path(post, path = "/subscriptions/{subscription}/retire", tag = "offers", responses((status = 200, body = Subscription)))]
async fn retire_subscription(
    State(api): State<Api>,
    caller: Caller,
    Segment(subscription): Segment<String>,
) -> Answer<Subscription> {
    require_operator(&caller)?;
    let id = api.subscription(&subscription).await?.id;
    Ok(Json(api.app.retire_subscription(id, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OnSubscription {
    /// Id or name; null for one of the plan's free accounts.
    #[serde(deserialize_with = "Option::deserialize")]
    subscription: Option<String>,
}

impl OnSubscription {
    async fn find(&self, api: &Api) -> Result<Option<SubscriptionId>, Problem> {
        match &self.subscription {
            Some(text) => Ok(Some(api.wanted_subscription(text).await?)),
            None => Ok(None),
        }
    }
}

/// Change what an account is on
///
/// At once, if the provision suffices: unused days of the old one are credited, a new period begins today.
#[utoipa::path(
    put, path = "/accounts/{account}/subscription", tag = "offers",
    request_body(content = OnSubscription, example = json!({ "subscription": "Base" })),
    responses((status = 200, body = Account))
)]
async fn set_subscription(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<OnSubscription>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    let to = asked.find(&api).await?;
    Ok(Json(api.app.execute(account.id, Command::SetSubscription { to }, caller.actor).await?))
}

/// Say what accounts are on that a machine makes
///
/// A provider of identities, a directory, a sign-on. Holds for whoever is made from then on. Where the provision, the licences or
/// the offer do not allow it, the account is made without.
#[utoipa::path(
    put, path = "/organisations/{organisation}/default-subscription", tag = "offers",
    request_body(content = OnSubscription, example = json!({ "subscription": "Base" })),
    responses((status = 200, body = Organisation))
)]
async fn set_default_subscription(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<OnSubscription>,
) -> Answer<Organisation> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let to = asked.find(&api).await?;
    Ok(Json(api.app.set_default_subscription(id, to, caller.actor).await?))
}
