//! Why a request is not passed on. Programs go by the status; the body is for the person who looks, in both languages,
//! since most programs do not say which one theirs is.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relais_app::{Error, SignInRefusal};
use relais_engines::radicale::AskError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No credentials, or wrong ones.
    Unknown,
    /// The right password, and the table says no.
    Closed,
    /// The right password, and only an app password opens this door.
    AppPassword,
    TooManyAttempts,
    NotThere,
    /// The path names no file.
    Path,
    Method,
    /// A home is changed by nobody.
    Home,
    /// A shared collection is its owner's.
    OthersCollection,
    ReadOnly,
    /// A recovery grant is for reading.
    Recovery,
    /// Names of shared collections are given by Relais.
    Reserved,
    Destination,
    TooLarge,
    BodyBroken,
    /// Radicale is not installed, or switched off.
    Off,
    /// It is being started, or we cannot ask our own tables.
    Unavailable,
    /// It broke off.
    Broken,
    Slow,
    StorageFull,
}

impl From<SignInRefusal> for Denial {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::Credentials => Self::Unknown,
            SignInRefusal::Closed => Self::Closed,
            SignInRefusal::AppPasswordNeeded | SignInRefusal::SignOnNeeded { .. } => Self::AppPassword,
            SignInRefusal::TooManyAttempts => Self::TooManyAttempts,
            SignInRefusal::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        match error {
            Error::StorageFull => Self::StorageFull,
            Error::NotFound => Self::NotThere,
            other => {
                tracing::error!(error = %other, "a request for a calendar or an address book failed");
                Self::Unavailable
            }
        }
    }
}

impl From<AskError> for Denial {
    fn from(error: AskError) -> Self {
        tracing::warn!(%error, "Radicale did not answer");
        match error {
            AskError::Down(_) => Self::Unavailable,
            AskError::Broken(_) => Self::Broken,
            AskError::Slow => Self::Slow,
        }
    }
}

const UNAVAILABLE_RETRY_S: u16 = 5;
/// The window in which failed sign-ins are counted.
const SIGN_IN_RETRY_S: u16 = 300;

impl Denial {
    fn status(self) -> StatusCode {
        match self {
            // Programs then ask for another password.
            Self::Unknown | Self::AppPassword => StatusCode::UNAUTHORIZED,
            Self::Closed
            | Self::Home
            | Self::OthersCollection
            | Self::ReadOnly
            | Self::Recovery
            | Self::Reserved => StatusCode::FORBIDDEN,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::NotThere => StatusCode::NOT_FOUND,
            Self::Path | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            // Also for another server: RFC 4918, section 9.9.4.
            Self::Destination | Self::Broken => StatusCode::BAD_GATEWAY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Off | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::GATEWAY_TIMEOUT,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// French, then English.
    fn sentences(self) -> [&'static str; 2] {
        match self {
            Self::Unknown => [
                "L'identifiant ou le mot de passe manque ou est faux ; vérifiez-les.",
                "The login or the password is missing or wrong; check them.",
            ],
            Self::Closed => [
                "Ce compte est fermé ; adressez-vous à un administrateur de l'organisation.",
                "This account is closed; ask an administrator of the organisation.",
            ],
            Self::AppPassword => [
                "Ce programme a besoin d'un mot de passe d'application ; créez-en un pour cet appareil.",
                "This program needs an app password; create one for this device.",
            ],
            Self::TooManyAttempts => [
                "Trop de tentatives ont échoué ; réessayez dans cinq minutes.",
                "Too many attempts have failed; try again in five minutes.",
            ],
            Self::NotThere => [
                "Il n'y a rien ici pour vous ; cherchez vos calendriers et carnets d'adresses depuis /dav/.",
                "There is nothing here for you; look for your calendars and address books from /dav/.",
            ],
            Self::Path => [
                "Ce nom ne convient pas ; choisissez-en un sans point au début ni barre oblique.",
                "This name will not do; choose one without a leading dot or a slash.",
            ],
            Self::Method => [
                "Cette méthode n'est pas possible ici ; voyez l'en-tête Allow.",
                "This method is not possible here; see the Allow header.",
            ],
            Self::Home => [
                "Seuls les calendriers et les carnets d'adresses se modifient, pas le dossier qui les contient ; modifiez l'un d'eux.",
                "Only calendars and address books are changed, not the folder that holds them; change one of those.",
            ],
            Self::OthersCollection => [
                "Ce calendrier ou ce carnet d'adresses appartient à quelqu'un d'autre ; demandez à son propriétaire de le modifier ou de cesser le partage.",
                "This calendar or address book belongs to somebody else; ask its owner to change it or to stop sharing it.",
            ],
            Self::ReadOnly => [
                "Ce partage ne permet que la lecture ; demandez le droit d'écrire au propriétaire.",
                "This is shared for reading only; ask its owner for the right to write.",
            ],
            Self::Recovery => [
                "Un accès de reprise ne permet que la lecture ; réactivez le compte pour modifier son contenu.",
                "A recovery grant is for reading only; reactivate the account to change what it holds.",
            ],
            Self::Reserved => [
                "Les noms qui commencent par « ro- » ou « rw- » sont réservés aux partages ; choisissez un autre nom.",
                "Names that begin with \u{201c}ro-\u{201d} or \u{201c}rw-\u{201d} are kept for what is shared; choose another name.",
            ],
            Self::Destination => [
                "La destination est absente ou sur un autre serveur ; indiquez un chemin sous /dav/ dans l'en-tête Destination.",
                "The destination is missing or on another server; give a path below /dav/ in the Destination header.",
            ],
            Self::TooLarge => [
                "La demande dépasse 32 Mio ; envoyez-en moins à la fois.",
                "The request is larger than 32 MiB; send less at a time.",
            ],
            Self::BodyBroken => {
                ["La demande s'est interrompue ; renvoyez-la.", "The request broke off; send it again."]
            }
            Self::Off => [
                "Les calendriers et les carnets d'adresses ne sont pas en service ; demandez à l'exploitant d'installer le paquet radicale.",
                "Calendars and address books are switched off; ask the operator to install the package radicale.",
            ],
            Self::Unavailable => [
                "Le service est indisponible pour l'instant ; réessayez dans quelques secondes.",
                "The service is not available for now; try again in a few seconds.",
            ],
            Self::Broken => [
                "Le serveur des calendriers s'est interrompu ; relisez, puis recommencez.",
                "The server of calendars broke off; look again, then repeat.",
            ],
            Self::Slow => [
                "Le serveur des calendriers n'a pas répondu à temps ; réessayez plus tard.",
                "The server of calendars did not answer in time; try again later.",
            ],
            Self::StorageFull => [
                "Il n'y a plus de place sur le serveur ; prévenez l'exploitant.",
                "There is no storage left on the server; tell its operator.",
            ],
        }
    }

    fn headers(self) -> HeaderMap {
        let mut headers = plain_text();
        if self.status() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"Relais\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self == Self::Method {
            let methods =
                "GET, HEAD, OPTIONS, PROPFIND, REPORT, PUT, DELETE, MOVE, PROPPATCH, MKCOL, MKCALENDAR";
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        match self {
            Self::TooManyAttempts => {
                headers.insert(header::RETRY_AFTER, SIGN_IN_RETRY_S.into());
            }
            Self::Unavailable => {
                headers.insert(header::RETRY_AFTER, UNAVAILABLE_RETRY_S.into());
            }
            _ => {}
        }
        headers
    }
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        (self.status(), self.headers(), self.sentences().join("\n") + "\n").into_response()
    }
}

/// What a person sees who opens the address in a browser.
pub fn welcome() -> Response {
    let text = "Donnez cette adresse à votre programme de calendriers et de contacts.\n\
                Give this address to your program for calendars and contacts.\n";
    (plain_text(), text).into_response()
}

fn plain_text() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}
