//! What applications are told: which events, and how much of each. An event says the same however often it is told.

use crate::event::Event;
use serde_json::{Map, Value, json};

/// The body of a webhook (Standard Webhooks: `type`, `timestamp`, `data`), if applications are told of this event. No text
/// that people wrote goes out: why somebody was closed, and not what their automatic reply says.
#[must_use]
pub fn told(event: &Event) -> Option<Value> {
    let mut data = Map::new();
    data.insert("organisation".to_owned(), json!(event.organisation));
    data.insert("event".to_owned(), json!(event.number));
    data.insert("subject".to_owned(), json!(event.subject));
    for field in fields(event)? {
        if let Some(value) = event.detail.get(field) {
            data.insert((*field).to_owned(), value.clone());
        }
    }
    Some(json!({ "type": event.kind, "timestamp": event.at, "data": data }))
}

/// What is told of an event besides that it happened; `None` if it is no concern of applications.
fn fields(event: &Event) -> Option<&'static [&'static str]> {
    Some(match event.kind.as_str() {
        "account.created" => &["address", "role", "state"],
        // An invitation was taken up.
        "account.password_set" if event.detail["activates"] == true => &["activates"],
        "account.activated" => &[],
        "account.deactivated" => &["cause"],
        "account.reactivated" | "account.deleted" => &[],
        "account.renamed" | "account.role_set" => &["from", "to"],
        "account.leaving_set" => &["at"],
        "group.created" | "group.removed" => &["name"],
        "group.member_set" => &["account", "role"],
        "content.reassigned" | "content.reassignment_undone" | "content.erasure_asked" => {
            &["reassignment", "erasure", "to", "items"]
        }
        _ => return None,
    })
}

/// The name of a webhook: the same whenever the event is told again.
#[must_use]
pub fn id(event: &Event) -> String {
    format!("evt_{}_{}", event.organisation, event.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Actor;
    use crate::event::{CHAIN_START, Happening};
    use crate::ids::OrganisationId;
    use jiff::Timestamp;

    fn event(kind: &'static str, detail: Value) -> Event {
        let happening = Happening { kind, subject: "acc-0000000000001".to_owned(), detail };
        let organisation = OrganisationId::from_number(1);
        Event::link(happening, organisation, 7, CHAIN_START, Actor::Operator, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_people_wrote_stays_here() {
        let closed =
            event("account.deactivated", json!({ "cause": "admin", "inbound": [{ "text": "absent" }] }));
        assert_eq!(
            told(&closed),
            Some(json!({
                "type": "account.deactivated", "timestamp": "1970-01-01T00:00:00Z",
                "data": {
                    "organisation": "org-0000000000001", "event": 7, "subject": "acc-0000000000001",
                    "cause": "admin"
                }
            }))
        );
        assert_eq!(id(&closed), "evt_org-0000000000001_7");
        assert!(told(&event("account.password_set", json!({ "activates": true }))).is_some());
        for (kind, detail) in [
            ("account.password_set", json!({ "activates": false })),
            ("account.recovery_granted", json!({ "reason": "x" })),
            ("provision.topped_up", json!({})),
        ] {
            assert_eq!(told(&event(kind, detail)), None, "{kind}");
        }
    }
}
