//! Licences over time: what is used now, what the plan allows, and what was used on each day.

use crate::means::{alike, day_of};
use crate::provision::allow;
use crate::{Days, Error, Relais};
use jiff::Timestamp;
use jiff::civil::Date;
use relais_core::authority::Actor;
use relais_core::ids::OrganisationId;
use relais_core::organisation::Organisation;
use relais_core::plan::{LicenceCount, Plan};
use relais_store::{Tx, licence_counts, offers, organisations};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LicenceReport {
    /// The first day, in the organisation's time zone.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
    /// At this moment.
    pub now: LicenceCount,
    /// What it allows; without one nothing is counted against anything.
    pub plan: Option<Plan>,
    /// Each day that was counted, at its beginning.
    pub days: Vec<LicenceCount>,
}

impl Relais {
    /// # Errors
    /// The refusal: whoever may not read the provision, or no day in the period.
    pub async fn licence_report(
        &self,
        organisation: OrganisationId,
        days: Days,
        actor: Actor,
    ) -> Result<LicenceReport, Error> {
        allow(actor, organisation)?;
        let now = self.now();
        self.store
            .read(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let (from, until) = days.resolve(day_of(&found, now)?)?;
                Ok(LicenceReport {
                    from,
                    until,
                    now: count(tx, &found, now)?,
                    plan: found.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten(),
                    days: licence_counts::list(tx, organisation, from, until)?,
                })
            })
            .await
    }
}

fn count(tx: &mut Tx<'_>, organisation: &Organisation, now: Timestamp) -> Result<LicenceCount, Error> {
    let day = day_of(organisation, now)?;
    Ok(LicenceCount::of(day, &alike(tx, organisation.id, now)?))
}

/// Writes down what is held today. Asked every day, and whenever the provision gains.
pub(crate) fn count_today(tx: &mut Tx<'_>, id: OrganisationId, now: Timestamp) -> Result<(), Error> {
    let organisation = organisations::get(tx, id)?.ok_or(Error::NotFound)?;
    let today = count(tx, &organisation, now)?;
    Ok(licence_counts::set(tx, id, &today)?)
}
