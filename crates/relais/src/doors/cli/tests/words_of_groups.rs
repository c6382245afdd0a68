use super::super::explain::tree;
use super::super::organisation::licences_in_words;
use super::super::{departure as departures, plan, words};
use super::people::{address, planned, reader};
use jiff::civil::date;
use relais_app::LicenceReport;
use relais_core::departure::{Order, Step, StepReport};
use relais_core::group::Posting;
use relais_core::ids::GroupId;
use relais_core::language::Language::{English, French};
use relais_core::mail_refusal::MailRefusal;
use relais_core::plan::{LicenceCount, LicencesUsed};
use relais_core::routing::{Hop, Route};
use serde_json::json;

#[test]
fn a_plan_says_who_has_the_groups_and_a_step_that_they_have_them() {
    let mut plan = planned(&Order { to: Some(address("usercs@bm.com")), ..Order::default() });
    assert!(
        plan::in_words(&reader(French), &plan)
            .contains("Le compte est fermé : plus aucune connexion n'est acceptée\n")
    );
    plan.findings.only_admin_of = vec!["Ventes".to_owned(), "Achats".to_owned()];
    for (language, said) in [
        (
            French,
            "acceptée ; usercs@bm.com devient administrateur de ses groupes qui n'en ont pas d'autre (Ventes, Achats)\n",
        ),
        (
            English,
            "any more; usercs@bm.com becomes the admin of its groups that have no other (Ventes, Achats)\n",
        ),
    ] {
        let text = plan::in_words(&reader(language), &plan);
        assert!(text.contains(said), "{text}");
    }
    let detail = json!({ "closed": true, "groups_given": [{ "name": "Ventes" }, { "name": "Achats" }] });
    let done_at = plan.begins_at;
    let report = StepReport { step: Step::Freeze, done_at, detail };
    let said = departures::done(&reader(French), &plan, &report);
    assert_eq!(said, "✓ Fermeture du compte : Ventes, Achats → usercs@bm.com");
    let report =
        StepReport { step: Step::Freeze, done_at, detail: json!({ "closed": true, "groups_given": [] }) };
    assert_eq!(departures::done(&reader(English), &plan, &report), "✓ Closing the account");
}

#[test]
fn a_group_that_not_everybody_may_write_to_says_so() {
    let group =
        Hop::Group { id: GroupId::from_number(1), name: "Ventes".to_owned(), posting: Posting::Members };
    let refusal = MailRefusal::NotAllowedToPost;
    let route = Route {
        refusal: Some(refusal),
        trace: vec![(0, group), (1, Hop::Refused { refusal })],
        ..Route::default()
    };
    assert_eq!(
        tree(&reader(French), &address("ventes@bm.com"), &route),
        "\
ventes@bm.com
└─ groupe Ventes, peuvent y écrire : ses membres
   └─ refusé : ce groupe n'accepte pas cet expéditeur (550 5.7.1)
Le message est refusé : ce groupe n'accepte pas cet expéditeur (550 5.7.1)."
    );
    let listed = Posting::Listed { senders: [address("b@x.fr"), address("a@x.fr")].into() };
    assert_eq!(words::posting(&listed, English), "a@x.fr, b@x.fr");
}

#[test]
fn licences_are_a_line_a_day_and_what_is_held_now() {
    let count = |day, accounts, guests| LicenceCount {
        day: date(2026, 11, day),
        used: LicencesUsed { accounts, free: 2, full: 5 },
        guests,
    };
    let report = LicenceReport {
        from: date(2026, 11, 1),
        until: date(2026, 12, 1),
        now: count(22, 8, 0),
        plan: None,
        days: vec![count(21, 12, 3)],
    };
    let text = licences_in_words(&reader(English), &report);
    let lines: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [vec!["2026-11-21", "12", "2", "5", "7", "3"], vec!["now", "8", "2", "5", "3", "0"]]);
}
