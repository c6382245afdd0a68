//! What is wrong with what an organisation wants done for whoever a machine closes.

use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyFault {
    Days {
        days_max: i64,
    },
    TextInvalid {
        chars_max: usize,
    },
    /// Nobody of the organisation has this address, or whoever has it takes nothing.
    HeirUnknown {
        address: EmailAddress,
    },
}

impl PolicyFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Days { .. } => "departure_policy_days",
            Self::TextInvalid { .. } => "departure_policy_text_invalid",
            Self::HeirUnknown { .. } => "departure_policy_heir_unknown",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::Days { days_max } => format!(
                "Une réponse ou une redirection dure de 1 à {days_max} jours ; choisissez une durée entre les deux."
            ),
            Self::TextInvalid { chars_max } => format!(
                "Le texte de la réponse est vide ou dépasse {chars_max} caractères ; écrivez ce que lira l'expéditeur."
            ),
            Self::HeirUnknown { address } => format!(
                "{address} n'est pas un compte ouvert de cette organisation ; choisissez qui peut recevoir les messages et le contenu."
            ),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::Days { days_max } => format!(
                "A reply or a redirect lasts from 1 to {days_max} days; choose a number of days between the two."
            ),
            Self::TextInvalid { chars_max } => format!(
                "The text of the reply is empty or longer than {chars_max} letters; write what the sender is to read."
            ),
            Self::HeirUnknown { address } => format!(
                "{address} is no open account of this organisation; choose somebody who can be given mail and content."
            ),
        }
    }
}
