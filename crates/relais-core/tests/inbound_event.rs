//! What is written down reads back the same, what would lose mail does not read at all, and the chain of events shows
//! any change.

#[path = "support/people.rs"]
mod people;

use people::{account, address, moment};
use proptest::prelude::*;
use relais_core::account::{Account, Cause, Deactivation};
use relais_core::authority::{Actor, Role};
use relais_core::event::{CHAIN_START, Event, Happening};
use relais_core::ids::{AccountId, DepartureId, OrganisationId, TokenId};
use relais_core::inbound::{Inbound, LocalCopy, Phase, Treatment};
use relais_core::password::PasswordHash;
use relais_core::refusal::Refusal;
use relais_core::rights::State;
use serde_json::json;

fn actors() -> impl Strategy<Value = Actor> {
    let organisation = OrganisationId::from_number;
    prop_oneof![
        Just(Actor::Operator),
        (0..9_i64)
            .prop_map(move |id| Actor::Token { id: TokenId::from_number(id), organisation: organisation(1) }),
        (0..9_i64).prop_map(move |id| Actor::Departure {
            id: DepartureId::from_number(id),
            organisation: organisation(1)
        }),
        (0..9_i64, prop_oneof![Just(Role::Owner), Just(Role::CompanyAdmin)]).prop_map(move |(id, role)| {
            Actor::Account { id: AccountId::from_number(id), organisation: organisation(1), role }
        }),
    ]
}

fn chain(actors: &[Actor]) -> Vec<Event> {
    let mut previous = CHAIN_START.to_owned();
    let mut events = Vec::new();
    for (number, actor) in (1..).zip(actors) {
        let happening = Happening {
            kind: "account.deactivated",
            subject: AccountId::from_number(number).to_string(),
            detail: json!({ "cause": "admin", "number": number, "nested": { "b": [1, null], "a": "é" } }),
        };
        let at = moment("2026-11-21T09:00:00.123Z") + jiff::SignedDuration::from_secs(number);
        let event = Event::link(happening, OrganisationId::from_number(1), number, &previous, *actor, at);
        previous.clone_from(&event.hash);
        events.push(event);
    }
    events
}

/// The first event whose hash does not follow from what stands before it.
fn first_broken(events: &[Event]) -> Option<usize> {
    let mut previous = CHAIN_START;
    events.iter().position(|event| {
        let broken = event.hash != event.hash_after(previous);
        previous = &event.hash;
        broken
    })
}

proptest! {
    #[test]
    fn the_chain_shows_any_change_and_where(
        actors in proptest::collection::vec(actors(), 2..8),
        place in any::<prop::sample::Index>(),
        other in actors(),
        field in 0..7,
    ) {
        let events = chain(&actors);
        prop_assert_eq!(first_broken(&events), None);
        let read: Vec<Event> = serde_json::from_str(&serde_json::to_string(&events).expect("writes")).expect("reads");
        prop_assert_eq!(first_broken(&read), None, "also after being read back");

        let at = place.index(events.len());
        let mut forged = events.clone();
        let event = &mut forged[at];
        match field {
            0 => event.organisation = OrganisationId::from_number(2),
            1 => event.number += 1,
            2 => event.at += jiff::SignedDuration::from_millis(1),
            3 => event.actor = other,
            4 => event.kind.push('x'),
            5 => event.subject.insert(0, 'x'),
            _ => event.detail["nested"]["b"][0] = json!(2),
        }
        let changed = forged[at] != events[at];
        prop_assert_eq!(first_broken(&forged), changed.then_some(at));
        if changed && at + 1 < forged.len() {
            // Mending the hash of the changed event only moves the break to the next.
            let previous = if at == 0 { CHAIN_START.to_owned() } else { forged[at - 1].hash.clone() };
            forged[at].hash = forged[at].hash_after(&previous);
            prop_assert_eq!(first_broken(&forged), Some(at + 1));
        }
    }

    #[test]
    fn the_chain_shows_a_gap_and_a_swap(actors in proptest::collection::vec(actors(), 3..8), place in any::<prop::sample::Index>()) {
        let events = chain(&actors);
        let at = place.index(events.len() - 1);
        let mut gap = events.clone();
        gap.remove(at);
        prop_assert_eq!(first_broken(&gap), Some(at));
        let mut swapped = events;
        swapped.swap(at, at + 1);
        prop_assert_eq!(first_broken(&swapped), Some(at));
    }
}

/// Text moved from one field to its neighbour is another event.
#[test]
fn the_border_between_fields_is_part_of_the_hash() {
    let link = |kind, subject: &str| {
        let happening = Happening { kind, subject: subject.into(), detail: json!({}) };
        let now = moment("2026-11-21T09:00:00Z");
        Event::link(happening, OrganisationId::from_number(1), 1, CHAIN_START, Actor::Operator, now).hash
    };
    assert_ne!(link("account.deleted", "x"), link("account.delete", "dx"));
    assert_eq!(link("account.deleted", "x").len(), CHAIN_START.len());
}

fn treatments() -> impl Strategy<Value = Treatment> {
    let copy = prop_oneof![Just(LocalCopy::Keep), Just(LocalCopy::None)];
    let to = proptest::collection::vec(proptest::sample::select(vec!["a@bm.com", "é@perso.example"]), 0..3);
    let reply = proptest::option::of("[ -~é\\n]{0,20}");
    let accept = (copy, to, reply).prop_map(|(copy, to, reply)| Treatment::Accept {
        copy,
        redirect_to: to.into_iter().map(address).collect(),
        reply,
    });
    prop_oneof![3 => accept, 1 => Just(Treatment::Refuse)]
}

fn phases() -> impl Strategy<Value = Vec<Phase>> {
    let day = proptest::option::weighted(0.7, 0..20_i64);
    let phase = (day, treatments()).prop_map(|(day, treatment)| Phase {
        until: day.map(|day| moment("2026-12-01T00:00:00Z") + jiff::SignedDuration::from_hours(24 * day)),
        treatment,
    });
    proptest::collection::vec(phase, 0..4)
}

fn loses_mail(treatment: &Treatment) -> bool {
    match treatment {
        Treatment::Refuse => false,
        Treatment::Accept { copy, redirect_to, reply } => {
            *copy == LocalCopy::None && redirect_to.is_empty() && reply.is_none()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// JSON is no back door: what the constructor refuses does not read, and what it accepts reads back the same.
    #[test]
    fn an_inbound_reads_exactly_when_it_may_be_made(phases in phases()) {
        let text = serde_json::to_string(&phases).expect("phases serialise");
        let read = serde_json::from_str::<Inbound>(&text);
        match Inbound::new(phases.clone()) {
            Ok(inbound) => {
                prop_assert_eq!(serde_json::to_string(&inbound).expect("serialises"), text);
                prop_assert_eq!(read.expect("reads"), inbound.clone());
                prop_assert!(!phases.iter().any(|phase| loses_mail(&phase.treatment)));
                // Every moment has one phase, and each phase has its moments.
                for (place, phase) in inbound.phases().iter().enumerate() {
                    let begins = place.checked_sub(1).and_then(|before| inbound.phases()[before].until);
                    let begins = begins.unwrap_or(moment("2026-11-01T00:00:00Z"));
                    prop_assert_eq!(inbound.at(begins), &phase.treatment);
                }
            }
            Err(refusal) => {
                prop_assert!(matches!(refusal, Refusal::InboundPhases | Refusal::InboundDropsMail));
                let error = read.expect_err("refused").to_string();
                prop_assert!(error.contains(&refusal.to_string()), "{}", error);
            }
        }
    }
}

#[test]
fn an_inbound_that_drops_mail_does_not_read() {
    for text in [
        r#"[{"do":"accept","copy":"none"}]"#,
        r#"[{"do":"accept","copy":"none","redirect_to":[],"reply":null}]"#,
        r#"[{"until":"2026-12-21T00:00:00Z","do":"accept","copy":"none"},{"do":"refuse"}]"#,
        r#"[]"#,
        r#"[{"until":"2026-12-21T00:00:00Z","do":"refuse"}]"#,
        r#"[{"do":"accept"}]"#,
        r#"[{"do":"discard"}]"#,
        r#"[{"do":"accept","copy":"keep","redirect_to":["nowhere"]}]"#,
    ] {
        assert!(serde_json::from_str::<Inbound>(text).is_err(), "{text}");
    }
    let kept = r#"[{"do":"accept","copy":"keep"}]"#;
    assert_eq!(serde_json::from_str::<Inbound>(kept).expect("reads"), Inbound::deliver());
}

#[test]
fn an_account_reads_back_what_it_wrote_without_its_secrets() {
    let mut before = account(1, "user1@bm.com");
    before.state = State::Deactivated;
    before.quota_bytes = Some(1 << 30);
    before.deactivation = Some(Deactivation {
        cause: Cause::Directory,
        at: moment("2026-11-21T09:00:00Z"),
        inbound_before: Inbound::deliver(),
        state_before: State::Active,
    });
    before.inbound = Inbound::until_then_refuse(
        Treatment::redirect(address("user2@bm.com"), LocalCopy::Keep),
        moment("2026-12-21T09:00:00Z"),
    )
    .expect("valid");
    before.password = Some(PasswordHash::from_phc("$argon2id$secret".into()));
    before.epoch = 7;
    let text = serde_json::to_string(&before).expect("accounts serialise");
    assert!(!text.contains("secret") && !text.contains("epoch"), "{text}");
    assert!(!format!("{before:?}").contains("secret"));
    let read: Account = serde_json::from_str(&text).expect("accounts read back");
    assert_eq!(read, Account { password: None, epoch: 0, ..before });
}

/// RFC 5321, 4.2 and RFC 3463: class and code agree, and the text fits a reply line.
#[test]
fn every_refusal_of_mail_is_an_answer_a_server_understands() {
    use relais_core::mail_refusal::MailRefusal;
    for refusal in [
        MailRefusal::Unknown,
        MailRefusal::RelayDenied,
        MailRefusal::SenderNotHeld,
        MailRefusal::Deactivated,
        MailRefusal::Gone,
        MailRefusal::Unanswerable,
        MailRefusal::OverQuota,
        MailRefusal::TooManyHops,
        MailRefusal::StorageFull,
        MailRefusal::Unavailable,
    ] {
        let answer = refusal.answer();
        assert_eq!(u16::from(answer.enhanced.0), answer.code / 100, "{refusal:?}");
        assert_eq!(refusal.is_temporary(), answer.enhanced.0 == 4, "{refusal:?}");
        assert!(answer.text.is_ascii() && answer.text.len() < 480 && !answer.text.contains(['\r', '\n']));
    }
}
