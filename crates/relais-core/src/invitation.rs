//! Invitations: a link by which a person chooses a password and enters.

use crate::account::Account;
use crate::address::EmailAddress;
use crate::authority::{Actor, Power};
use crate::refusal::{InvitationFault, Refusal};
use crate::rights::{Act, Verdict, allows, may, standing};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a link to choose a password is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// A new one, for whoever may sign in and forgot theirs.
    Reset,
    /// The first one, which opens the account.
    Invitation,
}

impl LinkPurpose {
    /// How long a link works.
    #[must_use]
    pub fn life(self) -> SignedDuration {
        match self {
            Self::Reset => SignedDuration::from_mins(30),
            Self::Invitation => SignedDuration::from_hours(7 * 24),
        }
    }

    /// Whether an account as it is may have or use such a link.
    #[must_use]
    pub fn suits(self, account: &Account, now: Timestamp) -> bool {
        match self {
            Self::Reset => allows(account, Act::SignInWithPassword, now),
            Self::Invitation => may(standing(account, now), Act::BeNotified) == Verdict::InvitationOnly,
        }
    }
}

/// Where the invitation of an account goes, if `actor` may send it.
///
/// # Errors
/// [`Refusal::NotAllowed`], [`InvitationFault::NotInvited`], [`InvitationFault::ExternalAddressMissing`].
pub fn check_may_invite(
    account: &Account,
    external_address: Option<EmailAddress>,
    actor: &Actor,
    now: Timestamp,
) -> Result<EmailAddress, Refusal> {
    if !actor.has_over(Power::ManageAccounts, account) {
        return Err(Refusal::NotAllowed);
    }
    let invited = account.address.clone();
    if !LinkPurpose::Invitation.suits(account, now) {
        return Err(InvitationFault::NotInvited { account: invited }.into());
    }
    external_address.ok_or_else(|| InvitationFault::ExternalAddressMissing { account: invited }.into())
}
