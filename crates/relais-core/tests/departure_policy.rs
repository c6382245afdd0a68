//! What an organisation wants done for whoever a machine closes.

use jiff::Timestamp;
use relais_core::departure::{DeparturePolicy, POLICY_DAYS_MAX, PolicyMail};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};

fn mail(new_mail: PolicyMail) -> DeparturePolicy {
    DeparturePolicy { new_mail, content_to: None }
}

#[test]
fn new_mail_is_met_as_was_said_until_its_end_and_then_refused() {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a moment");
    let end: Timestamp = "2026-12-22T12:00:00Z".parse().expect("a moment");
    let to = || "b@bm.com".parse().expect("an address");
    for (policy, expected) in [
        (DeparturePolicy::default(), Ok(Inbound::refuse())),
        (
            mail(PolicyMail::Reply { text: "Parti.".to_owned(), days: 30 }),
            Inbound::until_then_refuse(Treatment::reply("Parti.".to_owned(), LocalCopy::Keep), end),
        ),
        (
            mail(PolicyMail::Redirect { to: to(), days: 30 }),
            Inbound::until_then_refuse(Treatment::redirect(to(), LocalCopy::None), end),
        ),
    ] {
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(policy.inbound(now), expected, "{policy:?}");
    }
    for days in [0, -1, POLICY_DAYS_MAX + 1] {
        let policy = mail(PolicyMail::Redirect { to: to(), days });
        assert_eq!(policy.check().map_err(|refusal| refusal.code()), Err("departure_policy_days"));
    }
    let silent = mail(PolicyMail::Reply { text: " \n".to_owned(), days: 1 });
    assert_eq!(silent.check().map_err(|refusal| refusal.code()), Err("departure_policy_text_invalid"));
}
