//! Personal data: what may be kept, what changed, and who changes it (M8).

#[path = "support/people.rs"]
mod people;

use people::{account, moment};
use relais_core::account::{Account, Cause, Deactivation};
use relais_core::authority::{Actor, Role};
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::inbound::Inbound;
use relais_core::profile::{Profile, ProfileFacts, check_may_change, replace};
use relais_core::rights::State;
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T09:00:00Z";

fn profile(text: &Value) -> Profile {
    serde_json::from_value(text.clone()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn person(number: i64, role: Role) -> Actor {
    Actor::Account { id: AccountId::from_number(number), organisation: OrganisationId::from_number(1), role }
}

/// The codes of what is wrong, or the fields that changed.
fn ask(before: &Profile, wanted: &Value, external_is_hosted: bool) -> String {
    let account = account(1, "user1@bm.com");
    let facts = ProfileFacts { external_is_hosted };
    match replace(&account, before, profile(wanted), facts, &person(1, Role::Member), moment(NOW)) {
        Err(refusals) => refusals.iter().map(|refusal| refusal.code()).collect::<Vec<_>>().join(" "),
        Ok(None) => "unchanged".to_owned(),
        Ok(Some((_, happening))) => {
            assert_eq!(happening.kind, "account.profile_set");
            let fields = happening.detail["fields"].as_array().expect("fields").clone();
            fields.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn what_may_be_kept_and_what_is_refused_m8() {
    let long = "x".repeat(101);
    let phones = |numbers: &[&str]| -> Value {
        json!({ "phones": numbers.iter().map(|number| json!({ "kind": "work", "number": number })).collect::<Vec<_>>() })
    };
    for (wanted, expected) in [
        (json!({}), "unchanged"),
        (json!({ "given_name": "  " }), "unchanged"),
        (json!({ "given_name": "Jeanne", "family_name": "Martin" }), "given_name family_name"),
        (json!({ "given_name": long }), "field_text_invalid"),
        (json!({ "job_title": "a\u{7}b", "department": "a\nb" }), "field_text_invalid field_text_invalid"),
        (phones(&["+33 1 23 45 67 89", "01.23.45.67.89", "(0123) 456-789", "112"]), "phones"),
        (phones(&["12"]), "phone_invalid"),
        (phones(&["", "0123456789012345"]), "phone_invalid phone_invalid"),
        (phones(&["+33+1234567"]), "phone_invalid"),
        (phones(&["appelez-moi"]), "phone_invalid"),
        (phones(&["=1+1234"]), "phone_invalid"),
        (phones(&["0123"; 11]), "field_too_many"),
        (
            json!({ "postal_address": { "street": ["1 rue X", "Bât. B"], "postal_code": "69001", "city": "Lyon", "country": "fr" } }),
            "street postal_code city country",
        ),
        (json!({ "postal_address": { "country": "FRA" } }), "country_unknown"),
        (json!({ "postal_address": { "country": "XX" } }), "country_unknown"),
        (json!({ "postal_address": { "street": vec!["x"; 11] } }), "field_too_many"),
        (json!({ "birth_date": "1980-02-29" }), "birth_date"),
        (json!({ "birth_date": "2026-11-21" }), "birth_date"),
        (json!({ "birth_date": "2026-11-22" }), "birth_date_in_the_future"),
        (json!({ "external_address": "Jeanne@ailleurs.example" }), "external_address"),
        // Several faults are named at once.
        (
            json!({ "postal_address": { "country": "ZZ" }, "birth_date": "2030-01-01", "given_name": long }),
            "field_text_invalid country_unknown birth_date_in_the_future",
        ),
    ] {
        assert_eq!(ask(&Profile::default(), &wanted, false), expected, "{wanted}");
    }
    let hosted = json!({ "external_address": "user2@bm.com" });
    assert_eq!(ask(&Profile::default(), &hosted, true), "external_address_hosted");
}

#[test]
fn what_is_already_so_is_unchanged_and_only_what_differs_is_told() {
    let before = profile(&json!({ "given_name": "Jeanne", "phones": [
        { "kind": "work", "number": "0123456789" }, { "kind": "mobile", "number": "0612345678" } ] }));
    let again = json!({ "given_name": " Jeanne ", "phones": [
        { "kind": "mobile", "number": "0612345678" }, { "kind": "work", "number": " 0123456789" } ] });
    assert_eq!(ask(&before, &again, false), "unchanged");
    assert_eq!(ask(&before, &json!({ "given_name": "Jeanne" }), false), "phones");
}

#[test]
fn fields_nobody_knows_are_not_taken() {
    for text in [
        json!({ "surname": "x" }),
        json!({ "postal_address": { "town": "Lyon" } }),
        json!({ "phones": [{ "kind": "fax", "number": "0123456789" }] }),
        json!({ "phones": [{ "kind": "work", "number": "0123456789", "note": "x" }] }),
        json!({ "birth_date": "1980-02-30" }),
        json!({ "external_address": "jeanne" }),
    ] {
        assert!(serde_json::from_value::<Profile>(text.clone()).is_err(), "{text}");
    }
}

fn in_state(state: State) -> Account {
    let mut account = account(1, "user1@bm.com");
    account.state = state;
    account.deactivation = matches!(state, State::Deactivated | State::Deleted).then(|| Deactivation {
        cause: Cause::Admin,
        at: moment(NOW),
        inbound_before: Inbound::deliver(),
        state_before: State::Active,
    });
    account
}

#[test]
fn the_person_and_whoever_manages_them_change_it_while_there_is_a_person_m8() {
    for (state, actor, expected) in [
        (State::Active, person(1, Role::Member), "ok"),
        (State::Active, person(2, Role::Member), "not_allowed"),
        (State::Active, person(2, Role::AccountManager), "ok"),
        (State::Invited, person(2, Role::AccountManager), "ok"),
        (State::Deactivated, person(2, Role::CompanyAdmin), "ok"),
        (State::Deleted, person(2, Role::CompanyAdmin), "not_in_this_state"),
        (State::Deleted, Actor::Operator, "not_in_this_state"),
    ] {
        let answer = check_may_change(&in_state(state), &actor, moment(NOW));
        assert_eq!(
            answer.as_ref().map_or_else(|refusal| refusal.code(), |()| "ok"),
            expected,
            "{state:?} {actor:?}"
        );
    }
}
