//! The API's own description (OpenAPI 3.1). What every operation has in common is said here once: its problems, how
//! to sign, what the segments of its path mean.

use super::problem::{ProblemDocument, RefusalDocument};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Required,
    ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

const ABOUT: &str = "Ends, pauses and resumes people's accounts. Sign in with POST /api/v1/sessions or use a token, and send \
the secret as `Authorization: Bearer …`; on the operator's unix socket no secret is needed. Problems are \
application/problem+json (RFC 9457) in the language of Accept-Language, French unless English is asked for. What belongs to \
another organisation is 404.";

/// The document that is served as `/api/openapi.json`.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = super::routes().into_openapi();
    document.info = InfoBuilder::new()
        .title("Relais")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let components = document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("secret".to_owned(), RefOr::T(bearer));
    components.schemas.insert("Problem".to_owned(), ProblemDocument::schema());
    let mut inner = Vec::new();
    ProblemDocument::schemas(&mut inner);
    inner.push(("Refusal".to_owned(), RefusalDocument::schema()));
    components.schemas.extend(inner);
    document.security = Some(vec![SecurityRequirement::new("secret", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete] {
            operation.iter_mut().for_each(|operation| complete(path, operation));
        }
        if path.starts_with("/api/") {
            for operation in
                [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
            {
                add(operation, "409", "How things stand does not allow it; the code says what to do.");
            }
        }
    }
    document
}

/// What may go wrong with every request, and with those that name something or bring something.
fn complete(path: &str, operation: &mut Operation) {
    let names: Vec<&str> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let parameters = operation.parameters.get_or_insert_default();
    for name in &names {
        parameters.insert(0, RefOr::T(segment(name)));
    }
    // Handlers are named within their file: together with its subject the name is unique.
    let subject = operation.tags.iter().flatten().next().map_or("", String::as_str).replace(' ', "_");
    operation.operation_id = operation.operation_id.take().map(|name| format!("{subject}_{name}"));
    if !path.starts_with("/api/") {
        return;
    }
    let mut problems = vec![
        ("401", "No secret, a wrong one, or the wrong login."),
        ("403", "The caller's role does not allow this, or the account is closed."),
        ("503", "Not available for now; see Retry-After."),
        ("default", "Any other problem."),
    ];
    if !names.is_empty() {
        problems.push(("400", "An id, an address or the query cannot be read."));
        problems.push(("404", "Not found, or of another organisation."));
    }
    if operation.request_body.is_some() {
        problems.push(("400", "The body cannot be read."));
        problems.push(("413", "The body is too large: more than 1 MiB, if nothing else is said."));
        problems.push(("415", "The body is not of the described type."));
        problems.push(("422", "What is asked cannot be; the code says why."));
    }
    if path.ends_with("/sessions")
        || path.ends_with("/sessions/second-half")
        || path.ends_with("/sessions/passkey/begin")
        || path.ends_with("/password-resets")
    {
        problems.push(("429", "Too many attempts; see Retry-After."));
    }
    for (code, text) in problems {
        add(operation, code, text);
    }
}

fn add(operation: &mut Operation, code: &str, text: &str) {
    operation.responses.responses.entry(code.to_owned()).or_insert_with(|| problem(text));
}

fn problem(text: &str) -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(text).content("application/problem+json", content).build().into()
}

fn segment(name: &str) -> utoipa::openapi::path::Parameter {
    let (text, example) = match name {
        "organisation" => ("Id or name of an organisation.", "bm"),
        "account" => ("Id or address of an account.", "user1@bm.com"),
        "address" => ("An address.", "user1@bm.com"),
        "domain" => ("Name of a domain, in Unicode or in A-labels.", "bm.com"),
        "directory" => ("Id of a directory.", "dir-0000000000001"),
        "entry" => ("Id of an entry of a directory.", "6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        "departure" => ("Id of a departure.", "dep-0000000000001"),
        "group" => ("Id or address of a group.", "ventes@bm.com"),
        "inner" => ("Id or address of the group that is in it.", "salon@bm.com"),
        "responder" => ("Id of a responder.", "rsp-0000000000001"),
        "application" => ("Id of a connected application.", "app-0000000000001"),
        "job" => ("Id of a job.", "job-0000000000001"),
        "item" => ("Id of an item of content.", "cnt-0000000000001"),
        "reassignment" => ("Id of a reassignment.", "rea-0000000000001"),
        "erasure" => ("Id of an erasure.", "era-0000000000001"),
        "share" => ("Id of a share.", "shr-0000000000001"),
        "generation" => ("Id of a generation.", "gen-0000000000001"),
        "holder" => ("Id or address of an account or a shared mailbox.", "user1@bm.com"),
        "folder" => ("A folder as the contents name it.", "INBOX"),
        "message" => ("A message as the list names it.", "1795291200.M1P1.relais"),
        "collection" => ("A calendar or an address book as the contents name it.", "calendar"),
        "plan" => ("Id or name of a plan.", "Mairie"),
        "subscription" => ("Id or name of a subscription.", "Base"),
        "secret" => ("The secret of a link.", "rlp_9f86d081884c7d659a2feaa0c55ad015"),
        "session" => ("Id of a session.", "ses-0000000000001"),
        "app_password" => ("Id of an app password.", "apw-0000000000001"),
        "passkey" => ("Id of a passkey.", "psk-0000000000001"),
        "token" => ("Id of a token.", "tok-0000000000001"),
        other => unreachable!("the segment {other} is not described"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(text))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).examples([example])))
        .build()
}
