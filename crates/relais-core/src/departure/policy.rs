//! What an organisation wants done for whoever a machine closes: a provider of identities, a directory. Without such a policy
//! new mail is refused and nothing is given away.

use crate::address::EmailAddress;
use crate::inbound::{Inbound, LocalCopy, Treatment};
use crate::refusal::{PolicyFault, Refusal};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeparturePolicy {
    /// What meets new mail.
    #[serde(default)]
    pub new_mail: PolicyMail,
    /// The account that is given calendars, address books and what applications keep; they stay where they are if absent.
    #[serde(default)]
    pub content_to: Option<EmailAddress>,
}

/// What meets the mail of whoever was closed, counted from then on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum PolicyMail {
    #[default]
    Refuse,
    /// Kept and answered for so many days, then refused.
    Reply { text: String, days: i64 },
    /// Sent on for so many days, then refused.
    Redirect { to: EmailAddress, days: i64 },
}

/// Longer than that no mail is answered or sent on without a person's word.
pub const POLICY_DAYS_MAX: i64 = 366;
const TEXT_CHARS_MAX: usize = 10_000;

impl DeparturePolicy {
    /// # Errors
    /// The refusal, when it cannot be followed as it stands.
    pub fn check(&self) -> Result<(), Refusal> {
        let within = |days: i64| {
            let fits = (1..=POLICY_DAYS_MAX).contains(&days);
            if fits { Ok(()) } else { Err(PolicyFault::Days { days_max: POLICY_DAYS_MAX }.into()) }
        };
        match &self.new_mail {
            PolicyMail::Refuse => Ok(()),
            PolicyMail::Reply { text, days } => {
                if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX {
                    return Err(PolicyFault::TextInvalid { chars_max: TEXT_CHARS_MAX }.into());
                }
                within(*days)
            }
            PolicyMail::Redirect { days, .. } => within(*days),
        }
    }

    /// The inbound of whoever is closed at `now`.
    ///
    /// # Errors
    /// None that [`DeparturePolicy::check`] lets through.
    pub fn inbound(&self, now: Timestamp) -> Result<Inbound, Refusal> {
        let end = |days: i64| now + SignedDuration::from_hours(24 * days);
        match &self.new_mail {
            PolicyMail::Refuse => Ok(Inbound::refuse()),
            PolicyMail::Reply { text, days } => {
                Inbound::until_then_refuse(Treatment::reply(text.clone(), LocalCopy::Keep), end(*days))
            }
            PolicyMail::Redirect { to, days } => {
                Inbound::until_then_refuse(Treatment::redirect(to.clone(), LocalCopy::None), end(*days))
            }
        }
    }
}
