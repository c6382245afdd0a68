//! What an application may say of an item, and who may give content to whom: one line each.

#[path = "support/people.rs"]
mod people;

use people::{account, moment};
use relais_core::account::{Account, Cause, Deactivation};
use relais_core::authority::{Actor, Role};
use relais_core::collection::CollectionKind;
use relais_core::content::{
    ContentItem, ContentKind, ExternalId, Registered, Registration, Selection, check_reassign, register,
};
use relais_core::ids::{AccountId, ApplicationId, ContentId, ErasureId, OrganisationId};
use relais_core::inbound::Inbound;
use relais_core::refusal::Refusal;
use relais_core::rights::State;

const NOW: &str = "2026-11-21T09:00:00Z";

fn in_state(mut person: Account, state: State) -> Account {
    person.state = state;
    person.deactivation = (state == State::Deactivated).then(|| Deactivation {
        cause: Cause::Admin,
        at: moment(NOW),
        inbound_before: Inbound::deliver(),
        state_before: State::Active,
    });
    person
}

fn external(text: &str) -> ExternalId {
    text.parse().expect("an external id")
}

fn item(kind: ContentKind) -> ContentItem {
    ContentItem {
        id: ContentId::from_number(7),
        organisation: OrganisationId::from_number(1),
        application: ApplicationId::from_number(1),
        external_id: external("x-7"),
        kind,
        title: "Esquisses".into(),
        owner: AccountId::from_number(1),
        parent: None,
        url: None,
        erasure: None,
        created_at: moment(NOW),
    }
}

/// What is said of `x-7` differs from an active board of account 1 in one thing.
fn said(difference: &str, known: Option<&ContentItem>) -> String {
    let one = account(1, "user1@bm.com");
    let (mut owner, mut parent) = (one.clone(), None);
    let (mut kind, mut title, mut url) = (ContentKind::Board, "Esquisses".to_owned(), None);
    let two = account(2, "user2@bm.com");
    match difference {
        "same" => {}
        "new title" => title = "Plans".into(),
        "no title" => title = " ".into(),
        "long title" => title = "x".repeat(501),
        "link" => url = Some("https://tableaux.example/7".into()),
        "no link" => url = Some("javascript:alert(1)".into()),
        "link with a space" => url = Some("https://x.test/ 7".into()),
        "calendar" => kind = ContentKind::Calendar,
        "project" => kind = ContentKind::Project,
        "owner invited" => owner = in_state(one, State::Invited),
        "owner deactivated" => owner = in_state(one, State::Deactivated),
        "owner deleted" => owner = in_state(one, State::Deleted),
        "other owner" => owner = two,
        "other owner deactivated" => owner = in_state(two, State::Deactivated),
        "in a project" => parent = Some(item(ContentKind::Project)),
        "in a board" => parent = Some(item(ContentKind::Board)),
        "project in a project" => (kind, parent) = (ContentKind::Project, Some(item(ContentKind::Project))),
        "in another's project" => {
            let application = ApplicationId::from_number(2);
            parent = Some(ContentItem { application, ..item(ContentKind::Project) });
        }
        "in a project to erase" => {
            let erasure = Some(ErasureId::from_number(1));
            parent = Some(ContentItem { erasure, ..item(ContentKind::Project) });
        }
        other => panic!("{other}"),
    }
    let said = Registration {
        application: ApplicationId::from_number(1),
        external_id: external("x-7"),
        kind,
        title,
        owner: &owner,
        parent: parent.as_ref(),
        url,
    };
    match register(said, known, ContentId::from_number(7), moment(NOW)) {
        Ok(Registered::New(_)) => "new".into(),
        Ok(Registered::Changed(_)) => "changed".into(),
        Ok(Registered::Unchanged) => "unchanged".into(),
        Err(refusal) => refusal.code().into(),
    }
}

#[test]
fn what_an_application_says_is_taken_or_refused_item_by_item() {
    let known = item(ContentKind::Board);
    let to_erase = ContentItem { erasure: Some(ErasureId::from_number(1)), ..known.clone() };
    for (difference, new, again) in [
        ("same", "new", "unchanged"),
        ("new title", "new", "changed"),
        ("no title", "content_text_invalid", "content_text_invalid"),
        ("long title", "content_text_invalid", "content_text_invalid"),
        ("link", "new", "changed"),
        ("no link", "content_url_invalid", "content_url_invalid"),
        ("link with a space", "content_url_invalid", "content_url_invalid"),
        ("calendar", "content_kind_is_ours", "content_kind_is_ours"),
        ("project", "new", "content_kind_fixed"),
        ("owner invited", "new", "unchanged"),
        // What it owned before it was closed is its own (R5).
        ("owner deactivated", "new", "unchanged"),
        ("owner deleted", "content_owner_closed", "content_owner_closed"),
        ("other owner", "new", "changed"),
        // Else an application that has not heard of a reassignment would take it back.
        ("other owner deactivated", "new", "content_owner_closed"),
        ("in a project", "new", "changed"),
        ("in a board", "content_not_held", "content_not_held"),
        ("project in a project", "content_not_held", "content_not_held"),
        ("in another's project", "content_parent_unknown", "content_parent_unknown"),
        ("in a project to erase", "content_parent_unknown", "content_parent_unknown"),
    ] {
        assert_eq!(said(difference, None), new, "{difference}, new");
        assert_eq!(said(difference, Some(&known)), again, "{difference}, again");
    }
    assert_eq!(said("same", Some(&to_erase)), "content_erasing");
    for text in ["", " \t", "a\nb", &"x".repeat(201)] {
        assert_eq!(text.parse::<ExternalId>().map_err(|refusal| refusal.code()), Err("external_id_invalid"));
    }
}

#[test]
fn content_is_given_by_whoever_ends_accounts_to_whoever_can_be_shared_with() {
    let person = |number, organisation, role| Actor::Account {
        id: AccountId::from_number(number),
        organisation: OrganisationId::from_number(organisation),
        role,
    };
    let admin = person(9, 1, Role::CompanyAdmin);
    let one = account(1, "user1@bm.com");
    let two = account(2, "user2@bm.com");
    let all = Selection::Everything;
    let ask = |from: &Account, to: &Account, selection: &Selection, actor: &Actor| {
        check_reassign(from, to, selection, actor, moment(NOW)).map_err(|refusal: Refusal| refusal.code())
    };
    assert_eq!(ask(&one, &two, &all, &admin), Ok(()));
    // Also of whoever is closed, and of what a deleted account has left.
    for state in [State::Invited, State::Deactivated, State::Deleted] {
        assert_eq!(ask(&in_state(one.clone(), state), &two, &all, &admin), Ok(()), "{state:?}");
        let to = in_state(two.clone(), state);
        assert_eq!(ask(&one, &to, &all, &admin), Err("content_owner_closed"), "{state:?}");
    }
    let leaving = Account { leaves_at: Some(moment("2026-11-20T00:00:00Z")), ..two.clone() };
    assert_eq!(ask(&one, &leaving, &all, &admin), Err("content_owner_closed"));
    assert_eq!(ask(&one, &one, &all, &admin), Err("content_same_owner"));
    let elsewhere = Account { organisation: OrganisationId::from_number(2), ..two.clone() };
    assert_eq!(ask(&one, &elsewhere, &all, &admin), Err("content_owner_unknown"));
    for actor in [
        person(1, 1, Role::Member),
        person(9, 1, Role::AccountManager),
        person(9, 2, Role::CompanyAdmin),
        Actor::Application { id: ApplicationId::from_number(1), organisation: one.organisation },
    ] {
        assert_eq!(ask(&one, &two, &all, &actor), Err("not_allowed"), "{actor:?}");
    }
    let none = Selection::Kinds { kinds: vec![] };
    assert_eq!(ask(&one, &two, &none, &admin), Err("content_nothing_chosen"));
    let many = (0..=1000).map(ContentId::from_number).collect();
    let many = Selection::Chosen { items: many, collections: vec![] };
    assert_eq!(ask(&one, &two, &many, &admin), Err("content_too_many"));
}

#[test]
fn a_selection_says_which_calendars_go_along() {
    let (calendar, book) = (CollectionKind::Calendar, CollectionKind::AddressBook);
    let kinds = Selection::Kinds { kinds: vec![ContentKind::Board, ContentKind::Calendar] };
    let named = Selection::Chosen { items: vec![], collections: vec!["work".parse().expect("a name")] };
    let boards = Selection::Kinds { kinds: vec![ContentKind::Board] };
    for (selection, work, home, contacts) in [
        (Selection::Everything, true, true, true),
        (kinds, true, true, false),
        (named, true, false, false),
        (boards, false, false, false),
    ] {
        let takes = |name, kind| selection.takes_collection(name, kind);
        let got = (takes("work", calendar), takes("home", calendar), takes("contacts", book));
        assert_eq!(got, (work, home, contacts), "{selection:?}");
        assert_eq!(selection.may_take_collections(), work || home || contacts, "{selection:?}");
    }
}
