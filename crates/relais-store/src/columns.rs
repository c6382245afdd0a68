//! Between columns and the types of the core: times, ids, enums by name, JSON. What a stored value cannot become is
//! reported with its table, column and row.

use crate::tx::Error;
use crate::value::Value;
use jiff::Timestamp;
use relais_core::ids::{AccountId, GroupId, MailboxId, ResponderId};
use relais_core::organisation::Target;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn time(at: Timestamp) -> Value {
    Value::Int(at.as_millisecond())
}

pub fn opt_time(at: Option<Timestamp>) -> Value {
    at.map(Timestamp::as_millisecond).into()
}

/// Where a value was read, for the error that names it.
#[derive(Clone, Copy)]
pub struct Place {
    pub table: &'static str,
    pub column: &'static str,
}

pub fn at(table: &'static str, column: &'static str) -> Place {
    Place { table, column }
}

impl Place {
    pub fn corrupt(self, id: impl ToString) -> Error {
        Error::Corrupt { table: self.table, column: self.column, id: id.to_string() }
    }

    pub fn time(self, id: i64, value: i64) -> Result<Timestamp, Error> {
        Timestamp::from_millisecond(value).map_err(|_| self.corrupt(id))
    }

    pub fn opt_time(self, id: i64, value: Option<i64>) -> Result<Option<Timestamp>, Error> {
        value.map(|value| self.time(id, value)).transpose()
    }

    pub fn json<T: DeserializeOwned>(self, id: impl ToString, text: &str) -> Result<T, Error> {
        serde_json::from_str(text).map_err(|_| self.corrupt(id))
    }

    /// An enum saved by its serialised name.
    pub fn name<T: DeserializeOwned>(self, id: impl ToString, text: &str) -> Result<T, Error> {
        serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| self.corrupt(id))
    }

    pub fn parse<T: std::str::FromStr>(self, id: impl ToString, text: &str) -> Result<T, Error> {
        text.parse().map_err(|_| self.corrupt(id))
    }
}

pub fn json(value: &impl Serialize) -> Value {
    Value::Text(serde_json::to_string(value).expect("values of the core serialise"))
}

/// The serialised name of an enum without content.
pub fn name(value: &impl Serialize) -> Value {
    match serde_json::to_value(value).expect("values of the core serialise") {
        serde_json::Value::String(text) => Value::Text(text),
        other => unreachable!("{other} is not a plain name"),
    }
}

pub fn target(target: Target) -> (Value, Value) {
    let (kind, id) = match target {
        Target::Account(id) => ("account", id.number()),
        Target::SharedMailbox(id) => ("shared_mailbox", id.number()),
        Target::Group(id) => ("group", id.number()),
        Target::Responder(id) => ("responder", id.number()),
    };
    (kind.into(), id.into())
}

pub fn read_target(place: Place, row: impl ToString, kind: &str, id: i64) -> Result<Target, Error> {
    Ok(match kind {
        "account" => Target::Account(AccountId::from_number(id)),
        "shared_mailbox" => Target::SharedMailbox(MailboxId::from_number(id)),
        "group" => Target::Group(GroupId::from_number(id)),
        "responder" => Target::Responder(ResponderId::from_number(id)),
        _ => return Err(place.corrupt(row)),
    })
}
