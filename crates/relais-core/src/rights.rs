//! The table: what an account may do in a state. Every door asks it; nothing else compares states.
//!
//! `docs/rights.md` is this table, printed by a test.

use crate::account::Account;
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One checked value, never a pair of nullable times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Created without a password yet; receives mail and the invitation.
    Invited,
    Active,
    /// Kept, and closed. May be reactivated at any time.
    Deactivated,
    /// A tombstone: id, addresses' history and evidence, no personal data.
    Deleted,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Invited, Self::Active, Self::Deactivated, Self::Deleted];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
        }
    }
}

/// What someone asks for on behalf of an account, whatever the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    SignInWithPassword,
    SignInWithSso,
    ReadMail,
    SubmitMail,
    ReceiveMail,
    ReceiveGroupMail,
    BeNotified,
    Share,
    BeSharedWith,
    JoinGroup,
    HoldLicence,
    BeBilled,
    ChangeIdentity,
    ChangeAttributes,
    BeDeactivated,
    BeReactivated,
    BeDeleted,
}

impl Act {
    pub const ALL: [Self; 17] = [
        Self::SignInWithPassword,
        Self::SignInWithSso,
        Self::ReadMail,
        Self::SubmitMail,
        Self::ReceiveMail,
        Self::ReceiveGroupMail,
        Self::BeNotified,
        Self::Share,
        Self::BeSharedWith,
        Self::JoinGroup,
        Self::HoldLicence,
        Self::BeBilled,
        Self::ChangeIdentity,
        Self::ChangeAttributes,
        Self::BeDeactivated,
        Self::BeReactivated,
        Self::BeDeleted,
    ];

    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::SignInWithPassword => "sign in with a password or a passkey (API, portal)",
            Self::SignInWithSso => "sign in by single sign-on",
            Self::ReadMail => "read mail, calendars, contacts (IMAP, POP, DAV)",
            Self::SubmitMail => "submit mail",
            Self::ReceiveMail => "receive mail",
            Self::ReceiveGroupMail => "receive mail sent to its groups",
            Self::BeNotified => "be notified",
            Self::Share => "share",
            Self::BeSharedWith => "be shared with",
            Self::JoinGroup => "be added to a group",
            Self::HoldLicence => "hold a licence",
            Self::BeBilled => "be billed",
            Self::ChangeIdentity => "have address, type, password or roles changed",
            Self::ChangeAttributes => "have other attributes changed, be renamed by a departure",
            Self::BeDeactivated => "be deactivated",
            Self::BeReactivated => "be reactivated",
            Self::BeDeleted => "be deleted",
        }
    }
}

/// The table's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Yes,
    No,
    /// Yes, and doing it makes the account active.
    Activates,
    /// Only with a recovery grant: dated, audited, given by an admin.
    WithGrant,
    /// The account's inbound decides.
    AsInbound,
    /// Only what invites it.
    InvitationOnly,
    /// Only where the plan has flexible licences, and it reactivates.
    WithFlexibleLicences,
}

impl Verdict {
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Activates => "yes, activates",
            Self::WithGrant => "only with a recovery grant",
            Self::AsInbound => "as its inbound says",
            Self::InvitationOnly => "the invitation only",
            Self::WithFlexibleLicences => "with flexible licences, reactivates",
        }
    }
}

/// What an account in `state` may do. The only place that knows.
#[must_use]
pub fn may(state: State, act: Act) -> Verdict {
    match act {
        Act::SignInWithPassword | Act::SubmitMail | Act::Share | Act::BeSharedWith | Act::BeBilled => {
            match state {
                State::Active => Verdict::Yes,
                State::Invited | State::Deactivated | State::Deleted => Verdict::No,
            }
        }
        Act::SignInWithSso => match state {
            State::Invited => Verdict::Activates,
            State::Active => Verdict::Yes,
            State::Deactivated | State::Deleted => Verdict::No,
        },
        Act::ReadMail => match state {
            State::Active => Verdict::Yes,
            State::Deactivated => Verdict::WithGrant,
            State::Invited | State::Deleted => Verdict::No,
        },
        Act::ReceiveMail => match state {
            State::Invited | State::Active | State::Deactivated => Verdict::AsInbound,
            State::Deleted => Verdict::No,
        },
        Act::BeNotified => match state {
            State::Invited => Verdict::InvitationOnly,
            State::Active => Verdict::Yes,
            State::Deactivated | State::Deleted => Verdict::No,
        },
        Act::JoinGroup => match state {
            State::Invited | State::Active => Verdict::Yes,
            State::Deactivated => Verdict::WithFlexibleLicences,
            State::Deleted => Verdict::No,
        },
        Act::ReceiveGroupMail | Act::HoldLicence | Act::ChangeIdentity | Act::BeDeactivated => match state {
            State::Invited | State::Active => Verdict::Yes,
            State::Deactivated | State::Deleted => Verdict::No,
        },
        Act::ChangeAttributes => match state {
            State::Invited | State::Active | State::Deactivated => Verdict::Yes,
            State::Deleted => Verdict::No,
        },
        Act::BeReactivated | Act::BeDeleted => match state {
            State::Deactivated => Verdict::Yes,
            State::Invited | State::Active | State::Deleted => Verdict::No,
        },
    }
}

/// Whether `account` may at `now` without anything more being asked.
#[must_use]
pub fn allows(account: &Account, act: Act, now: Timestamp) -> bool {
    may(standing(account, now), act) == Verdict::Yes
}

/// The same, or the refusal that names the act and the state.
///
/// # Errors
/// [`Refusal::NotInThisState`].
pub fn require(account: &Account, act: Act, now: Timestamp) -> Result<(), Refusal> {
    if allows(account, act, now) {
        Ok(())
    } else {
        Err(Refusal::NotInThisState { act, state: standing(account, now) })
    }
}

/// Whether a planned leaving time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    NotDue,
    Due,
}

/// The state an account is in at `now`: a planned leaving time holds from that second on, whether or not a
/// workflow has run yet. The only place where time enters a state.
#[must_use]
pub fn standing(account: &Account, now: Timestamp) -> State {
    let due = account.leaves_at.is_some_and(|end| end <= now);
    standing_of(account.state, if due { Leaving::Due } else { Leaving::NotDue })
}

/// The same for accounts that were counted and not read.
#[must_use]
pub fn standing_of(state: State, leaving: Leaving) -> State {
    match (state, leaving) {
        (State::Invited | State::Active, Leaving::Due) => State::Deactivated,
        (state, Leaving::Due | Leaving::NotDue) => state,
    }
}

/// The table as Markdown, as it stands in `docs/rights.md`.
#[must_use]
pub fn print_table() -> String {
    let mut page = String::from(
        "# Rights\n\nWhat an account may do in each state. Printed from `relais_core::rights::may` by a test; \
         to change the table, change `may` and run `cargo xtask test`, which says how to refresh this page.\n\n\
         | act | Invited | Active | Deactivated | Deleted |\n|---|---|---|---|---|\n",
    );
    for act in Act::ALL {
        page.push_str("| ");
        page.push_str(act.describe());
        for state in State::ALL {
            page.push_str(" | ");
            page.push_str(may(state, act).describe());
        }
        page.push_str(" |\n");
    }
    page
}
