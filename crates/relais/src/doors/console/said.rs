//! What a page begins with after a form: that it is done, or why it is not, with what was typed still there.

use super::fault::{Answer, Fault};
use super::fields::Fields;
use super::layout;
use super::visitor::Visitor;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use maud::{Markup, html};

/// What is said first.
pub enum Said<'a> {
    Nothing,
    /// What was asked for is done.
    Done,
    /// The same in words of its own.
    Told(String),
    /// It is not, and what was typed stands there still.
    Refused(&'a Fault),
}

impl Said<'_> {
    /// Whoever comes from a form that was carried out brings this along.
    pub fn by(asked: &Fields) -> Self {
        if asked.has("done") { Self::Done } else { Self::Nothing }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(fault) => fault.status(),
            Self::Nothing | Self::Done | Self::Told(_) => StatusCode::OK,
        }
    }

    pub fn shown(&self, visitor: &Visitor) -> Markup {
        match self {
            Self::Nothing => html! {},
            Self::Done => layout::done(visitor.pick("C'est fait.", "Done.")),
            Self::Told(sentence) => layout::done(sentence),
            Self::Refused(fault) => layout::refused(&fault.sentences(visitor.language)),
        }
    }
}

/// To `place`, which says that it is done; or what stands in the way, on a page that `again` makes.
pub async fn answered(
    done: Result<(), Fault>,
    place: &str,
    again: impl AsyncFnOnce(&Fault) -> Answer,
) -> Answer {
    answered_at(done.map(|()| place.to_owned()), again).await
}

/// The same where the act alone says to which page: what it has made. What is wrong inside goes to the log and has a page of
/// its own.
pub async fn answered_at(done: Result<String, Fault>, again: impl AsyncFnOnce(&Fault) -> Answer) -> Answer {
    match done {
        Ok(place) => Ok(Redirect::to(&format!("{place}?done=1")).into_response()),
        Err(fault) if fault.is_for_the_form() => again(&fault).await,
        Err(fault) => Err(fault),
    }
}
