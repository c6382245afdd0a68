//! A notice that a message could not be delivered (RFC 3464, in the multipart/report of RFC 6522).

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

/// A notice to be written. Goes out with a null envelope sender.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The server that gave up.
    pub hostname: &'a str,
    /// The envelope sender of the message.
    pub to: &'a str,
    /// Recipients, each with the answer that was final.
    pub failed: &'a [(String, String)],
    /// The header block of the message, or more: what follows the first empty line is left out.
    pub head: &'a [u8],
    /// Of the notice, without angle brackets.
    pub message_id: &'a str,
    pub now: Timestamp,
}

/// Writes a notice in French and English, with the header of the message that failed.
#[must_use]
pub fn notice(notice: &Notice<'_>) -> Vec<u8> {
    let mut french = String::from(
        "Votre message n'a pas pu être remis aux destinataires ci-dessous. Il n'est pas arrivé et ne sera plus \
         tenté ; corrigez l'adresse ou joignez la personne autrement.\r\n\r\n",
    );
    let mut machine = format!("Reporting-MTA: dns; {}\r\n", line(notice.hostname));
    for (recipient, answer) in notice.failed {
        french.push_str(&format!("  {} : {}\r\n", line(recipient), line(answer)));
        machine.push_str(&format!(
            "\r\nFinal-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: {}\r\nDiagnostic-Code: smtp; {}\r\n",
            line(recipient),
            status(answer),
            line(answer),
        ));
    }
    let text = format!(
        "{french}\r\n-- \r\nYour message could not be delivered to the recipients above. It did not arrive and will not \
         be tried again; correct the address or reach the person another way.\r\n"
    );
    let report = MimePart::new(
        mail_builder::headers::content_type::ContentType::new("multipart/report")
            .attribute("report-type", "delivery-status"),
        vec![
            MimePart::new("text/plain; charset=utf-8", text),
            MimePart::new("message/delivery-status", machine),
            MimePart::new("text/rfc822-headers", header_block(notice.head)),
        ],
    );
    MessageBuilder::new()
        .from(("Mail Delivery", format!("mailer-daemon@{}", line(notice.hostname)).as_str()))
        .header("To", Raw::new(format!("<{}>", line(notice.to))))
        .subject("Message non remis / Undelivered message")
        .date(Date::new(notice.now.as_second()))
        .message_id(MessageId::new(line(notice.message_id)))
        .header("Auto-Submitted", Raw::new("auto-replied"))
        .body(report)
        .write_to_vec()
        .unwrap_or_default()
}

/// One line: no value can begin another field.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}

/// The enhanced status code (RFC 3463) in an answer such as `550 5.1.1 Unknown`, or the general one.
fn status(answer: &str) -> &str {
    answer
        .split_whitespace()
        .find(|word| {
            let mut parts = word.split('.');
            matches!((parts.next(), parts.next(), parts.next(), parts.next()),
                (Some("4" | "5"), Some(b), Some(c), None) if b.parse::<u16>().is_ok() && c.parse::<u16>().is_ok())
        })
        .unwrap_or("5.0.0")
}

fn header_block(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let end = text.find("\r\n\r\n").or_else(|| text.find("\n\n")).unwrap_or(text.len());
    text[..end].replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_recipient_status_and_the_message_and_nothing_can_be_injected() {
        let failed = [("ann@else.example\r\nX-Bad: 1".to_owned(), "550 5.1.1 Unknown".to_owned())];
        let written = notice(&Notice {
            hostname: "mx.bm.com",
            to: "bob@far.example",
            failed: &failed,
            head: b"Subject: Bonjour\r\nMessage-ID: <1@far>\r\n\r\nsecret body",
            message_id: "n1@mx.bm.com",
            now: "2026-11-21T10:00:00Z".parse().unwrap(),
        });
        let text = String::from_utf8(written).unwrap();
        for expected in [
            "multipart/report",
            "delivery-status",
            "Status: 5.1.1",
            "Subject: Bonjour",
            "To: <bob@far.example>",
            "Auto-Submitted: auto-replied",
        ] {
            assert!(text.contains(expected), "{expected} is missing in {text}");
        }
        assert!(!text.contains("secret body") && !text.contains("\r\nX-Bad"), "{text}");
    }
}
