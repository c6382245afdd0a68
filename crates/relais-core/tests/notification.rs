//! Whom an event is told, and in which words: one line for each kind.

use jiff::Timestamp;
use relais_core::authority::{Actor, Role};
use relais_core::event::{CHAIN_START, Event, Happening};
use relais_core::ids::{
    AccountId, ApplicationId, ContentId, DepartureId, GroupId, JobId, MailboxId, OrganisationId,
};
use relais_core::language::Language;
use relais_core::notification::{Audience, Topic, audiences, is_known_to, named, sentence};
use serde_json::{Value, json};
use std::collections::HashMap;

fn account(number: i64) -> AccountId {
    AccountId::from_number(number)
}

fn actor(number: i64) -> Actor {
    Actor::Account { id: account(number), organisation: OrganisationId::from_number(1), role: Role::Owner }
}

fn event(kind: &'static str, subject: impl ToString, detail: Value) -> Event {
    let happening = Happening { kind, subject: subject.to_string(), detail };
    Event::link(happening, OrganisationId::from_number(1), 1, CHAIN_START, actor(9), Timestamp::UNIX_EPOCH)
}

/// What `reader` reads in both languages, with names for accounts 1 (`un@bm.com`), 2 (`deux@bm.com`), groups and the rest.
fn read(event: &Event, reader: i64) -> [String; 2] {
    let name = |id: &str| match id.split_once('-') {
        Some(("acc", number)) if number.ends_with('1') => "un@bm.com",
        Some(("acc", _)) => "deux@bm.com",
        Some(("grp", number)) if number.ends_with('2') => "Salon",
        Some(("grp", _)) => "Ventes",
        Some(("box", _)) => "info@bm.com",
        Some(("dep", _)) => "un@bm.com",
        Some(("job", _)) => "job-0000000000001",
        _ => "Plan",
    };
    let names: HashMap<String, String> =
        named(event).into_iter().map(|id| (id.clone(), name(&id).to_owned())).collect();
    [Language::French, Language::English].map(|language| sentence(event, account(reader), &names, language))
}

/// An event, who is told of it, and the sentence in French and English.
type Line = (Event, Vec<(Topic, Audience)>, &'static str, &'static str);

#[test]
fn each_kind_is_told_to_those_whom_it_concerns_in_both_languages() {
    use Audience::{AdminsOf, CompanyAdmins, Group, GroupAdminsOf, Person};
    let (one, two) = (account(1), account(2));
    let (ventes, salon) = (GroupId::from_number(1), GroupId::from_number(2));
    let departure = DepartureId::from_number(1);
    let lines: Vec<Line> = vec![
        (
            event("account.created", one, json!({})),
            vec![(Topic::People, CompanyAdmins)],
            "Le compte un@bm.com a été créé.",
            "The account un@bm.com was created.",
        ),
        (
            event("account.deleted", one, json!({})),
            vec![(Topic::People, CompanyAdmins)],
            "Le compte un@bm.com a été supprimé.",
            "The account un@bm.com was deleted.",
        ),
        (
            event("account.deactivated", one, json!({ "cause": "directory" })),
            vec![
                (Topic::People, CompanyAdmins),
                (Topic::Groups, GroupAdminsOf(one)),
                (Topic::Account, Person(one)),
            ],
            "Le compte un@bm.com a été désactivé, absent de l'annuaire.",
            "The account un@bm.com was deactivated: the directory no longer has it.",
        ),
        (
            event("account.reactivated", one, json!({})),
            vec![
                (Topic::People, CompanyAdmins),
                (Topic::Groups, GroupAdminsOf(one)),
                (Topic::Account, Person(one)),
            ],
            "Le compte un@bm.com a été réactivé.",
            "The account un@bm.com was reactivated.",
        ),
        (
            event("account.renamed", two, json!({ "from": "b@bm.com", "to": "c@bm.com" })),
            vec![(Topic::Account, Person(two))],
            "Votre adresse est maintenant c@bm.com (c'était b@bm.com).",
            "Your address is now c@bm.com (it was b@bm.com).",
        ),
        (
            event("account.role_set", two, json!({ "from": "member", "to": "company_admin" })),
            vec![(Topic::Account, Person(two))],
            "Votre rôle est maintenant : administrateur.",
            "Your role is now: company admin.",
        ),
        (
            event("account.password_set", two, json!({ "activates": false })),
            vec![(Topic::Account, Person(two))],
            "Votre mot de passe a été changé par quelqu'un d'autre. Si vous ne l'attendiez pas, prévenez votre \
             administrateur.",
            "Somebody else changed your password. If you did not expect it, tell your administrator.",
        ),
        (
            event("group.member_set", ventes, json!({ "account": one, "role": "admin" })),
            vec![(Topic::Groups, Person(one)), (Topic::Groups, AdminsOf(ventes))],
            "un@bm.com est maintenant administrateur du groupe Ventes.",
            "un@bm.com is now an admin of the group Ventes.",
        ),
        (
            event("group.member_set", ventes, json!({ "account": two, "role": null })),
            vec![(Topic::Groups, Person(two)), (Topic::Groups, AdminsOf(ventes))],
            "Vous ne faites plus partie du groupe Ventes.",
            "You are no longer in the group Ventes.",
        ),
        (
            event("group.changed", ventes, json!({})),
            vec![(Topic::Groups, AdminsOf(ventes))],
            "Le groupe Ventes a été modifié : nom, adresse ou expéditeurs.",
            "The group Ventes was changed: name, address or senders.",
        ),
        (
            event("group.group_put_in", ventes, json!({ "group": salon, "name": "Salon" })),
            vec![(Topic::Groups, AdminsOf(ventes)), (Topic::Groups, AdminsOf(salon))],
            "Le groupe Salon fait maintenant partie du groupe Ventes.",
            "The group Salon is now in the group Ventes.",
        ),
        (
            event("group.group_taken_out", ventes, json!({ "group": salon })),
            vec![(Topic::Groups, AdminsOf(ventes)), (Topic::Groups, AdminsOf(salon))],
            "Le groupe Salon ne fait plus partie du groupe Ventes.",
            "The group Salon is no longer in the group Ventes.",
        ),
        (
            event(
                "shared_mailbox.member_set",
                MailboxId::from_number(1),
                json!({ "account": two, "right": "read" }),
            ),
            vec![(Topic::Sharing, Person(two))],
            "Vous avez accès à la boîte partagée info@bm.com.",
            "You have access to the shared mailbox info@bm.com.",
        ),
        (
            event(
                "shared_mailbox.member_set",
                MailboxId::from_number(1),
                json!({ "account": two, "right": null }),
            ),
            vec![(Topic::Sharing, Person(two))],
            "Vous n'avez plus accès à la boîte partagée info@bm.com.",
            "You no longer have access to the shared mailbox info@bm.com.",
        ),
        (
            event("content.shared", ContentId::from_number(1), json!({ "account": two, "right": "read" })),
            vec![(Topic::Sharing, Person(two))],
            "Un contenu est partagé avec vous : Plan.",
            "Content is shared with you: Plan.",
        ),
        (
            event(
                "collection.shared",
                one,
                json!({ "collection": "agenda", "with": { "kind": "account", "id": two } }),
            ),
            vec![(Topic::Sharing, Person(two))],
            "un@bm.com partage « agenda » avec vous.",
            "un@bm.com shares “agenda” with you.",
        ),
        (
            event(
                "collection.share_ended",
                one,
                json!({ "collection": "agenda", "with": { "kind": "group", "id": ventes } }),
            ),
            vec![(Topic::Sharing, Group(ventes))],
            "un@bm.com ne partage plus « agenda » avec vous.",
            "un@bm.com no longer shares “agenda” with you.",
        ),
        (
            event("content.reassigned", one, json!({ "to": two, "items": 3 })),
            vec![(Topic::Sharing, Person(two))],
            "3 contenus de un@bm.com sont maintenant à vous.",
            "3 items of un@bm.com are now yours.",
        ),
        (
            event("content.reassigned", one, json!({ "to": two, "items": 1 })),
            vec![(Topic::Sharing, Person(two))],
            "Un contenu de un@bm.com est maintenant à vous.",
            "One item of un@bm.com is now yours.",
        ),
        (
            event("content.reassignment_refused", one, json!({ "items": 2 })),
            vec![(Topic::Jobs, CompanyAdmins)],
            "Une application a gardé du contenu de un@bm.com au lieu de le transmettre (2) : voyez `relais content \
             reassignments`.",
            "An application kept content of un@bm.com instead of passing it on (2): see `relais content reassignments`.",
        ),
        (
            event(
                "application.feed_stopped",
                ApplicationId::from_number(1),
                json!({ "name": "Tableaux", "trouble": "answered 401" }),
            ),
            vec![(Topic::Jobs, CompanyAdmins)],
            "L'application Tableaux refuse le jeton avec lequel elle est alimentée (answered 401) ; donnez-en un nouveau : \
             `relais application scim set`.",
            "The application Tableaux takes the token no more with which it is fed (answered 401); give a new one: \
             `relais application scim set`.",
        ),
        (
            event("account.default_subscription_left_out", one, json!({ "because": "provision_short" })),
            vec![(Topic::People, CompanyAdmins)],
            "Le compte un@bm.com a été créé sans l'abonnement prévu, que la provision, les licences ou l'offre ne \
             permettent pas : voyez la provision, puis abonnez-le.",
            "The account un@bm.com was created without the subscription it should have, which the provision, the licences or \
             the offer do not allow: look at the provision, then give it one.",
        ),
        (
            event("account.departure_policy_left_out", one, json!({ "because": "redirect_loop" })),
            vec![(Topic::People, CompanyAdmins)],
            "Le compte un@bm.com est fermé, mais la règle de départ n'a pas pu être suivie : son courrier est refusé, et rien \
             n'a été donné. Corrigez la règle, puis décidez pour ce compte.",
            "The account un@bm.com is closed, but the departure policy could not be followed: its mail is refused, and nothing \
             was given away. Mend the policy, then decide for this account.",
        ),
        (
            event("departure.held", departure, json!({})),
            vec![(Topic::Departures, CompanyAdmins)],
            "Le départ de un@bm.com est suspendu jusqu'à ce qu'on le reprenne.",
            "The departure of un@bm.com is on hold until somebody resumes it.",
        ),
        (
            event("departure.held", departure, json!({ "trouble": "Disque plein." })),
            vec![(Topic::Departures, CompanyAdmins)],
            "Le départ de un@bm.com attend quelqu'un : Disque plein.",
            "The departure of un@bm.com waits for somebody: Disque plein.",
        ),
        (
            event("departure.finished", departure, json!({})),
            vec![(Topic::Departures, CompanyAdmins)],
            "Le départ de un@bm.com est terminé ; son certificat est prêt.",
            "The departure of un@bm.com is over; its certificate is ready.",
        ),
        (
            event(
                "job.finished",
                JobId::from_number(1),
                json!({ "changed": 3, "unchanged": 1, "refused": 0 }),
            ),
            vec![(Topic::Jobs, Person(account(9)))],
            "L'opération job-0000000000001 est terminée : 3 faits, 1 sans changement, 0 refusés.",
            "The job job-0000000000001 is over: 3 done, 1 unchanged, 0 refused.",
        ),
    ];
    for (event, told, french, english) in lines {
        assert_eq!(audiences(&event), told, "{}", event.kind);
        assert_eq!(read(&event, 2), [french.to_owned(), english.to_owned()]);
    }
    let back = event("account.reactivated", two, json!({}));
    assert!(read(&back, 2)[0].starts_with("Votre compte est réactivé"));
    assert_eq!(audiences(&event("account.password_set", two, json!({ "activates": true }))), []);
    assert_eq!(audiences(&event("domain.proven", "bm.com", json!({}))), []);
    // An id that cannot be one names nobody.
    assert_eq!(audiences(&event("content.shared", "x", json!({ "account": 7 }))), []);
}

#[test]
fn whoever_did_it_knows_and_yet_is_told_that_their_job_ended() {
    let event_by = |kind, actor| Event { actor, ..event(kind, account(1), json!({})) };
    assert!(is_known_to(&event_by("account.deactivated", actor(2)), account(2)));
    assert!(!is_known_to(&event_by("account.deactivated", actor(2)), account(3)));
    assert!(!is_known_to(&event_by("job.finished", actor(2)), account(2)));
    let by_a_program = Actor::Application {
        id: ApplicationId::from_number(1),
        organisation: OrganisationId::from_number(1),
    };
    assert!(!is_known_to(&event_by("account.deactivated", by_a_program), account(2)));
}
