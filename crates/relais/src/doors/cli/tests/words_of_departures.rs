use super::super::{departure as departures, plan};
use super::people::{address, at, departure, planned, reader};
use relais_core::departure::{DepartureState, Order};
use relais_core::inbound::LocalCopy;
use relais_core::language::Language::{English, French};

fn to_successor() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        delete_after: Some(at("2026-12-31T00:00:00Z")),
        ..Order::default()
    }
}

fn answered() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        reply: Some(
            "Bonjour,\n\nJe suis partie ; écrivez à Claude Simon, qui reprend tous mes dossiers.".to_owned(),
        ),
        reason: Some("fin de contrat".to_owned()),
        ..Order::default()
    }
}

fn to_shared_mailbox() -> Order {
    Order {
        to: Some(address("usercs@bm.com")),
        shared_mailbox: Some(address("bp.user1@bm.com")),
        copy: Some(LocalCopy::Keep),
        until: Some(at("2026-10-01T00:00:00Z")),
        reason: Some("continuité".to_owned()),
        ..Order::default()
    }
}

#[test]
fn a_plan_is_shown_in_french() {
    assert_eq!(plan::in_words(&reader(French), &planned(&to_successor())), "");
}

#[test]
fn a_plan_is_shown_in_english() {
    assert_eq!(plan::in_words(&reader(English), &planned(&to_successor())), "");
}

#[test]
fn a_plan_that_answers_is_shown_in_both_languages() {
    assert_eq!(plan::in_words(&reader(French), &planned(&answered())), "");
    assert_eq!(plan::in_words(&reader(English), &planned(&answered())), "");
}

#[test]
fn a_plan_for_a_shared_mailbox_is_shown_in_both_languages() {
    assert_eq!(plan::in_words(&reader(French), &planned(&to_shared_mailbox())), "");
    assert_eq!(plan::in_words(&reader(English), &planned(&to_shared_mailbox())), "");
}

#[test]
fn a_departure_that_waits_is_shown_in_both_languages() {
    let waiting = departure(&to_successor(), DepartureState::Running, 7);
    assert_eq!(departures::status(&reader(French), &waiting), "");
    assert_eq!(departures::status(&reader(English), &waiting), "");
}

#[test]
fn a_departure_that_is_held_says_why_in_both_languages() {
    let mut held = departure(&answered(), DepartureState::Held, 2);
    held.trouble = Some("Le disque est plein.\u{1b}[2J".to_owned());
    assert_eq!(departures::status(&reader(French), &held), "");
    assert_eq!(departures::status(&reader(English), &held), "");
}
