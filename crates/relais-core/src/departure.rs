//! Departures: what an order will do, in which steps, before anything happens.
//!
//! The application carries the steps out and keeps where it is; nothing here knows how a step is done.

mod planning;
mod policy;
mod steering;

pub use planning::{PlanFacts, common_reply, default_reply, plan};
pub use policy::{DeparturePolicy, POLICY_DAYS_MAX, PolicyMail};
pub use steering::Way;

use crate::address::EmailAddress;
use crate::content::ContentCount;
use crate::ids::{AccountId, DepartureId, OrganisationId};
use crate::inbound::{Inbound, LocalCopy, Phase, Treatment};
use crate::money::Money;
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an admin asks for. Everything is optional but the account: the lawful default answers new mail for a month,
/// then refuses it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Who takes over: gets the old mail, and the new mail unless it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<EmailAddress>,
    /// Whether redirected mail also stays in the leaver's mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<LocalCopy>,
    /// A shared mailbox for old and new mail; made if it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_mailbox: Option<EmailAddress>,
    /// Answer new mail with this text instead of passing it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The responder that answers, which costs no licence; without it the account itself answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<String>,
    /// When new mail begins to be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the departure begins; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Timestamp>,
    /// When the account is deleted; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_after: Option<Timestamp>,
    /// Why, kept in the log and the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which backup the departure goes on with; one of its own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupChoice>,
    /// What becomes of calendars and address books; moved to the successor if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<CollectionsChoice>,
    /// What becomes of the meetings to come that the leaver has called; kept as they are if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meetings: Option<MeetingsChoice>,
    /// What becomes of what applications keep for the leaver; the successor's if absent, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentChoice>,
    /// Whether the person gets an archive of everything that is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportChoice>,
    /// Who becomes the admin of groups that would have none; whoever takes over if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_to: Option<EmailAddress>,
}

/// Which verified backup the departure waits for (B9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackupChoice {
    /// Backs the account up itself, once it is frozen.
    #[default]
    Start,
    /// Waits for the next scheduled backup of the organisation.
    WaitForNext,
}

/// What becomes of the leaver's calendars and address books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollectionsChoice {
    /// They become collections of the successor's, beside their own.
    Move,
    /// They stay with the closed account, and the successor writes in them.
    Share,
    #[default]
    Keep,
}

/// What becomes of meetings to come that the leaver organises (X11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingsChoice {
    /// The successor becomes the organiser, and everyone invited is told (RFC 5546, section 3.2.2).
    Transfer,
    /// Everyone invited is told that they do not take place (RFC 5546, section 3.2.5).
    Cancel,
    #[default]
    Keep,
}

/// What becomes of what applications keep for the leaver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentChoice {
    /// It becomes the successor's.
    Reassign,
    /// It stays with the closed account; who it is shared with goes on reaching it.
    #[default]
    Keep,
    /// The applications are asked to erase it when the account is deleted.
    Erase,
}

/// Where the person's own archive goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportChoice {
    /// A link to it goes to the external address of their profile.
    ExternalAddress,
}

/// A meeting to come that the leaver has called. What it is about is said only where it is not personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meeting {
    pub summary: Option<String>,
    pub next: Timestamp,
    pub recurring: bool,
    pub attendees: Vec<String>,
}

/// What happens to mail that arrives from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewMail {
    Redirect { to: EmailAddress, copy: LocalCopy, until: Option<Timestamp> },
    Reply { text: String, copy: LocalCopy, until: Timestamp },
    Responder { name: String, text: String, until: Option<Timestamp> },
}

/// Who the leaver's addresses belong to afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AddressHeir {
    Successor {
        address: EmailAddress,
    },
    SharedMailbox {
        address: EmailAddress,
    },
    Responder {
        name: String,
    },
    /// They stay with the closed account, whose inbound decides.
    Stay,
    /// They are free once the account is deleted.
    Released,
}

/// The steps, in the order in which they can come. Saved by name: a name never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Freeze,
    CutSessions,
    Inventory,
    RouteInbound,
    /// A verified backup that is newer than the freeze; nothing is moved before it.
    BackUp,
    /// The person's own archive.
    Export,
    HandOverMail,
    SettleMeetings,
    HandOverCollections,
    /// What applications keep.
    ReassignContent,
    Rename,
    GiveAddresses,
    Wait,
    Delete,
    Certificate,
}

impl Step {
    pub const ALL: [Self; 15] = [
        Self::Freeze,
        Self::CutSessions,
        Self::Inventory,
        Self::RouteInbound,
        Self::BackUp,
        Self::Export,
        Self::HandOverMail,
        Self::SettleMeetings,
        Self::HandOverCollections,
        Self::ReassignContent,
        Self::Rename,
        Self::GiveAddresses,
        Self::Wait,
        Self::Delete,
        Self::Certificate,
    ];

    /// The name under which the step is saved.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::CutSessions => "cut_sessions",
            Self::Inventory => "inventory",
            Self::RouteInbound => "route_inbound",
            Self::BackUp => "back_up",
            Self::Export => "export",
            Self::HandOverMail => "hand_over_mail",
            Self::HandOverCollections => "hand_over_collections",
            Self::SettleMeetings => "settle_meetings",
            Self::ReassignContent => "reassign_content",
            Self::Rename => "rename",
            Self::GiveAddresses => "give_addresses",
            Self::Wait => "wait",
            Self::Delete => "delete",
            Self::Certificate => "certificate",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// What is worth a second look before starting; nothing here stops a departure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// Passing mail on asks for a reason (CNIL: informed, for continuity, never by default).
    RedirectWithoutReason,
    RedirectWithoutEnd,
    /// Longer than three months without a stated reason.
    ReplyLong,
    /// The old mail stays in the closed mailbox.
    NobodyTakesOver,
    /// Accounts that redirect to the leaver.
    RedirectsIn {
        from: Vec<EmailAddress>,
    },
    /// Groups of which the leaver is the only active admin: the start is refused while that is so.
    OnlyAdminOf {
        groups: Vec<String>,
    },
    /// The account that answers is deleted before the end of its reply: mail is refused from then on.
    DeletionEndsReply,
    /// The account that redirects is deleted before the end of its redirect: mail is refused from then on.
    DeletionEndsRedirect,
    /// Meetings to come that keep an organiser who is gone.
    MeetingsKept {
        meetings: u64,
    },
    /// What applications keep stays with the closed account.
    ContentKept {
        items: i64,
    },
    /// The person gets nothing of what is theirs before the deletion.
    DeletionWithoutExport,
}

/// What was found about the account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    pub addresses: Vec<EmailAddress>,
    pub groups: Vec<String>,
    pub only_admin_of: Vec<String>,
    /// Accounts that redirect their mail to the leaver.
    pub redirects_in: Vec<EmailAddress>,
    /// Where the leaver redirects mail.
    pub redirects_out: Vec<EmailAddress>,
    /// Shared mailboxes the leaver can read.
    pub shared_mailboxes: Vec<EmailAddress>,
    /// What the account is on, and leaves to another.
    #[serde(default)]
    pub subscription: Option<String>,
    /// What its deletion will credit (X12).
    #[serde(default)]
    pub credit: Option<Money>,
    pub messages: u64,
    pub size_bytes: u64,
    /// Calendars and address books by the names that people see, but for personal ones.
    #[serde(default)]
    pub collections: Vec<String>,
    /// How much applications keep for the account, by kind.
    #[serde(default)]
    pub content: Vec<ContentCount>,
    /// Meetings to come that the leaver organises.
    #[serde(default)]
    pub meetings: Vec<Meeting>,
    /// Where the person can be reached afterwards.
    #[serde(default)]
    pub external_address: Option<EmailAddress>,
}

/// Everything that will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub account: AccountId,
    pub leaver: EmailAddress,
    pub name: String,
    pub begins_at: Timestamp,
    pub new_mail: NewMail,
    /// Where the old mail goes: the address of an account or of a shared mailbox.
    pub old_mail_to: Option<EmailAddress>,
    /// The shared mailbox that has to exist; the successor becomes its member.
    pub shared_mailbox: Option<EmailAddress>,
    pub successor: Option<EmailAddress>,
    /// The primary address of the closed account: `user1.bck@…`.
    pub renamed_to: EmailAddress,
    pub heir: AddressHeir,
    pub delete_after: Option<Timestamp>,
    pub reason: Option<String>,
    #[serde(default)]
    pub backup: BackupChoice,
    #[serde(default)]
    pub collections: CollectionsChoice,
    #[serde(default)]
    pub meetings: MeetingsChoice,
    #[serde(default)]
    pub content: ContentChoice,
    /// Where the link to the person's own archive goes.
    #[serde(default)]
    pub export_to: Option<EmailAddress>,
    /// Who becomes the admin of the groups that have no other, with the freeze.
    #[serde(default)]
    pub groups_to: Option<EmailAddress>,
    pub steps: Vec<Step>,
    pub findings: Findings,
    pub warnings: Vec<Warning>,
}

impl Plan {
    /// The inbound of the closed account while the plan holds.
    ///
    /// # Errors
    /// Never for a plan that [`plan`] made; the constructors of [`Inbound`] say why otherwise.
    pub fn inbound(&self) -> Result<Inbound, Refusal> {
        match &self.new_mail {
            NewMail::Redirect { to, copy, until: None } => {
                Inbound::always(Treatment::redirect(to.clone(), *copy))
            }
            NewMail::Redirect { to, copy, until: Some(end) } => {
                Inbound::until_then_refuse(Treatment::redirect(to.clone(), *copy), *end)
            }
            NewMail::Reply { text, copy, until } => {
                Inbound::until_then_refuse(Treatment::reply(text.clone(), *copy), *until)
            }
            NewMail::Responder { .. } => {
                Inbound::new(vec![Phase { until: None, treatment: Treatment::Refuse }])
            }
        }
    }
}

/// Where a departure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepartureState {
    /// Begins at its date.
    Scheduled,
    Running,
    /// Waits for a person: held by one, or stopped by something only one can mend.
    Held,
    Undoing,
    Undone,
    Finished,
}

impl DepartureState {
    pub const ALL: [Self; 6] =
        [Self::Scheduled, Self::Running, Self::Held, Self::Undoing, Self::Undone, Self::Finished];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Held => "held",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Finished => "finished",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// One departure: its plan and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Departure {
    pub id: DepartureId,
    pub organisation: OrganisationId,
    pub state: DepartureState,
    pub plan: Plan,
    /// The number of steps done, from the first.
    pub steps_done: u32,
    /// What each step that was done reports, in order; after them, what a step under way intends.
    pub reports: Vec<StepReport>,
    /// Why it is held, or what it tried and will try again.
    pub trouble: Option<String>,
    pub created_at: Timestamp,
}

impl Departure {
    /// The step to do next; `None` when all are done.
    #[must_use]
    pub fn next_step(&self) -> Option<Step> {
        self.plan.steps.get(self.steps_done as usize).copied()
    }

    /// What `step` reported, if it was done.
    #[must_use]
    pub fn report_of(&self, step: Step) -> Option<&StepReport> {
        self.reports.iter().find(|report| report.step == step)
    }

    /// The reports of the steps that are done.
    #[must_use]
    pub fn reports_done(&self) -> &[StepReport] {
        &self.reports[..self.reports.len().min(self.steps_done as usize)]
    }

    /// Whether the deletion, which nothing undoes, has been done.
    #[must_use]
    pub fn is_past_deletion(&self) -> bool {
        self.report_of(Step::Delete).is_some()
    }
}

/// What a step did and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepReport {
    pub step: Step,
    pub done_at: Timestamp,
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}
