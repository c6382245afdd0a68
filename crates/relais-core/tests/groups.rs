//! Who may write to a group, who looks after it, who may be added to it, and who may be invited: one line per case.

#[path = "support/people.rs"]
mod people;

use people::{account, address, moment};
use relais_core::authority::{Actor, Role};
use relais_core::group::{
    Author, Belongs, Joining, Posting, Readers, SENDERS_MAX, check_looks_after, check_may_join,
};
use relais_core::ids::{AccountId, GroupId, OrganisationId, TokenId};
use relais_core::invitation::{LinkPurpose, check_may_invite};
use relais_core::money::Currency;
use relais_core::organisation::{Group, GroupRole};
use relais_core::plan::PlanTerms;
use relais_core::rights::State;
use relais_core::term::Period;

const NOW: &str = "2026-11-21T09:00:00Z";

/// policy: notice, unsaid, a member, a colleague, another organisation, a listed stranger, a stranger, unknowable;
/// each reaches all (A), the admins (a) or nobody (-).
const POSTING: &str = "
anyone       A A A A A A A A
organisation a A A A - - - -
members      a A A - - - - -
listed       a A - - - A - -
";

fn policy(name: &str) -> Posting {
    match name {
        "anyone" => Posting::Anyone,
        "organisation" => Posting::Organisation,
        "members" => Posting::Members,
        "listed" => Posting::Listed { senders: [address("client@perso.example")].into() },
        other => panic!("policy: {other}"),
    }
}

#[test]
fn a_policy_lets_in_whom_the_table_says() {
    let account = |belongs| Author::Account { address: address("user1@bm.com"), belongs };
    let stranger = |text: &str| Author::Stranger { address: address(text) };
    let authors = [
        Author::Nobody,
        Author::Unsaid,
        account(Belongs::Group),
        account(Belongs::Organisation),
        account(Belongs::Elsewhere),
        stranger("client+facture@perso.example"),
        stranger("x@perso.example"),
        Author::Unknowable,
    ];
    for line in POSTING.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let policy = policy(words.next().expect("a policy"));
        let got: Vec<&str> = authors
            .iter()
            .map(|author| match policy.judge(author) {
                Readers::All => "A",
                Readers::Admins => "a",
                Readers::Nobody => "-",
            })
            .collect();
        assert_eq!(got, words.collect::<Vec<_>>(), "{line}");
    }
    let own = Posting::Listed { senders: [address("user1@bm.com")].into() };
    assert_eq!(own.judge(&account(Belongs::Organisation)), Readers::All, "a list may name accounts");
}

#[test]
fn a_list_of_senders_is_neither_empty_nor_endless() {
    let code = |posting: Posting| posting.check().map_err(|refusal| refusal.code());
    assert_eq!(code(Posting::Listed { senders: [].into() }), Err("group_senders_missing"));
    let many = |count: usize| (0..count).map(|number| address(&format!("a{number}@perso.example"))).collect();
    assert_eq!(code(Posting::Listed { senders: many(SENDERS_MAX) }), Ok(()));
    assert_eq!(code(Posting::Listed { senders: many(SENDERS_MAX + 1) }), Err("group_senders_too_many"));
    for name in ["anyone", "organisation", "members"] {
        assert_eq!(code(policy(name)), Ok(()));
    }
}

fn actor(name: &str) -> Actor {
    let (name, organisation) = match name.strip_prefix("foreign ") {
        Some(name) => (name, OrganisationId::from_number(2)),
        None => (name, OrganisationId::from_number(1)),
    };
    let person = |role| Actor::Account { id: AccountId::from_number(9), organisation, role };
    match name {
        "operator" => Actor::Operator,
        "token" => Actor::Token { id: TokenId::from_number(1), organisation },
        "admin" => person(Role::CompanyAdmin),
        "manager" => person(Role::AccountManager),
        "member" => person(Role::Member),
        "guest" => person(Role::Guest),
        other => panic!("actor: {other}"),
    }
}

#[test]
fn whoever_manages_accounts_and_the_admins_of_a_group_look_after_it() {
    let group = Group {
        id: GroupId::from_number(1),
        organisation: OrganisationId::from_number(1),
        name: "Ventes".into(),
        address: None,
        posting: Posting::Anyone,
        created_at: moment(NOW),
    };
    for (who, in_group, may) in [
        ("operator", None, true),
        ("token", None, true),
        ("admin", None, true),
        ("manager", None, true),
        ("member", None, false),
        ("member", Some(GroupRole::Member), false),
        ("member", Some(GroupRole::Admin), true),
        ("guest", Some(GroupRole::Admin), true),
        ("foreign admin", None, false),
        ("foreign member", Some(GroupRole::Admin), false),
    ] {
        assert_eq!(check_looks_after(&actor(who), &group, in_group).is_ok(), may, "{who} {in_group:?}");
    }
}

fn plan(flexible_licences: bool) -> PlanTerms {
    PlanTerms {
        name: "Mairie".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Month,
        accounts_free: 1,
        accounts_max: None,
        full_licences_max: None,
        own_domains_max: None,
        flexible_licences,
    }
}

/// R8.
#[test]
fn a_deactivated_account_joins_only_where_that_may_reactivate_it() {
    for (state, who, flexible, expected) in [
        (State::Active, "member", None, Ok(Joining::AsItIs)),
        (State::Invited, "member", Some(false), Ok(Joining::AsItIs)),
        (State::Deactivated, "admin", None, Err("not_in_this_state")),
        (State::Deactivated, "admin", Some(false), Err("not_in_this_state")),
        (State::Deactivated, "admin", Some(true), Ok(Joining::Reactivated)),
        (State::Deactivated, "token", Some(true), Ok(Joining::Reactivated)),
        (State::Deactivated, "manager", Some(true), Err("not_in_this_state")),
        (State::Deactivated, "member", Some(true), Err("not_in_this_state")),
        (State::Deactivated, "foreign admin", Some(true), Err("not_in_this_state")),
        (State::Deleted, "admin", Some(true), Err("not_in_this_state")),
    ] {
        let mut subject = account(1, "user1@bm.com");
        subject.state = state;
        let plan = flexible.map(plan);
        let got = check_may_join(&subject, plan.as_ref(), &actor(who), moment(NOW));
        assert_eq!(got.map_err(|refusal| refusal.code()), expected, "{state:?} {who} {flexible:?}");
    }
}

#[test]
fn a_link_is_for_whom_it_suits_and_an_invitation_has_somewhere_to_go() {
    for (state, reset, invitation) in [
        (State::Invited, false, true),
        (State::Active, true, false),
        (State::Deactivated, false, false),
        (State::Deleted, false, false),
    ] {
        let mut subject = account(1, "user1@bm.com");
        subject.state = state;
        assert_eq!(LinkPurpose::Reset.suits(&subject, moment(NOW)), reset, "{state:?}");
        assert_eq!(LinkPurpose::Invitation.suits(&subject, moment(NOW)), invitation, "{state:?}");
    }
    let outside = || Some(address("zoe@perso.example"));
    for (state, who, to, expected) in [
        (State::Invited, "manager", outside(), Ok(())),
        (State::Invited, "member", outside(), Err("not_allowed")),
        (State::Invited, "foreign admin", outside(), Err("not_allowed")),
        (State::Invited, "manager", None, Err("invitation_address_missing")),
        (State::Active, "manager", outside(), Err("account_not_invited")),
        (State::Deactivated, "admin", outside(), Err("account_not_invited")),
    ] {
        let mut subject = account(1, "user1@bm.com");
        subject.state = state;
        let got = check_may_invite(&subject, to, &actor(who), moment(NOW));
        assert_eq!(got.map(drop).map_err(|refusal| refusal.code()), expected, "{state:?} {who}");
    }
}
