//! Lists of accounts as CSV: taken in, after a dry run that shows what would happen, and given out.

use super::find::require;
use super::input::{Asked, Segment, is_of_kind, upload};
use super::problem::RefusalDocument;
use super::{Answer, Api, Problem};
use crate::doors::accept::asked_language;
use crate::doors::download::account_list;
use axum::extract::{Request, State};
use axum::response::{Json, Response};
use relais_app::core::authority::Power;
use relais_app::core::job::Run;
use relais_app::core::language::Language;
use relais_app::{Caller, LineOutcome, LineReport};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A hundred thousand lines and more.
const LIST_BYTES_MAX: usize = 20 << 20;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(export))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportAsked {
    /// `dry` changes nothing and says what `apply` would do.
    #[param(inline)]
    run: Run,
}

/// What became of a list.
#[derive(Serialize, ToSchema)]
struct ListDocument {
    run: Run,
    created: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
    /// In the order of the file.
    lines: Vec<LineDocument>,
}

#[derive(Serialize, ToSchema)]
struct LineDocument {
    /// Where it begins in the file; the line of the columns is 1.
    line: u64,
    address: String,
    outcome: LineOutcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<RefusalDocument>,
}

impl ListDocument {
    fn of(run: Run, reports: Vec<LineReport>, language: Language) -> Self {
        let count = |outcome| reports.iter().filter(|report| report.outcome == outcome).count();
        Self {
            run,
            created: count(LineOutcome::Created),
            changed: count(LineOutcome::Changed),
            unchanged: count(LineOutcome::Unchanged),
            refused: count(LineOutcome::Refused),
            lines: reports.into_iter().map(|report| LineDocument::of(report, language)).collect(),
        }
    }
}

impl LineDocument {
    fn of(report: LineReport, language: Language) -> Self {
        let refusals = report.refusals.iter().map(|refusal| RefusalDocument {
            code: refusal.code().to_owned(),
            detail: refusal.sentence(language),
        });
        Self {
            line: report.line,
            address: report.address,
            outcome: report.outcome,
            refusals: refusals.collect(),
        }
    }
}

/// Take in a list of accounts
///
/// CSV in UTF-8, with commas or semicolons, at most 20 MiB. The first line names the columns, in English or French:
/// `address`, `name`, `state`, `role`, `quota`, `aliases`, `password`, `given_name`, `family_name`, `job_title`, `department`,
/// `phone_work`, `phone_mobile`, `phone_home`, `street`, `postal_code`, `city`, `country`, `birth_date`, `external_address`. A
/// line makes an account, or changes the one that is there; an empty cell leaves what there is, and the password of an
/// account that is there is never changed. Every line has a result of its own.
#[utoipa::path(
    post, path = "/organisations/{organisation}/accounts/import", tag = "people", params(ImportAsked),
    request_body(
        content = String, content_type = "text/csv",
        example = json!("address,name,role,aliases\nuser1@bm.com,Jeanne Martin,member,jeanne@bm.com\n")
    ),
    responses((status = 200, body = ListDocument))
)]
async fn import(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<ImportAsked>,
    request: Request,
) -> Answer<ListDocument> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::ManageAccounts, id)?;
    if !is_of_kind(request.headers(), "text/csv") {
        return Err(Problem::BodyNotCsv);
    }
    let language = asked_language(request.headers()).unwrap_or_default();
    let list = upload(request, LIST_BYTES_MAX).await?;
    let reports = api.app.import_accounts(id, list, asked.run, caller.actor).await?;
    Ok(Json(ListDocument::of(asked.run, reports, language)))
}

/// Give out a list of all accounts
///
/// CSV in UTF-8 with commas, as it can be taken in again: everyone who is not deleted, without passwords. A cell that would
/// begin with `=`, `+`, `-`, `@` or an apostrophe has an apostrophe in front, so that no spreadsheet takes it for a formula;
/// taking a list in takes it away.
#[utoipa::path(
    get, path = "/organisations/{organisation}/accounts.csv", tag = "people",
    responses((status = 200, body = String, content_type = "text/csv"))
)]
async fn export(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Result<Response, Problem> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(account_list(&api.app, id).await?)
}
