//! A status in words.

use axum::http::StatusCode;
use relais_app::core::language::Language;

pub fn title(status: StatusCode, language: Language) -> &'static str {
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
