//! What a password and a session are good for, line by line; and whom an identity provider lets in.

#[path = "support/people.rs"]
mod people;

use jiff::Timestamp;
use people::account;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::domain::Domain;
use relais_core::ids::OrganisationId;
use relais_core::rights::{State, Verdict, may};
use relais_core::sign_in::{
    AppPasswordRule, Demands, Entrance, OpenedBy, PasswordVerdict, SecondFactor, SecondFactorRule,
    SessionExtent, SignInPolicy, code_step, extent_of_session, steps_taken, what_a_password_opens,
};
use relais_core::sign_on::{
    Activate, Entry, HasOtherSubject, IdentityProvider, Known, Link, Newcomers, SignOnDemand, check_domains,
    enter,
};

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn demands(words: &str) -> Demands {
    let has = |word: &str| words.split(' ').any(|one| one == word);
    let role = match words.split(' ').next() {
        Some("owner") => Role::Owner,
        Some("admin") => Role::CompanyAdmin,
        Some("manager") => Role::AccountManager,
        _ => Role::Member,
    };
    Demands {
        role,
        policy: SignInPolicy {
            app_passwords: if has("apps") { AppPasswordRule::Required } else { AppPasswordRule::Optional },
            second_factor: match (has("admins"), has("all")) {
                (true, _) => SecondFactorRule::Administrators,
                (_, true) => SecondFactorRule::Everyone,
                (false, false) => SecondFactorRule::Optional,
            },
        },
        factor: if has("factor") { SecondFactor::Confirmed } else { SecondFactor::Absent },
        sign_on: if has("sso") { SignOnDemand::Required } else { SignOnDemand::Optional },
    }
}

/// Who, and what is asked; what the password opens at the portal; what it opens for a program; how far a session goes that was
/// opened with it.
const TABLE: &str = "
    member              | opens    | opens | whole
    member factor       | code     | app   | whole
    member apps         | opens    | app   | whole
    member admins       | opens    | opens | whole
    manager admins      | opens    | app   | setting up
    admin admins factor | code     | app   | whole
    member all          | opens    | app   | setting up
    member all factor   | code     | app   | whole
    member sso          | sign-on  | app   | void
    member sso factor   | sign-on  | app   | void
    admin sso           | sign-on  | app   | void
    owner sso           | opens    | app   | whole
    owner sso factor    | code     | app   | whole
    owner sso admins    | opens    | app   | setting up
";

#[test]
fn what_a_password_opens_depends_on_the_entrance_and_on_what_is_asked() {
    for line in TABLE.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let demands = demands(cells[0]);
        for entrance in Entrance::ALL {
            let said = match what_a_password_opens(entrance, &demands) {
                PasswordVerdict::Opens => "opens",
                PasswordVerdict::AsksForCode => "code",
                PasswordVerdict::AppPasswordOnly => "app",
                PasswordVerdict::SignOnOnly => "sign-on",
            };
            let expected = if entrance == Entrance::Portal { cells[1] } else { cells[2] };
            assert_eq!(said, expected, "{entrance:?}: {line}");
        }
        let extent = match extent_of_session(OpenedBy::Password, &demands) {
            Some(SessionExtent::Whole) => "whole",
            Some(SessionExtent::SettingUp) => "setting up",
            None => "void",
        };
        assert_eq!(extent, cells[3], "{line}");
        let by_provider = extent_of_session(OpenedBy::IdentityProvider, &demands);
        assert_eq!(by_provider, Some(SessionExtent::Whole), "{line}");
    }
}

#[test]
fn a_code_is_taken_a_step_early_and_a_step_late_and_never_twice() {
    let step = code_step(now());
    assert_eq!(steps_taken(0, now()).collect::<Vec<_>>(), [step - 1, step, step + 1]);
    assert_eq!(steps_taken(step - 1, now()).collect::<Vec<_>>(), [step, step + 1]);
    assert_eq!(steps_taken(step + 1, now()).count(), 0);
}

fn provider(newcomers: Newcomers) -> IdentityProvider {
    IdentityProvider {
        organisation: OrganisationId::from_number(1),
        issuer: "https://login.example.com".into(),
        client_id: "relais".into(),
        domains: vec!["bm.com".into()],
        demand: SignOnDemand::Optional,
        newcomers,
        address_claim: "email".into(),
        created_at: now(),
    }
}

fn code(entered: Result<Entry, relais_core::refusal::Refusal>) -> Result<Entry, &'static str> {
    entered.map_err(|refusal| refusal.code())
}

#[test]
fn whoever_is_known_enters_as_the_table_says_in_every_state() {
    let provider = provider(Newcomers::Members);
    for state in State::ALL {
        let account = Account { state, ..account(1, "user1@bm.com") };
        let verdict = may(state, relais_core::rights::Act::SignInWithSso);
        let by_address = Known::ByAddress { account: &account, has_other_subject: HasOtherSubject::No };
        for (known, link) in [
            (Known::Linked(&account), Link::IsThere),
            (Known::Proven(&account), Link::Make),
            (by_address, Link::Make),
        ] {
            let expected = match verdict {
                Verdict::Yes => Ok(Entry::Open { link, activate: Activate::No }),
                Verdict::Activates => Ok(Entry::Open { link, activate: Activate::Yes }),
                _ => Err("sign_on_closed"),
            };
            assert_eq!(code(enter(known, &provider, now())), expected, "{state:?}");
        }
    }
    let left = Account { leaves_at: Some(now()), ..account(1, "user1@bm.com") };
    assert_eq!(code(enter(Known::Linked(&left), &provider, now())), Err("sign_on_closed"));
}

#[test]
fn an_address_links_nobody_who_leads_and_nobody_who_is_somebody_else() {
    let provider = provider(Newcomers::Members);
    for role in Role::ALL {
        let account = Account { role, ..account(1, "user1@bm.com") };
        let by = |has_other_subject| Known::ByAddress { account: &account, has_other_subject };
        let expected = if role.leads() {
            Err("sign_on_leader_links")
        } else {
            Ok(Entry::Open { link: Link::Make, activate: Activate::No })
        };
        assert_eq!(code(enter(by(HasOtherSubject::No), &provider, now())), expected, "{role:?}");
        assert!(enter(by(HasOtherSubject::Yes), &provider, now()).is_err(), "{role:?}");
        assert!(enter(Known::Proven(&account), &provider, now()).is_ok(), "{role:?} proved it");
    }
}

#[test]
fn newcomers_get_an_account_where_they_may_and_the_provider_speaks_for_their_address() {
    let address: EmailAddress = "neuf@bm.com".parse().expect("an address");
    for (newcomers, address, expected) in [
        (Newcomers::Members, Some(&address), Ok(Entry::Create)),
        (Newcomers::Members, None, Err("sign_on_unknown")),
        (Newcomers::Refused, Some(&address), Err("sign_on_unknown")),
    ] {
        assert_eq!(code(enter(Known::Nobody(address), &provider(newcomers), now())), expected);
    }
}

#[test]
fn a_provider_speaks_for_proven_domains_of_its_organisation_alone() {
    let own = OrganisationId::from_number(1);
    let hosted = [
        Domain::own("bm.com".into(), own),
        Domain::own("autre.com".into(), OrganisationId::from_number(2)),
        Domain::provider("host.net".into()),
    ];
    for (wanted, expected) in [
        (&["bm.com"][..], None),
        (&[], Some("sign_on_domains_missing")),
        (&["bm.com", "autre.com"], Some("sign_on_domain_not_own")),
        (&["host.net"], Some("sign_on_domain_not_own")),
        (&["nowhere.fr"], Some("sign_on_domain_not_own")),
    ] {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let said = check_domains(&wanted, &hosted, own).err().map(|refusal| refusal.code());
        assert_eq!(said, expected, "{wanted:?}");
    }
}

#[test]
fn a_way_in_is_added_within_five_minutes_of_signing_in() {
    let now: jiff::Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
    let ago = |seconds| Some(now - jiff::SignedDuration::from_secs(seconds));
    for (opened_at, fresh) in
        [(ago(0), true), (ago(299), true), (ago(300), false), (ago(86_400), false), (None, false)]
    {
        let answer = relais_core::sign_in::check_fresh(opened_at, now);
        assert_eq!(
            answer.map_err(|refusal| refusal.code()),
            if fresh { Ok(()) } else { Err("sign_in_again") }
        );
    }
}
