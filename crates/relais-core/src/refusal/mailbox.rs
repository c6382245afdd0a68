//! What stands in the way of changing or deleting a shared mailbox.

use super::Refusal;
use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxFault {
    /// Domains and accounts whose mail leads to it.
    InUse {
        mailbox: String,
        by: Vec<String>,
    },
    /// Those whose departure counts on it.
    InDeparture {
        mailbox: String,
        leavers: Vec<EmailAddress>,
    },
    HasReaders {
        mailbox: String,
        readers: Vec<EmailAddress>,
    },
    /// No verified backup holds all that is in it.
    NotBackedUp {
        mailbox: String,
    },
}

impl From<MailboxFault> for Refusal {
    fn from(fault: MailboxFault) -> Self {
        Self::Mailbox(fault)
    }
}

fn listed(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
}

impl MailboxFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "shared_mailbox_in_use",
            Self::InDeparture { .. } => "shared_mailbox_in_departure",
            Self::HasReaders { .. } => "shared_mailbox_has_readers",
            Self::NotBackedUp { .. } => "shared_mailbox_not_backed_up",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::InUse { mailbox, by } => format!(
                "Le courrier de {} va encore à la boîte partagée « {mailbox} » ; faites-le aller ailleurs, puis recommencez.",
                by.join(", ")
            ),
            Self::InDeparture { mailbox, leavers } => format!(
                "Un départ en cours compte sur la boîte partagée « {mailbox} » : {} ; attendez qu'il soit terminé ou annulez-le, puis recommencez.",
                listed(leavers)
            ),
            Self::HasReaders { mailbox, readers } => format!(
                "La boîte partagée « {mailbox} » est encore lue par : {} ; retirez ses lecteurs, puis recommencez.",
                listed(readers)
            ),
            Self::NotBackedUp { mailbox } => format!(
                "Aucune sauvegarde vérifiée ne contient tous les messages de la boîte partagée « {mailbox} » ; sauvegardez l'organisation (relais backup run), puis recommencez."
            ),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::InUse { mailbox, by } => format!(
                "The mail of {} still goes to the shared mailbox \u{201c}{mailbox}\u{201d}; let it go elsewhere, then try again.",
                by.join(", ")
            ),
            Self::InDeparture { mailbox, leavers } => format!(
                "A departure under way counts on the shared mailbox \u{201c}{mailbox}\u{201d}: {}; wait until it is finished or undo it, then try again.",
                listed(leavers)
            ),
            Self::HasReaders { mailbox, readers } => format!(
                "The shared mailbox \u{201c}{mailbox}\u{201d} is still read by: {}; take its readers out, then try again.",
                listed(readers)
            ),
            Self::NotBackedUp { mailbox } => format!(
                "No verified backup holds all messages of the shared mailbox \u{201c}{mailbox}\u{201d}; back the organisation up (relais backup run), then try again."
            ),
        }
    }
}
