//! Feeds: how an application is to have somebody, and what has to be done about what it has.

#[path = "support/people.rs"]
mod people;

use jiff::Timestamp;
use people::{account, moment};
use relais_core::account::Account;
use relais_core::feed::{
    Act, ActKind, Belonging, FeedSettings, Known, Wanted, compare, compare_group, keys, wanted, wanted_group,
};
use relais_core::group::Posting;
use relais_core::ids::{GroupId, OrganisationId};
use relais_core::organisation::Group;
use relais_core::profile::{Phone, PhoneKind, PostalAddress, Profile};
use relais_core::rights::State;
use relais_core::scim::{Document, ENTERPRISE, Operation};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn now() -> Timestamp {
    moment("2026-11-22T12:00:00Z")
}

fn settings(more: Value) -> FeedSettings {
    let mut all = json!({ "url": "https://boards.example/scim" });
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(all).expect("settings")
}

fn document(value: Value) -> Document {
    value.as_object().expect("an object").clone()
}

fn profile() -> Profile {
    Profile {
        given_name: Some("Jeanne".into()),
        job_title: Some("Directrice".into()),
        phones: vec![Phone { kind: PhoneKind::Work, number: "+33 1".into() }],
        postal_address: PostalAddress { city: Some("Lyon".into()), ..PostalAddress::default() },
        ..Profile::default()
    }
}

fn known<'a>(account: &'a Account, profile: &'a Profile) -> Known<'a> {
    let belonging = Belonging::Belongs;
    Known { account, profile, provider_name: Some("jeanne"), provider_id: None, belonging }
}

#[test]
fn an_account_is_described_as_the_mapping_says() {
    let (person, profile) = (account(1, "user1@bm.com"), profile());
    let of = |more| match wanted(&known(&person, &profile), &settings(more), now()) {
        Some(Wanted::Open(document)) => Value::Object(document),
        other => panic!("{other:?}"),
    };
    let name = json!({ "formatted": "Personne 1", "givenName": "Jeanne", "familyName": null });
    assert_eq!(
        of(json!({})),
        json!({
            "active": true, "userName": "user1@bm.com", "externalId": "acc-0000000000001",
            "displayName": "Personne 1", "name": name,
            "emails": [{ "value": "user1@bm.com", "type": "work", "primary": true }]
        }),
        "no more than is needed, unless it is asked for"
    );
    let mapped = of(json!({
        "user_name": "provider_name", "external_id": "local_part",
        "attributes": ["title", "department", "phone_numbers", "postal_address"]
    }));
    assert_eq!(
        mapped,
        json!({
            "active": true, "userName": "jeanne", "externalId": "user1", "title": "Directrice",
            ENTERPRISE: { "department": null }, "phoneNumbers": [{ "value": "+33 1", "type": "work" }],
            "addresses": [{ "type": "work", "locality": "Lyon" }]
        })
    );
    // Nobody has said by which id the provider knows them.
    let by_id = settings(json!({ "user_name": "provider_id" }));
    assert_eq!(wanted(&known(&person, &profile), &by_id, now()), None);
}

/// State, whether they belong, settings, and what is wanted.
#[test]
fn whoever_may_not_be_deactivated_any_more_is_closed_or_absent() {
    let is = |wanted: Option<Wanted>| match wanted {
        Some(Wanted::Open(_)) => "open",
        Some(Wanted::Closed) => "closed",
        Some(Wanted::Absent) => "absent",
        None => "nameless",
    };
    let (usual, removing) = (json!({}), json!({ "when_closed": "remove" }));
    let keeping = json!({ "when_deleted": "close" });
    for (state, belonging, more, expected) in [
        (State::Invited, Belonging::Belongs, &usual, "open"),
        (State::Active, Belonging::Belongs, &usual, "open"),
        (State::Active, Belonging::Outside, &usual, "closed"),
        (State::Active, Belonging::Outside, &removing, "absent"),
        (State::Deactivated, Belonging::Belongs, &usual, "closed"),
        (State::Deactivated, Belonging::Belongs, &removing, "absent"),
        (State::Deleted, Belonging::Belongs, &usual, "absent"),
        (State::Deleted, Belonging::Belongs, &keeping, "closed"),
    ] {
        let (person, profile) = (Account { state, ..account(1, "user1@bm.com") }, profile());
        let known = Known { belonging, ..known(&person, &profile) };
        let of = settings(more.clone());
        assert_eq!(is(wanted(&known, &of, now())), expected, "{state:?} {belonging:?} {more}");
        let found_by_name = keys(&known, &of).user_name.is_some();
        assert_eq!(found_by_name, state != State::Deleted, "an address may be somebody else's by now");
    }
    // A planned leaving time holds from that second on.
    let leaving = Account { leaves_at: Some(now()), ..account(1, "user1@bm.com") };
    assert_eq!(is(wanted(&known(&leaving, &profile()), &settings(usual), now())), "closed");
}

/// As `op path`, with the value of what is put there.
fn told(act: &Act) -> Vec<String> {
    let line = |one: Operation| {
        let value = one.value.map(|value| format!(" {value}")).unwrap_or_default();
        format!("{:?} {}{value}", one.change, one.path.unwrap_or_default()).to_lowercase()
    };
    act.operations().into_iter().map(line).collect()
}

#[test]
fn what_differs_is_told_and_nothing_besides() {
    let open = Wanted::Open(document(json!({
        "active": true, "userName": "User1@bm.com", "title": null, "displayName": "Jeanne",
        "name": { "formatted": "Jeanne Martin", "givenName": null },
        "emails": [{ "value": "User1@bm.com", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Ventes" }
    })));
    let there = json!({
        "id": "7", "meta": { "version": "1" }, "userName": "user1@BM.com", "active": true, "displayName": "Jeanne",
        "name": { "formatted": "Jeanne Martin", "honorificPrefix": "Mme" }, "nickName": "J",
        "emails": [{ "value": "user1@bm.com", "type": "work", "primary": true, "display": "x" }],
        ENTERPRISE: { "department": "Ventes", "division": "Nord" }
    });
    let with = |changed: Value| {
        let mut there = document(there.clone());
        there.extend(document(changed));
        there.retain(|_, value| !value.is_null());
        there
    };
    let nothing: &[&str] = &[];
    for (changed, expected) in [
        (json!({}), nothing),
        // Left out, it means that it is so; and as a text, too.
        (json!({ "active": null }), nothing),
        (json!({ "active": "True" }), nothing),
        (json!({ "active": false }), &["replace active true"]),
        (json!({ "active": "False" }), &["replace active true"]),
        (json!({ "title": "Directrice" }), &["remove title"]),
        (json!({ "displayName": "J" }), &["replace displayname \"jeanne\""]),
        (
            json!({ "name": { "givenName": "J" } }),
            &["replace name.formatted \"jeanne martin\"", "remove name.givenname"],
        ),
        (
            json!({ ENTERPRISE: { "division": "Nord" } }),
            &["replace urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:department \"ventes\""],
        ),
        (
            json!({ "emails": [] }),
            &["replace emails [{\"primary\":true,\"type\":\"work\",\"value\":\"user1@bm.com\"}]"],
        ),
    ] {
        let act = compare(&open, Some(&with(changed.clone())));
        assert_eq!(told(&act), expected, "{changed}");
    }
    // As it is made, without what is known to be empty.
    let Act::Create(made) = compare(&open, None) else { panic!("made") };
    assert!(
        !made.contains_key("title") && made["name"] == json!({ "formatted": "Jeanne Martin" }),
        "{made:?}"
    );
}

#[test]
fn whoever_is_closed_is_shut_out_and_nothing_else_is_said_of_them() {
    let open = document(json!({ "userName": "x", "active": true, "title": "old" }));
    let silent = document(json!({ "userName": "x" }));
    let closed = document(json!({ "userName": "x", "active": false }));
    for (wanted, actual, expected) in [
        (Wanted::Closed, Some(&open), Some(ActKind::Close)),
        (Wanted::Closed, Some(&silent), Some(ActKind::Close)),
        (Wanted::Closed, Some(&closed), None),
        (Wanted::Closed, None, None),
        (Wanted::Absent, Some(&closed), Some(ActKind::Remove)),
        (Wanted::Absent, None, None),
    ] {
        assert_eq!(compare(&wanted, actual).kind(), expected, "{wanted:?} {actual:?}");
    }
    assert_eq!(told(&Act::Close), ["replace active false"]);
}

#[test]
fn of_a_groups_members_only_ours_go() {
    let group = Group {
        id: GroupId::from_number(1),
        organisation: OrganisationId::from_number(1),
        name: "Ventes".to_owned(),
        address: None,
        posting: Posting::Anyone,
        created_at: now(),
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let wanted = wanted_group(&group, ids(&["1", "2"]));
    let there = |name: &str, members: &[&str]| {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id, "type": "User" })).collect();
        document(json!({ "displayName": name, "externalId": "grp-0000000000001", "members": members }))
    };
    let nothing: &[&str] = &[];
    for (actual, expected) in [
        (there("Ventes", &["1", "2"]), nothing),
        (there("Ventes", &["1", "2", "by hand"]), nothing),
        (there("Commerce", &["2", "1"]), &["replace displayname \"ventes\""]),
        (
            there("Ventes", &["2", "3", "by hand"]),
            &["add members [{\"value\":\"1\"}]", "remove members[value eq \"3\"]"],
        ),
    ] {
        let act = compare_group(Some(&wanted), Some(&actual), &ids(&["1", "2", "3"]));
        assert_eq!(told(&act), expected, "{actual:?}");
    }
    let act = compare_group(Some(&wanted), Some(&there("Ventes", &["3"])), &ids(&["3"]));
    assert_eq!(act.attributes(), ["members"]);
    let Act::Create(made) = compare_group(Some(&wanted), None, &BTreeSet::new()) else { panic!("made") };
    assert_eq!(made["members"], json!([{ "value": "1" }, { "value": "2" }]));
    assert_eq!(compare_group(None, Some(&made), &BTreeSet::new()), Act::Remove);
    assert_eq!(compare_group(None, None, &BTreeSet::new()), Act::Nothing);
}

#[test]
fn a_token_can_stand_in_a_header_and_a_place_is_whole() {
    use relais_core::feed::check_token;
    for (token, fits) in
        [("s3cret.~+/=", true), ("", false), ("two words", false), ("new\nline", false), ("é", false)]
    {
        assert_eq!(check_token(token).is_ok(), fits, "{token:?}");
    }
    for (url, fits) in [
        ("https://a.example/scim/v2", true),
        ("https://a.example/scim?x=1", false),
        ("https://user:secret@a.example", false),
        ("a.example/scim", false),
    ] {
        let of = FeedSettings { url: url.to_owned(), ..settings(json!({})) };
        assert_eq!(
            of.check().map_err(|refusal| refusal.code()).err(),
            (!fits).then_some("feed_url_invalid"),
            "{url}"
        );
    }
}
