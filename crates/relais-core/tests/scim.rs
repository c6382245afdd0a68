//! Filters, changes, and what is taken of what a provider says: one line a case.

use relais_core::authority::Role;
use relais_core::profile::{Phone, PhoneKind, Profile};
use relais_core::refusal::ScimFault;
use relais_core::scim::{
    Change, Document, Filter, Known, Literal, Operator, Path, Resource, Step, address_of, apply, canonical,
    members_changed, merge_profile, name_of, operations, parse_shape, profile_of, role_of, shown_roles,
};
use serde_json::{Value, json};

fn document(value: Value) -> Document {
    value.as_object().expect("an object").clone()
}

fn kept(value: Value) -> Result<Value, ScimFault> {
    canonical(Resource::User, &document(value)).map(Value::Object)
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[test]
fn a_body_is_kept_in_one_form_and_without_what_is_not_the_providers_to_say() {
    for (said, expected) in [
        (
            json!({ "USERNAME": "j", "id": "x", "meta": {}, "groups": [], "schemas": [], "other": 1 }),
            json!({ "userName": "j" }),
        ),
        (json!({ "active": "False", "title": null, "nickName": "" }), json!({ "active": false })),
        (
            json!({ "emails": { "value": "a@b.c", "Primary": "true" } }),
            json!({ "emails": [{ "value": "a@b.c", "primary": true }] }),
        ),
        (json!({ "emails": "a@b.c", "roles": [] }), json!({ "emails": [{ "value": "a@b.c" }] })),
        (json!({ "title": 7, "title2": 8 }), json!({ "title": "7" })),
        (
            json!({ ENTERPRISE.to_uppercase(): { "Manager": "acc-1", "x": 1 } }),
            json!({ ENTERPRISE: { "manager": { "value": "acc-1" } } }),
        ),
    ] {
        assert_eq!(kept(said.clone()), Ok(expected), "{said}");
    }
    for (said, attribute) in [
        (json!({ "active": 1 }), "active"),
        (json!({ "userName": {} }), "userName"),
        (json!({ "name": "Jeanne" }), "name"),
        (json!({ "title": "x".repeat(1001) }), "title"),
        (
            json!({ "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
            "emails",
        ),
    ] {
        assert_eq!(kept(said.clone()), Err(ScimFault::Value { attribute: attribute.into() }), "{said}");
    }
}

#[test]
fn and_binds_more_tightly_than_or() {
    let parse =
        |text: &str| Filter::parse(Resource::User, text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let title = |value: &str| Filter::Compare {
        path: Path::parse(Resource::User, "title").expect("a path"),
        operator: Operator::Equal,
        value: Literal::Text(value.to_owned()),
    };
    let both = Filter::Both(Box::new(title("b")), Box::new(title("c")));
    let expected = Filter::Either(Box::new(title("a")), Box::new(both));
    assert_eq!(parse("title eq \"a\" or TITLE EQ \"b\" AND title eq \"c\""), expected);
    assert_eq!(parse("(title eq \"a\") or (title eq \"b\" and title eq \"c\")"), expected);
    assert_ne!(parse("(title eq \"a\" or title eq \"b\") and title eq \"c\""), expected);
    assert_eq!(parse("not (title eq \"a\")"), Filter::Not(Box::new(title("a"))));
    assert_eq!(parse("title eq \"\\u0061\""), title("a"));
    let deep = format!("{}title pr{}", "(".repeat(40), ")".repeat(40));
    assert!(Filter::parse(Resource::User, &deep).is_err(), "nesting has an end");
    assert_eq!(Filter::parse(Resource::User, "title eq 'a'"), Err(ScimFault::Filter { place: 10 }));
    assert_eq!(Filter::parse(Resource::Group, "userName pr"), Err(ScimFault::Filter { place: 1 }));
}

#[test]
fn names_of_attributes_are_read_with_and_without_their_schema() {
    for (name, key) in [
        ("username", "userName"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:name.familyname", "name.familyName"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "enterprise:manager.value",
        ),
    ] {
        assert_eq!(Path::parse(Resource::User, name).map(|path| path.key()), Ok(key.to_owned()));
    }
    for name in ["", "name.x", "x", "urn:x:userName", "department", "userName.value"] {
        assert!(Path::parse(Resource::User, name).is_err(), "{name}");
    }
    let names = ["userName", ENTERPRISE, "urn:ietf:params:scim:schemas:core:2.0:User:Title", "urn:x:y"];
    let names: Vec<String> = names.map(str::to_owned).to_vec();
    assert_eq!(parse_shape(Resource::User, &names), ["username", &ENTERPRISE.to_lowercase(), "title"]);
}

#[test]
fn of_several_operations_all_or_none_is_done() {
    let mut kept = document(json!({ "title": "a" }));
    let both = json!({ "operations": [
        { "OP": "Replace", "Path": "title", "Value": "b" }, { "op": "remove", "path": "emails[type eq \"x\"]" },
    ] });
    let read = operations(&both).expect("operations");
    assert_eq!(
        apply(Resource::User, &mut kept, &read),
        Err(ScimFault::NoTarget { path: "emails[type eq \"x\"]".into() })
    );
    assert_eq!(kept["title"], "a");
    apply(Resource::User, &mut kept, &read[..1]).expect("applied");
    assert_eq!(kept["title"], "b");
    for wrong in [
        json!({}),
        json!({ "Operations": [{ "op": "x" }] }),
        json!({ "Operations": [{ "op": "add", "path": 1 }] }),
    ] {
        assert_eq!(operations(&wrong), Err(ScimFault::Syntax), "{wrong}");
    }
}

#[test]
fn members_change_by_steps_that_name_them() {
    let read = |operations: Value| {
        let read = relais_core::scim::operations(&json!({ "Operations": operations })).expect("operations");
        members_changed(&read)
    };
    let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    for (operation, expected) in [
        (json!({ "op": "add", "path": "members", "value": [{ "value": "a" }] }), (Change::Add, ids(&["a"]))),
        (json!({ "op": "remove", "path": "members" }), (Change::Remove, None)),
        (
            json!({ "op": "remove", "path": "members", "value": [{ "value": "a" }] }),
            (Change::Remove, ids(&["a"])),
        ),
        (
            json!({ "op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]" }),
            (Change::Remove, ids(&["a", "b"])),
        ),
        (json!({ "op": "replace", "path": "members", "value": [] }), (Change::Replace, ids(&[]))),
        (
            json!({ "op": "replace", "value": { "members": [{ "value": "a" }] } }),
            (Change::Replace, ids(&["a"])),
        ),
    ] {
        let (steps, _) = read(json!([operation])).unwrap_or_else(|fault| panic!("{operation}: {fault:?}"));
        let (change, named) = expected;
        assert_eq!(steps, [Step { change, named }], "{operation}");
    }
    assert!(read(json!([{ "op": "add", "path": "members" }])).is_err());
    assert!(read(json!([{ "op": "remove", "path": "members[type eq \"User\"]" }])).is_err());
}

fn known() -> Known {
    Known { open: vec!["bm.com".into(), "host.net".into()], own: vec!["bm.com".into()] }
}

#[test]
fn the_address_is_the_first_that_can_be_given() {
    let emails =
        |user_name: &str, emails: Value| document(json!({ "userName": user_name, "emails": emails }));
    for (said, expected) in [
        (emails("Jeanne@BM.com", json!([{ "value": "x@bm.com", "primary": true }])), Some("jeanne@bm.com")),
        (
            emails(
                "j@corp.example",
                json!([{ "value": "a@bm.com" }, { "value": "b@bm.com", "type": "work" }]),
            ),
            Some("b@bm.com"),
        ),
        (
            emails(
                "j@corp.example",
                json!([{ "value": "a@bm.com", "type": "work" }, { "value": "b@host.net", "primary": true }]),
            ),
            Some("b@host.net"),
        ),
        (emails("jeanne", json!([])), Some("jeanne@bm.com")),
        (emails("jeanne", json!([{ "value": "a@corp.example" }])), Some("jeanne@bm.com")),
        (emails("j@corp.example", json!([])), Some("j@corp.example")),
        (emails("two words", json!([])), None),
    ] {
        assert_eq!(
            address_of(&said, &known()).ok().as_ref().map(|found| found.as_str()),
            expected,
            "{said:?}"
        );
    }
    let two = Known { own: vec!["a.example".into(), "b.example".into()], ..known() };
    assert!(address_of(&emails("jeanne", json!([])), &two).is_err(), "which of two domains nobody said");
}

#[test]
fn what_would_be_refused_in_a_profile_is_the_providers_alone() {
    let said = document(json!({
        "userName": "j", "title": " Juriste ", "name": { "familyName": "x".repeat(101) },
        "phoneNumbers": [{ "value": "tel:+33612345678", "type": "mobile" }, { "value": "poste 4", "type": "work" },
                         { "value": "0123456789", "type": "fax" }],
        "addresses": [{ "country": "France", "locality": "Lyon" }, { "country": "fr", "locality": "Paris", "primary": true }],
        "emails": [{ "value": "j@bm.com" }, { "value": "j@ailleurs.example" }],
    }));
    let profile = profile_of(&said, &known());
    assert_eq!(profile.job_title.as_deref(), Some("Juriste"));
    assert_eq!(profile.family_name, None);
    assert_eq!(profile.phones, [Phone { kind: PhoneKind::Mobile, number: "+33612345678".into() }]);
    assert_eq!(
        (profile.postal_address.city.as_deref(), profile.postal_address.country.as_deref()),
        (Some("Paris"), Some("FR"))
    );
    assert_eq!(
        profile.external_address.map(|address| address.to_string()),
        Some("j@ailleurs.example".into())
    );
    assert_eq!(name_of(&said), "x".repeat(101));
    assert_eq!(
        name_of(&document(json!({ "userName": "j", "name": { "givenName": "Zoé", "familyName": "Z" } }))),
        "Zoé Z"
    );
}

#[test]
fn what_the_provider_does_not_change_stays_as_it_was_made_here() {
    let with = |title: &str| Profile { job_title: Some(title.into()), ..Profile::default() };
    let here = Profile { department: Some("Droit".into()), ..with("Notaire") };
    assert_eq!(merge_profile(here.clone(), &with("a"), &with("a")), here);
    assert_eq!(merge_profile(here.clone(), &with("a"), &with("b")).job_title, Some("b".into()));
    assert_eq!(merge_profile(here, &with("a"), &Profile::default()).job_title, None);
}

#[test]
fn roles_of_ours_are_shown_as_they_are_and_others_as_they_were_said() {
    let said =
        document(json!({ "roles": [{ "value": "juriste" }, { "value": "guest", "display": "Invité" }] }));
    assert_eq!(role_of(&said), Some(Role::Guest));
    assert_eq!(json!(shown_roles(&said, Role::Guest)), said["roles"]);
    assert_eq!(json!(shown_roles(&said, Role::Member)), json!([{ "value": "juriste" }]));
    let more = json!([{ "value": "juriste" }, { "value": "owner" }]);
    assert_eq!(json!(shown_roles(&said, Role::Owner)), more);
}
