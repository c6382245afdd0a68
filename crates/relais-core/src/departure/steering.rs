//! What a person may ask of a departure that was started: to hold it, to let it go on, to take it back.

use super::{Departure, DepartureState};
use crate::refusal::Refusal;
use jiff::Timestamp;

/// Which way a departure went before it was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Forth,
    /// It was asked to be undone: whoever lets it go on does not get the way forth.
    Back,
}

impl Departure {
    /// Where it stands once it is held; `None` when it is already.
    ///
    /// # Errors
    /// [`Refusal::DepartureOver`] when nothing is left to stop.
    pub fn held(&self) -> Result<Option<DepartureState>, Refusal> {
        match self.state {
            DepartureState::Undone | DepartureState::Finished => Err(Refusal::DepartureOver),
            DepartureState::Held => Ok(None),
            DepartureState::Scheduled | DepartureState::Running | DepartureState::Undoing => {
                Ok(Some(DepartureState::Held))
            }
        }
    }

    /// Where it goes on.
    ///
    /// # Errors
    /// [`Refusal::DepartureOver`]; [`Refusal::DepartureNotHeld`] when it goes on by itself.
    pub fn resumed(&self, way: Way, now: Timestamp) -> Result<DepartureState, Refusal> {
        match (self.state, way) {
            (DepartureState::Held, Way::Back) => Ok(DepartureState::Undoing),
            (DepartureState::Held, Way::Forth) if self.plan.begins_at > now => Ok(DepartureState::Scheduled),
            (DepartureState::Held, Way::Forth) => Ok(DepartureState::Running),
            (DepartureState::Undone | DepartureState::Finished, _) => Err(Refusal::DepartureOver),
            (DepartureState::Scheduled | DepartureState::Running | DepartureState::Undoing, _) => {
                Err(Refusal::DepartureNotHeld)
            }
        }
    }

    /// Where it stands once it is to be undone; `None` when it is, or is on the way.
    ///
    /// # Errors
    /// [`Refusal::DepartureNotUndoable`] once the account is deleted.
    pub fn undone(&self) -> Result<Option<DepartureState>, Refusal> {
        if self.is_past_deletion() {
            return Err(Refusal::DepartureNotUndoable);
        }
        Ok(match self.state {
            DepartureState::Undone | DepartureState::Undoing => None,
            DepartureState::Scheduled
            | DepartureState::Running
            | DepartureState::Held
            | DepartureState::Finished => Some(DepartureState::Undoing),
        })
    }
}
