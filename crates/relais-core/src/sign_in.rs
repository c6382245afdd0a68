//! What is asked of whoever signs in, besides being allowed to ([`crate::rights`]): which credential opens which entrance,
//! and whether a code is asked for.

use crate::authority::Role;
use crate::lifecycle::Command;
use crate::refusal::{CredentialFault, Refusal};
use crate::rights::Act;
use crate::sign_on::SignOnDemand;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where somebody stands with a login and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// The API, and the pages in front of it: a code may be asked for here.
    Portal,
    /// IMAP, POP, ManageSieve.
    Mail,
    /// SMTP, to send.
    Submission,
    /// CalDAV, CardDAV.
    Collections,
}

impl Entrance {
    pub const ALL: [Self; 4] = [Self::Portal, Self::Mail, Self::Submission, Self::Collections];

    /// What the table is asked for.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Self::Portal => Act::SignInWithPassword,
            Self::Mail | Self::Collections => Act::ReadMail,
            Self::Submission => Act::SubmitMail,
        }
    }

    /// What an app password has to be for; none opens the portal.
    #[must_use]
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Portal => None,
            Self::Mail | Self::Submission => Some(Scope::Mail),
            Self::Collections => Some(Scope::Calendars),
        }
    }
}

/// What an app password opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reading and sending it: IMAP, POP, ManageSieve, SMTP.
    Mail,
    /// Calendars and address books: CalDAV, CardDAV.
    Calendars,
}

/// What an organisation asks of its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInPolicy {
    pub app_passwords: AppPasswordRule,
    pub second_factor: SecondFactorRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppPasswordRule {
    #[default]
    Optional,
    /// Nothing else lets mail and calendar programs in.
    Required,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    #[default]
    Optional,
    /// Of whoever has power over others: owner, company admins, account managers.
    Administrators,
    Everyone,
}

impl SecondFactorRule {
    #[must_use]
    pub fn asks(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::Administrators => match role {
                Role::Owner | Role::CompanyAdmin | Role::AccountManager => true,
                Role::Member | Role::Guest => false,
            },
            Self::Everyone => true,
        }
    }
}

/// Whether a person has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    Absent,
    Confirmed,
}

/// What a right password is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordVerdict {
    Opens,
    /// With a code besides.
    AsksForCode,
    /// An app password would: no program asks for codes.
    AppPasswordOnly,
    /// Nothing: the organisation signs in by its identity provider.
    SignOnOnly,
}

/// For how long a sign-in proves who asks for a way in that outlasts it.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// Whoever adds a passkey or an app password has signed in just now, with whatever opens the portal for them: a browser that
/// was left open is not its person. `opened_at` is the session's.
///
/// # Errors
/// [`CredentialFault::SignInAgain`].
pub fn check_fresh(opened_at: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    if opened_at.is_some_and(|opened_at| opened_at + FRESH > now) {
        Ok(())
    } else {
        Err(CredentialFault::SignInAgain.into())
    }
}

/// What is asked of one person at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demands {
    pub role: Role,
    pub policy: SignInPolicy,
    pub factor: SecondFactor,
    /// Of an organisation without a provider it is optional.
    pub sign_on: SignOnDemand,
}

impl Demands {
    /// An owner keeps a way in of their own, for the day on which the provider fails.
    #[must_use]
    pub fn password_opens_the_portal(&self) -> bool {
        self.sign_on == SignOnDemand::Optional || self.role == Role::Owner
    }
}

#[must_use]
pub fn what_a_password_opens(entrance: Entrance, demands: &Demands) -> PasswordVerdict {
    let Demands { role, policy, factor, sign_on } = demands;
    match (entrance, factor) {
        (Entrance::Portal, _) if !demands.password_opens_the_portal() => PasswordVerdict::SignOnOnly,
        (Entrance::Portal, SecondFactor::Confirmed) => PasswordVerdict::AsksForCode,
        (Entrance::Portal, SecondFactor::Absent) => PasswordVerdict::Opens,
        (Entrance::Mail | Entrance::Submission | Entrance::Collections, SecondFactor::Confirmed) => {
            PasswordVerdict::AppPasswordOnly
        }
        (Entrance::Mail | Entrance::Submission | Entrance::Collections, SecondFactor::Absent) => {
            // Where more than a password is asked for, a password alone must not open more than the way to it.
            let more = policy.app_passwords == AppPasswordRule::Required
                || policy.second_factor.asks(*role)
                || *sign_on == SignOnDemand::Required;
            if more { PasswordVerdict::AppPasswordOnly } else { PasswordVerdict::Opens }
        }
    }
}

/// How far a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionExtent {
    Whole,
    /// A second factor is asked of this person, who has none: to set it up, and nothing else.
    SettingUp,
}

/// By what a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenedBy {
    Password,
    /// What else is asked for is the provider's business.
    IdentityProvider,
}

impl OpenedBy {
    /// What the table is asked for as long as the session lasts.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Self::Password => Act::SignInWithPassword,
            Self::IdentityProvider => Act::SignInWithSso,
        }
    }
}

/// `None` for a session that would not be opened any more.
#[must_use]
pub fn extent_of_session(opened_by: OpenedBy, demands: &Demands) -> Option<SessionExtent> {
    match (opened_by, demands.factor) {
        (OpenedBy::IdentityProvider, _) => Some(SessionExtent::Whole),
        (OpenedBy::Password, _) if !demands.password_opens_the_portal() => None,
        (OpenedBy::Password, SecondFactor::Absent) if demands.policy.second_factor.asks(demands.role) => {
            Some(SessionExtent::SettingUp)
        }
        (OpenedBy::Password, SecondFactor::Absent | SecondFactor::Confirmed) => Some(SessionExtent::Whole),
    }
}

/// App passwords of one account at most: each is a door.
pub const APP_PASSWORDS_MAX: usize = 50;

/// What an app password is called, and what it opens.
///
/// # Errors
/// [`Refusal::NameInvalid`], [`CredentialFault::ScopesMissing`], [`CredentialFault::TooManyAppPasswords`].
pub fn check_app_password(name: &str, scopes: &[Scope], there_are: usize) -> Result<(), Refusal> {
    crate::lifecycle::check_name(name)?;
    if scopes.is_empty() {
        return Err(CredentialFault::ScopesMissing.into());
    }
    if there_are >= APP_PASSWORDS_MAX {
        return Err(CredentialFault::TooManyAppPasswords { max: APP_PASSWORDS_MAX }.into());
    }
    Ok(())
}

/// What a change of an account means for its app passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DevicesAfter {
    /// Where the change makes what was signed in void, they are too.
    Out,
    /// A new role is nothing that a mail program shows: only who is signed in at the portal signs in again.
    GoOn,
}

impl DevicesAfter {
    #[must_use]
    pub fn of(command: &Command) -> Self {
        match command {
            Command::SetRole { .. } => Self::GoOn,
            Command::SetPassword { .. }
            | Command::Activate
            | Command::Deactivate { .. }
            | Command::Reactivate
            | Command::ReactivateFlexibly
            | Command::Delete { .. }
            | Command::Rename { .. }
            | Command::AddAlias { .. }
            | Command::RemoveAlias { .. }
            | Command::SetInbound { .. }
            | Command::SetName { .. }
            | Command::SetQuota { .. }
            | Command::SetLeaving { .. }
            | Command::MoveAddress { .. }
            | Command::SetSubscription { .. }
            | Command::Renew
            | Command::SetLegalHold { .. } => Self::Out,
        }
    }
}

/// Codes of RFC 6238: how long each is, and how long it is good for.
pub const CODE_DIGITS: u32 = 6;
pub const CODE_STEP_S: i64 = 30;
/// By what the second half of a sign-in is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondWay {
    /// Of the device, or a recovery code.
    Code,
    Passkey,
}

/// How long the second half of a sign-in may take.
pub const HALF_SIGN_IN_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Wrong codes after which it has to begin anew.
pub const CODE_FAILURES_MAX: i64 = 5;
pub const RECOVERY_CODES: usize = 10;

/// The time step of `now` (RFC 6238, section 4.2).
#[must_use]
pub fn code_step(now: Timestamp) -> i64 {
    now.as_second().div_euclid(CODE_STEP_S)
}

/// The steps whose code is taken at `now`, none of them twice: the one before and the one after too, since clocks differ
/// and people type slowly (RFC 6238, section 5.2).
pub fn steps_taken(last_step: i64, now: Timestamp) -> impl Iterator<Item = i64> {
    let step = code_step(now);
    (step - 1..=step + 1).filter(move |step| *step > last_step)
}
