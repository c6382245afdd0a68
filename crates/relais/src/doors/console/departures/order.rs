//! An order for a departure, as the form of the assistant says it. What is left as it is, is the lawful default.

use super::super::fault::Fault;
use super::super::fields::Fields;
use super::super::visitor::Visitor;
use jiff::Timestamp;
use jiff::civil::Date;
use relais_app::core::address::EmailAddress;
use relais_app::core::departure::{
    BackupChoice, CollectionsChoice, ContentChoice, ExportChoice, MeetingsChoice, Order,
};
use relais_app::core::inbound::LocalCopy;

/// The values of the question about new mail.
pub const REPLY: &str = "reply";
pub const REDIRECT: &str = "redirect";
pub const SHARED: &str = "shared";
pub const RESPONDER: &str = "responder";

fn address(
    visitor: &Visitor,
    fields: &Fields,
    name: &str,
    said: (&'static str, &'static str),
) -> Result<Option<EmailAddress>, Fault> {
    match fields.get(name) {
        None => Ok(None),
        Some(text) => {
            let field = visitor.pick(said.0, said.1);
            text.parse().map(Some).map_err(|_| Fault::Missing { field })
        }
    }
}

/// The beginning of a day that a field names.
fn day(visitor: &Visitor, fields: &Fields, name: &str) -> Option<Timestamp> {
    fields.read::<Date>(name).and_then(|day| visitor.beginning(day))
}

pub fn read(visitor: &Visitor, fields: &Fields) -> Result<Order, Fault> {
    let mail = fields.get("mail").unwrap_or(REPLY);
    let copy = fields.has("copy").then_some(LocalCopy::Keep);
    let mut order = Order {
        to: address(visitor, fields, "to", ("le successeur", "the successor"))?,
        until: day(visitor, fields, "until"),
        on: day(visitor, fields, "on"),
        delete_after: day(visitor, fields, "delete_after"),
        reason: fields.get("reason").map(str::to_owned),
        groups_to: address(
            visitor,
            fields,
            "groups_to",
            ("qui reprend les groupes", "who takes over the groups"),
        )?,
        ..Order::default()
    };
    match mail {
        REDIRECT => order.copy = copy,
        SHARED => {
            order.copy = copy;
            let said = ("la boîte partagée", "the shared mailbox");
            order.shared_mailbox = address(visitor, fields, "shared_mailbox", said)?;
        }
        RESPONDER => {
            order.responder = fields.get("responder").map(str::to_owned);
            order.reply = Some(reply(visitor, fields));
        }
        _ => order.reply = Some(reply(visitor, fields)),
    }
    order.backup = fields.has("wait").then_some(BackupChoice::WaitForNext);
    order.collections = match fields.get("collections") {
        Some("move") => Some(CollectionsChoice::Move),
        Some("share") => Some(CollectionsChoice::Share),
        Some("keep") => Some(CollectionsChoice::Keep),
        _ => None,
    };
    order.meetings = match fields.get("meetings") {
        Some("transfer") => Some(MeetingsChoice::Transfer),
        Some("cancel") => Some(MeetingsChoice::Cancel),
        _ => None,
    };
    order.content = match fields.get("content") {
        Some("reassign") => Some(ContentChoice::Reassign),
        Some("keep") => Some(ContentChoice::Keep),
        Some("erase") => Some(ContentChoice::Erase),
        _ => None,
    };
    order.export = fields.has("export").then_some(ExportChoice::ExternalAddress);
    Ok(order)
}

/// The text that is answered: what was typed, or ours.
fn reply(visitor: &Visitor, fields: &Fields) -> String {
    match fields.get("text") {
        Some(text) => text.replace("\r\n", "\n"),
        None => relais_app::core::departure::common_reply(visitor.organisation.language).to_owned(),
    }
}
