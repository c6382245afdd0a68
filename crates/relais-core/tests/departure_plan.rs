//! What an order of departure becomes: one line per order, before anything happens.
//!
//! `order; facts -> steps | new mail | heir | warnings`, or the codes of every refusal.

#[path = "support/people.rs"]
mod people;

use jiff::Timestamp;
use people::{account, address, moment};
use proptest::prelude::*;
use relais_core::account::{Account, LegalHold};
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::departure::{
    AddressHeir, ExportChoice, Findings, Meeting, NewMail, Order, Plan, PlanFacts, Step, Warning, plan,
};
use relais_core::ids::OrganisationId;
use relais_core::inbound::{LocalCopy, Treatment};
use relais_core::language::Language;
use relais_core::refusal::Refusal;
use relais_core::rights::State;

const NOW: &str = "2026-11-21T09:00:00Z";

/// Steps: F freeze, C cut sessions, I inventory, R route inbound, B back up, E export, H hand over mail, K hand over
/// collections, M settle meetings, N rename, G give addresses, W wait, D delete, c certificate. Days count from [`NOW`].
const TABLE: &str = "
# The lawful default: an answer for a month, then refused; nothing is passed on.
                                     -> FCIRBNc | reply until 2026-12-21 | stay | nobody
day 40                               -> FCIRBNc | reply until 2027-01-31 | stay | nobody
reason                               -> FCIRBNc | reply until 2026-12-21 | stay | nobody
until 30                             -> FCIRBNc | reply until 2026-12-21 | stay | nobody
until 120                            -> FCIRBNc | reply until 2027-03-21 | stay | long nobody                  # X5: three months at most
until 120, reason                    -> FCIRBNc | reply until 2027-03-21 | stay | nobody
until 92                             -> FCIRBNc | reply until 2027-02-21 | stay | nobody
delete 90                            -> FCIRBNWDc | reply until 2026-12-21 | released | nobody deletion

# BlueMind, first solution: new mail goes to a person (B3, B8, B13).
to user2                             -> FCIRBHKNGc | redirect user2 | successor | no_reason no_end               # B3 B5 B13
to user2, reason                     -> FCIRBHKNGc | redirect user2 | successor | no_end
to user2, reason, until 60           -> FCIRBHKNc | redirect user2 until 2027-01-20 | stay |                     # CNIL: a reason and an end
to user2, reason, keep               -> FCIRBHKNc | redirect user2 keep | stay | no_end                          # B8 with copy
to user2, reason, keep, until 60     -> FCIRBHKNc | redirect user2 keep until 2027-01-20 | stay |
to user2, reason, delete 90          -> FCIRBHKNGWDc | redirect user2 | successor | no_end deletion              # B12 B13
to user2, reason, keep, delete 90    -> FCIRBHKNWGDc | redirect user2 keep | successor | no_end deletion         # B6, then B13
to user2, reason, until 60, delete 90 -> FCIRBHKNWDc | redirect user2 until 2027-01-20 | released | deletion

# BlueMind, second solution: to a shared mailbox (B4, B7), which also has the old mail (B10a).
shared bp.user                       -> FCIRBHNGc | redirect bp.user | shared bp.user | no_reason no_end        # B4 B7
shared bp.user, to user2, reason     -> FCIRBHKNGc | redirect bp.user | shared bp.user | no_end                  # user2 becomes a member
shared bp.user, reason, keep         -> FCIRBHNc | redirect bp.user keep | stay | no_end                        # B8
shared bp.user, reason, keep, delete 90 -> FCIRBHNWGDc | redirect bp.user keep | shared bp.user | no_end deletion

# An answer, first form: the account itself with a text of its own (B14).
reply                                -> FCIRBNc | reply until 2026-12-21 own text | stay | nobody               # B14
reply, to user2                      -> FCIRBHKNc | reply until 2026-12-21 own text | stay |                     # old mail to user2
reply, keep                          -> FCIRBNc | reply keep until 2026-12-21 own text | stay | nobody
reply, to user2, delete 60           -> FCIRBHKNWDc | reply until 2026-12-21 own text | released | deletion
reply, to user2, delete 10           -> FCIRBHKNWDc | reply until 2026-12-21 own text | released | cut_short deletion
delete 10                            -> FCIRBNWDc | reply until 2026-12-21 | released | cut_short nobody deletion
blank reply                          -> FCIRBNc | reply until 2026-12-21 | stay | nobody                        # the usual text
blank reply, responder               -> FCIRBNGc | responder Anciens | responder | long nobody

# Second form: one responder for everyone who left, without a licence (B15, X9).
responder                            -> FCIRBNGc | responder Anciens | responder | long nobody                  # B15
responder, until 30                  -> FCIRBNGc | responder Anciens until 2026-12-21 | responder | nobody      # X5
responder, reply, reason             -> FCIRBNGc | responder Anciens own text | responder | nobody              # X9
responder, to user2, reason          -> FCIRBHKNGc | responder Anciens | responder |
responder, reason, delete 60         -> FCIRBNGWDc | responder Anciens | responder | nobody deletion            # B12 B15

# What is worth a second look.
to user2, reason; redirected to      -> FCIRBHKNGc | redirect user2 | successor | no_end redirects_in            # X1
to user2, reason; only group admin   -> FCIRBHKNGc | redirect user2 | successor | no_end                         # R16: user2 becomes their admin
to user2, reason; only group admin, successor invited -> FCIRBHKNGc | redirect user2 | successor | no_end only_admin
reason; only group admin             -> FCIRBNc | reply until 2026-12-21 | stay | nobody only_admin            # R16
reason, groups user3; only group admin -> FCIRBNc | reply until 2026-12-21 | stay | nobody                     # R16
reason, groups user1                 -> successor_is_leaver
reason, groups user3; group heir closed -> successor_not_active
to user2, reason; deactivated        -> FCIRBHKNGc | redirect user2 | successor | no_end                         # B16 at any moment
to user2, reason; invited            -> FCIRBHKNGc | redirect user2 | successor | no_end
to user2, reason; leaving passed     -> FCIRBHKNGc | redirect user2 | successor | no_end
to user2, reason; successor invited  -> FCIRBHKNGc | redirect user2 | successor | no_end

# What is theirs: contacts, calendars, meetings, an archive of their own (X4, X11).
to user2, reason, collections keep   -> FCIRBHNGc | redirect user2 | successor | no_end
to user2, reason, collections share  -> FCIRBHKNGc | redirect user2 | successor | no_end
shared bp.user, to user2, reason     -> FCIRBHKNGc | redirect bp.user | shared bp.user | no_end
to user2, reason; has meetings       -> FCIRBHKNGc | redirect user2 | successor | no_end meetings
to user2, reason, meetings transfer; has meetings -> FCIRBHMKNGc | redirect user2 | successor | no_end       # X11
meetings cancel; has meetings        -> FCIRBMNc | reply until 2026-12-21 | stay | nobody                     # X11
export; has external                 -> FCIRBENc | reply until 2026-12-21 | stay | nobody                     # X4
export, delete 90; has external      -> FCIRBENWDc | reply until 2026-12-21 | released | nobody
export                               -> external_address_missing
meetings transfer                    -> successor_missing
collections move                     -> successor_missing
collections share, shared bp.user    -> successor_missing
to user2, reason, collections share, delete 90 -> shares_end
delete 90; held                      -> legal_hold                                                            # X7
; held                               -> FCIRBNc | reply until 2026-12-21 | stay | nobody

# Refused, all at once.
to user1                             -> successor_is_leaver
to user2; successor deactivated      -> successor_not_active
to user2; successor deleted          -> successor_not_active
to user2; successor unknown          -> successor_not_active
to user2; successor elsewhere        -> successor_not_active
to user2; successor leaving          -> successor_not_active
to user2; successor leaves in 10     -> FCIRBHKNGc | redirect user2 | successor | no_reason no_end
to user2, day 20; successor leaves in 10 -> successor_not_active                                              # gone before it begins
to user2; successor redirects to leaver -> redirect_loop
to user2, reply; successor redirects to leaver -> FCIRBHKNc | reply until 2026-12-21 own text | stay | redirects_in
shared user1                         -> address_taken                                                          # B4: given, not taken
shared alias1                        -> address_taken
shared bp.user, reply                -> new_mail_ambiguous
shared bp.user, responder            -> new_mail_ambiguous
keep                                 -> successor_missing
day -1                               -> date_in_the_past
until -1                             -> date_in_the_past dates_out_of_order
until 0                              -> date_in_the_past dates_out_of_order
day 10, until 5                      -> dates_out_of_order
day 10, delete 5                     -> dates_out_of_order
; deleted                            -> not_in_this_state
; departure in progress              -> departure_in_progress                                                  # X1: one at a time
; owner                              -> owner_cannot_leave
; company admin                      -> revoke_role_first                                                      # R15
; deactivated, company admin         -> FCIRBNc | reply until 2026-12-21 | stay | nobody
to user1, keep, shared bp.user, reply, day -1; departure in progress -> departure_in_progress successor_is_leaver new_mail_ambiguous date_in_the_past
";

fn in_days(days: &str) -> Timestamp {
    let hours = days.parse::<i64>().expect("a number of days") * 24;
    moment(NOW) + jiff::SignedDuration::from_hours(hours)
}

fn local(name: &str) -> relais_core::address::EmailAddress {
    address(&format!("{name}@bm.com"))
}

fn read_order(words: &str) -> Order {
    let mut order = Order::default();
    for word in words.split(", ").map(str::trim).filter(|word| !word.is_empty()) {
        match word.split_once(' ').unwrap_or((word, "")) {
            ("to", name) => order.to = Some(local(name)),
            ("collections", what) => {
                order.collections = Some(serde_json::from_value(what.into()).expect(word));
            }
            ("meetings", what) => order.meetings = Some(serde_json::from_value(what.into()).expect(word)),
            ("export", _) => order.export = Some(ExportChoice::ExternalAddress),
            ("shared", name) => order.shared_mailbox = Some(local(name)),
            ("day", days) => order.on = Some(in_days(days)),
            ("until", days) => order.until = Some(in_days(days)),
            ("delete", days) => order.delete_after = Some(in_days(days)),
            ("keep", _) => order.copy = Some(LocalCopy::Keep),
            ("reason", _) => order.reason = Some("continuité du service".into()),
            ("reply", _) => order.reply = Some("own text".into()),
            ("blank", _) => order.reply = Some(" \n".into()),
            ("groups", to) => order.groups_to = Some(local(to)),
            ("responder", _) => order.responder = Some("Anciens".into()),
            other => panic!("order: {other:?}"),
        }
    }
    order
}

struct Situation {
    leaver: Account,
    successor: Option<Account>,
    group_heir: Option<Account>,
    findings: Findings,
    departure_in_progress: bool,
}

impl Situation {
    fn read(words: &str, order: &Order) -> Self {
        let leaver = account(1, "user1@bm.com");
        let findings = Findings { addresses: vec![local("user1"), local("alias1")], ..Findings::default() };
        let successor = order
            .to
            .as_ref()
            .map(|to| if *to == leaver.address { leaver.clone() } else { account(2, to.as_str()) });
        let heir = |to: &EmailAddress| {
            if *to == leaver.address { leaver.clone() } else { account(3, to.as_str()) }
        };
        let group_heir = order.groups_to.as_ref().map(heir);
        let mut it = Self { leaver, successor, group_heir, findings, departure_in_progress: false };
        for word in words.split(", ").map(str::trim).filter(|word| !word.is_empty()) {
            it.word(word);
        }
        it
    }

    fn word(&mut self, word: &str) {
        if word == "successor unknown" {
            self.successor = None;
            return;
        }
        if let Some(rest) = word.strip_prefix("successor ") {
            let successor = self.successor.as_mut().expect("an order with a successor");
            match rest {
                "invited" => successor.state = State::Invited,
                "deactivated" => successor.state = State::Deactivated,
                "deleted" => successor.state = State::Deleted,
                "leaving" => successor.leaves_at = Some(in_days("0")),
                "leaves in 10" => successor.leaves_at = Some(in_days("10")),
                "elsewhere" => successor.organisation = OrganisationId::from_number(2),
                "redirects to leaver" => self.findings.redirects_in = vec![successor.address.clone()],
                other => panic!("successor: {other}"),
            }
            return;
        }
        match word {
            "redirected to" => self.findings.redirects_in = vec![local("user3")],
            "has external" => self.findings.external_address = Some(address("moi@ailleurs.fr")),
            "has meetings" => {
                let next = in_days("3");
                self.findings.meetings =
                    vec![Meeting { summary: None, next, recurring: false, attendees: vec![] }];
            }
            "held" => {
                self.leaver.legal_hold = Some(LegalHold { reason: "Litige".into(), since: moment(NOW) });
            }
            "group heir closed" => {
                self.group_heir.as_mut().expect("an order with one").state = State::Deactivated;
            }
            "only group admin" => self.findings.only_admin_of = vec!["Ventes".into()],
            "departure in progress" => self.departure_in_progress = true,
            "invited" => self.leaver.state = State::Invited,
            "deactivated" => self.leaver.state = State::Deactivated,
            "deleted" => self.leaver.state = State::Deleted,
            "owner" => self.leaver.role = Role::Owner,
            "company admin" => self.leaver.role = Role::CompanyAdmin,
            "leaving passed" => self.leaver.leaves_at = Some(in_days("-1")),
            other => panic!("fact: {other}"),
        }
    }

    fn plan(&self, order: &Order) -> Result<Plan, Vec<Refusal>> {
        let facts = PlanFacts {
            leaver: &self.leaver,
            successor: self.successor.as_ref(),
            group_heir: self.group_heir.as_ref(),
            renamed_to: local("user1.bck"),
            departure_in_progress: self.departure_in_progress,
            findings: self.findings.clone(),
            language: Language::French,
        };
        plan(order, &facts, moment(NOW))
    }
}

fn letter(step: Step) -> char {
    match step {
        Step::Freeze => 'F',
        Step::CutSessions => 'C',
        Step::Inventory => 'I',
        Step::RouteInbound => 'R',
        Step::BackUp => 'B',
        Step::Export => 'E',
        Step::HandOverMail => 'H',
        Step::HandOverCollections => 'K',
        Step::SettleMeetings => 'M',
        Step::ReassignContent => 'A',
        Step::Rename => 'N',
        Step::GiveAddresses => 'G',
        Step::Wait => 'W',
        Step::Delete => 'D',
        Step::Certificate => 'c',
    }
}

fn warning_name(warning: &Warning) -> &'static str {
    match warning {
        Warning::RedirectWithoutReason => "no_reason",
        Warning::RedirectWithoutEnd => "no_end",
        Warning::ReplyLong => "long",
        Warning::NobodyTakesOver => "nobody",
        Warning::RedirectsIn { .. } => "redirects_in",
        Warning::OnlyAdminOf { .. } => "only_admin",
        Warning::ContentKept { .. } => "content",
        Warning::DeletionEndsReply | Warning::DeletionEndsRedirect => "cut_short",
        Warning::MeetingsKept { .. } => "meetings",
        Warning::DeletionWithoutExport => "deletion",
    }
}

fn in_words(plan: &Plan) -> String {
    let day = |end: &Timestamp| format!(" until {}", &end.to_string()[..10]);
    let keep = |copy: &LocalCopy| if *copy == LocalCopy::Keep { " keep" } else { "" };
    let own = |text: &str| if text == "own text" { " own text" } else { "" };
    let new_mail = match &plan.new_mail {
        NewMail::Redirect { to, copy, until } => {
            format!("redirect {}{}{}", to.local(), keep(copy), until.as_ref().map(day).unwrap_or_default())
        }
        NewMail::Reply { text, copy, until } => format!("reply{}{}{}", keep(copy), day(until), own(text)),
        NewMail::Responder { name, text, until } => {
            format!("responder {name}{}{}", until.as_ref().map(day).unwrap_or_default(), own(text))
        }
    };
    let heir = match &plan.heir {
        AddressHeir::Successor { address } => {
            assert_eq!(Some(address), plan.successor.as_ref());
            "successor".to_owned()
        }
        AddressHeir::SharedMailbox { address } => format!("shared {}", address.local()),
        AddressHeir::Responder { .. } => "responder".to_owned(),
        AddressHeir::Stay => "stay".to_owned(),
        AddressHeir::Released => "released".to_owned(),
    };
    let steps: String = plan.steps.iter().copied().map(letter).collect();
    let warnings: Vec<_> = plan.warnings.iter().map(warning_name).collect();
    format!("{steps} | {new_mail} | {heir} | {}", warnings.join(" ")).trim_end().to_owned()
}

#[test]
fn every_order_of_the_table_becomes_the_plan_that_stands_there() {
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (asked, expected) = line.split_once("-> ").expect(line);
        let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
        let (order, facts) = asked.split_once(';').unwrap_or((asked, ""));
        let order = read_order(order);
        let got = match Situation::read(facts, &order).plan(&order) {
            Ok(plan) => in_words(&plan),
            Err(refusals) => refusals.iter().map(Refusal::code).collect::<Vec<_>>().join(" "),
        };
        if got != expected {
            wrong.push(format!("{line}\n    got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

fn plan_of(order: &str) -> Plan {
    let order = read_order(order);
    Situation::read("", &order).plan(&order).unwrap_or_else(|refusals| panic!("{order:?}: {refusals:?}"))
}

/// The answer names whom to write to, and never pretends that the message was passed on.
#[test]
fn the_answer_nobody_wrote_names_the_successor() {
    let order = Order { responder: Some("Anciens".into()), ..read_order("to user2") };
    let NewMail::Responder { text, .. } =
        Situation::read("", &order).plan(&order).expect("accepted").new_mail
    else {
        panic!("a responder was ordered");
    };
    assert!(text.contains("user1@bm.com") && text.contains("user2@bm.com"), "{text}");
    let NewMail::Reply { text, .. } = plan_of("").new_mail else { panic!("the default answers") };
    assert!(text.contains("n'a pas été transmis"), "{text}");
}

/// B5, B7, B10: where things will be is in the plan before anything happens.
#[test]
fn the_plan_says_where_everything_will_be() {
    let both = plan_of("shared bp.user, to user2");
    assert_eq!(both.renamed_to, local("user1.bck"));
    assert_eq!(both.old_mail_to, Some(local("bp.user")));
    assert_eq!((both.shared_mailbox, both.successor), (Some(local("bp.user")), Some(local("user2"))));
    assert_eq!(plan_of("to user2").old_mail_to, Some(local("user2")));
    assert_eq!(plan_of("").old_mail_to, None);
    let scheduled = plan_of("day 40");
    assert_eq!(scheduled.begins_at, in_days("40"), "X1: a plan may wait for the last working day");
}

#[test]
fn a_blank_reason_is_no_reason() {
    let order = Order { reason: Some("  ".into()), ..read_order("to user2, until 60") };
    let plan = Situation::read("", &order).plan(&order).expect("accepted");
    assert_eq!((plan.reason, plan.warnings), (None, vec![Warning::RedirectWithoutReason]));
}

fn any_order() -> impl Strategy<Value = Order> {
    let days = || proptest::option::of((-3_i64..200).prop_map(|days| in_days(&days.to_string())));
    let name = |names: &'static [&'static str]| {
        proptest::option::of(proptest::sample::select(names).prop_map(local))
    };
    (
        name(&["user1", "user2"]),
        proptest::option::of(prop_oneof![Just(LocalCopy::Keep), Just(LocalCopy::None)]),
        name(&["bp.user", "user1"]),
        proptest::option::of(Just("own text".to_owned())),
        proptest::option::of(Just("Anciens".to_owned())),
        days(),
        days(),
        days(),
        proptest::option::of(Just("continuité".to_owned())),
    )
        .prop_map(|(to, copy, shared_mailbox, reply, responder, until, on, delete_after, reason)| {
            Order {
                to,
                copy,
                shared_mailbox,
                reply,
                responder,
                until,
                on,
                delete_after,
                reason,
                ..Order::default()
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What is accepted can be carried out: its inbound is valid, its steps come in their order and once, deletion is
    /// last but for the certificate, and nobody receives the mail of the person they are.
    #[test]
    fn every_accepted_order_is_a_plan_that_can_be_carried_out(order in any_order()) {
        let Ok(plan) = Situation::read("", &order).plan(&order) else { return Ok(()) };
        let inbound = plan.inbound();
        prop_assert!(inbound.is_ok(), "{:?}", inbound);
        let inbound = inbound.expect("checked");
        prop_assert!(inbound.redirect_targets().all(|to| *to != plan.leaver && *to != plan.renamed_to));
        prop_assert!(inbound.phases().iter().filter_map(|phase| phase.until).all(|end| end > plan.begins_at));
        // A copy is kept exactly where the plan says so.
        let keeps = |treatment: &Treatment| matches!(treatment, Treatment::Accept { copy: LocalCopy::Keep, .. });
        let kept = inbound.phases().iter().any(|phase| keeps(&phase.treatment));
        let ordered = matches!(
            plan.new_mail,
            NewMail::Redirect { copy: LocalCopy::Keep, .. } | NewMail::Reply { copy: LocalCopy::Keep, .. }
        );
        prop_assert_eq!(kept, ordered);

        let place = |step: Step| plan.steps.iter().position(|other| *other == step);
        let mut once = plan.steps.clone();
        once.dedup();
        prop_assert_eq!(&once, &plan.steps);
        prop_assert_eq!(&plan.steps[..4], &[Step::Freeze, Step::CutSessions, Step::Inventory, Step::RouteInbound][..]);
        prop_assert_eq!(plan.steps.last(), Some(&Step::Certificate));
        prop_assert!(place(Step::RouteInbound) < place(Step::Rename));
        // Nothing is moved, and nothing ends, before the verified backup.
        for moving in [Step::Export, Step::HandOverMail, Step::HandOverCollections, Step::SettleMeetings, Step::Delete] {
            prop_assert!(place(moving).is_none_or(|at| Some(at) > place(Step::BackUp)));
        }
        prop_assert_eq!(place(Step::HandOverMail).is_some(), plan.old_mail_to.is_some());
        prop_assert_eq!(place(Step::Delete).is_some(), plan.delete_after.is_some());
        prop_assert_eq!(place(Step::Delete).is_some(), place(Step::Wait).is_some());
        if let Some(deletion) = place(Step::Delete) {
            prop_assert_eq!(deletion + 2, plan.steps.len());
            prop_assert!(place(Step::Wait) < Some(deletion));
        }
        // Addresses are given exactly when they have an heir, after the rename made them aliases.
        let inherits = !matches!(plan.heir, AddressHeir::Stay | AddressHeir::Released);
        prop_assert_eq!(place(Step::GiveAddresses).is_some(), inherits);
        prop_assert!(place(Step::GiveAddresses).is_none_or(|at| Some(at) > place(Step::Rename)));
    }

    #[test]
    fn a_plan_reads_back_what_it_wrote(order in any_order()) {
        let Ok(plan) = Situation::read("", &order).plan(&order) else { return Ok(()) };
        let text = serde_json::to_string(&plan).expect("plans serialise");
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).expect("plans read back"), plan);
        let text = serde_json::to_string(&order).expect("orders serialise");
        prop_assert_eq!(serde_json::from_str::<Order>(&text).expect("orders read back"), order);
    }
}
