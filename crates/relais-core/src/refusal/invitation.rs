//! What stands against an invitation.

use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitationFault {
    /// The account waits for no password.
    NotInvited {
        account: EmailAddress,
    },
    ExternalAddressMissing {
        account: EmailAddress,
    },
    /// The account is deactivated, and licences are not flexible.
    NotFlexible {
        account: EmailAddress,
    },
}

impl InvitationFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotInvited { .. } => "account_not_invited",
            Self::ExternalAddressMissing { .. } => "invitation_address_missing",
            Self::NotFlexible { .. } => "licences_not_flexible",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::NotInvited { account } => format!(
                "Le compte {account} n'attend pas d'invitation ; s'il est actif et que le mot de passe est oublié, demandez un lien (relais account reset-password {account})."
            ),
            Self::ExternalAddressMissing { account } => format!(
                "Aucune adresse extérieure n'est connue pour {account}, l'invitation ne peut donc pas partir ; donnez-en une (relais account profile set {account} --external-address ADRESSE)."
            ),
            Self::NotFlexible { account } => format!(
                "Le compte {account} est désactivé et la formule n'a pas de licences souples ; demandez à un administrateur de le réactiver (relais account reactivate {account})."
            ),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::NotInvited { account } => format!(
                "The account {account} waits for no invitation; if it is active and its password is forgotten, ask for a link (relais account reset-password {account})."
            ),
            Self::ExternalAddressMissing { account } => format!(
                "No external address is known for {account}, so the invitation cannot be sent; give one (relais account profile set {account} --external-address ADDRESS)."
            ),
            Self::NotFlexible { account } => format!(
                "The account {account} is deactivated and the plan has no flexible licences; ask a company admin to reactivate it (relais account reactivate {account})."
            ),
        }
    }
}
