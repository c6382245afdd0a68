//! From an order to a plan: everything that will happen, or everything that stands against it.

use super::{
    AddressHeir, CollectionsChoice, ContentChoice, ExportChoice, Findings, MeetingsChoice, NewMail, Order,
    Plan, Step, Warning,
};
use crate::account::Account;
use crate::address::EmailAddress;
use crate::inbound::LocalCopy;
use crate::language::Language;
use crate::lifecycle::check_role_may_leave;
use crate::refusal::{BackupFault, ContentFault, Refusal};
use crate::rights::{Act, Verdict, allows, may, standing};
use jiff::{Span, Timestamp, tz::TimeZone};

/// What planning needs to know besides the order; read in one transaction.
#[derive(Debug, Clone)]
pub struct PlanFacts<'a> {
    pub leaver: &'a Account,
    pub successor: Option<&'a Account>,
    /// Whom the order names for the groups.
    pub group_heir: Option<&'a Account>,
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
    let collections = order.collections.unwrap_or(match successor {
        Some(_) => CollectionsChoice::Move,
        None => CollectionsChoice::Keep,
    });
    let export_to =
        order.export.and_then(|ExportChoice::ExternalAddress| facts.findings.external_address.clone());
    let mut plan = Plan {
        account: facts.leaver.id,
        leaver: facts.leaver.address.clone(),
        name: facts.leaver.name.clone(),
        begins_at,
        steps: vec![],
        backup: order.backup.unwrap_or_default(),
        collections,
        meetings: order.meetings.unwrap_or_default(),
        content: content_choice(order),
        export_to,
        groups_to: group_heir(facts, begins_at).map(|heir| heir.address.clone()),
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
    plan.steps = steps(&plan);
    plan.warnings = warnings(&plan);
    Ok(plan)
}

/// An admin of a group has to be able to act; a successor who is only invited cannot yet.
fn group_heir<'a>(facts: &PlanFacts<'a>, begins_at: Timestamp) -> Option<&'a Account> {
    facts.group_heir.or(facts.successor.filter(|successor| can_act(successor, begins_at)))
}

fn can_act(account: &Account, at: Timestamp) -> bool {
    allows(account, Act::SignInWithPassword, at)
}

fn check_group_heir(order: &Order, facts: &PlanFacts<'_>, begins_at: Timestamp) -> Result<(), Refusal> {
    let Some(address) = &order.groups_to else { return Ok(()) };
    let leaver = facts.leaver;
    match facts.group_heir {
        Some(heir) if heir.id == leaver.id => Err(Refusal::SuccessorIsLeaver),
        Some(heir) if heir.organisation == leaver.organisation && can_act(heir, begins_at) => Ok(()),
        Some(_) | None => Err(Refusal::SuccessorNotActive { address: address.clone() }),
    }
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
                    && allows(account, Act::ReceiveGroupMail, begins_at.max(now))
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
    refusals.extend(check_group_heir(order, facts, begins_at.max(now)).err());
    refusals.extend(check_shared_mailbox(order, facts).err());
    refusals.extend(check_what_is_kept(order, facts));
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

/// What the order wants of the leaver's own things can be done.
fn check_what_is_kept(order: &Order, facts: &PlanFacts<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if let Some(hold) = facts.leaver.legal_hold.as_ref().filter(|_| order.delete_after.is_some()) {
        refusals.push(BackupFault::LegalHold { reason: hold.reason.clone() }.into());
    }
    let to_a_successor =
        matches!(order.collections, Some(CollectionsChoice::Move | CollectionsChoice::Share))
            || order.meetings == Some(MeetingsChoice::Transfer);
    if to_a_successor && order.to.is_none() {
        refusals.push(Refusal::SuccessorMissing);
    }
    if order.collections == Some(CollectionsChoice::Share) && order.delete_after.is_some() {
        refusals.push(BackupFault::SharesEnd.into());
    }
    if let Err(refusal) = check_content(order, facts)
        && !refusals.contains(&refusal)
    {
        refusals.push(refusal);
    }
    if order.export.is_some() && facts.findings.external_address.is_none() {
        refusals.push(BackupFault::ExternalAddressMissing { account: facts.leaver.address.clone() }.into());
    }
    refusals
}

/// What becomes of content: the successor's unless the order says otherwise.
fn content_choice(order: &Order) -> ContentChoice {
    order.content.unwrap_or(match order.to {
        Some(_) => ContentChoice::Reassign,
        None => ContentChoice::Keep,
    })
}

fn items(findings: &Findings) -> i64 {
    findings.content.iter().map(|counted| counted.count).sum()
}

/// Nothing is left to an account that is about to go.
fn check_content(order: &Order, facts: &PlanFacts<'_>) -> Result<(), Refusal> {
    match (content_choice(order), order.delete_after) {
        (ContentChoice::Reassign, _) if order.to.is_none() => Err(Refusal::SuccessorMissing),
        (ContentChoice::Erase, None) => Err(ContentFault::EraseWithoutDeletion.into()),
        (ContentChoice::Keep, Some(_)) if items(&facts.findings) > 0 => {
            let items = u64::try_from(items(&facts.findings)).unwrap_or_default();
            Err(ContentFault::FateMissing { items, collections: 0 }.into())
        }
        (ContentChoice::Reassign | ContentChoice::Keep | ContentChoice::Erase, _) => Ok(()),
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

fn steps(plan: &Plan) -> Vec<Step> {
    let mut steps = vec![Step::Freeze, Step::CutSessions, Step::Inventory, Step::RouteInbound, Step::BackUp];
    if plan.export_to.is_some() {
        steps.push(Step::Export);
    }
    if plan.old_mail_to.is_some() {
        steps.push(Step::HandOverMail);
    }
    // Before calendars move: a meeting is settled where its organiser has it.
    if plan.meetings != MeetingsChoice::Keep {
        steps.push(Step::SettleMeetings);
    }
    if plan.collections != CollectionsChoice::Keep {
        steps.push(Step::HandOverCollections);
    }
    if plan.content == ContentChoice::Reassign && items(&plan.findings) > 0 {
        steps.push(Step::ReassignContent);
    }
    steps.push(Step::Rename);
    let gives = !matches!(plan.heir, AddressHeir::Stay | AddressHeir::Released);
    // While a local copy is wanted the address has to stay with the closed account.
    let copies = matches!(plan.new_mail, NewMail::Redirect { copy: LocalCopy::Keep, .. });
    if gives && !copies {
        steps.push(Step::GiveAddresses);
    }
    if plan.delete_after.is_some() {
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
    if plan.groups_to.is_none() && !plan.findings.only_admin_of.is_empty() {
        warnings.push(Warning::OnlyAdminOf { groups: plan.findings.only_admin_of.clone() });
    }
    let meetings = plan.findings.meetings.len() as u64;
    if meetings > 0 && plan.meetings == MeetingsChoice::Keep {
        warnings.push(Warning::MeetingsKept { meetings });
    }
    if items(&plan.findings) > 0 && plan.content == ContentChoice::Keep {
        warnings.push(Warning::ContentKept { items: items(&plan.findings) });
    }
    if plan.delete_after.is_some() && plan.export_to.is_none() {
        warnings.push(Warning::DeletionWithoutExport);
    }
    warnings
}
