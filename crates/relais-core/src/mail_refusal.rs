//! Why a message is not accepted for a recipient, with the answer a mail server gives (RFC 5321, section 4.2;
//! RFC 3463). The one place where a refusal of mail has a number.

use serde::{Deserialize, Serialize};

/// Why mail for one recipient is refused, for ever (5xx) or for now (4xx).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailRefusal {
    /// Nobody has ever held this address here.
    Unknown,
    /// The domain is not hosted here, and the client may not relay.
    RelayDenied,
    /// Whoever signed in to send does not hold the envelope sender (RFC 6409, section 6.1).
    SenderNotHeld,
    /// The group's policy does not let this sender write to it.
    NotAllowedToPost,
    /// The holder is deactivated and nothing else was decided for their mail.
    Deactivated,
    /// The address was held by someone and has no target any more.
    Gone,
    /// A responder may not answer this message (automatic, a list, answered already) and stores nothing.
    Unanswerable,
    /// The mailbox is full.
    OverQuota,
    /// The message has been through too many servers: a loop between systems.
    TooManyHops,
    /// This machine has no room left.
    StorageFull,
    /// Our fault, for now: database or disk unavailable.
    Unavailable,
}

/// A reply line: code, enhanced status code, text without line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailAnswer {
    pub code: u16,
    pub enhanced: (u8, u8, u8),
    pub text: &'static str,
}

impl MailRefusal {
    /// Whether the sender should try again later.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        self.answer().code < 500
    }

    /// What the mail server says. English only: the line is read by other servers and quoted in their notices.
    #[must_use]
    pub fn answer(self) -> MailAnswer {
        let (code, enhanced, text) = match self {
            Self::Unknown => (550, (5, 1, 1), "No such address here; check its spelling"),
            Self::RelayDenied => {
                (550, (5, 7, 1), "This domain is not hosted here; sign in to send elsewhere")
            }
            Self::SenderNotHeld => {
                (553, (5, 7, 1), "This sender address is not yours; send with an address of your account")
            }
            Self::NotAllowedToPost => {
                (550, (5, 7, 1), "This group takes no mail from you; write to one of its members instead")
            }
            Self::Deactivated => {
                (550, (5, 2, 1), "This mailbox no longer accepts mail; contact the organisation another way")
            }
            Self::Gone => {
                (550, (5, 1, 6), "The holder of this address has left; contact the organisation another way")
            }
            Self::Unanswerable => {
                (550, (5, 2, 1), "This address only answers people, once a week; nothing was stored")
            }
            Self::OverQuota => (452, (4, 2, 2), "The mailbox is full; try again later"),
            Self::TooManyHops => {
                (554, (5, 4, 6), "Too many Received fields: the message goes round in circles")
            }
            Self::StorageFull => (452, (4, 3, 1), "No storage left for now; try again later"),
            Self::Unavailable => (451, (4, 3, 0), "Local trouble; nothing was accepted, try again later"),
        };
        MailAnswer { code, enhanced, text }
    }
}
