//! Whether the instance works: for whoever watches it, and for the page of its operator.

use crate::Relais;
use jiff::{SignedDuration, Timestamp};
use relais_core::ids::OrganisationId;
use relais_engines::dovecot::Dovecot;
use relais_engines::radicale::Radicale;
use relais_store::organisations;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Ok,
    Down,
    /// Not installed or switched off: everything else works without it.
    Off,
}

#[derive(Debug, Serialize, ToSchema, Clone, Copy)]
pub struct Health {
    pub status: Condition,
    pub database: Condition,
    /// The server of IMAP and POP.
    pub dovecot: Condition,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dovecot_down_since: Option<Timestamp>,
    /// The server of calendars and address books.
    pub radicale: Condition,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radicale_down_since: Option<Timestamp>,
    /// Where mail to elsewhere is handed to: whether there is one.
    pub smarthost: Condition,
}

impl Relais {
    pub async fn health(&self) -> Health {
        // Any question will do: that it is answered is the answer.
        let nobody = OrganisationId::from_number(0);
        let asked = self.look(move |tx| organisations::get(tx, nobody)).await;
        let database = if asked.is_ok() { Condition::Ok } else { Condition::Down };
        let engine = |pid: Option<Option<i32>>| match pid {
            None => Condition::Off,
            Some(Some(_)) => Condition::Ok,
            Some(None) => Condition::Down,
        };
        let dovecot = engine(self.dovecot().map(Dovecot::master_pid));
        let radicale = engine(self.radicale().map(Radicale::pid));
        let smarthost = if self.smarthost.is_some() { Condition::Ok } else { Condition::Off };
        let works = database == Condition::Ok && ![dovecot, radicale].contains(&Condition::Down);
        let status = if works { Condition::Ok } else { Condition::Down };
        let now = self.now();
        let since = |down_for: Option<Duration>| {
            down_for.and_then(|long| now.checked_sub(SignedDuration::try_from(long).ok()?).ok())
        };
        let dovecot_down_since = since(self.dovecot().and_then(Dovecot::down_for));
        let radicale_down_since = since(self.radicale().and_then(Radicale::down_for));
        Health { status, database, dovecot, dovecot_down_since, radicale, radicale_down_since, smarthost }
    }
}
