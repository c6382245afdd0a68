//! Domains: hosted, claimed and proven, removed, and made ready; and the operator's own.

use super::addresses::heir;
use super::find::{address, require, require_operator};
use super::input::{Asked, Body, Segment};
use super::{Answer, Api, Created, Problem};
use crate::doors::accept::asked_language;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::domain::readiness::Readiness;
use relais_app::core::domain::{Domain, DomainEntry, Proof, proof_needed};
use relais_app::core::ids::OrganisationId;
use relais_app::read::{self, claims, domains, settings};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, remove))
        .routes(routes!(prove))
        .routes(routes!(readiness))
        .routes(routes!(set_catch_all, end_catch_all))
        .routes(routes!(all, add_provider))
        .routes(routes!(operator_address, set_operator_address, forget_operator_address))
}

/// List the domains on which an organisation may have addresses, and those it claims
#[utoipa::path(get, path = "/organisations/{organisation}/domains", tag = "domains", responses((status = 200, body = Vec<DomainEntry>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<DomainEntry>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    let look = move |tx: &mut read::Tx<'_>| {
        let hosted = domains::open_to(tx, id)?.into_iter().map(DomainEntry::Hosted);
        let claimed = claims::of_organisation(tx, id)?.into_iter().map(DomainEntry::Claimed);
        Ok(hosted.chain(claimed).collect())
    };
    Ok(Json(api.app.look(look).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDomain {
    /// In Unicode or in A-labels.
    name: String,
    /// `waived` is the operator's to say, and what the operator means who says nothing; everyone else proves it by a
    /// `record`.
    #[serde(default)]
    #[schema(inline)]
    proof: Option<Proof>,
}

/// Add a domain of the organisation's own
///
/// Until it is proven it is only claimed: no mail for it is taken and no address can be made on it. Publish the TXT
/// `record` of the answer, then ask for `prove`; it is also looked at now and then. Added again, it keeps its record.
#[utoipa::path(
    post, path = "/organisations/{organisation}/domains", tag = "domains",
    request_body(content = NewDomain, example = json!({ "name": "bm.com" })),
    responses((status = 201, body = DomainEntry))
)]
async fn add(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewDomain>,
) -> Result<Created<DomainEntry>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let added = match proof_needed(asked.proof, id, &caller.actor)? {
        Proof::Waived => DomainEntry::Hosted(api.app.add_domain(id, &asked.name, caller.actor).await?),
        Proof::Record => api.app.claim_domain(id, &asked.name, caller.actor).await?,
    };
    Ok(Created { location: format!("/api/v1/organisations/{id}/domains/{}", added.name()), of: added })
}

/// Show a domain, hosted or claimed
#[utoipa::path(get, path = "/organisations/{organisation}/domains/{domain}", tag = "domains", responses((status = 200, body = DomainEntry)))]
async fn get(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
) -> Answer<DomainEntry> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.domain_entry(id, &domain).await?))
}

/// Stop hosting a domain, or withdraw a claim
///
/// Nobody may hold an address of it any more. Who held them stays in their history.
#[utoipa::path(delete, path = "/organisations/{organisation}/domains/{domain}", tag = "domains", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    api.app.remove_domain(id, &domain, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Look for the proof of a claimed domain now
///
/// Returns the domain, hosted if the proof is there; otherwise what was `found`.
#[utoipa::path(post, path = "/organisations/{organisation}/domains/{domain}/prove", tag = "domains", responses((status = 200, body = DomainEntry)))]
async fn prove(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
) -> Answer<DomainEntry> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.prove_domain(id, &domain, caller.actor).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Expected {
    /// Addresses of the domain that have mail elsewhere today, separated by commas.
    #[param(example = "anne@bm.com,info@bm.com")]
    expect: Option<String>,
}

/// The state of a domain, and what to do about it in the language of Accept-Language.
#[derive(Serialize, ToSchema)]
struct ReadinessInWords {
    #[serde(flatten)]
    readiness: Readiness,
    advice: Vec<&'static str>,
}

/// Say whether the MX records of a domain may be switched to this server
///
/// What the DNS says and what it should say, and which addresses would refuse their mail.
#[utoipa::path(get, path = "/organisations/{organisation}/domains/{domain}/readiness", tag = "domains", params(Expected), responses((status = 200, body = ReadinessInWords)))]
async fn readiness(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
    Asked(asked): Asked<Expected>,
    headers: HeaderMap,
) -> Answer<ReadinessInWords> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    let domain = api.app.domain_entry(id, &domain).await?.name().to_owned();
    let mut expected = Vec::new();
    for text in asked.expect.iter().flat_map(|list| list.split(',')).map(str::trim) {
        if text.is_empty() {
            continue;
        }
        let address = address(text)?;
        if address.domain() != domain {
            return Err(Problem::Query(format!("expect: {address} @ {domain} ?")));
        }
        expected.push(address);
    }
    let readiness = api.app.readiness(id, &domain, expected).await?;
    let language = asked_language(&headers).unwrap_or_default();
    let advice = readiness.warnings.iter().map(|warning| warning.sentence(language)).collect();
    Ok(Json(ReadinessInWords { readiness, advice }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCatchAll {
    /// An address of who gets it (account, shared mailbox or group), or a responder's name.
    to: String,
}

/// Give someone the mail for addresses of a domain that were never made
///
/// Without one such mail is refused, which is better for everyone's reputation: most of it is spam.
#[utoipa::path(
    put, path = "/organisations/{organisation}/domains/{domain}/catch-all", tag = "domains",
    request_body(content = NewCatchAll, example = json!({ "to": "info@bm.com" })),
    responses((status = 200, body = Domain))
)]
async fn set_catch_all(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
    Body(asked): Body<NewCatchAll>,
) -> Answer<Domain> {
    let id = managed(&api, &caller, &organisation).await?;
    let to = heir(&api, id, asked.to).await?;
    Ok(Json(api.app.set_catch_all(id, &domain, Some(to), caller.actor).await?))
}

/// Refuse mail for addresses of a domain that were never made
#[utoipa::path(delete, path = "/organisations/{organisation}/domains/{domain}/catch-all", tag = "domains", responses((status = 200, body = Domain)))]
async fn end_catch_all(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, domain)): Segment<(String, String)>,
) -> Answer<Domain> {
    let id = managed(&api, &caller, &organisation).await?;
    Ok(Json(api.app.set_catch_all(id, &domain, None, caller.actor).await?))
}

/// An organisation that the caller may change: asked before anything of it is looked up.
async fn managed(api: &Api, caller: &Caller, text: &str) -> Result<OrganisationId, Problem> {
    let id = api.organisation(caller, text).await?.id;
    require(caller, Power::ManageOrganisation, id)?;
    Ok(id)
}

/// List every domain of the instance (operator)
#[utoipa::path(get, path = "/domains", tag = "domains", responses((status = 200, body = Vec<Domain>)))]
async fn all(State(api): State<Api>, caller: Caller) -> Answer<Vec<Domain>> {
    require_operator(&caller)?;
    Ok(Json(api.app.look(domains::all).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProviderDomain {
    /// In Unicode or in A-labels.
    name: String,
}

/// Add a provider domain, on which every organisation may have addresses (operator)
#[utoipa::path(
    post, path = "/domains", tag = "domains",
    request_body(content = NewProviderDomain, example = json!({ "name": "provider.example" })),
    responses((status = 201, body = Domain))
)]
async fn add_provider(
    State(api): State<Api>,
    caller: Caller,
    Body(asked): Body<NewProviderDomain>,
) -> Result<Created<Domain>, Problem> {
    let made = api.app.add_provider_domain(&asked.name, caller.actor).await?;
    Ok(Created { location: "/api/v1/domains".to_owned(), of: made })
}

/// Where the operator has mail.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OperatorAddress {
    /// Here or elsewhere.
    address: EmailAddress,
}

/// Show where the operator has mail (operator)
#[utoipa::path(get, path = "/operator/address", tag = "operator", responses((status = 200, body = Option<OperatorAddress>)))]
async fn operator_address(State(api): State<Api>, caller: Caller) -> Answer<Option<OperatorAddress>> {
    require_operator(&caller)?;
    let address = api.app.look(settings::operator_address).await?;
    Ok(Json(address.map(|address| OperatorAddress { address })))
}

/// Say where the operator has mail: that for abuse@ of every domain, and more (operator)
#[utoipa::path(
    put, path = "/operator/address", tag = "operator",
    request_body(content = OperatorAddress, example = json!({ "address": "ops@provider.example" })),
    responses((status = 200, body = OperatorAddress))
)]
async fn set_operator_address(
    State(api): State<Api>,
    caller: Caller,
    Body(asked): Body<OperatorAddress>,
) -> Answer<OperatorAddress> {
    api.app.set_operator_address(Some(asked.address.clone()), caller.actor).await?;
    Ok(Json(asked))
}

/// Forget where the operator has mail (operator)
#[utoipa::path(delete, path = "/operator/address", tag = "operator", responses((status = 204)))]
async fn forget_operator_address(State(api): State<Api>, caller: Caller) -> Result<StatusCode, Problem> {
    api.app.set_operator_address(None, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
