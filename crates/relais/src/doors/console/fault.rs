//! Why a page is not there. A fault travels as itself to [`super::visitor::enter`], which writes the page in the visitor's
//! language, with the refusal's own sentence.

use crate::doors::failure;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use relais_app::core::language::Language;
use relais_app::core::refusal::Refusal;
use relais_app::{Error, SignInRefusal};
use std::sync::Arc;

#[derive(Debug)]
pub enum Fault {
    Application(Error),
    /// A form or a query that no browser sends of its own.
    Unreadable,
    /// A file that is larger than its form takes.
    TooLarge,
    /// A form of ours without a field that it needs.
    Missing {
        field: &'static str,
    },
    /// A field that cannot be read as what it is for.
    Unfit {
        field: &'static str,
    },
    /// A new password that was typed in two ways.
    Unlike,
    SignIn(SignInRefusal),
}

/// A page, or why it is not there.
pub type Answer = Result<Response, Fault>;

impl Fault {
    pub fn not_found() -> Self {
        Self::Application(Error::NotFound)
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Application(error) => failure::status(error),
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Missing { .. } | Self::Unfit { .. } | Self::Unlike => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SignIn(refusal) => failure::status_of_sign_in(refusal),
        }
    }

    /// What is said of it, one sentence for each thing that is in the way.
    pub fn sentences(&self, language: Language) -> Vec<String> {
        match self {
            Self::Application(Error::NotFound) => vec![
                language
                    .pick(
                        "Cette page n'existe pas, ou plus\u{a0}; revenez à la liste, ou cherchez par nom ou par adresse.",
                        "This page is not there, or no longer; go back to the list, or search by name or address.",
                    )
                    .to_owned(),
            ],
            Self::Application(Error::RefusedAll(refusals)) => {
                refusals.iter().map(|refusal| refusal.sentence(language)).collect()
            }
            Self::Application(error) => vec![failure::sentence(error, language)],
            Self::Unreadable => vec![
                language
                    .pick(
                        "Cette demande ne peut pas être lue\u{a0}; revenez à la page précédente et recommencez.",
                        "This request cannot be read; go back to the page before and try again.",
                    )
                    .to_owned(),
            ],
            Self::TooLarge => vec![
                language
                    .pick(
                        "Ce fichier est trop grand\u{a0}; choisissez-en un plus petit et recommencez.",
                        "This file is too large; choose a smaller one and try again.",
                    )
                    .to_owned(),
            ],
            Self::Unfit { field } => vec![match language {
                Language::French => format!("Ce qui est saisi ne convient pas ({field}) ; corrigez-le."),
                Language::English => format!("What is typed does not fit ({field}); correct it."),
            }],
            Self::Unlike => vec![
                language
                    .pick(
                        "Les deux nouveaux mots de passe diffèrent\u{a0}; saisissez deux fois le même.",
                        "The two new passwords differ; type the same one twice.",
                    )
                    .to_owned(),
            ],
            Self::SignIn(refusal) => vec![failure::sentence_of_sign_in(refusal, language)],
            Self::Missing { field } => vec![match language {
                Language::French => {
                    format!("Il manque une réponse ({field}) ; revenez au formulaire et complétez-le.")
                }
                Language::English => {
                    format!("An answer is missing ({field}); go back to the form and complete it.")
                }
            }],
        }
    }

    /// Whether the form that was sent can be shown again, with what stands in the way: neither what is wrong inside nor what
    /// is not there is mended by typing.
    pub fn is_for_the_form(&self) -> bool {
        self.inner_text().is_none() && !matches!(self, Self::Application(Error::NotFound))
    }

    /// What is wrong inside, for the log alone.
    pub fn inner_text(&self) -> Option<&str> {
        match self {
            Self::Application(Error::Unavailable(text) | Error::Internal(text)) => Some(text),
            Self::Application(Error::StorageFull) => Some("no storage left"),
            Self::Application(
                Error::Refused(_) | Error::RefusedAll(_) | Error::NotFound | Error::Conflict,
            )
            | Self::Unreadable
            | Self::TooLarge
            | Self::Missing { .. }
            | Self::Unfit { .. }
            | Self::Unlike
            | Self::SignIn(_) => None,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Application(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Application(refusal.into())
    }
}

impl From<FormRejection> for Fault {
    fn from(_: FormRejection) -> Self {
        Self::Unreadable
    }
}

impl From<QueryRejection> for Fault {
    fn from(_: QueryRejection) -> Self {
        Self::Unreadable
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
