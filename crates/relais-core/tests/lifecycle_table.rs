//! What `decide` answers, one line per event:
//!
//! `state, more about the account | command | actor, facts -> answer # reference rows`
//!
//! The account is `user1@bm.com` with the aliases `alias1@bm.com` (own domain) and `user1@host.net` (the provider's).
//! The answer is a refusal's code, `unchanged`, or `ok` with the state after and everything else that changed, so
//! that a line says all that happens and nothing happens that no line says.

#[path = "support/people.rs"]
mod people;

use jiff::civil::{Date, date};
use people::{account, address, moment};
use relais_core::account::{Account, Cause, Deactivation, LegalHold};
use relais_core::authority::{Actor, Role};
use relais_core::content::{ContentChange, ContentFate, Owned, Reassign, Selection};
use relais_core::ids::{
    AccountId, DepartureId, DirectoryId, MailboxId, OrganisationId, PlanId, SubscriptionId, TokenId,
};
use relais_core::inbound::{Inbound, LocalCopy, Phase, Treatment};
use relais_core::lifecycle::{
    AddressChange, Availability, Command, Decision, Effect, Facts, Means, NewAccount, create, decide,
};
use relais_core::money::Currency;
use relais_core::organisation::{Address, AddressKind, DomainKind, Target};
use relais_core::password::PasswordHash;
use relais_core::plan::{Licence, LicencesUsed, Plan, PlanTerms, Subscription, SubscriptionTerms};
use relais_core::refusal::Refusal;
use relais_core::rights::State;
use relais_core::term::{Course, Period, Term};
use std::collections::BTreeSet;

const NOW: &str = "2026-11-21T09:00:00Z";
const YESTERDAY: &str = "2026-11-20T09:00:00Z";
const NEXT_MONTH: &str = "2026-12-21T09:00:00Z";

const TABLE: &str = include_str!("lifecycle_table.txt");

fn deactivated(mut subject: Account, cause: Cause) -> Account {
    subject.state = State::Deactivated;
    subject.deactivation = Some(Deactivation {
        cause,
        at: moment(YESTERDAY),
        inbound_before: Inbound::deliver(),
        state_before: State::Active,
    });
    subject.inbound = Inbound::refuse();
    subject
}

/// The account before the event.
fn subject(words: &str) -> Account {
    let mut subject = account(1, "user1@bm.com");
    subject.password = Some(PasswordHash::from_phc("$argon2id$old".into()));
    for word in words.split(", ") {
        match word.trim() {
            "active" => {}
            "invited" => {
                subject.state = State::Invited;
                subject.password = None;
            }
            "deactivated" => subject = deactivated(subject, Cause::Admin),
            "on base" => on_base(&mut subject, Some(Course::Running { until: date(2026, 12, 11) })),
            "on base due" => on_base(&mut subject, Some(Course::Running { until: date(2026, 11, 21) })),
            "on base late" => on_base(&mut subject, Some(Course::Running { until: date(2026, 9, 11) })),
            "on base frozen" => on_base(&mut subject, Some(Course::Frozen { unused_days: 20 })),
            "on base spent" => on_base(&mut subject, Some(Course::Frozen { unused_days: 0 })),
            "on base unpaid" => on_base(&mut subject, None),
            "deleted" => {
                subject = deactivated(subject, Cause::Admin);
                subject.state = State::Deleted;
                subject.password = None;
                subject.name.clear();
            }
            "held" => {
                subject.legal_hold = Some(LegalHold { reason: "Litige".into(), since: moment(YESTERDAY) });
            }
            "no password" => subject.password = None,
            "owner" => subject.role = Role::Owner,
            "company admin" => subject.role = Role::CompanyAdmin,
            "manager" => subject.role = Role::AccountManager,
            "guest" => subject.role = Role::Guest,
            "leaving planned" => subject.leaves_at = Some(day("tomorrow")),
            "leaving passed" => subject.leaves_at = Some(day("yesterday")),
            "to reply" => subject.inbound = inbound("reply"),
            "was redirect" => {
                subject.deactivation.as_mut().expect("deactivated first").inbound_before =
                    inbound("redirect");
            }
            "to past" => subject.inbound = inbound("past"),
            by => {
                let cause = by.strip_prefix("deactivated by ").unwrap_or_else(|| panic!("account: {by}"));
                subject = deactivated(subject, named_cause(cause));
            }
        }
    }
    subject
}

fn named_cause(name: &str) -> Cause {
    serde_json::from_value(name.into()).unwrap_or_else(|error| panic!("cause: {error}"))
}

fn named_role(name: &str) -> Role {
    serde_json::from_value(name.into()).unwrap_or_else(|error| panic!("role: {error}"))
}

fn day(name: &str) -> jiff::Timestamp {
    match name {
        "yesterday" => moment(YESTERDAY),
        "now" => moment(NOW),
        "tomorrow" => moment("2026-11-22T09:00:00Z"),
        other => panic!("day: {other}"),
    }
}

fn inbound(name: &str) -> Inbound {
    let reply = Treatment::reply("J'ai quitté l'organisation.".into(), LocalCopy::None);
    match name {
        "deliver" => Ok(Inbound::deliver()),
        "redirect" => Inbound::always(Treatment::redirect(address("user2@bm.com"), LocalCopy::None)),
        "reply" => Inbound::until_then_refuse(reply, moment(NEXT_MONTH)),
        "past" => Inbound::until_then_refuse(reply, moment(YESTERDAY)),
        other => panic!("inbound: {other}"),
    }
    .expect("a valid inbound")
}

/// Who is given content.
fn heir() -> Account {
    account(2, "user2@bm.com")
}

fn command(words: &str) -> Command {
    let (name, rest) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
    match name {
        "set_password" => Command::SetPassword { hash: PasswordHash::from_phc("$argon2id$new".into()) },
        "activate" => Command::Activate,
        "deactivate" => {
            let (to, cause) = rest.split_once("by ").unwrap_or((rest, "admin"));
            let (to, content) = match to.trim().strip_suffix("giving") {
                Some(to) => (to, Some(Reassign { to: heir().id, selection: Selection::Everything })),
                None => (to, None),
            };
            let to = Some(to.trim()).filter(|to| !to.is_empty());
            Command::Deactivate { cause: named_cause(cause), inbound: to.map(inbound), content }
        }
        "reactivate" => Command::Reactivate,
        "reactivate_flexibly" => Command::ReactivateFlexibly,
        "delete" => Command::Delete {
            content: match rest {
                "" => None,
                "giving" => Some(ContentFate::Reassign { to: heir().id }),
                "erasing" => Some(ContentFate::Erase),
                other => panic!("delete: {other}"),
            },
        },
        "rename" => Command::Rename { to: address(rest) },
        "add_alias" => Command::AddAlias { address: address(rest) },
        "remove_alias" => Command::RemoveAlias { address: address(rest) },
        "set_inbound" => Command::SetInbound { inbound: inbound(rest) },
        "set_role" => Command::SetRole { role: named_role(rest) },
        "set_name" => Command::SetName { name: rest.into() },
        "set_quota" => {
            Command::SetQuota { quota_bytes: (rest != "none").then(|| rest.parse().expect("bytes")) }
        }
        "set_leaving" => Command::SetLeaving { at: (rest != "never").then(|| day(rest)) },
        "move" => match rest.strip_suffix(" to itself") {
            Some(held) => Command::MoveAddress {
                address: address(held),
                to: Target::Account(AccountId::from_number(1)),
            },
            None => Command::MoveAddress {
                address: address(rest),
                to: Target::SharedMailbox(MailboxId::from_number(2)),
            },
        },
        "subscribe" => Command::SetSubscription { to: offer(rest).map(|offer| offer.id) },
        "renew" => Command::Renew,
        "set_legal_hold" => Command::SetLegalHold { reason: (rest != "never").then(|| rest.to_owned()) },
        other => panic!("command: {other}"),
    }
}

/// `base` costs 30,00 a month with two aliases, `plus` 60,00 without limit, `small` 10,00 and is restricted.
fn offer(name: &str) -> Option<Subscription> {
    let (number, price_minor, aliases_max, licence) = match name {
        "base" => (1, 3000, Some(2), Licence::Full),
        "plus" | "old" => (2, 6000, None, Licence::Full),
        "small" => (3, 1000, None, Licence::Restricted),
        "franc" => (4, 3000, None, Licence::Full),
        "tight" => (5, 3000, Some(1), Licence::Full),
        _ => return None,
    };
    let terms = SubscriptionTerms {
        name: name.into(),
        price_minor,
        currency: if name == "franc" { Currency::Chf } else { Currency::Eur },
        period: Period::Month,
        aliases_max,
        quota_bytes: None,
        licence,
    };
    let retired_at = (name == "old").then(|| moment(YESTERDAY));
    Some(Subscription {
        id: SubscriptionId::from_number(number),
        terms,
        created_at: moment(YESTERDAY),
        retired_at,
    })
}

/// `base` was paid on 11 November for 30 days: 20 of them, worth 20,00, are left today.
fn on_base(subject: &mut Account, course: Option<Course>) {
    let anchor = date(2026, 8, 11);
    subject.subscription = Some(SubscriptionId::from_number(1));
    subject.term = course.map(|course| Term { price_minor: 3000, days: 30, anchor, course });
}

/// A new variant does not compile here until the table has lines for it.
fn name_of(command: &Command) -> &'static str {
    match command {
        Command::SetPassword { .. } => "set_password",
        Command::Activate => "activate",
        Command::Deactivate { .. } => "deactivate",
        Command::Reactivate => "reactivate",
        Command::ReactivateFlexibly => "reactivate_flexibly",
        Command::Delete { .. } => "delete",
        Command::Rename { .. } => "rename",
        Command::AddAlias { .. } => "add_alias",
        Command::RemoveAlias { .. } => "remove_alias",
        Command::SetInbound { .. } => "set_inbound",
        Command::SetRole { .. } => "set_role",
        Command::SetName { .. } => "set_name",
        Command::SetQuota { .. } => "set_quota",
        Command::SetLeaving { .. } => "set_leaving",
        Command::MoveAddress { .. } => "move",
        Command::SetSubscription { .. } => "subscribe",
        Command::Renew => "renew",
        Command::SetLegalHold { .. } => "set_legal_hold",
    }
}

fn actor(name: &str) -> Actor {
    let (name, organisation) = match name.strip_prefix("foreign ") {
        Some(name) => (name, OrganisationId::from_number(2)),
        None => (name, OrganisationId::from_number(1)),
    };
    let person = |number, role| Actor::Account { id: AccountId::from_number(number), organisation, role };
    match name {
        "operator" => Actor::Operator,
        "billing" => Actor::Billing { organisation },
        "scim" => Actor::Scim { id: TokenId::from_number(2), organisation },
        "token" => Actor::Token { id: TokenId::from_number(1), organisation },
        "directory" => Actor::Directory { id: DirectoryId::from_number(1), organisation },
        "departure" => Actor::Departure { id: DepartureId::from_number(1), organisation },
        "owner" => person(90, Role::Owner),
        "admin" => person(91, Role::CompanyAdmin),
        "manager" => person(92, Role::AccountManager),
        "member" => person(93, Role::Member),
        "guest" => person(94, Role::Guest),
        other => panic!("actor: {other}"),
    }
}

fn facts(subject: &Account, words: &[&str]) -> Facts {
    let held = |text: &str, kind, domain| Address {
        address: address(text),
        organisation: subject.organisation,
        target: Some(Target::Account(subject.id)),
        kind,
        domain,
        retired: false,
        reply_text: None,
        reply_until: None,
        since: subject.created_at,
    };
    let mut facts = Facts {
        addresses: vec![
            held("user1@bm.com", AddressKind::Primary, DomainKind::Own),
            held("alias1@bm.com", AddressKind::Alias, DomainKind::Own),
            held("user1@host.net", AddressKind::Alias, DomainKind::Provider),
        ],
        other_admins: 1,
        only_admin_of: vec![],
        wanted: Availability::Free(DomainKind::Own),
        loop_through: None,
        redirect_nowhere: None,
        primary_lost: false,
        departure_in_progress: false,
        backed_up_at: Some(moment(NOW)),
        means: Means {
            subscription: subject.subscription.and(offer("base")),
            ..Means::none(date(2026, 11, 21))
        },
        owned: Owned::default(),
        policy_heir: None,
        heir: Some(heir()),
    };
    if subject.state == State::Deleted {
        facts.addresses.clear();
    }
    for word in words {
        match *word {
            "last admin" => facts.other_admins = 0,
            "only group admin" => facts.only_admin_of = vec!["Ventes".into()],
            "departure in progress" => facts.departure_in_progress = true,
            "no backup" => facts.backed_up_at = None,
            "backup before" => facts.backed_up_at = Some(moment("2026-11-20T08:59:59Z")),
            "backup as it closed" => facts.backed_up_at = Some(moment(YESTERDAY)),
            "loop" => facts.loop_through = Some(vec![address("user2@bm.com")]),
            "nowhere" => facts.redirect_nowhere = Some(address("user2@bm.com")),
            "primary lost" => {
                facts.primary_lost = true;
                facts.addresses.remove(0);
            }
            "wanted own" => facts.wanted = Availability::Held(Target::Account(subject.id)),
            "wanted taken" => {
                facts.wanted = Availability::Held(Target::Account(AccountId::from_number(2)));
            }
            "wanted moved" => {
                facts.wanted = Availability::Held(Target::SharedMailbox(MailboxId::from_number(2)));
            }
            "wanted retired" => facts.wanted = Availability::Retired,
            "wanted not hosted" => facts.wanted = Availability::NotHosted,
            "owns 3" => facts.owned.items = 3,
            "keeps a calendar" => facts.owned.collections = 1,
            "heir deactivated" => facts.heir = Some(deactivated(heir(), Cause::Admin)),
            "heir itself" => facts.heir = Some(subject.clone()),
            "no heir" => facts.heir = None,
            "heir elsewhere" => {
                facts.heir = Some(Account { organisation: OrganisationId::from_number(2), ..heir() });
            }
            "left yesterday" => facts.means.left_on = Some(date(2026, 11, 20)),
            other => money(&mut facts.means, other),
        }
    }
    facts
}

fn money(means: &mut Means, word: &str) {
    let flexible_licences = word.starts_with("flexible ");
    let word = word.trim_start_matches("flexible ");
    let mut plan = |accounts_max, accounts_free, used| {
        let terms = PlanTerms {
            name: "Mairie".into(),
            price_minor: 0,
            currency: Currency::Eur,
            period: Period::Month,
            accounts_free,
            accounts_max: Some(accounts_max),
            full_licences_max: Some(5),
            own_domains_max: None,
            flexible_licences,
        };
        let created_at = moment(YESTERDAY);
        means.plan = Some(Plan { id: PlanId::from_number(1), terms, created_at, retired_at: None });
        means.used = used;
    };
    match word.split_once(' ') {
        Some(("balance", amount)) => means.balance_minor = amount.parse().expect(word),
        Some(("wants", name)) => means.wanted = offer(name),
        Some(("plan", "with room")) => plan(9, 9, LicencesUsed { accounts: 1, free: 1, full: 1 }),
        Some(("plan", "full")) => plan(9, 9, LicencesUsed { accounts: 9, free: 1, full: 1 }),
        Some(("plan", "without free")) => plan(9, 1, LicencesUsed { accounts: 2, free: 1, full: 1 }),
        Some(("plan", "without full")) => plan(9, 9, LicencesUsed { accounts: 6, free: 1, full: 5 }),
        Some(("plan", "unpaid")) => {
            let course = Course::Running { until: date(2026, 11, 7) };
            means.plan_term = Some(Term { price_minor: 1, days: 30, anchor: date(2026, 10, 7), course });
        }
        _ => panic!("fact: {word}"),
    }
}

fn inbound_name(inbound: &Inbound) -> String {
    let name = |phase: &Phase| match &phase.treatment {
        Treatment::Refuse => "refuse",
        Treatment::Accept { reply: Some(_), .. } => "reply",
        Treatment::Accept { redirect_to, .. } if !redirect_to.is_empty() => "redirect",
        Treatment::Accept { .. } => "deliver",
    };
    inbound.phases().iter().map(name).collect::<Vec<_>>().join(",")
}

/// Everything that a decision changes, in words.
fn answer(before: &Account, result: &Result<Decision, Refusal>) -> String {
    let change = match result {
        Err(refusal) => return refusal.code().to_owned(),
        Ok(Decision::Unchanged) => return "unchanged".to_owned(),
        Ok(Decision::Changed(change)) => change,
    };
    let after = &change.account;
    let mut words = vec!["ok".to_owned(), after.state.as_str().to_owned()];
    assert!(after.epoch == before.epoch || after.epoch == before.epoch + 1);
    if after.epoch > before.epoch {
        words.push("epoch".into());
    }
    for effect in &change.effects {
        words.push(match effect {
            Effect::CutSessions { account } if *account == before.id => "cut".into(),
            Effect::RemoveMailbox { mailbox } if *mailbox == before.mailbox => "remove".into(),
            Effect::RemoveCollections { account } if *account == before.id => "remove_dav".into(),
            Effect::ReturnMailbox { account, mailbox }
                if *account == before.id && *mailbox == before.mailbox =>
            {
                "return".into()
            }
            Effect::CutSessions { .. }
            | Effect::ReturnMailbox { .. }
            | Effect::RemoveMailbox { .. }
            | Effect::RemoveCollections { .. }
            | Effect::MoveCollections { .. }
            | Effect::ShareMailbox { .. } => format!("{effect:?}"),
        });
    }
    for address in &change.addresses {
        words.push(match address {
            AddressChange::Point { address, to, kind } if *to == Target::Account(before.id) => match kind {
                AddressKind::Primary => format!("primary={address}"),
                AddressKind::Alias => format!("alias={address}"),
            },
            AddressChange::Point { address, to: Target::SharedMailbox(id), kind: AddressKind::Alias } => {
                format!("{}={address}", id.to_string().replace("0000000000002", "2"))
            }
            AddressChange::Point { .. } => format!("{address:?}"),
            AddressChange::Free { address } => format!("free={address}"),
            AddressChange::Retire { address } => format!("retire={address}"),
        });
    }
    match &change.content {
        Some(ContentChange::Reassign(given)) => {
            assert_eq!((given.to, &given.selection), (heir().id, &Selection::Everything));
            words.push("gives".into());
        }
        Some(ContentChange::Erase) => words.push("erases".into()),
        None => {}
    }
    if after.role != before.role {
        words.push(format!("role={}", after.role.as_str()));
    }
    let cause = |account: &Account| account.deactivation.as_ref().map(|why| format!("{:?}", why.cause));
    if cause(after) != cause(before) {
        words.push(format!("cause={}", cause(after).unwrap_or("none".into()).to_lowercase()));
    }
    if after.inbound != before.inbound {
        words.push(format!("inbound={}", inbound_name(&after.inbound)));
    }
    if after.leaves_at != before.leaves_at {
        words.push(format!("leaves={}", after.leaves_at.map_or("never", |_| "tomorrow")));
    }
    if after.subscription != before.subscription {
        words.push(format!("on={}", after.subscription.map_or(0, |id| id.number())));
    }
    for entry in &change.entries {
        assert_eq!(entry.postings.iter().map(|posting| posting.amount_minor).sum::<i64>(), 0);
        words.push(format!("{:?}={}", entry.kind, entry.gained_minor()).to_lowercase());
    }
    if after.term != before.term {
        words.push(match after.term.map(|term| term.course) {
            None => "unpaid".into(),
            Some(Course::Running { until }) => format!("until={until}"),
            Some(Course::Frozen { unused_days }) => format!("frozen={unused_days}"),
        });
    }
    if after.name != before.name {
        words.push(if after.name.is_empty() { "anonymous".into() } else { after.name.clone() });
    }
    if after.legal_hold != before.legal_hold {
        words.push(after.legal_hold.as_ref().map_or("released", |_| "held").into());
    }
    if after.quota_bytes != before.quota_bytes {
        words.push(after.quota_bytes.map_or("no quota".into(), |bytes| format!("quota={bytes}")));
    }
    assert_eq!(change.happening.subject, before.id.to_string(), "an event names whom it happened to");
    words.join(" ")
}

struct Line<'t> {
    text: &'t str,
    account: &'t str,
    command: &'t str,
    actor: &'t str,
    facts: Vec<&'t str>,
    expected: &'t str,
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    let table = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    table.map(|text| {
        let read = || {
            let (event, expected) = text.split_once(" -> ")?;
            let (account, rest) = event.split_once(" | ")?;
            let (command, who) = rest.split_once(" | ")?;
            let mut who = who.trim().strip_prefix("by ")?.split(", ");
            let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
            Some(Line { text, account, command, actor: who.next()?, facts: who.collect(), expected })
        };
        read().unwrap_or_else(|| panic!("not a line of the table: {text}"))
    })
}

#[test]
fn every_event_of_the_table_has_the_answer_that_stands_there() {
    let mut wrong = Vec::new();
    for line in lines() {
        let subject = subject(line.account);
        let who = if line.actor == "self" {
            Actor::Account { id: subject.id, organisation: subject.organisation, role: subject.role }
        } else {
            actor(line.actor)
        };
        let facts = facts(&subject, &line.facts);
        let result = decide(&subject, command(line.command), &facts, &who, moment(NOW));
        let got = answer(&subject, &result);
        if got != line.expected {
            wrong.push(format!("{}\n    got {got}", line.text));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_command_in_every_state() {
    let seen: BTreeSet<_> =
        lines().map(|line| (name_of(&command(line.command)), subject(line.account).state.as_str())).collect();
    for name in [
        "set_password",
        "activate",
        "deactivate",
        "reactivate",
        "delete",
        "rename",
        "add_alias",
        "remove_alias",
        "set_inbound",
        "set_role",
        "set_leaving",
        "set_legal_hold",
        "move",
        "subscribe",
        "renew",
    ] {
        for state in State::ALL {
            assert!(seen.contains(&(name, state.as_str())), "no line for {name} × {}", state.as_str());
        }
    }
}

/// R14: permissions, and where mail went, are as they were.
#[test]
fn reactivation_gives_back_the_inbound_that_deactivation_took() {
    let mut before = subject("active");
    before.inbound = inbound("redirect");
    let facts = facts(&before, &[]);
    let run =
        |account: &Account, command| match decide(account, command, &facts, &actor("admin"), moment(NOW)) {
            Ok(Decision::Changed(change)) => change.account,
            other => panic!("{other:?}"),
        };
    let closed = run(&before, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None });
    let closed = run(&closed, Command::SetInbound { inbound: inbound("reply") });
    let after = run(&closed, Command::Reactivate);
    assert_eq!(after, Account { epoch: before.epoch + 2, ..before });
}

/// A tombstone holds evidence and no personal data: neither the name, nor the password, nor what was answered or
/// where mail was sent before.
#[test]
fn a_deleted_account_keeps_no_text_and_no_destination() {
    let mut before = subject("deactivated, to reply");
    if let Some(why) = &mut before.deactivation {
        why.inbound_before = inbound("redirect");
    }
    let facts = facts(&before, &[]);
    let Ok(Decision::Changed(change)) =
        decide(&before, Command::Delete { content: None }, &facts, &actor("admin"), moment(NOW))
    else {
        panic!("refused");
    };
    let kept = serde_json::to_string(&change.account).expect("accounts serialise");
    assert!(
        !kept.contains("user2@bm.com") && !kept.contains("quitté") && !kept.contains("Personne"),
        "{kept}"
    );
    assert_eq!(change.account.password, None);
    assert_eq!(change.account.deactivation.map(|why| why.cause), Some(Cause::Admin), "the evidence stays");
}

const CREATION: &str = "
by manager       | member          | with password    | free       -> active      # M7
by manager       | member          | without password | free       -> invited     # M7
by manager       | account_manager | with password    | free       -> active
by manager       | company_admin   | with password    | free       -> not_allowed
by manager       | owner           | with password    | free       -> not_allowed
by admin         | company_admin   | with password    | free       -> active
by token         | member          | without password | free       -> invited
by admin         | owner           | with password    | free       -> not_allowed
by token         | owner           | with password    | free       -> not_allowed
by operator      | owner           | with password    | free       -> active
by member        | guest           | with password    | free       -> not_allowed
by foreign admin | member          | with password    | free       -> not_allowed
by foreign token | member          | with password    | free       -> not_allowed
by admin         | member          | with password    | taken      -> address_taken
by admin         | member          | with password    | retired    -> address_retired # M12
by admin         | member          | with password    | not hosted -> domain_not_hosted # M3
by operator      | member          | with password    | abuse      -> address_reserved # M7
by admin         | member          | with password    | nameless   -> name_invalid
";

#[test]
fn every_creation_of_the_table_has_the_answer_that_stands_there() {
    for text in CREATION.lines().filter(|line| !line.is_empty()) {
        let (event, expected) = text.split_once(" -> ").expect(text);
        let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
        let words: Vec<_> = event.split('|').map(str::trim).collect();
        let [by, role, password, wanted] = words[..] else { panic!("{text}") };
        let other = Target::Account(AccountId::from_number(2));
        let new = NewAccount {
            id: AccountId::from_number(1),
            mailbox: MailboxId::from_number(1),
            organisation: OrganisationId::from_number(1),
            name: if wanted == "nameless" { " \t".into() } else { "Anne Martin".into() },
            address: address(if wanted == "abuse" { "Abuse@bm.com" } else { "anne@bm.com" }),
            role: named_role(role),
            password: (password == "with password").then(|| PasswordHash::from_phc("$argon2id$".into())),
            quota_bytes: None,
            subscription: None,
        };
        let wanted = match wanted {
            "free" | "abuse" | "nameless" => Availability::Free(DomainKind::Own),
            "taken" => Availability::Held(other),
            "retired" => Availability::Retired,
            "not hosted" => Availability::NotHosted,
            word => panic!("{word}"),
        };
        let by = actor(by.strip_prefix("by ").expect(text));
        let got = match create(new, &wanted, &Means::none(Date::ZERO), &by, moment(NOW)) {
            Ok(change) => change.account.state.as_str(),
            Err(refusal) => refusal.code(),
        };
        assert_eq!(got, expected, "{text}");
    }
}
