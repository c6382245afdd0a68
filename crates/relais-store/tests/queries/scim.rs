//! What providers say of accounts and groups, and what they find.

use super::{Database, account, address, at, org};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::event::Happening;
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, TokenId};
use relais_core::organisation::{Group, GroupRole};
use relais_core::refusal::ScimFault;
use relais_core::rights::State;
use relais_core::scim::{Document, Filter, Path, Resource};
use relais_store::scim::{self, Page, Query, Said, ScimToken, Sort, Standings, Start};
use relais_store::{Error, Tx, accounts, events, groups};
use serde_json::{Value, json};

fn standings() -> Standings {
    let there = vec![State::Invited, State::Active, State::Deactivated];
    let active = vec![State::Invited, State::Active];
    Standings { there, active, active_when_due: vec![], now: at(50) }
}

fn said(user_name: &str, external_id: Option<&str>, attributes: Value) -> Said {
    let attributes: Document = attributes.as_object().expect("an object").clone();
    Said {
        user_name: user_name.to_owned(),
        external_id: external_id.map(str::to_owned),
        attributes,
        detached_at: None,
    }
}

fn query(filter: &str) -> Query {
    let filter = Some(filter).filter(|filter| !filter.is_empty());
    let filter = filter.map(|text| Filter::parse(Resource::User, text).expect("a filter"));
    Query { filter, sort: None, start: Start::After(0), count_max: 100 }
}

fn found(tx: &mut Tx<'_>, query: &Query) -> Result<Page<i64>, Error> {
    let page = scim::find_people(tx, org(1), query, &standings())?.expect("it can be asked");
    Ok(Page { found: page.found.into_iter().map(AccountId::number).collect(), total: page.total })
}

fn person(number: i64) -> Account {
    Account { address: address(&format!("p{number}@bm.com")), ..account(number) }
}

fn group(number: i64, name: &str) -> Group {
    let (id, posting) = (GroupId::from_number(number), Posting::default());
    Group { id, organisation: org(1), name: name.to_owned(), address: None, posting, created_at: at(0) }
}

fn people(tx: &mut Tx<'_>) -> Result<(), Error> {
    for number in 1..=4 {
        accounts::insert(tx, &person(number))?;
    }
    let mail = json!([{ "value": "A@x.test", "type": "home" }, { "value": "b@bm.com", "type": "work", "primary": true }]);
    let first = said(
        "Un",
        Some("X"),
        json!({ "title": "Chef d'équipe", "emails": mail, "name": { "familyName": "Émile" } }),
    );
    scim::set(tx, AccountId::from_number(1), org(1), &first)?;
    let second = said(
        "deux",
        None,
        json!({ "title": "aide", "roles": [{ "value": "guest" }, { "value": "Juriste" }] }),
    );
    scim::set(tx, AccountId::from_number(2), org(1), &second)?;
    let third = Said { detached_at: Some(at(1)), ..said("trois", Some("z"), json!({ "title": "aide" })) };
    scim::set(tx, AccountId::from_number(3), org(1), &third)
}

pub fn what_is_said_is_read_back_and_replaced(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        people(tx)?;
        let id = AccountId::from_number(1);
        let first = scim::person(tx, id)?.expect("there").said.expect("said");
        assert_eq!((first.user_name.as_str(), first.external_id.as_deref()), ("Un", Some("X")));
        assert_eq!(scim::by_user_name(tx, org(1), "UN")?, Some(id));
        assert_eq!(scim::by_external_id(tx, org(1), "X")?, Some(id));
        assert_eq!(scim::by_external_id(tx, org(1), "x")?, None);
        assert_eq!(scim::by_external_id(tx, org(2), "X")?, None);
        scim::set(tx, id, org(1), &said("One", None, json!({ "title": "x" })))?;
        assert_eq!(scim::by_user_name(tx, org(1), "un")?, None);
        assert_eq!(found(tx, &query("emails.value pr and title eq \"x\""))?.found, [0; 0]);
        assert_eq!(found(tx, &query("title eq \"X\""))?.found, [1]);
        scim::erase(tx, id)?;
        assert_eq!(scim::person(tx, id)?.expect("there").said, None);
        Ok(())
    });
    let taken =
        db.refused(|tx| scim::set(tx, AccountId::from_number(4), org(1), &said("DEUX", None, json!({}))));
    assert!(taken.contains("user_name_key"), "{taken}");
    let taken = db.refused(|tx| {
        scim::set(tx, AccountId::from_number(4), org(1), &said("quatre", Some("z"), json!({})))
    });
    assert!(taken.contains("external_id"), "{taken}");
}

pub fn every_operator_of_a_filter_is_the_same_on_both_databases(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        people(tx)?;
        for (filter, expected) in [
            ("", &[1_i64, 2, 4][..]),
            ("userName eq \"UN\"", &[1]),
            ("userName eq \"p4@bm.com\"", &[4]),
            ("userName eq \"p1@bm.com\"", &[]),
            ("userName eq \"trois\"", &[]),
            ("userName sw \"p\"", &[4]),
            ("userName ew \"BM.COM\"", &[4]),
            ("userName co \"eu\"", &[2]),
            ("userName gt \"e\" and userName lt \"q\"", &[4]),
            ("externalId eq \"X\"", &[1]),
            ("externalId eq \"x\"", &[]),
            ("externalId co \"x\"", &[]),
            ("externalId pr", &[1]),
            ("not (externalId pr)", &[2, 4]),
            ("title eq \"AIDE\"", &[2]),
            ("title ne \"aide\"", &[1, 4]),
            ("title co \"d'é\"", &[1]),
            ("title ge \"aide\"", &[1, 2]),
            ("title le \"aide\"", &[2]),
            ("title ew \"\"", &[1, 2]),
            ("name.familyName eq \"émile\"", &[1]),
            ("emails[type eq \"home\" and value sw \"a@\"]", &[1]),
            ("emails[type eq \"work\" and value sw \"a@\"]", &[]),
            ("emails[type eq \"work\" and (value eq \"p4@bm.com\" or value eq \"b@bm.com\")]", &[1, 4]),
            ("emails[not (type eq \"work\")]", &[1]),
            ("emails[primary eq true]", &[1, 4]),
            ("emails.value co \"bm.com\"", &[1, 4]),
            ("roles.value eq \"juriste\"", &[2]),
            ("roles.value eq \"guest\"", &[]),
            ("active eq true", &[1, 2, 4]),
            ("active ne true", &[]),
            ("id eq \"acc-0000000000002\"", &[2]),
            ("id ne \"acc-0000000000002\" and id pr", &[1, 4]),
            ("id eq \"grp-0000000000002\"", &[]),
            ("meta.created le \"2026-11-22T00:00:00Z\"", &[1, 2, 4]),
            ("meta.created gt \"2026-11-22T00:00:00Z\"", &[]),
            ("meta.resourceType eq \"User\"", &[1, 2, 4]),
            ("displayName pr and userName sw \"p\"", &[4]),
        ] {
            let page = found(tx, &query(filter))?;
            assert_eq!(page.found, expected, "{filter}");
            assert_eq!(page.total, Some(expected.len() as i64), "{filter}");
        }
        for filter in ["id co \"a\"", "meta.version pr", "meta.created eq \"yesterday\""] {
            let answer = scim::find_people(tx, org(1), &query(filter), &standings())?;
            assert!(matches!(answer, Err(ScimFault::Path { .. })), "{filter}");
        }
        Ok(())
    });
}

pub fn pages_are_sorted_and_go_on_behind_the_last(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        people(tx)?;
        let path = |name: &str| Path::parse(Resource::User, name).expect("a path");
        for (sort, expected) in [
            (Sort::Ascending(path("userName")), [2, 4, 1]),
            (Sort::Descending(path("userName")), [1, 4, 2]),
            // Whoever has none comes last, and first the other way round.
            (Sort::Ascending(path("title")), [2, 1, 4]),
            (Sort::Descending(path("title")), [4, 1, 2]),
            (Sort::Ascending(path("id")), [1, 2, 4]),
            (Sort::Ascending(path("emails")), [1, 4, 2]),
        ] {
            assert_eq!(found(tx, &Query { sort: Some(sort), ..query("") })?.found, expected, "{sort:?}");
        }
        let second = Query { start: Start::After(1), count_max: 1, ..query("") };
        assert_eq!(found(tx, &second)?, Page { found: vec![2], total: Some(3) });
        let behind = Query { start: Start::Behind(2), ..query("title pr or userName pr") };
        assert_eq!(found(tx, &behind)?, Page { found: vec![4], total: None });
        assert_eq!(found(tx, &Query { count_max: 0, ..query("") })?, Page { found: vec![], total: Some(3) });
        Ok(())
    });
}

pub fn groups_are_found_and_know_who_is_in_them(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        people(tx)?;
        for (number, name) in [(1, "Élus"), (2, "Ventes")] {
            groups::insert(tx, &group(number, name))?;
        }
        let (elected, sales) = (GroupId::from_number(1), GroupId::from_number(2));
        for number in [1, 3] {
            let member = AccountId::from_number(number);
            groups::set_member(tx, sales, member, GroupRole::Member)?;
        }
        groups::put_in(tx, sales, elected)?;
        assert_eq!(
            scim::members(tx, sales, &standings())?,
            [AccountId::from_number(1)],
            "who is detached is not there"
        );
        scim::set_group_external_id(tx, sales, org(1), Some("g"))?;
        assert_eq!(scim::group_by_external_id(tx, org(1), "g")?, Some(sales));
        assert_eq!(scim::group_named(tx, org(1), "Ventes")?, Some(sales));
        for (filter, expected) in [
            ("displayName eq \"ventes\"", &[2_i64][..]),
            ("displayName eq \"Élus\"", &[1]),
            ("displayName co \"E\"", &[2]),
            ("externalId eq \"g\"", &[2]),
            ("members.value eq \"acc-0000000000001\"", &[2]),
            ("members[value eq \"grp-0000000000001\"]", &[2]),
            ("members.value eq \"x\"", &[]),
        ] {
            let filter = Filter::parse(Resource::Group, filter).expect("a filter");
            let query = Query { filter: Some(filter), ..query("") };
            let page = scim::find_groups(tx, org(1), &query, &standings())?.expect("it can be asked");
            let ids: Vec<i64> = page.found.into_iter().map(GroupId::number).collect();
            assert_eq!(ids, expected, "{query:?}");
        }
        groups::remove(tx, sales)?;
        assert_eq!(scim::group_by_external_id(tx, org(1), "g")?, None);
        Ok(())
    });
}

pub fn an_event_marks_the_account_or_group_that_it_tells_of(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        accounts::insert(tx, &person(1))?;
        groups::insert(tx, &group(1, "Ventes"))?;
        let (account, group) = (AccountId::from_number(1), GroupId::from_number(1));
        let read = |tx: &mut Tx<'_>| -> Result<[(Timestamp, i64); 2], Error> {
            let person = scim::person(tx, account)?.expect("there");
            let team = scim::team(tx, group)?.expect("there");
            Ok([(person.changed_at, person.version), (team.changed_at, team.version)])
        };
        assert_eq!(read(tx)?.map(|(_, number)| number), [0, 0]);
        for (number, subject) in [(1, account.to_string()), (2, group.to_string()), (3, "domain".to_owned())]
        {
            let happening = Happening { kind: "x", subject, detail: json!({}) };
            events::append(tx, org(1), happening, Actor::Operator, at(number))?;
        }
        assert_eq!(read(tx)?, [(at(1), 1), (at(2), 2)]);
        Ok(())
    });
}

pub fn a_provider_s_token_is_good_until_it_is_revoked(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let id = TokenId::from_number(1);
        let token = ScimToken {
            id,
            organisation: org(1),
            name: "Okta".into(),
            created_at: at(0),
            used_at: None,
            revoked_at: None,
        };
        scim::insert_token(tx, &token, b"hash")?;
        assert_eq!(scim::token_by_secret(tx, b"hash")?, Some(token.clone()));
        scim::token_used(tx, id, at(1))?;
        assert_eq!(scim::tokens(tx, org(1))?, [ScimToken { used_at: Some(at(1)), ..token }]);
        assert_eq!(scim::tokens(tx, org(2))?, []);
        assert!(!scim::revoke_token(tx, org(2), id, at(1))?);
        assert!(scim::revoke_token(tx, org(1), id, at(1))?);
        assert!(!scim::revoke_token(tx, org(1), id, at(2))?);
        assert_eq!(scim::token_by_secret(tx, b"hash")?, None);
        Ok(())
    });
}
