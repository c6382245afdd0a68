//! What people ask of a departure that was started. Whether they may is decided in the core.

use crate::organisations::note;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::authority::{Actor, Power};
use relais_core::departure::{Departure, DepartureState, Way};
use relais_core::ids::DepartureId;
use relais_core::refusal::Refusal;
use relais_store::{Tx, departures, events};
use serde_json::json;

const UNDO_ASKED: &str = "departure.undo_asked";

impl Relais {
    /// Stops after the step under way, until resumed.
    ///
    /// # Errors
    /// [`Refusal::DepartureOver`] when nothing is left to stop.
    pub async fn hold_departure(&self, id: DepartureId, actor: Actor) -> Result<Departure, Error> {
        self.change_departure(id, actor, "departure.held", |_, departure, _| Ok(departure.held()?)).await
    }

    /// Goes on where it was held.
    ///
    /// # Errors
    /// [`Refusal::DepartureNotHeld`] when it was not.
    pub async fn resume_departure(&self, id: DepartureId, actor: Actor) -> Result<Departure, Error> {
        let departure = self
            .change_departure(id, actor, "departure.resumed", |tx, departure, now| {
                Ok(Some(departure.resumed(way_of(tx, departure)?, now)?))
            })
            .await?;
        self.work.notify_one();
        Ok(departure)
    }

    /// Takes everything back, from the last step to the first.
    ///
    /// # Errors
    /// [`Refusal::DepartureNotUndoable`] once the account is deleted; [`Refusal::DepartureInProgress`] when a later
    /// departure of the account is under way.
    pub async fn undo_departure(&self, id: DepartureId, actor: Actor) -> Result<Departure, Error> {
        let departure = self
            .change_departure(id, actor, UNDO_ASKED, |tx, departure, _| {
                let undone = departure.undone()?;
                if departures::open_of(tx, departure.plan.account)?.is_some_and(|open| open != departure.id) {
                    return Err(Refusal::DepartureInProgress.into());
                }
                Ok(undone)
            })
            .await?;
        self.work.notify_one();
        Ok(departure)
    }

    async fn change_departure(
        &self,
        id: DepartureId,
        actor: Actor,
        event: &'static str,
        next: impl Fn(&mut Tx<'_>, &Departure, Timestamp) -> Result<Option<DepartureState>, Error>
        + Send
        + 'static,
    ) -> Result<Departure, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let mut departure = departures::get(tx, id)?.ok_or(Error::NotFound)?;
                if !actor.has(Power::EndAccounts, departure.organisation) {
                    return Err(Refusal::NotAllowed.into());
                }
                if let Some(state) = next(tx, &departure, now)? {
                    let wake_at = match state {
                        DepartureState::Scheduled => departure.plan.begins_at,
                        DepartureState::Running
                        | DepartureState::Held
                        | DepartureState::Undoing
                        | DepartureState::Undone
                        | DepartureState::Finished => now,
                    };
                    departures::set_state(tx, id, state, None, wake_at)?;
                    note(
                        tx,
                        departure.organisation,
                        event,
                        id,
                        json!({ "from": departure.state }),
                        actor,
                        now,
                    )?;
                    departure.state = state;
                    departure.trouble = None;
                }
                Ok(departure)
            })
            .await
    }
}

fn way_of(tx: &mut Tx<'_>, departure: &Departure) -> Result<Way, Error> {
    let events = events::page(tx, departure.organisation, &departure.id.to_string(), 0, i64::MAX)?;
    Ok(if events.iter().any(|event| event.kind == UNDO_ASKED) { Way::Back } else { Way::Forth })
}
