//! Why a request is not answered: one mapping from every refusal and failure to HTTP, as problem details (RFC 9457).
//!
//! A problem travels as itself to the edge of the API, where [`super::speak`] writes it in the caller's language.

use super::payments::SignatureError;
use crate::doors::failure::{self, title};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relais_app::core::language::Language;
use relais_app::core::refusal::Refusal;
use relais_app::{Error, SignInRefusal};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug)]
pub enum Problem {
    Application(Error),
    SignIn(SignInRefusal),
    /// No secret where one is needed.
    SecretMissing,
    /// A secret that nobody has, or has no longer.
    SecretUnknown,
    NoSuchRoute,
    MethodNotAllowed,
    /// The text is neither an id of the kind in question nor an address.
    NotAnId(String),
    NotAnAddress(String),
    Path(String),
    Query(String),
    BodyNotJson,
    BodySyntax(String),
    BodyShape(String),
    BodyNotCsv,
    BodyTooLarge {
        mib_max: usize,
    },
    BodyTooSlow,
    BodyBroken,
    /// The body names a plan or subscription that nobody ever offered.
    OfferUnknown(String),
    /// No payment provider was agreed with.
    PaymentsOff,
    /// What says that a message comes from the payment provider is missing, wrong, or of another time.
    Signature(SignatureError),
    /// More was asked in a short time than is answered.
    TooManyRequests,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Application(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Application(refusal.into())
    }
}

impl From<SignInRefusal> for Problem {
    fn from(refusal: SignInRefusal) -> Self {
        Self::SignIn(refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.headers()).into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// A problem as it is sent: `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:relais:problem:address_taken",
    "title": "Conflit",
    "status": 409,
    "detail": "L'adresse user1@bm.com est déjà utilisée ; choisissez-en une autre ou libérez-la d'abord.",
    "instance": "urn:relais:request:19aa5c3f2c0-1",
    "code": "address_taken"
}))]
pub struct ProblemDocument {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What to do next, in the language asked for: French or English.
    pub detail: String,
    /// The name of this request in the log.
    pub instance: String,
    /// The stable code, for programs.
    pub code: String,
    /// Everything that stands in the way, where several things do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusalDocument>,
}

/// One of several refusals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Refusal)]
pub struct RefusalDocument {
    pub code: String,
    pub detail: String,
}

const CONFLICT_RETRY_S: u16 = 1;
const UNAVAILABLE_RETRY_S: u16 = 5;
/// The window in which failed sign-ins are counted.
const SIGN_IN_RETRY_S: u16 = 300;

impl Problem {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Application(error) => failure::status(error),
            Self::SignIn(refusal) => failure::status_of_sign_in(refusal),
            Self::SecretMissing | Self::SecretUnknown => StatusCode::UNAUTHORIZED,
            Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAnId(_)
            | Self::NotAnAddress(_)
            | Self::Path(_)
            | Self::Query(_)
            | Self::BodySyntax(_)
            | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::BodyNotJson | Self::BodyNotCsv => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyShape(_) | Self::OfferUnknown(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PaymentsOff => StatusCode::NOT_FOUND,
            Self::Signature(_) => StatusCode::FORBIDDEN,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Application(error) => match error {
                Error::Refused(refusal) => refusal.code(),
                Error::RefusedAll(refusals) => refusals.first().map_or("refused", Refusal::code),
                Error::NotFound => "not_found",
                Error::Conflict => "conflict",
                Error::Unavailable(_) => "unavailable",
                Error::StorageFull => "storage_full",
                Error::Internal(_) => "internal",
            },
            Self::SignIn(refusal) => match refusal {
                SignInRefusal::Credentials => "credentials_wrong",
                SignInRefusal::Closed => "account_closed",
                SignInRefusal::AppPasswordNeeded => "app_password_needed",
                SignInRefusal::SignOnNeeded { .. } => "sign_on_required",
                SignInRefusal::TooManyAttempts => "too_many_attempts",
                SignInRefusal::Unavailable => "unavailable",
            },
            Self::SecretMissing => "secret_missing",
            Self::SecretUnknown => "secret_unknown",
            Self::NoSuchRoute => "no_such_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotAnId(_) => "id_invalid",
            Self::NotAnAddress(_) => "address_invalid",
            Self::Path(_) => "path_invalid",
            Self::Query(_) => "query_invalid",
            Self::BodyNotJson => "body_not_json",
            Self::BodySyntax(_) => "body_syntax",
            Self::BodyShape(_) => "body_invalid",
            Self::BodyNotCsv => "body_not_csv",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::TooManyRequests => "too_many_requests",
            Self::BodyTooSlow => "body_too_slow",
            Self::BodyBroken => "body_broken",
            Self::OfferUnknown(_) => "offer_unknown",
            Self::PaymentsOff => "payments_not_configured",
            Self::Signature(error) => error.code(),
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let challenge = match self {
            Self::SecretMissing | Self::SignIn(SignInRefusal::Credentials) => Some("Bearer realm=\"Relais\""),
            Self::SecretUnknown => Some("Bearer realm=\"Relais\", error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        let retry_s = match self {
            Self::Application(Error::Conflict) => Some(CONFLICT_RETRY_S),
            Self::Application(Error::Unavailable(_)) | Self::SignIn(SignInRefusal::Unavailable) => {
                Some(UNAVAILABLE_RETRY_S)
            }
            Self::SignIn(SignInRefusal::TooManyAttempts) | Self::TooManyRequests => Some(SIGN_IN_RETRY_S),
            _ => None,
        };
        if let Some(retry_s) = retry_s {
            headers.insert(header::RETRY_AFTER, retry_s.into());
        }
        headers
    }

    /// What is not found because a body names it, not the path.
    pub fn in_body(self, text: &str) -> Self {
        match self {
            Self::Application(Error::NotFound) => Self::OfferUnknown(text.to_owned()),
            other => other,
        }
    }

    /// What is wrong inside, for the log alone.
    pub fn inner_text(&self) -> Option<&str> {
        match self {
            Self::Application(Error::Unavailable(text) | Error::Internal(text)) => Some(text),
            Self::Application(Error::StorageFull) => Some("no storage left"),
            _ => None,
        }
    }

    /// The problem as it is sent, for a request that is called `request` in the log.
    pub fn document(&self, language: Language, request: &str) -> ProblemDocument {
        let refusals = match self {
            Self::Application(Error::RefusedAll(refusals)) => refusals.as_slice(),
            _ => &[],
        };
        ProblemDocument {
            kind: format!("urn:relais:problem:{}", self.code()),
            title: title(self.status(), language).to_owned(),
            status: self.status().as_u16(),
            detail: self.detail(language),
            instance: format!("urn:relais:request:{request}"),
            code: self.code().to_owned(),
            refusals: refusals
                .iter()
                .map(|refusal| RefusalDocument {
                    code: refusal.code().to_owned(),
                    detail: refusal.sentence(language),
                })
                .collect(),
        }
    }

    fn detail(&self, language: Language) -> String {
        let said = |french: &str, english: &str| language.pick(french, english).to_owned();
        match self {
            Self::Application(error) => failure::sentence(error, language),
            Self::SignIn(refusal) => failure::sentence_of_sign_in(refusal, language),
            Self::SecretMissing => said(
                "Cette demande a besoin d'un secret ; envoyez « Authorization: Bearer … » avec un jeton ou une session (POST /api/v1/sessions).",
                "This request needs a secret; send \u{201c}Authorization: Bearer …\u{201d} with a token or a session (POST /api/v1/sessions).",
            ),
            Self::SecretUnknown => said(
                "Ce secret est inconnu, révoqué ou expiré ; reconnectez-vous ou utilisez un autre jeton.",
                "This secret is unknown, revoked or expired; sign in again or use another token.",
            ),
            Self::NoSuchRoute => said(
                "Il n'y a rien à cette adresse ; cherchez la bonne dans /api/openapi.json.",
                "There is nothing at this address; look up the right one in /api/openapi.json.",
            ),
            Self::MethodNotAllowed => said(
                "Cette méthode n'est pas possible ici ; voyez l'en-tête Allow.",
                "This method is not possible here; see the Allow header.",
            ),
            Self::NotAnId(text) => match language {
                Language::French => format!(
                    "« {text} » n'est pas un identifiant qui convient ici ; copiez-le tel que l'API l'a donné, ou donnez une adresse là où elle est acceptée."
                ),
                Language::English => format!(
                    "\u{201c}{text}\u{201d} is not an id that fits here; copy it as the API gave it, or give an address where one is accepted."
                ),
            },
            Self::NotAnAddress(text) => match language {
                Language::French => {
                    format!("« {text} » n'est pas une adresse ; écrivez-la comme user1@exemple.fr.")
                }
                Language::English => {
                    format!("\u{201c}{text}\u{201d} is not an address; write it like user1@example.com.")
                }
            },
            Self::Path(text) => match language {
                Language::French => format!("Le chemin ne peut pas être lu ({text}) ; encodez-le en UTF-8."),
                Language::English => format!("The path cannot be read ({text}); encode it as UTF-8."),
            },
            Self::Query(text) => match language {
                Language::French => {
                    format!("La requête ne convient pas ({text}) ; corrigez les paramètres après « ? ».")
                }
                Language::English => {
                    format!("The query will not do ({text}); correct the parameters after \u{201c}?\u{201d}.")
                }
            },
            Self::BodyNotJson => said(
                "Le corps doit être du JSON ; envoyez « Content-Type: application/json ».",
                "The body has to be JSON; send \u{201c}Content-Type: application/json\u{201d}.",
            ),
            Self::BodySyntax(text) => match language {
                Language::French => {
                    format!("Le corps n'est pas du JSON valide en UTF-8 ({text}) ; corrigez-le.")
                }
                Language::English => format!("The body is not valid JSON in UTF-8 ({text}); correct it."),
            },
            Self::BodyShape(text) => match language {
                Language::French => {
                    format!("Le corps ne convient pas ({text}) ; comparez-le à /api/openapi.json.")
                }
                Language::English => {
                    format!("The body will not do ({text}); compare it with /api/openapi.json.")
                }
            },
            Self::BodyNotCsv => said(
                "Le corps doit être une liste CSV ; envoyez « Content-Type: text/csv ».",
                "The body has to be a list as CSV; send \u{201c}Content-Type: text/csv\u{201d}.",
            ),
            Self::BodyTooLarge { mib_max } => match language {
                Language::French => format!("Le corps dépasse {mib_max} Mio ; envoyez-en moins à la fois."),
                Language::English => format!("The body is larger than {mib_max} MiB; send less at a time."),
            },
            Self::TooManyRequests => said(
                "Trop de demandes en peu de temps ; réessayez dans cinq minutes.",
                "Too many requests in a short time; try again in five minutes.",
            ),
            Self::BodyTooSlow => said(
                "Le corps n'est pas arrivé à temps ; renvoyez la demande.",
                "The body did not arrive in time; send the request again.",
            ),
            Self::BodyBroken => said(
                "Le corps s'est interrompu ; renvoyez la demande.",
                "The body broke off; send the request again.",
            ),
            Self::OfferUnknown(text) => offer_unknown(text, language),
            Self::PaymentsOff => said(
                "Aucun prestataire de paiement n'est configuré ; indiquez payment_secrets dans relais.toml.",
                "No payment provider is configured; set payment_secrets in relais.toml.",
            ),
            Self::Signature(error) => error.sentence(language).to_owned(),
        }
    }
}

fn offer_unknown(text: &str, language: Language) -> String {
    match language {
        Language::French => format!(
            "« {text} » n'a jamais été proposé ; choisissez dans la liste des formules (relais plan list, GET /api/v1/plans) ou des abonnements (relais subscription list, GET /api/v1/subscriptions)."
        ),
        Language::English => format!(
            "\u{201c}{text}\u{201d} was never offered; choose from the list of plans (relais plan list, GET /api/v1/plans) or subscriptions (relais subscription list, GET /api/v1/subscriptions)."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_inside_is_never_told_and_every_sentence_says_what_to_do() {
        let inner = "/var/lib/relais/relais.db: malformed";
        for problem in [
            Problem::from(Error::Internal(inner.to_owned())),
            Problem::from(Error::Unavailable(inner.to_owned())),
            Problem::from(Error::StorageFull),
            Problem::from(Error::Conflict),
            Problem::from(SignInRefusal::Unavailable),
            Problem::BodyBroken,
            Problem::BodyTooSlow,
        ] {
            let french = problem.document(Language::French, "1");
            let english = problem.document(Language::English, "1");
            assert_ne!(french.detail, english.detail);
            for document in [french, english] {
                let text = serde_json::to_string(&document).unwrap();
                assert!(!text.contains("malformed") && document.detail.contains(';'), "{text}");
                assert_eq!(document.status, problem.status().as_u16());
            }
        }
    }
}
