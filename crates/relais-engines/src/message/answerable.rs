//! Whether a message may be answered automatically (RFC 3834, section 2; RFC 5230, section 4.6).

use super::Head;
use relais_core::address::EmailAddress;

/// Why a message is not answered automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotAnswerable {
    #[error("the envelope has no sender: a bounce, or an automatic answer")]
    NullSender,
    #[error("the sender is a program or does not read answers")]
    Robot,
    #[error("the sender is one of the holder's own addresses")]
    Oneself,
    #[error("the message came through a mailing list")]
    List,
    #[error("the message was sent in bulk")]
    Bulk,
    #[error("the message is automatic itself")]
    Automatic,
    #[error("the sender asks for no automatic answers")]
    Suppressed,
}

/// Whether an automatic answer may go to the sender of the envelope (the answer's only possible recipient).
/// `own_addresses` are all addresses of the account or responder that would answer.
///
/// # Errors
/// With the first reason found to stay silent.
pub fn answerable(
    head: &Head,
    envelope_sender: Option<&str>,
    own_addresses: &[EmailAddress],
) -> Result<(), NotAnswerable> {
    let sender = envelope_sender.unwrap_or_default();
    let sender = sender.trim().trim_start_matches('<').trim_end_matches('>').to_lowercase();
    if sender.is_empty() {
        return Err(NotAnswerable::NullSender);
    }
    // `MAILER-DAEMON` comes without a domain too.
    let (local, domain) = sender.rsplit_once('@').unwrap_or((&sender, ""));
    if is_robot(local) {
        return Err(NotAnswerable::Robot);
    }
    let base = local.split('+').next().unwrap_or(local);
    let is_own = |own: &EmailAddress| {
        let own_local = own.local().split('+').next().unwrap_or_default();
        own.domain() == domain && own_local == base
    };
    if own_addresses.iter().any(is_own) {
        return Err(NotAnswerable::Oneself);
    }
    judge_head(head)
}

fn judge_head(head: &Head) -> Result<(), NotAnswerable> {
    if !head.list_fields.is_empty() {
        return Err(NotAnswerable::List);
    }
    let is_bulk = |value: &String| matches!(keyword(value).as_str(), "bulk" | "list" | "junk");
    if head.precedence.iter().any(is_bulk) {
        return Err(NotAnswerable::Bulk);
    }
    let automatic = head.auto_submitted.as_ref().is_some_and(|value| keyword(value) != "no");
    if automatic || head.content_type.starts_with("multipart/report") {
        return Err(NotAnswerable::Automatic);
    }
    let suppresses = |value: &String| {
        value.split([',', ';']).any(|kind| matches!(keyword(kind).as_str(), "all" | "oof" | "autoreply"))
    };
    if head.auto_response_suppress.iter().any(suppresses) {
        return Err(NotAnswerable::Suppressed);
    }
    Ok(())
}

/// The first word of a value, lower case, without parameters or a comment.
fn keyword(value: &str) -> String {
    let value = value.trim();
    let end = value.find([';', '(', ' ', '\t']).unwrap_or(value.len());
    value[..end].to_lowercase()
}

/// Local parts that no person reads (RFC 5230, section 4.6, and custom).
fn is_robot(local: &str) -> bool {
    let is_list_officer =
        local.starts_with("owner-") || local.ends_with("-owner") || local.ends_with("-request");
    let plain: String = local
        .split('+')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '.'))
        .collect();
    let silent = ["noreply", "donotreply", "nepasrepondre"];
    is_list_officer
        || matches!(plain.as_str(), "mailerdaemon" | "listserv" | "majordomo")
        || silent.iter().any(|word| plain.starts_with(word) || plain.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn own() -> Vec<EmailAddress> {
        vec!["user1@bm.com".parse().unwrap(), "noreply@bm.com".parse().unwrap()]
    }

    #[test]
    fn senders_decide_whether_they_are_answered() {
        use NotAnswerable::{NullSender, Oneself, Robot};
        for (sender, expected) in [
            (None, Err(NullSender)),
            (Some(""), Err(NullSender)),
            (Some("<>"), Err(NullSender)),
            (Some("MAILER-DAEMON"), Err(Robot)),
            (Some("Mailer-Daemon@x.test"), Err(Robot)),
            (Some("owner-list@x.test"), Err(Robot)),
            (Some("list-owner@x.test"), Err(Robot)),
            (Some("list-request@x.test"), Err(Robot)),
            (Some("noreply@x.test"), Err(Robot)),
            (Some("no-reply+ab12@x.test"), Err(Robot)),
            (Some("news.No_Reply@x.test"), Err(Robot)),
            (Some("ne-pas-repondre@x.test"), Err(Robot)),
            (Some("User1@BM.com"), Err(Oneself)),
            (Some("user1+tag@bm.com"), Err(Oneself)),
            (Some("<client@x.test>"), Ok(())),
            (Some("owner@x.test"), Ok(())),
            (Some("request@x.test"), Ok(())),
            (Some("user1@noreply.test"), Ok(())),
        ] {
            assert_eq!(answerable(&Head::default(), sender, &own()), expected, "{sender:?}");
        }
    }

    #[test]
    fn heads_decide_whether_they_are_answered() {
        use NotAnswerable::{Automatic, Bulk, List, Suppressed};
        for (line, expected) in [
            ("Subject: x", Ok(())),
            ("Auto-Submitted: no", Ok(())),
            ("Auto-Submitted: No (really)", Ok(())),
            ("Auto-Submitted: auto-replied", Err(Automatic)),
            ("auto-submitted: auto-generated; x=y", Err(Automatic)),
            ("Auto-Submitted:", Err(Automatic)),
            ("Content-Type: multipart/report; report-type=delivery-status", Err(Automatic)),
            ("Precedence: bulk", Err(Bulk)),
            ("Precedence: LIST", Err(Bulk)),
            ("Precedence: junk", Err(Bulk)),
            ("Precedence: first-class", Ok(())),
            ("List-Id: <l.x.test>", Err(List)),
            ("list-unsubscribe: <mailto:x@x.test>", Err(List)),
            ("X-Auto-Response-Suppress: All", Err(Suppressed)),
            ("X-Auto-Response-Suppress: DR, OOF", Err(Suppressed)),
            ("X-Auto-Response-Suppress: DR, AutoReply", Err(Suppressed)),
            ("X-Auto-Response-Suppress: DR, RN", Ok(())),
            ("To: noreply@x.test", Ok(())),
        ] {
            let head = Head::parse(format!("{line}\r\n\r\n").as_bytes());
            assert_eq!(answerable(&head, Some("client@x.test"), &own()), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_sender_panics(sender in any::<String>()) {
            let _ = answerable(&Head::default(), Some(&sender), &own());
        }
    }
}
