//! Claims, who may do what with a domain, ownership, and what is said before mail is switched (M3).

#[path = "support/people.rs"]
mod people;

use jiff::SignedDuration;
use jiff::civil::date;
use people::{account, address, moment};
use relais_core::account::Account;
use relais_core::authority::{Actor, Role};
use relais_core::domain::readiness::{Exchange, Found, Hosting, RecordState, Warning, judge};
use relais_core::domain::{Claim, Domain, Finding, Proof, check_removal, proof_needed};
use relais_core::ids::{OrganisationId, PlanId, TokenId};
use relais_core::language::Language;
use relais_core::lifecycle::Means;
use relais_core::money::Currency;
use relais_core::ownership::hand_over;
use relais_core::plan::{LicencesUsed, Plan, PlanTerms};
use relais_core::rights::State;
use relais_core::term::Period;

fn organisation(number: i64) -> OrganisationId {
    OrganisationId::from_number(number)
}

fn signed_in(account: &Account) -> Actor {
    Actor::Account { id: account.id, organisation: account.organisation, role: account.role }
}

#[test]
fn a_claim_is_proven_by_its_own_record_alone() {
    let claim = Claim::new(
        "xn--t-9fab.fr".into(),
        organisation(1),
        "abc",
        Actor::Operator,
        moment("2026-11-21T09:00:00Z"),
    );
    assert_eq!((claim.record.name.as_str(), claim.unicode.as_str()), ("_relais.xn--t-9fab.fr", "été.fr"));
    for (published, proven) in [
        (vec!["relais-domain-verification=abc"], true),
        (vec!["v=spf1 -all", " relais-domain-verification=abc "], true),
        (vec!["relais-domain-verification=abcd"], false),
        (vec!["RELAIS-DOMAIN-VERIFICATION=ABC"], false),
        (vec!["abc"], false),
        (vec![], false),
    ] {
        let published: Vec<String> = published.into_iter().map(str::to_owned).collect();
        assert_eq!(claim.is_proven_by(&published), proven, "{published:?}");
    }
}

#[test]
fn an_open_claim_is_looked_at_less_and_less_often_and_never_forgotten() {
    let start = moment("2026-11-21T09:00:00Z");
    let mut claim = Claim::new("bm.com".into(), organisation(1), "abc", Actor::Operator, start);
    let (mut before, mut looks) = (SignedDuration::ZERO, 0);
    while claim.next_at < start + SignedDuration::from_hours(24 * 30) {
        let now = claim.next_at;
        claim = claim.looked_at(Finding::NotFound, now);
        let wait = claim.next_at.duration_since(now);
        assert!(wait >= before && wait <= SignedDuration::from_hours(12), "{wait:?} after {before:?}");
        (before, looks) = (wait, looks + 1);
    }
    assert!((50..150).contains(&looks), "{looks}");
}

#[test]
fn the_operator_waives_the_proof_and_admins_give_it() {
    let people = [Role::Owner, Role::CompanyAdmin, Role::AccountManager, Role::Member, Role::Guest];
    let mut cases = vec![
        (Actor::Operator, "Ok(Waived) Ok(Waived) Ok(Record)"),
        (
            Actor::Token { id: TokenId::from_number(1), organisation: organisation(1) },
            "Ok(Record) Err(NotAllowed) Ok(Record)",
        ),
        (
            Actor::Token { id: TokenId::from_number(1), organisation: organisation(2) },
            "Err(NotAllowed) Err(NotAllowed) Err(NotAllowed)",
        ),
    ];
    for role in people {
        let person = Account { role, ..account(1, "anne@bm.com") };
        let leads = matches!(role, Role::Owner | Role::CompanyAdmin);
        let expected = if leads {
            "Ok(Record) Err(NotAllowed) Ok(Record)"
        } else {
            "Err(NotAllowed) Err(NotAllowed) Err(NotAllowed)"
        };
        cases.push((signed_in(&person), expected));
    }
    for (actor, expected) in cases {
        let answers = [None, Some(Proof::Waived), Some(Proof::Record)]
            .map(|asked| format!("{:?}", proof_needed(asked, organisation(1), &actor)));
        assert_eq!(answers.join(" "), expected, "{actor:?}");
    }
}

#[test]
fn only_an_own_domain_without_holders_can_be_removed() {
    let own = Domain::own("bm.com".into(), organisation(1));
    assert_eq!(check_removal(&own, vec![]), Ok(()));
    let code = |domain, held| check_removal(domain, held).map_err(|refusal| refusal.code());
    assert_eq!(code(&own, vec![address("anne@bm.com")]), Err("domain_in_use"));
    assert_eq!(code(&Domain::provider("host.net".into()), vec![]), Err("domain_is_provider"));
}

#[test]
fn an_owner_hands_over_to_someone_active_and_stays_an_admin() {
    let now = moment("2026-11-21T09:00:00Z");
    let owner = Account { role: Role::Owner, ..account(1, "olga@bm.com") };
    let heir = account(2, "anne@bm.com");
    let none = Means::none(date(2026, 11, 21));
    let changes =
        hand_over(std::slice::from_ref(&owner), &heir, &none, &signed_in(&owner), now).expect("allowed");
    let roles: Vec<_> = changes.iter().map(|change| (change.account.id, change.account.role)).collect();
    assert_eq!(roles, [(heir.id, Role::Owner), (owner.id, Role::CompanyAdmin)]);
    assert!(changes.iter().all(|change| change.account.epoch == 1), "both sign in again");
    let admin = Account { role: Role::CompanyAdmin, ..account(3, "bruno@bm.com") };
    let outcome = |owners: &[Account], heir: &Account, actor: &Actor| {
        hand_over(owners, heir, &none, actor, now)
            .map(|changes| changes.len())
            .map_err(|refusal| refusal.code())
    };
    let owners = std::slice::from_ref(&owner);
    let token = Actor::Token { id: TokenId::from_number(1), organisation: organisation(1) };
    for (actor, expected) in [
        (signed_in(&owner), Ok(2)),
        (Actor::Operator, Ok(2)),
        (signed_in(&admin), Err("not_allowed")),
        (signed_in(&heir), Err("not_allowed")),
        (token, Err("not_allowed")),
    ] {
        assert_eq!(outcome(owners, &heir, &actor), expected, "{actor:?}");
    }
    for state in [State::Invited, State::Deactivated, State::Deleted] {
        let heir = Account { state, ..heir.clone() };
        assert_eq!(outcome(owners, &heir, &Actor::Operator), Err("successor_not_active"), "{state:?}");
    }
    assert_eq!(outcome(owners, &owner, &Actor::Operator), Ok(0), "it is so already");
    assert_eq!(outcome(&[], &heir, &Actor::Operator), Ok(1), "an organisation that had none");
}

#[test]
fn a_guest_inherits_an_organisation_only_with_a_licence() {
    let now = moment("2026-11-21T09:00:00Z");
    let terms = PlanTerms {
        name: "Mairie".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Month,
        accounts_free: 2,
        accounts_max: Some(2),
        full_licences_max: None,
        own_domains_max: None,
        flexible_licences: false,
    };
    let plan = Plan { id: PlanId::from_number(1), terms, created_at: now, retired_at: None };
    let means = |accounts| Means {
        plan: Some(plan.clone()),
        used: LicencesUsed { accounts, free: accounts, full: accounts },
        ..Means::none(date(2026, 11, 21))
    };
    let heir = |role| Account { role, ..account(2, "anne@bm.com") };
    for (role, accounts, expected) in
        [(Role::Guest, 1, Ok(1)), (Role::Guest, 2, Err("plan_full")), (Role::Member, 2, Ok(1))]
    {
        let outcome = hand_over(&[], &heir(role), &means(accounts), &Actor::Operator, now);
        let outcome = outcome.map(|changes| changes.len()).map_err(|refusal| refusal.code());
        assert_eq!(outcome, expected, "{role:?} {accounts}");
    }
}

fn mx(list: &[(u16, &str)]) -> Option<Vec<Exchange>> {
    Some(
        list.iter()
            .map(|(preference, host)| Exchange { preference: *preference, host: (*host).into() })
            .collect(),
    )
}

fn texts(list: &[&str]) -> Option<Vec<String>> {
    Some(list.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn each_record_is_judged_by_what_it_says() {
    use RecordState::{Different, Good, Missing, Unknown};
    let here = "mail.bm.com";
    for (found, expected) in [
        (Found::default(), [Unknown, Unknown, Unknown, Unknown]),
        (
            Found { mx: mx(&[]), txt: texts(&[]), dkim: texts(&[]), dmarc: texts(&[]) },
            [Missing, Missing, Missing, Missing],
        ),
        (
            Found {
                mx: mx(&[(10, here)]),
                txt: texts(&["google-site=1", "v=spf1 mx -all"]),
                dkim: texts(&["v=DKIM1; p=abc"]),
                dmarc: texts(&["V=dmarc1; p=reject"]),
            },
            [Good, Good, Good, Good],
        ),
        (
            Found {
                mx: mx(&[(10, here), (20, "old.example")]),
                txt: texts(&["v=spf1 include:old.example -all"]),
                dkim: texts(&["hello"]),
                dmarc: texts(&["v=DKIM1"]),
            },
            [Different, Different, Missing, Missing],
        ),
        (
            Found { txt: texts(&["v=spf1 mx", "v=spf1 a:mail.bm.com"]), ..Found::default() },
            [Unknown, Different, Unknown, Unknown],
        ),
        (
            Found { txt: texts(&["v=spf1 +a:MAIL.bm.com ~all"]), ..Found::default() },
            [Unknown, Good, Unknown, Unknown],
        ),
    ] {
        let judged = judge("bm.com", Hosting::Hosted, found.clone(), vec![], "Mail.bm.com", "relais");
        let states: Vec<_> = judged.records.iter().map(|record| record.state).collect();
        assert_eq!(states, expected, "{found:?}");
        let names: Vec<_> = judged.records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(names, ["bm.com", "bm.com", "relais._domainkey.bm.com", "_dmarc.bm.com"]);
        assert_eq!(judged.records[0].recommended, "10 mail.bm.com.");
    }
}

#[test]
fn the_warning_says_whether_mail_is_refused_already_or_would_be() {
    let missing = vec![address("anne@bm.com")];
    for (hosting, host, missing, expected) in [
        (Hosting::Hosted, "mail.bm.com", vec![], None),
        (Hosting::Hosted, "old.example", vec![], None),
        (Hosting::Hosted, "mail.bm.com", missing.clone(), Some(Warning::SwitchedBeforeAddresses)),
        (Hosting::Hosted, "old.example", missing.clone(), Some(Warning::AddressesMissing)),
        (Hosting::NotProven, "mail.bm.com", missing.clone(), Some(Warning::SwitchedBeforeProof)),
        (Hosting::NotProven, "old.example", vec![], Some(Warning::NotProven)),
    ] {
        let found = Found { mx: mx(&[(10, host)]), ..Found::default() };
        let judged = judge("bm.com", hosting, found, missing, "mail.bm.com", "relais");
        assert_eq!(judged.warnings.first().copied(), expected, "{hosting:?} {host}");
        for warning in judged.warnings {
            let (french, english) = (warning.sentence(Language::French), warning.sentence(Language::English));
            assert!(french.contains(" ; ") && english.contains("; "), "{french} {english}");
        }
    }
}
