//! Departures: what an order will do, in which steps, before anything happens.
//!
//! The application carries the steps out and keeps where it is; nothing here knows how a step is done.

use crate::account::Account;
use crate::address::EmailAddress;
use crate::ids::{AccountId, DepartureId, OrganisationId};
use crate::inbound::{Inbound, LocalCopy, Phase, Treatment};
use crate::language::Language;
use crate::lifecycle::check_role_may_leave;
use crate::money::Money;
use crate::refusal::Refusal;
use crate::rights::{Act, Verdict, may, standing};
use jiff::{Span, Timestamp, tz::TimeZone};
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
///
/// The backup comes between `RouteInbound` and `HandOverMail`, contacts, calendars and content between
/// `HandOverMail` and `Rename`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Freeze,
    CutSessions,
    Inventory,
    RouteInbound,
    HandOverMail,
    Rename,
    GiveAddresses,
    Wait,
    Delete,
    Certificate,
}

impl Step {
    pub const ALL: [Self; 10] = [
        Self::Freeze,
        Self::CutSessions,
        Self::Inventory,
        Self::RouteInbound,
        Self::HandOverMail,
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
            Self::HandOverMail => "hand_over_mail",
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
    /// Deletion is for good, and this version takes no backup before it.
    DeletionWithoutBackup,
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
    pub steps: Vec<Step>,
    pub findings: Findings,
    pub warnings: Vec<Warning>,
}

/// What planning needs to know besides the order; read in one transaction.
#[derive(Debug, Clone)]
pub struct PlanFacts<'a> {
    pub leaver: &'a Account,
    pub successor: Option<&'a Account>,
    pub renamed_to: EmailAddress,
    pub departure_in_progress: bool,
    pub findings: Findings,
    pub language: Language,
}

/// Months for which mail is answered unless the order says otherwise.
const REPLY_MONTHS: i64 = 1;
/// Months beyond which an automatic reply needs a stated reason (Belgian APD, decision 64/2020, as comparator).
const REPLY_MONTHS_MAX: i64 = 3;

/// `at` and so many months, by the calendar in UTC.
fn months_after(at: Timestamp, months: i64) -> Timestamp {
    let later = at.to_zoned(TimeZone::UTC).checked_add(Span::new().months(months));
    later.map_or(at, |zoned| zoned.timestamp())
}

/// What an automatic reply says when nobody wrote a text.
#[must_use]
pub fn default_reply(language: Language, leaver: &EmailAddress, successor: Option<&EmailAddress>) -> String {
    match (language, successor) {
        (Language::French, Some(to)) => format!(
            "Bonjour,\n\nLe titulaire de l'adresse {leaver} a quitté l'organisation. Votre message n'a pas été transmis.\nVeuillez vous adresser à {to}.\n"
        ),
        (Language::French, None) => format!(
            "Bonjour,\n\nLe titulaire de l'adresse {leaver} a quitté l'organisation. Votre message n'a pas été transmis.\nVeuillez contacter l'organisation par une autre voie.\n"
        ),
        (Language::English, Some(to)) => format!(
            "Hello,\n\nThe holder of {leaver} has left the organisation. Your message was not passed on.\nPlease write to {to} instead.\n"
        ),
        (Language::English, None) => format!(
            "Hello,\n\nThe holder of {leaver} has left the organisation. Your message was not passed on.\nPlease contact the organisation another way.\n"
        ),
    }
}

/// What a responder says for whoever has left and has no text of their own.
#[must_use]
pub fn common_reply(language: Language) -> &'static str {
    language.pick(
        "Bonjour,\n\nLe titulaire de cette adresse a quitté l'organisation. Votre message n'a pas été transmis.\nVeuillez contacter l'organisation par une autre voie.\n",
        "Hello,\n\nThe holder of this address has left the organisation. Your message was not passed on.\nPlease contact the organisation another way.\n",
    )
}

/// The plan for `order`.
///
/// # Errors
/// Every refusal the order meets, so that all can be mended at once.
pub fn plan(order: &Order, facts: &PlanFacts<'_>, now: Timestamp) -> Result<Plan, Vec<Refusal>> {
    let refusals = check(order, facts, now);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let begins_at = order.on.unwrap_or(now);
    let new_mail = new_mail(order, facts, begins_at);
    let successor = facts.successor.map(|account| account.address.clone());
    let old_mail_to = order.shared_mailbox.clone().or_else(|| successor.clone());
    let heir = heir(order, &new_mail, successor.as_ref());
    let mut plan = Plan {
        account: facts.leaver.id,
        leaver: facts.leaver.address.clone(),
        name: facts.leaver.name.clone(),
        begins_at,
        steps: steps(order, &new_mail, &heir, old_mail_to.is_some()),
        new_mail,
        old_mail_to,
        shared_mailbox: order.shared_mailbox.clone(),
        successor,
        renamed_to: facts.renamed_to.clone(),
        heir,
        delete_after: order.delete_after,
        reason: order.reason.clone().filter(|reason| !reason.trim().is_empty()),
        findings: facts.findings.clone(),
        warnings: Vec::new(),
    };
    plan.warnings = warnings(&plan);
    Ok(plan)
}

fn check(order: &Order, facts: &PlanFacts<'_>, now: Timestamp) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let leaver = facts.leaver;
    let state = standing(leaver, now);
    if facts.departure_in_progress {
        refusals.push(Refusal::DepartureInProgress);
    }
    // Someone already deactivated may depart: their address and mail still have to go somewhere.
    if may(state, Act::ChangeAttributes) != Verdict::Yes {
        refusals.push(Refusal::NotInThisState { act: Act::ChangeAttributes, state });
    }
    if may(leaver.state, Act::BeDeactivated) == Verdict::Yes {
        // Another admin or not, the role has to go first; whether it can is asked when it is revoked.
        refusals.extend(check_role_may_leave(leaver.role, 1).err());
    }
    let begins_at = order.on.unwrap_or(now);
    match (&order.to, facts.successor) {
        (Some(_), Some(successor)) if successor.id == leaver.id => refusals.push(Refusal::SuccessorIsLeaver),
        (Some(address), successor) => {
            let receives = successor.is_some_and(|account| {
                account.organisation == leaver.organisation
                    // Who leaves before it begins takes nothing over.
                    && may(standing(account, begins_at.max(now)), Act::ReceiveGroupMail) == Verdict::Yes
            });
            if !receives {
                refusals.push(Refusal::SuccessorNotActive { address: address.clone() });
            }
        }
        (None, _) => {}
    }
    let answered = order.reply.is_some() || order.responder.is_some();
    if answered && order.shared_mailbox.is_some() {
        refusals.push(Refusal::NewMailAmbiguous);
    }
    if order.copy == Some(LocalCopy::Keep)
        && order.to.is_none()
        && order.shared_mailbox.is_none()
        && !answered
    {
        refusals.push(Refusal::SuccessorMissing);
    }
    refusals.extend(check_shared_mailbox(order, facts).err());
    refusals.extend(check_way_back(order, facts).err());
    if begins_at < now || order.until.is_some_and(|end| end <= now) {
        refusals.push(Refusal::DateInThePast);
    }
    if order.delete_after.is_some_and(|end| end < begins_at)
        || order.until.is_some_and(|end| end <= begins_at)
    {
        refusals.push(Refusal::DatesOutOfOrder);
    }
    refusals
}

/// The leaver's own addresses are given to the shared mailbox at the end; it cannot be made under one of them.
fn check_shared_mailbox(order: &Order, facts: &PlanFacts<'_>) -> Result<(), Refusal> {
    let own = |address: &&EmailAddress| {
        **address == facts.leaver.address
            || **address == facts.renamed_to
            || facts.findings.addresses.contains(address)
    };
    match order.shared_mailbox.as_ref().filter(own) {
        Some(address) => Err(Refusal::AddressTaken { address: address.clone() }),
        None => Ok(()),
    }
}

/// A successor who redirects to the leaver would get nothing of what is redirected to them.
fn check_way_back(order: &Order, facts: &PlanFacts<'_>) -> Result<(), Refusal> {
    let redirects = order.shared_mailbox.is_none() && order.reply.is_none() && order.responder.is_none();
    match facts.successor.map(|account| &account.address) {
        Some(to) if redirects && facts.findings.redirects_in.contains(to) => {
            Err(Refusal::RedirectLoop { through: vec![to.clone(), facts.leaver.address.clone()] })
        }
        Some(_) | None => Ok(()),
    }
}

fn new_mail(order: &Order, facts: &PlanFacts<'_>, begins_at: Timestamp) -> NewMail {
    let leaver = &facts.leaver.address;
    let successor = facts.successor.map(|account| &account.address);
    let written = order.reply.clone().filter(|text| !text.trim().is_empty());
    let text = written.unwrap_or_else(|| default_reply(facts.language, leaver, successor));
    let copy = order.copy.unwrap_or(LocalCopy::None);
    if let Some(name) = &order.responder {
        return NewMail::Responder { name: name.clone(), text, until: order.until };
    }
    match order.shared_mailbox.as_ref().or(successor) {
        Some(to) if order.reply.is_none() => NewMail::Redirect { to: to.clone(), copy, until: order.until },
        Some(_) | None => NewMail::Reply {
            text,
            copy,
            until: order.until.unwrap_or_else(|| months_after(begins_at, REPLY_MONTHS)),
        },
    }
}

fn heir(order: &Order, new_mail: &NewMail, successor: Option<&EmailAddress>) -> AddressHeir {
    match new_mail {
        NewMail::Responder { name, .. } => AddressHeir::Responder { name: name.clone() },
        // For ever, so the address itself changes hands.
        NewMail::Redirect { until: None, copy, .. }
            if *copy == LocalCopy::None || order.delete_after.is_some() =>
        {
            match (&order.shared_mailbox, successor) {
                (Some(address), _) => AddressHeir::SharedMailbox { address: address.clone() },
                (None, Some(address)) => AddressHeir::Successor { address: address.clone() },
                (None, None) => AddressHeir::Stay,
            }
        }
        NewMail::Redirect { .. } | NewMail::Reply { .. } if order.delete_after.is_some() => {
            AddressHeir::Released
        }
        NewMail::Redirect { .. } | NewMail::Reply { .. } => AddressHeir::Stay,
    }
}

fn steps(order: &Order, new_mail: &NewMail, heir: &AddressHeir, hands_over: bool) -> Vec<Step> {
    let mut steps = vec![Step::Freeze, Step::CutSessions, Step::Inventory, Step::RouteInbound];
    if hands_over {
        steps.push(Step::HandOverMail);
    }
    steps.push(Step::Rename);
    let gives = !matches!(heir, AddressHeir::Stay | AddressHeir::Released);
    // While a local copy is wanted the address has to stay with the closed account.
    let copies = matches!(new_mail, NewMail::Redirect { copy: LocalCopy::Keep, .. });
    if gives && !copies {
        steps.push(Step::GiveAddresses);
    }
    if order.delete_after.is_some() {
        steps.push(Step::Wait);
        if gives && copies {
            steps.push(Step::GiveAddresses);
        }
        steps.push(Step::Delete);
    }
    steps.push(Step::Certificate);
    steps
}

fn warnings(plan: &Plan) -> Vec<Warning> {
    let mut warnings = Vec::new();
    match &plan.new_mail {
        NewMail::Redirect { until, .. } => {
            if plan.reason.is_none() {
                warnings.push(Warning::RedirectWithoutReason);
            }
            if until.is_none() {
                warnings.push(Warning::RedirectWithoutEnd);
            }
            if until.is_some_and(|until| plan.delete_after.is_some_and(|end| end < until)) {
                warnings.push(Warning::DeletionEndsRedirect);
            }
        }
        NewMail::Reply { until, .. } => {
            if *until > months_after(plan.begins_at, REPLY_MONTHS_MAX) && plan.reason.is_none() {
                warnings.push(Warning::ReplyLong);
            }
            if plan.delete_after.is_some_and(|end| end < *until) {
                warnings.push(Warning::DeletionEndsReply);
            }
        }
        NewMail::Responder { until, .. } => {
            let long = until.is_none_or(|end| end > months_after(plan.begins_at, REPLY_MONTHS_MAX));
            if long && plan.reason.is_none() {
                warnings.push(Warning::ReplyLong);
            }
        }
    }
    if plan.old_mail_to.is_none() {
        warnings.push(Warning::NobodyTakesOver);
    }
    if !plan.findings.redirects_in.is_empty() {
        warnings.push(Warning::RedirectsIn { from: plan.findings.redirects_in.clone() });
    }
    if !plan.findings.only_admin_of.is_empty() {
        warnings.push(Warning::OnlyAdminOf { groups: plan.findings.only_admin_of.clone() });
    }
    if plan.delete_after.is_some() {
        warnings.push(Warning::DeletionWithoutBackup);
    }
    warnings
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
    /// What each step that was done reports, in order.
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
