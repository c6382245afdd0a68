//! The certificate: what was done, when, by whom, with counts and hashes, and where the event chain stood. Written
//! once, when a departure ends; pages and programs read the same one.

use super::steps::HandedOver;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::departure::{Departure, Plan, Step, StepReport};
use relais_core::ids::DepartureId;
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use relais_engines::maildir::FolderReport;
use relais_store::{Tx, departures, events, organisations};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    pub departure: DepartureId,
    pub organisation: Organisation,
    pub plan: Plan,
    pub started_by: Option<Actor>,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub steps: Vec<StepReport>,
    /// Each folder at its destination, read back after the hand-over.
    pub folders: Vec<FolderReport>,
    pub messages_handed_over: u64,
    /// Counted, never shown: they are the person's own.
    pub personal_messages_left_out: u64,
    /// The last event this certificate rests on, and its hash.
    pub chain_event: i64,
    pub chain_hash: String,
    /// SHA-256 over this certificate as JSON with this field empty.
    pub sha256: String,
}

impl Certificate {
    #[must_use]
    pub fn language(&self) -> Language {
        self.organisation.language
    }

    fn digest(&self) -> String {
        let unsigned = Self { sha256: String::new(), ..self.clone() };
        let text = serde_json::to_string(&unsigned).expect("certificates serialise");
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Writes the certificate of a departure whose last step was just recorded.
pub(super) fn issue(tx: &mut Tx<'_>, id: DepartureId, now: Timestamp) -> Result<(), Error> {
    let departure: Departure = departures::get(tx, id)?.ok_or(Error::NotFound)?;
    let organisation = organisations::get(tx, departure.organisation)?.ok_or(Error::NotFound)?;
    let handed: Option<HandedOver> = departure
        .report_of(Step::HandOverMail)
        .map(|report| serde_json::from_value(report.detail.clone()))
        .transpose()
        .map_err(|error| Error::Internal(error.to_string()))?;
    let (chain_event, chain_hash) = events::head(tx, departure.organisation)?;
    let mut certificate = Certificate {
        departure: id,
        organisation,
        started_by: departures::started_by(tx, id)?,
        started_at: departure.created_at,
        finished_at: now,
        messages_handed_over: handed.as_ref().map_or(0, |handed| handed.messages),
        personal_messages_left_out: handed.as_ref().map_or(0, |handed| handed.personal_messages_left_out),
        folders: handed.map(|handed| handed.folders).unwrap_or_default(),
        plan: departure.plan,
        steps: departure.reports,
        chain_event,
        chain_hash,
        sha256: String::new(),
    };
    certificate.sha256 = certificate.digest();
    let text = serde_json::to_string(&certificate).map_err(|error| Error::Internal(error.to_string()))?;
    departures::set_certificate(tx, id, &text)?;
    Ok(())
}

impl Relais {
    /// The certificate of a departure that has ended.
    ///
    /// # Errors
    /// [`Error::NotFound`] while there is none.
    pub async fn certificate(&self, id: DepartureId) -> Result<Certificate, Error> {
        let text = self.look(move |tx| departures::certificate(tx, id)).await?.ok_or(Error::NotFound)?;
        serde_json::from_str(&text).map_err(|error| Error::Internal(format!("certificate of {id}: {error}")))
    }
}
