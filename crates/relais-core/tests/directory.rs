//! What a reading of a directory does to accounts, one line a case; the guard; and a small model of a year of changes there
//! and decisions here.

use proptest::prelude::*;
use relais_core::account::Cause;
use relais_core::directory::groups::{SeenGroup, changes};
use relais_core::directory::plan::{Approval, Leads, Rank, Settled, is_too_many, plan};
use relais_core::directory::{
    Case, Claim, Claimant, Elsewhere, EntryAct, EntryId, Guard, Known, Linked, Person, PlanItem, Said,
    Settings, Values,
};
use relais_core::ids::AccountId;
use relais_core::refusal::Refusal;
use relais_core::rights::State;
use std::collections::{BTreeMap, BTreeSet};

/// `entry now | known before | account | more -> what is done, or why not`. A known entry has the digest of what is read
/// now unless it `changed`; `pending` was refused the last time.
const TABLE: &str = "
enabled            | -               | -                      |                    -> create
enabled, no mail   | -               | -                      |                    -> ! directory_address_missing
enabled, bad mail  | -               | -                      |                    -> ! directory_address_invalid
enabled            | -               | -                      | twice              -> ! directory_address_twice
disabled           | -               | -                      |                    -> remember
vanished           | disabled        | -                      |                    -> remember
enabled            | disabled        | -                      |                    -> create
enabled            | enabled         | -                      |                    -> nothing
enabled            | enabled pending | -                      |                    -> create
enabled            | -               | -                      | held by active     -> link update
disabled           | -               | -                      | held by active     -> remember
enabled            | -               | -                      | held by admin      -> ! directory_link_by_hand
enabled            | -               | -                      | held by other      -> ! directory_other_entry
enabled            | -               | -                      | held by directory  -> link resume update
enabled            | -               | -                      | held by human      -> link update
enabled            | enabled         | active                 |                    -> nothing
enabled            | enabled changed | active                 |                    -> update
enabled            | enabled pending | active                 |                    -> update
disabled           | enabled         | active                 |                    -> suspend
vanished           | enabled         | active                 |                    -> suspend
vanished           | enabled         | invited                |                    -> suspend
vanished           | disabled        | active                 |                    -> suspend
vanished           | vanished        | active                 |                    -> nothing
disabled           | disabled        | active                 |                    -> nothing
disabled           | disabled changed | active                |                    -> remember
vanished           | enabled         | deactivated admin      |                    -> remember
vanished           | vanished pending | active                |                    -> suspend
enabled            | vanished        | deactivated directory  |                    -> resume
enabled            | disabled        | deactivated directory  |                    -> resume
enabled            | vanished changed | deactivated directory |                    -> resume update
enabled            | vanished        | deactivated admin      |                    -> remember
enabled            | vanished        | deactivated scim       |                    -> remember
enabled            | vanished        | deactivated departure  |                    -> remember
enabled            | vanished        | deactivated billing    |                    -> remember
enabled            | vanished        | deactivated schedule   |                    -> remember
enabled            | enabled         | deactivated directory  |                    -> nothing
enabled            | enabled changed | deactivated admin      |                    -> update
enabled            | enabled changed | deleted                |                    -> ! directory_account_deleted
vanished           | enabled         | deleted                |                    -> remember
vanished           | enabled         | active                 | behind enabled     -> remember
vanished           | enabled         | active                 | behind disabled    -> suspend
vanished           | enabled         | active                 | behind vanished    -> suspend
disabled           | enabled         | active                 | behind enabled     -> suspend
disabled           | enabled         | active                 | before enabled     -> remember
vanished           | enabled         | active                 | before enabled     -> remember
enabled            | enabled changed | active                 | before enabled     -> remember
enabled            | enabled changed | active                 | before vanished    -> update
enabled            | vanished        | deactivated directory  | before disabled    -> remember
";

fn entry(number: u8) -> EntryId {
    EntryId([number; 16])
}

fn person(mail: Option<&str>) -> Person {
    Person { address: mail.map(str::to_owned), name: "Anna".into(), ..Person::default() }
}

fn said(word: &str) -> Said {
    serde_json::from_value(word.into()).unwrap_or_else(|error| panic!("{word}: {error}"))
}

fn linked(words: &str) -> Linked {
    let (state, cause) = words.split_once(' ').map_or((words, None), |(state, cause)| (state, Some(cause)));
    Linked {
        account: AccountId::from_number(1),
        address: "anna@bm.com".parse().expect("an address"),
        state: serde_json::from_value(state.into()).unwrap_or_else(|error| panic!("{words}: {error}")),
        cause: cause.map(|cause| serde_json::from_value(cause.into()).expect("a cause")),
        elsewhere: vec![],
    }
}

fn case(line: &str) -> Case {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let [now, known, account, more] = columns[..] else { panic!("{line}") };
    let mail = match now.split_once(", ") {
        Some((_, "no mail")) => None,
        Some((_, "bad mail")) => Some("anna"),
        _ => Some("anna@bm.com"),
    };
    let person = person(mail);
    let mut words = known.split(' ');
    let first = words.next().expect("a word");
    let rest: Vec<&str> = words.collect();
    let known = (first != "-").then(|| Known {
        said: said(first),
        digest: if rest.contains(&"changed") { [0; 32] } else { person.digest() },
        settled: if rest.contains(&"pending") { Settled::No } else { Settled::Yes },
    });
    let mut account = (account != "-").then(|| linked(account));
    let mut claim = Claim::Free;
    match more.split_once(' ') {
        None if more == "twice" => claim = Claim::Twice,
        None => {}
        Some(("held", by)) => {
            let holder = match by {
                "by directory" => linked("deactivated directory"),
                "by human" => linked("deactivated admin"),
                _ => linked("active"),
            };
            claim = Claim::Account(Claimant {
                account: holder.account,
                address: holder.address.clone(),
                leads: if by == "by admin" { Leads::Yes } else { Leads::No },
                entry: (by == "by other").then(|| entry(9)),
                linked: holder,
            });
        }
        Some((rank, said_there)) => {
            let rank = if rank == "before" { Rank::Before } else { Rank::Behind };
            let other = Elsewhere { rank, said: said(said_there) };
            account.as_mut().expect("an account").elsewhere.push(other);
        }
    }
    let now = now.split(',').next().expect("a word");
    let person = (now != "vanished").then_some(person);
    Case { entry: entry(1), said: said(now), person, known, account, claim }
}

fn answer(case: Case) -> String {
    let mut items = plan(vec![case], 1, Approval::Guard(Guard { count_max: 100, percent_max: 100 })).items;
    match items.pop() {
        None => "nothing".into(),
        Some(PlanItem { fault: Some(fault), .. }) => format!("! {}", Refusal::from(fault).code()),
        Some(item) if item.acts.is_empty() => "remember".into(),
        Some(item) => {
            let word =
                |act: &EntryAct| serde_json::to_value(act).expect("a word").as_str().map(str::to_owned);
            item.acts.iter().filter_map(word).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn each_line_of_the_table_says_what_an_entry_asks_for() {
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("->").expect("an arrow");
        assert_eq!(answer(case(asked)), expected.trim(), "{line}");
    }
}

#[test]
fn many_at_once_are_held_and_a_few_never_by_their_share_x8() {
    let guard = Guard { count_max: 50, percent_max: 10 };
    for (suspended, there, held) in [
        (0, 0, false),
        (1, 1, false),
        (1, 4, false),
        (3, 10, false),
        (2, 2, true),
        (4, 10, true),
        (4, 40, false),
        (5, 40, true),
        (50, 10_000, false),
        (51, 10_000, true),
        (60, 100, true),
    ] {
        assert_eq!(is_too_many(suspended, there, guard), held, "{suspended} of {there}");
    }
}

#[test]
fn whoever_a_person_has_not_seen_does_not_go_with_the_others() {
    let gone = |number| Case { entry: entry(number), ..case("vanished | enabled | active | ") };
    let seen: BTreeSet<EntryId> = [entry(1), entry(2)].into();
    let held = |numbers: &[u8]| {
        let cases = numbers.iter().map(|number| gone(*number)).collect();
        plan(cases, 2, Approval::These(&seen)).hold.is_some()
    };
    assert!(!held(&[1, 2]) && !held(&[1]) && held(&[1, 3]));
}

#[test]
fn a_group_changes_by_what_the_directory_said_before() {
    let group = |members: &[u8]| SeenGroup {
        entry: entry(50),
        dn: String::new(),
        name: "Ventes".into(),
        members: members.iter().map(|number| entry(*number)).collect(),
    };
    let given: BTreeSet<EntryId> = [entry(1), entry(2)].into();
    let change = changes(Some(&group(&[2, 3])), &given);
    assert_eq!((change.come, change.go), (vec![entry(3)], vec![entry(1)]));
    assert_eq!(changes(None, &given).go, [entry(1), entry(2)]);
}

#[test]
fn an_entry_becomes_a_person_as_the_settings_say() {
    let settings = |more: serde_json::Value| -> Settings {
        let mut whole =
            serde_json::json!({ "kind": "open_ldap", "host": "ldap.bm.com", "base": "dc=bm,dc=com" });
        whole.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(whole).expect("settings")
    };
    let values = |pairs: &[(&str, &str)]| -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
    };
    let usual = settings(serde_json::json!({}));
    let entry = values(&[("mail", " anna@bm.com "), ("cn", "Anna"), ("sn", "Martin"), ("title", "")]);
    let anna = usual.person_of(&entry);
    assert_eq!((anna.address.as_deref(), anna.family_name.as_deref()), (Some("anna@bm.com"), Some("Martin")));
    assert_eq!((anna.name.as_str(), anna.job_title), ("Anna", None));
    // A login, and a field that is nobody's business.
    let own = settings(serde_json::json!({
        "domain": "bm.com", "attributes": { "address": "uid", "family_name": "" }
    }));
    let anna = own.person_of(&values(&[("uid", "anna"), ("sn", "Martin")]));
    assert_eq!((anna.address.as_deref(), anna.family_name), (Some("anna@bm.com"), None));
    assert_eq!(anna.name, "anna@bm.com");
    for (name, value, expected) in [
        ("pwdaccountlockedtime", "000001010000Z", Said::Disabled),
        ("pwdaccountlockedtime", "20261122101500Z", Said::Enabled),
        ("nsaccountlock", "TRUE", Said::Disabled),
        ("nsaccountlock", "FALSE", Said::Enabled),
        ("useraccountcontrol", "514", Said::Enabled),
    ] {
        assert_eq!(usual.said_of(&values(&[(name, value)])), expected, "{name}: {value}");
    }
    let ad = settings(serde_json::json!({ "kind": "active_directory" }));
    assert_eq!(ad.said_of(&values(&[("useraccountcontrol", "514")])), Said::Disabled);
    assert_eq!(ad.said_of(&values(&[("useraccountcontrol", "512")])), Said::Enabled);
    for wrong in [
        serde_json::json!({ "host": "" }),
        serde_json::json!({ "host": "ldap://bm.com/" }),
        serde_json::json!({ "base": "" }),
        serde_json::json!({ "filter": "(uid=*" }),
        serde_json::json!({ "filter": "(uid=*)(mail=*)" }),
        serde_json::json!({ "domain": "bm" }),
        serde_json::json!({ "ca": "none" }),
        serde_json::json!({ "attributes": { "address": "m ail" } }),
        serde_json::json!({ "every_minutes": 0 }),
        serde_json::json!({ "guard": { "percent_max": 101 } }),
    ] {
        assert!(settings(wrong.clone()).check().is_err(), "{wrong}");
    }
    usual.check().expect("nothing is wrong");
}

const PEOPLE: u8 = 5;

#[derive(Debug, Clone, Copy)]
enum Event {
    There(u8, Said),
    Renamed(u8),
    /// Somebody here closes an account, or opens it.
    Closed(u8),
    Opened(u8),
    Read,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let said = prop_oneof![Just(Said::Enabled), Just(Said::Disabled), Just(Said::Vanished)];
    let who = 0..PEOPLE;
    let event = prop_oneof![
        3 => (who.clone(), said).prop_map(|(who, said)| Event::There(who, said)),
        1 => who.clone().prop_map(Event::Renamed),
        1 => who.clone().prop_map(Event::Closed),
        1 => who.prop_map(Event::Opened),
        3 => Just(Event::Read),
    ];
    proptest::collection::vec(event, 1..60)
}

/// What there is of one person: there, here, and what was said of them last.
#[derive(Debug, Clone, Default)]
struct One {
    there: Option<Said>,
    version: u32,
    known: Option<(Said, u32)>,
    /// `None` without an account; else why it is closed.
    account: Option<Option<Cause>>,
    /// The last decision of a person, since which the directory has not moved.
    decided: Option<bool>,
}

fn read(all: &mut BTreeMap<u8, One>) -> usize {
    let person = |who: u8, version: u32| Person {
        address: Some(format!("p{who}@bm.com")),
        name: version.to_string(),
        ..Person::default()
    };
    let mut cases = Vec::new();
    for (who, one) in all.iter() {
        let now = one.there.unwrap_or(Said::Vanished);
        if now == Said::Vanished && one.known.is_none() {
            continue;
        }
        let state = |cause: Option<Cause>| if cause.is_some() { State::Deactivated } else { State::Active };
        cases.push(Case {
            entry: entry(*who),
            said: now,
            person: (now != Said::Vanished).then(|| person(*who, one.version)),
            known: one.known.map(|(said, version)| Known {
                said,
                digest: person(*who, version).digest(),
                settled: Settled::Yes,
            }),
            account: one.account.map(|cause| Linked { state: state(cause), cause, ..linked("active") }),
            claim: Claim::Free,
        });
    }
    let mut done = 0;
    for item in plan(cases, 0, Approval::Guard(Guard { count_max: 100, percent_max: 100 })).items {
        let who = item.entry.0[0];
        let one = all.get_mut(&who).expect("known");
        done += item.acts.len();
        if one.known.is_none_or(|(said, _)| said != item.said) {
            one.decided = None;
        }
        one.known = Some((item.said, one.version));
        for act in item.acts {
            match act {
                EntryAct::Create => one.account = Some(None),
                EntryAct::Suspend => one.account = Some(Some(Cause::Directory)),
                EntryAct::Resume => {
                    assert_eq!(one.account, Some(Some(Cause::Directory)), "another's decision is not undone");
                    one.account = Some(None);
                }
                EntryAct::Link | EntryAct::Update => {}
            }
        }
        if one.account.is_none() && item.said == Said::Vanished {
            one.known = None;
        }
    }
    done
}

proptest! {
    #[test]
    fn whatever_happens_there_and_is_decided_here_both_are_kept(events in events()) {
        let mut all: BTreeMap<u8, One> = (0..PEOPLE).map(|who| (who, One::default())).collect();
        for event in events {
            match event {
                Event::There(who, said) => all.get_mut(&who).expect("there").there = Some(said),
                Event::Renamed(who) => all.get_mut(&who).expect("there").version += 1,
                Event::Closed(who) | Event::Opened(who) => {
                    let one = all.get_mut(&who).expect("there");
                    let closes = matches!(event, Event::Closed(_));
                    if one.account.is_some() {
                        one.account = Some(closes.then_some(Cause::Admin));
                        one.decided = Some(closes);
                    }
                }
                Event::Read => {
                    read(&mut all);
                    prop_assert_eq!(read(&mut all), 0, "a second reading has nothing to do");
                    for one in all.values() {
                        let Some(closed) = one.account else { continue };
                        match (one.decided, closed) {
                            // What a person decided holds for as long as the directory says the same.
                            (Some(decided), closed) => prop_assert_eq!(closed.is_some(), decided),
                            (None, Some(Cause::Admin)) => {}
                            (None, closed) => {
                                let open = one.there == Some(Said::Enabled);
                                prop_assert_eq!(closed.is_none(), open, "{:?}", one);
                            }
                        }
                    }
                }
            }
        }
    }
}
