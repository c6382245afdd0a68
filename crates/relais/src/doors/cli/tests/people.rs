//! Core values to show.

use super::super::reader::Reader;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::departure::{Departure, DepartureState, Findings, Order, Plan, PlanFacts, StepReport, plan};
use relais_core::ids::{AccountId, DepartureId, MailboxId, OrganisationId};
use relais_core::inbound::Inbound;
use relais_core::language::Language;
use relais_core::rights::State;
use serde_json::json;

pub const NOW: &str = "2026-07-29T08:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub fn address(text: &str) -> EmailAddress {
    text.parse().expect("an address")
}

pub fn reader(language: Language) -> Reader {
    Reader { language, zone: TimeZone::UTC, colours: false }
}

pub fn account(number: i64, login: &str, name: &str) -> Account {
    Account {
        id: AccountId::from_number(number),
        organisation: OrganisationId::from_number(1),
        mailbox: MailboxId::from_number(number),
        name: name.to_owned(),
        address: address(&format!("{login}@bm.com")),
        role: Role::Member,
        state: State::Active,
        deactivation: None,
        leaves_at: None,
        legal_hold: None,
        inbound: Inbound::deliver(),
        quota_bytes: None,
        subscription: None,
        term: None,
        password: None,
        epoch: 0,
        created_at: at("2026-01-01T00:00:00Z"),
    }
}

pub fn leaver() -> Account {
    account(1, "user1", "Jeanne Martin")
}

pub fn planned(order: &Order) -> Plan {
    let (leaver, successor) = (leaver(), account(2, "usercs", "Claude Simon"));
    let facts = PlanFacts {
        leaver: &leaver,
        successor: order.to.as_ref().map(|_| &successor),
        group_heir: None,
        renamed_to: address("user1.bck@bm.com"),
        departure_in_progress: false,
        findings: Findings {
            addresses: vec![address("user1@bm.com"), address("jeanne@bm.com")],
            groups: vec!["Ventes".to_owned()],
            redirects_in: vec![address("user3@bm.com")],
            messages: 412,
            size_bytes: 3_250_000,
            ..Findings::default()
        },
        language: Language::French,
    };
    plan(order, &facts, at(NOW)).expect("the order is sound")
}

/// A departure after `steps_done` of its steps.
pub fn departure(order: &Order, state: DepartureState, steps_done: usize) -> Departure {
    let plan = planned(order);
    let reports = plan.steps.iter().take(steps_done).map(|step| {
        let detail = match step.as_str() {
            "cut_sessions" => json!({ "sessions_cut": 2, "sessions_left": 0 }),
            "hand_over_mail" => json!({
                "to": "usercs@bm.com", "folder": "user1@bm.com", "messages": 410, "size_bytes": 3_000_000,
                "personal_messages_left_out": 2, "folders": []
            }),
            _ => json!({}),
        };
        StepReport { step: *step, done_at: at("2026-07-29T08:00:05Z"), detail }
    });
    Departure {
        id: DepartureId::from_number(7),
        organisation: OrganisationId::from_number(1),
        state,
        reports: reports.collect(),
        steps_done: u32::try_from(steps_done).expect("few steps"),
        trouble: None,
        created_at: at(NOW),
        plan,
    }
}
