//! Accounts: what is asked of them, and of their aliases, inbound, roles and grants.

use super::content::selection;
use super::find::{address, require};
use super::input::{Asked, Body, Limit, OptionalBody, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use relais_app::core::account::{Account, Cause};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::{Power, Role};
use relais_app::core::content::{ContentFate, ContentKind, Reassign};
use relais_app::core::ids::AccountId;
use relais_app::core::inbound::{Inbound, Phase};
use relais_app::core::lifecycle::Command;
use relais_app::core::organisation::{Address, Target};
use relais_app::core::rights::State as AccountState;
use relais_app::read::{self, Filter, Grant, Sort, accounts, addresses};
use relais_app::{Caller, NewAccountRequest, NewSecret};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, delete))
        .routes(routes!(addresses_of))
        .routes(routes!(set_password))
        .routes(routes!(deactivate))
        .routes(routes!(reactivate))
        .routes(routes!(rename))
        .routes(routes!(add_alias))
        .routes(routes!(remove_alias))
        .routes(routes!(set_inbound))
        .routes(routes!(set_role))
        .routes(routes!(set_legal_hold, end_legal_hold))
        .routes(routes!(grants, grant))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccountsAsked {
    /// Only accounts in this state.
    #[param(inline)]
    state: Option<AccountState>,
    /// Only accounts with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only accounts with this in their name or address, whatever its case and accents.
    search: Option<String>,
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// The id of the last account of the page before, asked for in the same order.
    #[param(inline)]
    after: Option<AccountId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List accounts
#[utoipa::path(get, path = "/organisations/{organisation}/accounts", tag = "accounts", params(AccountsAsked), responses((status = 200, body = Vec<Account>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<AccountsAsked>,
) -> Answer<Vec<Account>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    let AccountsAsked { state, role, search, sort, after, limit } = asked;
    let filter = Filter { states: state.into_iter().collect(), role, search, ..Filter::default() };
    let page = move |tx: &mut read::Tx<'_>| accounts::page(tx, id, &filter, sort, after, limit.count());
    Ok(Json(api.app.look(page).await?))
}

/// Create an account
///
/// With a password it is active; without one it is invited. What it is on, by id or name, is paid when it becomes active.
#[utoipa::path(
    post, path = "/organisations/{organisation}/accounts", tag = "accounts",
    request_body(content = NewAccountRequest<String>, example = json!({
        "address": "user1@bm.com", "name": "Jeanne Martin", "password": "correct horse battery", "role": "member",
        "subscription": "Base"
    })),
    responses((status = 201, body = Account))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewAccountRequest<String>>,
) -> Result<Created<Account>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let subscription = match &asked.subscription {
        Some(text) => Some(api.wanted_subscription(text).await?),
        None => None,
    };
    let asked = asked.on(subscription);
    let made = api.app.create_account(id, asked, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{}", made.id), of: made })
}

/// Show an account
#[utoipa::path(get, path = "/accounts/{account}", tag = "accounts", responses((status = 200, body = Account)))]
async fn get(State(api): State<Api>, caller: Caller, Segment(account): Segment<String>) -> Answer<Account> {
    Ok(Json(api.readable_account(&caller, &account).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HowToDelete {
    /// What becomes of what it owns. Needed where it owns something.
    #[param(inline)]
    content: Option<Fate>,
    /// Id or address of the account that is given it.
    to: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Fate {
    Reassign,
    Erase,
}

/// Delete a deactivated account for good
///
/// Whoever owns content other than mail says what becomes of it: `content=reassign&to=user2@bm.com`, or `content=erase`.
#[utoipa::path(delete, path = "/accounts/{account}", tag = "accounts", params(HowToDelete), responses((status = 200, body = Account)))]
async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Asked(asked): Asked<HowToDelete>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    let content = match (asked.content, asked.to) {
        (None, None) => None,
        (Some(Fate::Erase), None) => Some(ContentFate::Erase),
        (Some(Fate::Reassign), Some(to)) => {
            let to = api.account_of(&caller, &to, account.organisation).await?.id;
            Some(ContentFate::Reassign { to })
        }
        (Some(Fate::Reassign), None) => return Err(Problem::Query("`to` is missing".into())),
        (Some(Fate::Erase) | None, Some(_)) => {
            return Err(Problem::Query("`to` goes with `content=reassign`".into()));
        }
    };
    Ok(Json(api.app.execute(account.id, Command::Delete { content }, caller.actor).await?))
}

/// List the addresses of an account
#[utoipa::path(get, path = "/accounts/{account}/addresses", tag = "accounts", responses((status = 200, body = Vec<Address>)))]
async fn addresses_of(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<Address>> {
    let id = api.readable_account(&caller, &account).await?.id;
    Ok(Json(api.app.look(move |tx| addresses::of_target(tx, Target::Account(id))).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

/// Set a password
///
/// Makes an invited account active; whoever was signed in under the old one signs in again.
#[utoipa::path(
    post, path = "/accounts/{account}/password", tag = "accounts",
    request_body(content = NewPassword, example = json!({ "password": "correct horse battery" })),
    responses((status = 200, body = Account))
)]
async fn set_password(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewPassword>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.set_password(account.id, asked.password, caller.actor).await?))
}

/// Phases of an inbound, read so that a misspelt field is not taken for one that was left out: a redirect that is
/// silently not made loses mail.
#[derive(ToSchema)]
#[schema(value_type = Vec<Phase>)]
struct Phases(Vec<Phase>);

impl<'de> Deserialize<'de> for Phases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Vec::<serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
        let mut phases = Vec::new();
        for fields in given {
            let names: Vec<String> = fields.keys().cloned().collect();
            let phase: Phase =
                serde_json::from_value(fields.into()).map_err(|error| D::Error::custom(error.to_string()))?;
            let known = serde_json::to_value(&phase).map_err(|error| D::Error::custom(error.to_string()))?;
            if let Some(unknown) = names.iter().find(|name| known.get(name).is_none()) {
                return Err(D::Error::custom(format!("unknown field `{unknown}` in a phase")));
            }
            phases.push(phase);
        }
        Ok(Self(phases))
    }
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
struct HowToDeactivate {
    /// What happens to mail that still arrives; refused if absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Phase>>)]
    inbound: Option<Phases>,
    /// Content that is given to another account; it stays where it is if absent.
    #[serde(default)]
    content: Option<ContentToGive>,
}

/// Everything that the account owns, or some kinds of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContentToGive {
    /// Id or address of an account.
    to: String,
    #[serde(default)]
    kinds: Option<Vec<ContentKind>>,
}

/// Deactivate an account
///
/// Every door closes at once; the mail that is there stays.
#[utoipa::path(
    post, path = "/accounts/{account}/deactivate", tag = "accounts",
    request_body(content = HowToDeactivate, example = json!({ "inbound": [
        { "until": "2027-01-01T00:00:00Z", "do": "accept", "copy": "keep", "reply": "Je ne suis plus à cette adresse." },
        { "until": null, "do": "refuse" }
    ] })),
    responses((status = 200, body = Account))
)]
async fn deactivate(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    OptionalBody(asked): OptionalBody<HowToDeactivate>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    let inbound = asked.inbound.map(|Phases(phases)| Inbound::new(phases)).transpose()?;
    let content = match asked.content {
        Some(asked) => {
            let to = api.account_of(&caller, &asked.to, account.organisation).await?.id;
            Some(Reassign { to, selection: selection(asked.kinds, None, None)? })
        }
        None => None,
    };
    let close = Command::Deactivate { cause: Cause::Admin, inbound, content };
    Ok(Json(api.app.execute(account.id, close, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLegalHold {
    reason: String,
}

/// Forbid the deletion of an account, and keep every backup of it
#[utoipa::path(
    put, path = "/accounts/{account}/legal-hold", tag = "accounts",
    request_body(content = NewLegalHold, example = json!({ "reason": "Litige Martin, RG 26/1234" })),
    responses((status = 200, body = Account))
)]
async fn set_legal_hold(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewLegalHold>,
) -> Answer<Account> {
    command(&api, &caller, &account, Command::SetLegalHold { reason: Some(asked.reason) }).await
}

/// End a legal hold
#[utoipa::path(delete, path = "/accounts/{account}/legal-hold", tag = "accounts", responses((status = 200, body = Account)))]
async fn end_legal_hold(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Account> {
    command(&api, &caller, &account, Command::SetLegalHold { reason: None }).await
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
struct HowToReactivate {
    /// Ids or addresses of groups to put it into, besides those it was in.
    #[serde(default)]
    groups: Vec<String>,
}

/// Reactivate an account
///
/// With its memberships, roles and shares as they were. All of it happens, or nothing.
#[utoipa::path(
    post, path = "/accounts/{account}/reactivate", tag = "accounts",
    request_body(content = HowToReactivate, example = json!({ "groups": ["ventes@bm.com"] })),
    responses((status = 200, body = Account))
)]
async fn reactivate(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    OptionalBody(asked): OptionalBody<HowToReactivate>,
) -> Answer<Account> {
    let id = api.account(&caller, &account).await?.id;
    let mut into = Vec::new();
    for group in &asked.groups {
        into.push(api.group(&caller, group).await?.id);
    }
    Ok(Json(api.app.reactivate_into(id, into, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneAddress {
    address: EmailAddress,
}

/// Give an account another primary address
///
/// The old one stays as an alias.
#[utoipa::path(
    post, path = "/accounts/{account}/rename", tag = "accounts",
    request_body(content = OneAddress, example = json!({ "address": "jeanne.martin@bm.com" })),
    responses((status = 200, body = Account))
)]
async fn rename(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<OneAddress>,
) -> Answer<Account> {
    command(&api, &caller, &account, Command::Rename { to: asked.address }).await
}

/// Add an alias
#[utoipa::path(
    post, path = "/accounts/{account}/aliases", tag = "accounts",
    request_body(content = OneAddress, example = json!({ "address": "ventes@bm.com" })),
    responses((status = 200, body = Account))
)]
async fn add_alias(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<OneAddress>,
) -> Answer<Account> {
    command(&api, &caller, &account, Command::AddAlias { address: asked.address }).await
}

/// Remove an alias
#[utoipa::path(delete, path = "/accounts/{account}/aliases/{address}", tag = "accounts", responses((status = 200, body = Account)))]
async fn remove_alias(
    State(api): State<Api>,
    caller: Caller,
    Segment((account, alias)): Segment<(String, String)>,
) -> Answer<Account> {
    let address = address(&alias)?;
    command(&api, &caller, &account, Command::RemoveAlias { address }).await
}

/// Say what happens to mail that arrives
#[utoipa::path(
    put, path = "/accounts/{account}/inbound", tag = "accounts",
    request_body(content = Vec<Phase>, example = json!([
        { "until": null, "do": "accept", "copy": "keep", "redirect_to": ["user2@bm.com"] }
    ])),
    responses((status = 200, body = Account))
)]
async fn set_inbound(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(Phases(phases)): Body<Phases>,
) -> Answer<Account> {
    let inbound = Inbound::new(phases)?;
    command(&api, &caller, &account, Command::SetInbound { inbound }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: Role,
}

/// Change an account's role
#[utoipa::path(
    put, path = "/accounts/{account}/role", tag = "accounts",
    request_body(content = NewRole, example = json!({ "role": "account_manager" })),
    responses((status = 200, body = Account))
)]
async fn set_role(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewRole>,
) -> Answer<Account> {
    command(&api, &caller, &account, Command::SetRole { role: asked.role }).await
}

async fn command(api: &Api, caller: &Caller, account: &str, command: Command) -> Answer<Account> {
    let account = api.account(caller, account).await?;
    Ok(Json(api.app.execute(account.id, command, caller.actor).await?))
}

/// List the grants to read a deactivated account's mail
#[utoipa::path(get, path = "/accounts/{account}/grants", tag = "accounts", responses((status = 200, body = Vec<Grant>)))]
async fn grants(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<Grant>> {
    let account = api.account(&caller, &account).await?;
    require(&caller, Power::EndAccounts, account.organisation)?;
    Ok(Json(api.app.look(move |tx| read::grants(tx, account.id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGrant {
    /// Kept in the log.
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// Let an admin read a deactivated account's mail until a date
///
/// Messages marked personal are set aside first. The secret is the password for IMAP and POP, and is shown once.
#[utoipa::path(
    post, path = "/accounts/{account}/grants", tag = "accounts",
    request_body(content = NewGrant, example = json!({ "reason": "Retrouver le contrat 2026-118", "ends_at": "2026-12-01T00:00:00Z" })),
    responses((status = 201, body = NewSecret<Grant>))
)]
async fn grant(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewGrant>,
) -> Result<Created<NewSecret<Grant>>, Problem> {
    let account = api.account(&caller, &account).await?;
    let made = api.app.grant_recovery(account.id, asked.reason, asked.ends_at, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{}/grants", account.id), of: made })
}
