//! What may be asked of a departure in each state: to hold it, to let it go on, to take it back.

#[path = "support/people.rs"]
mod people;

use people::{account, address, moment};
use relais_core::departure::{
    Departure, DepartureState, Findings, Order, PlanFacts, Step, StepReport, Way, plan,
};
use relais_core::ids::{DepartureId, OrganisationId};
use relais_core::language::Language;
use relais_core::refusal::Refusal;

const BEGINS: &str = "2026-12-01T09:00:00Z";
const BEFORE: &str = "2026-11-30T09:00:00Z";
const AFTER: &str = "2026-12-02T09:00:00Z";

/// State | held | let go on before it begins, and after | the same once undoing was asked | undone | undone after the
/// account was deleted. `-`: nothing changes.
const TABLE: &str = "
scheduled | held           | departure_not_held departure_not_held | departure_not_held departure_not_held | undoing | departure_not_undoable
running   | held           | departure_not_held departure_not_held | departure_not_held departure_not_held | undoing | departure_not_undoable
held      | -              | scheduled running                     | undoing undoing                       | undoing | departure_not_undoable
undoing   | held           | departure_not_held departure_not_held | departure_not_held departure_not_held | -       | departure_not_undoable
undone    | departure_over | departure_over departure_over         | departure_over departure_over         | -       | departure_not_undoable
finished  | departure_over | departure_over departure_over         | departure_over departure_over         | undoing | departure_not_undoable
";

fn departure(state: DepartureState, reports: Vec<StepReport>) -> Departure {
    let leaver = account(1, "user1@bm.com");
    let order = Order { on: Some(moment(BEGINS)), ..Order::default() };
    let findings = Findings { addresses: vec![leaver.address.clone()], ..Findings::default() };
    let facts = PlanFacts {
        leaver: &leaver,
        successor: None,
        group_heir: None,
        renamed_to: address("user1.bck@bm.com"),
        departure_in_progress: false,
        findings,
        language: Language::French,
    };
    Departure {
        id: DepartureId::from_number(1),
        organisation: OrganisationId::from_number(1),
        state,
        plan: plan(&order, &facts, moment(BEFORE)).expect("a plan"),
        steps_done: 0,
        reports,
        trouble: None,
        created_at: moment(BEFORE),
    }
}

fn word(answer: &Result<DepartureState, Refusal>) -> String {
    match answer {
        Ok(state) => state.as_str().to_owned(),
        Err(refusal) => refusal.code().to_owned(),
    }
}

fn changed(answer: Result<Option<DepartureState>, Refusal>) -> String {
    answer.transpose().map_or_else(|| "-".to_owned(), |answer| word(&answer))
}

#[test]
fn every_state_answers_as_the_table_says() {
    let deleted = StepReport { step: Step::Delete, done_at: moment(AFTER), detail: serde_json::Value::Null };
    let mut seen = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<Vec<&str>> = line.split('|').map(|cell| cell.split_whitespace().collect()).collect();
        let state = DepartureState::from_name(cells[0][0]).expect(line);
        seen.push(state);
        let it = departure(state, Vec::new());
        let resumed = |way| [BEFORE, AFTER].map(|now| word(&it.resumed(way, moment(now)))).to_vec();
        let found = [
            vec![changed(it.held())],
            resumed(Way::Forth),
            resumed(Way::Back),
            vec![changed(it.undone())],
            vec![changed(departure(state, vec![deleted.clone()]).undone())],
        ];
        assert_eq!(found.to_vec(), cells[1..].to_vec(), "{line}");
    }
    assert_eq!(seen, DepartureState::ALL);
}
