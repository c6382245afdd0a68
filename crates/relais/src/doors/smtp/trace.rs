//! The trace fields a message gets on arrival (RFC 5321, section 4.4).

use super::{Envelope, Settings};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// `Return-Path:` and `Received:`, whole lines with CRLF. The command parser lets no CR, LF or other control
/// character into what is quoted from the client here. A recipient is named only when alone: others may be blind
/// copies.
pub(super) fn fields(envelope: &Envelope, settings: &Settings, now: Timestamp) -> String {
    let sender = envelope.sender.as_deref().unwrap_or_default();
    let mut text = format!("Return-Path: <{sender}>\r\n");
    let Envelope { helo, peer, protocol, .. } = envelope;
    let by = &settings.hostname;
    let date = rfc2822::to_string(&now.to_zoned(TimeZone::UTC)).unwrap_or_default();
    write!(
        text,
        "Received: from {helo} ({peer})\r\n\tby {by} (Relais) with {with}",
        with = protocol.as_str()
    )
    .expect("a String takes all");
    if let [recipient] = envelope.recipients.as_slice() {
        write!(text, "\r\n\tfor <{recipient}>").expect("a String takes all");
    }
    write!(text, ";\r\n\t{date}\r\n").expect("a String takes all");
    text
}
