//! Why a request is not answered, as SCIM says it (RFC 7644, section 3.12): a status, a `scimType` that programs know, and
//! a sentence.
//!
//! A guard (the last admin, the owner, what is frozen) is `400` with `mutability`: none of the statuses on which providers
//! try the same again at once, and forever.

use super::MEDIA_TYPE;
use axum::http::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use relais_app::Error;
use relais_app::core::language::Language;
use relais_app::core::refusal::{Refusal, ScimFault};
use serde_json::{Value, json};

#[derive(Debug)]
pub enum Denial {
    Application(Error),
    SecretMissing,
    SecretUnknown,
    NotFound,
    /// With those that are possible.
    Method(&'static str),
    /// A filter where there is nothing to choose from (RFC 7644, section 4).
    FilterHere,
    /// A token is nobody.
    Nobody,
    MediaType,
    TooLarge,
    TooMany {
        operations_max: usize,
    },
    BodyBroken,
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self::Application(error)
    }
}

const UNAVAILABLE_RETRY_S: u16 = 5;
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

impl Denial {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Application(error) => match error {
                Error::Refused(refusal) => of_refusal(refusal).0,
                Error::RefusedAll(_) => StatusCode::BAD_REQUEST,
                Error::NotFound => StatusCode::NOT_FOUND,
                Error::Conflict => StatusCode::CONFLICT,
                Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::SecretMissing | Self::SecretUnknown => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::FilterHere => StatusCode::FORBIDDEN,
            Self::Nobody => StatusCode::NOT_IMPLEMENTED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge | Self::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
        }
    }

    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Application(Error::Refused(refusal)) => of_refusal(refusal).1,
            Self::Application(Error::RefusedAll(_)) => Some("invalidValue"),
            Self::BodyBroken => Some("invalidSyntax"),
            _ => None,
        }
    }

    /// The document of the error.
    pub fn document(&self, language: Language) -> Value {
        let mut document = json!({
            "schemas": [ERROR],
            "status": self.status().as_str(),
            "detail": self.detail(language),
        });
        if let Some(kind) = self.kind() {
            document["scimType"] = json!(kind);
        }
        document
    }

    pub fn response(&self, language: Language) -> Response {
        if let Self::Application(Error::Unavailable(text) | Error::Internal(text)) = self {
            tracing::error!(text, "a request by SCIM failed");
        }
        let mut response = (self.status(), self.document(language).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        match self {
            Self::SecretMissing => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Relais\""));
            }
            Self::SecretUnknown => {
                let challenge = "Bearer realm=\"Relais\", error=\"invalid_token\"";
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            Self::Method(methods) => {
                headers.insert(ALLOW, HeaderValue::from_static(methods));
            }
            Self::Application(Error::Unavailable(_)) => {
                headers.insert(RETRY_AFTER, UNAVAILABLE_RETRY_S.into());
            }
            _ => {}
        }
        response
    }

    fn detail(&self, language: Language) -> String {
        let said = |french: &str, english: &str| language.pick(french, english).to_owned();
        match self {
            Self::Application(Error::Refused(refusal)) => refusal.sentence(language),
            Self::Application(Error::RefusedAll(refusals)) => {
                let all: Vec<String> = refusals.iter().map(|refusal| refusal.sentence(language)).collect();
                all.join(" ")
            }
            Self::Application(Error::NotFound) | Self::NotFound => said(
                "Il n'y a pas de telle ressource ici, ou plus ; recréez-la si elle doit exister.",
                "There is no such resource here, or no longer; create it again if it is to exist.",
            ),
            Self::Application(Error::Conflict) => said(
                "Une autre demande a changé la même chose au même moment ; réessayez.",
                "Another request changed the same thing at the same moment; try again.",
            ),
            Self::Application(Error::Unavailable(_)) => said(
                "Le service est momentanément indisponible ; réessayez dans quelques secondes.",
                "The service is not available for the moment; try again in some seconds.",
            ),
            Self::Application(Error::StorageFull) => said(
                "Le serveur n'a plus de place ; prévenez son exploitant.",
                "The server has no room left; tell its operator.",
            ),
            Self::Application(Error::Internal(_)) => said(
                "Une erreur interne s'est produite ; prévenez l'exploitant du serveur, dont le journal en dit plus.",
                "An internal error happened; tell the operator of the server, whose log says more.",
            ),
            Self::SecretMissing => said(
                "Cette demande a besoin d'un jeton SCIM de l'organisation ; créez-en un avec relais scim token create.",
                "This request needs a SCIM token of the organisation; make one with relais scim token create.",
            ),
            Self::SecretUnknown => said(
                "Ce secret n'est pas celui d'un jeton SCIM en vigueur ; créez un jeton avec relais scim token create.",
                "This secret is not that of a SCIM token in force; make a token with relais scim token create.",
            ),
            Self::Method(_) => said(
                "Cette méthode n'est pas possible ici ; voyez l'en-tête Allow.",
                "This method is not possible here; see the Allow header.",
            ),
            Self::FilterHere => said(
                "Il n'y a rien à filtrer ici ; retirez le paramètre filter.",
                "There is nothing to filter here; leave the parameter filter out.",
            ),
            Self::Nobody => said(
                "Un jeton n'est personne ; demandez /Users, ou /Me avec la session d'une personne.",
                "A token is nobody; ask for /Users, or for /Me with the session of a person.",
            ),
            Self::MediaType => said(
                "Le corps doit être du JSON ; envoyez « Content-Type: application/scim+json ».",
                "The body has to be JSON; send \u{201c}Content-Type: application/scim+json\u{201d}.",
            ),
            Self::TooLarge => said(
                "Le corps dépasse 1 Mio ; envoyez-en moins à la fois.",
                "The body is larger than 1 MiB; send less at a time.",
            ),
            Self::TooMany { operations_max } => match language {
                Language::French => {
                    format!("La demande compte plus de {operations_max} opérations ; répartissez-les.")
                }
                Language::English => {
                    format!("The request has more than {operations_max} operations; spread them.")
                }
            },
            Self::BodyBroken => said(
                "Le corps n'est pas arrivé entier ou à temps ; renvoyez la demande.",
                "The body did not arrive whole or in time; send the request again.",
            ),
        }
    }
}

/// The status and the `scimType` of a refusal.
fn of_refusal(refusal: &Refusal) -> (StatusCode, Option<&'static str>) {
    let bad = StatusCode::BAD_REQUEST;
    match refusal {
        Refusal::Scim(fault) => of_fault(fault),
        Refusal::NotAllowed
        | Refusal::PlanFull { .. }
        | Refusal::PlanUnpaid
        | Refusal::ProvisionShort { .. }
        | Refusal::SubscriptionNeeded { .. }
        | Refusal::FullLicencesUsed { .. } => (StatusCode::FORBIDDEN, None),
        Refusal::AddressTaken { .. } | Refusal::AddressRetired { .. } => {
            (StatusCode::CONFLICT, Some("uniqueness"))
        }
        Refusal::NotInThisState { .. }
        | Refusal::OwnerCannotLeave
        | Refusal::RevokeRoleFirst
        | Refusal::LastCompanyAdmin
        | Refusal::OnlyGroupAdmin { .. }
        | Refusal::DepartureInProgress
        | Refusal::Group(_) => (bad, Some("mutability")),
        Refusal::AddressReserved { .. }
        | Refusal::DomainNotHosted { .. }
        | Refusal::DomainNotProven { .. }
        | Refusal::NameInvalid
        | Refusal::PasswordLength { .. }
        | Refusal::Profile(_) => (bad, Some("invalidValue")),
        _ => (bad, None),
    }
}

fn of_fault(fault: &ScimFault) -> (StatusCode, Option<&'static str>) {
    let bad = StatusCode::BAD_REQUEST;
    match fault {
        ScimFault::Filter { .. } => (bad, Some("invalidFilter")),
        ScimFault::Path { .. } => (bad, Some("invalidPath")),
        ScimFault::NoTarget { .. } => (bad, Some("noTarget")),
        ScimFault::Value { .. } | ScimFault::AddressMissing { .. } | ScimFault::MemberUnknown { .. } => {
            (bad, Some("invalidValue"))
        }
        ScimFault::ReadOnly { .. } | ScimFault::ClosedHere { .. } => (bad, Some("mutability")),
        ScimFault::Syntax => (bad, Some("invalidSyntax")),
        ScimFault::UserNameTaken { .. }
        | ScimFault::ExternalIdTaken { .. }
        | ScimFault::GroupNameTaken { .. } => (StatusCode::CONFLICT, Some("uniqueness")),
        ScimFault::VersionDiffers => (StatusCode::PRECONDITION_FAILED, None),
        ScimFault::CursorInvalid => (bad, Some("invalidCursor")),
        ScimFault::CountInvalid => (bad, Some("invalidCount")),
    }
}

/// The first of the languages asked for that is one of ours.
pub fn asked_language(headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = asked.split(',').filter_map(|part| part.split(';').next());
    tags.filter_map(|tag| Language::from_tag(tag.trim())).next().unwrap_or_default()
}
