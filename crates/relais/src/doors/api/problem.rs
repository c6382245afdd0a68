//! Why a request is not answered: one mapping from every refusal and failure to HTTP, as problem details (RFC 9457).
//!
//! A problem travels as itself to the edge of the API, where [`super::speak`] writes it in the caller's language.

use super::directories;
use super::payments::SignatureError;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relais_app::core::language::Language;
use relais_app::core::refusal::{BackupFault, ContentFault, GroupFault, ProfileFault, Refusal};
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

fn status_of_backup(fault: &BackupFault) -> StatusCode {
    match fault {
        BackupFault::Personal => StatusCode::FORBIDDEN,
        BackupFault::LocationInvalid { .. }
        | BackupFault::RetentionEmpty
        | BackupFault::SharesEnd
        | BackupFault::ExternalAddressMissing { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        BackupFault::Unreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        BackupFault::Missing
        | BackupFault::LegalHold { .. }
        | BackupFault::Damaged { .. }
        | BackupFault::WrongKey { .. }
        | BackupFault::LocationTaken { .. }
        | BackupFault::NotVerified
        | BackupFault::AlreadyHere { .. }
        | BackupFault::FromNewerVersion
        | BackupFault::ExportVoid
        | BackupFault::ExportSourceGone => StatusCode::CONFLICT,
    }
}

fn status_of_content(fault: &ContentFault) -> StatusCode {
    match fault {
        ContentFault::ExternalIdInvalid
        | ContentFault::TextInvalid { .. }
        | ContentFault::UrlInvalid { .. }
        | ContentFault::KindIsOurs
        | ContentFault::OwnerUnknown { .. }
        | ContentFault::SameOwner { .. }
        | ContentFault::ShareeUnknown { .. }
        | ContentFault::ItemUnknown { .. }
        | ContentFault::NothingChosen
        | ContentFault::KindsOrItems
        | ContentFault::TooMany { .. }
        | ContentFault::NotByMachine => StatusCode::UNPROCESSABLE_ENTITY,
        ContentFault::KindFixed { .. }
        | ContentFault::ParentUnknown { .. }
        | ContentFault::NotHeld { .. }
        | ContentFault::OwnerClosed { .. }
        | ContentFault::Erasing
        | ContentFault::FateMissing { .. }
        | ContentFault::EraseWithoutDeletion
        | ContentFault::UndoTooLate => StatusCode::CONFLICT,
    }
}

/// The status of a refusal: 403 for whom the caller is, 422 for what the request says by itself, 409 for how things
/// stand.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotAllowed => StatusCode::FORBIDDEN,
        Refusal::Backup(fault) => status_of_backup(fault),
        Refusal::Content(fault) => status_of_content(fault),
        Refusal::Directory(fault) => directories::status_of(fault),
        Refusal::Profile(ProfileFault::PhotoTooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::DomainInvalid { .. }
        | Refusal::NameInvalid
        | Refusal::InboundPhases
        | Refusal::InboundDropsMail
        | Refusal::InboundInThePast
        | Refusal::PasswordLength { .. }
        | Refusal::SuccessorIsLeaver
        | Refusal::SuccessorMissing
        | Refusal::NewMailAmbiguous
        | Refusal::DateInThePast
        | Refusal::DatesOutOfOrder
        | Refusal::ReasonMissing
        | Refusal::GrantTooLong { .. }
        | Refusal::AmountInvalid
        | Refusal::ReferenceInvalid
        | Refusal::PeriodEmpty { .. }
        | Refusal::NumberInvalid { .. }
        | Refusal::TimeZoneUnknown { .. }
        | Refusal::QuotaInvalid
        | Refusal::SharedWithOwner
        | Refusal::WebhookUrlInvalid { .. }
        | Refusal::Group(GroupFault::SendersMissing | GroupFault::SendersTooMany { .. })
        | Refusal::Profile(_)
        | Refusal::List(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Group(
            GroupFault::Cycle { .. } | GroupFault::CatchAll { .. } | GroupFault::RedirectedTo { .. },
        )
        | Refusal::Invitation(_)
        | Refusal::Scim(_) => StatusCode::CONFLICT,
        Refusal::NotInThisState { .. }
        | Refusal::OwnerCannotLeave
        | Refusal::RevokeRoleFirst
        | Refusal::LastCompanyAdmin
        | Refusal::OnlyGroupAdmin { .. }
        | Refusal::DeactivateFirst
        | Refusal::DeactivatedByAPerson
        | Refusal::DepartureInProgress
        | Refusal::AddressTaken { .. }
        | Refusal::AddressReserved { .. }
        | Refusal::AddressRetired { .. }
        | Refusal::AddressNotHeld { .. }
        | Refusal::AddressIsPrimary { .. }
        | Refusal::AddressStays { .. }
        | Refusal::DomainNotHosted { .. }
        | Refusal::DomainTaken { .. }
        | Refusal::DomainNotProven { .. }
        | Refusal::DomainInUse { .. }
        | Refusal::DomainIsProvider { .. }
        | Refusal::TargetNotActive { .. }
        | Refusal::RedirectLoop { .. }
        | Refusal::RedirectNowhere { .. }
        | Refusal::SuccessorNotActive { .. }
        | Refusal::DepartureNotUndoable
        | Refusal::DepartureNotHeld
        | Refusal::DepartureOver
        | Refusal::ProvisionShort { .. }
        | Refusal::CurrencyDiffers { .. }
        | Refusal::NoLongerOffered { .. }
        | Refusal::PlanFull { .. }
        | Refusal::PlanTooSmall { .. }
        | Refusal::PlanUnpaid
        | Refusal::SubscriptionNeeded { .. }
        | Refusal::FullLicencesUsed { .. }
        | Refusal::OwnDomainsUsed { .. }
        | Refusal::AliasLimit { .. }
        | Refusal::PaymentDiffers { .. }
        | Refusal::PasswordResetVoid
        | Refusal::JobOver
        | Refusal::JobItemFailed
        | Refusal::JobTargetGone
        | Refusal::CollectionUnknown { .. } => StatusCode::CONFLICT,
    }
}

/// Of several: 403 wins, then 409; 422 only when nothing but the request has to change.
fn status_of_all(refusals: &[Refusal]) -> StatusCode {
    let all: Vec<StatusCode> = refusals.iter().map(status_of).collect();
    [StatusCode::FORBIDDEN, StatusCode::CONFLICT]
        .into_iter()
        .find(|status| all.contains(status))
        .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

const CONFLICT_RETRY_S: u16 = 1;
const UNAVAILABLE_RETRY_S: u16 = 5;
/// The window in which failed sign-ins are counted.
const SIGN_IN_RETRY_S: u16 = 300;

impl Problem {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Application(error) => match error {
                Error::Refused(refusal) => status_of(refusal),
                Error::RefusedAll(refusals) => status_of_all(refusals),
                Error::NotFound => StatusCode::NOT_FOUND,
                Error::Conflict => StatusCode::CONFLICT,
                Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::SignIn(refusal) => match refusal {
                SignInRefusal::Credentials => StatusCode::UNAUTHORIZED,
                SignInRefusal::Closed => StatusCode::FORBIDDEN,
                SignInRefusal::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
                SignInRefusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            },
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
            Self::Application(error) => detail_of(error, language),
            Self::SignIn(refusal) => detail_of_sign_in(refusal, language),
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

fn detail_of_sign_in(refusal: &SignInRefusal, language: Language) -> String {
    let said = |french: &str, english: &str| language.pick(french, english).to_owned();
    match refusal {
        SignInRefusal::Credentials => said(
            "L'identifiant ou le mot de passe est faux ; vérifiez-les, puis demandez un nouveau mot de passe à votre administrateur.",
            "The login or the password is wrong; check them, or ask your administrator for a new password.",
        ),
        SignInRefusal::Closed => said(
            "Ce compte est fermé ; adressez-vous à un administrateur de l'organisation.",
            "This account is closed; ask an administrator of the organisation.",
        ),
        SignInRefusal::TooManyAttempts => said(
            "Trop de tentatives ont échoué ; réessayez dans cinq minutes.",
            "Too many attempts have failed; try again in five minutes.",
        ),
        SignInRefusal::Unavailable => unavailable(language),
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

fn detail_of(error: &Error, language: Language) -> String {
    let said = |french: &str, english: &str| language.pick(french, english).to_owned();
    match error {
        Error::Refused(refusal) => refusal.sentence(language),
        Error::RefusedAll(refusals) => {
            let sentences: Vec<String> = refusals.iter().map(|refusal| refusal.sentence(language)).collect();
            sentences.join(" ")
        }
        Error::NotFound => said(
            "Introuvable ; vérifiez l'identifiant, le nom ou l'adresse.",
            "Not found; check the id, the name or the address.",
        ),
        Error::Conflict => said(
            "Ce nom est déjà pris, ou quelqu'un a changé la même chose au même moment ; relisez, puis recommencez ou choisissez un autre nom.",
            "This name is in use, or someone changed the same thing at the same moment; look again, then repeat or choose another name.",
        ),
        Error::Unavailable(_) => unavailable(language),
        Error::StorageFull => said(
            "Il n'y a plus de place sur le serveur ; rien n'a été changé, prévenez l'exploitant.",
            "There is no storage left on the server; nothing was changed, tell its operator.",
        ),
        Error::Internal(_) => said(
            "Une erreur est survenue dans Relais ; transmettez l'identifiant de cette demande à l'exploitant.",
            "Something went wrong inside Relais; give the id of this request to its operator.",
        ),
    }
}

fn unavailable(language: Language) -> String {
    language
        .pick(
            "Le service est indisponible pour l'instant ; rien n'a été changé, réessayez dans quelques secondes.",
            "The service is not available for now; nothing was changed, try again in a few seconds.",
        )
        .to_owned()
}

fn title(status: StatusCode, language: Language) -> &'static str {
    let (french, english) = match status {
        StatusCode::BAD_REQUEST => ("Demande illisible", "Bad request"),
        StatusCode::UNAUTHORIZED => ("Identification nécessaire", "Unauthorized"),
        StatusCode::FORBIDDEN => ("Interdit", "Forbidden"),
        StatusCode::NOT_FOUND => ("Introuvable", "Not found"),
        StatusCode::METHOD_NOT_ALLOWED => ("Méthode impossible", "Method not allowed"),
        StatusCode::REQUEST_TIMEOUT => ("Demande trop lente", "Request timeout"),
        StatusCode::CONFLICT => ("Conflit", "Conflict"),
        StatusCode::PAYLOAD_TOO_LARGE => ("Demande trop grande", "Content too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("Format non accepté", "Unsupported media type"),
        StatusCode::UNPROCESSABLE_ENTITY => ("Demande à corriger", "Unprocessable content"),
        StatusCode::TOO_MANY_REQUESTS => ("Trop de tentatives", "Too many requests"),
        StatusCode::SERVICE_UNAVAILABLE => ("Indisponible", "Service unavailable"),
        StatusCode::INSUFFICIENT_STORAGE => ("Plus de place", "Insufficient storage"),
        _ => ("Erreur interne", "Internal server error"),
    };
    language.pick(french, english)
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

    #[test]
    fn of_several_refusals_the_one_that_asks_most_gives_the_status() {
        for (refusals, expected) in [
            (vec![Refusal::DateInThePast, Refusal::SuccessorIsLeaver], 422),
            (vec![Refusal::DateInThePast, Refusal::OwnerCannotLeave], 409),
            (vec![Refusal::OwnerCannotLeave, Refusal::NotAllowed], 403),
        ] {
            assert_eq!(status_of_all(&refusals).as_u16(), expected, "{refusals:?}");
        }
    }
}
