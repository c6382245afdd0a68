//! Door × state: what the API answers to a command is what the core decides, in every state.

use crate::world::{Who, World, in_state, start};
use relais_app::core::account::{Account, Cause};
use relais_app::core::authority::{Actor, Role};
use relais_app::core::content::Owned;
use relais_app::core::inbound::Inbound;
use relais_app::core::lifecycle::{Availability, Command, Facts, Means, decide};
use relais_app::core::organisation::{DomainKind, Target};
use relais_app::core::password::PasswordHash;
use relais_app::core::rights::{Act, State, Verdict, may};
use relais_app::read::{accounts, addresses};
use serde_json::{Value, json};

fn address(text: &str) -> relais_app::core::address::EmailAddress {
    text.parse().expect("an address")
}

/// Every route that commands an account, with the command it stands for.
fn commands() -> Vec<(&'static str, &'static str, Option<Value>, Command)> {
    let hash = PasswordHash::from_phc("a hash".to_owned());
    vec![
        ("POST", "/password", Some(json!({ "password": "another good one" })), Command::SetPassword { hash }),
        (
            "POST",
            "/deactivate",
            None,
            Command::Deactivate { cause: Cause::Admin, inbound: None, content: None },
        ),
        ("POST", "/reactivate", None, Command::Reactivate),
        ("DELETE", "", None, Command::Delete { content: None }),
        (
            "POST",
            "/rename",
            Some(json!({ "address": "neuf@bm.com" })),
            Command::Rename { to: address("neuf@bm.com") },
        ),
        (
            "POST",
            "/aliases",
            Some(json!({ "address": "neuf@bm.com" })),
            Command::AddAlias { address: address("neuf@bm.com") },
        ),
        (
            "DELETE",
            "/aliases/alias1@bm.com",
            None,
            Command::RemoveAlias { address: address("alias1@bm.com") },
        ),
        (
            "PUT",
            "/inbound",
            Some(json!([{ "until": null, "do": "refuse" }])),
            Command::SetInbound { inbound: Inbound::refuse() },
        ),
        ("PUT", "/role", Some(json!({ "role": "guest" })), Command::SetRole { role: Role::Guest }),
        ("PUT", "/name", Some(json!({ "name": "Zoé" })), Command::SetName { name: "Zoé".into() }),
        (
            "PUT",
            "/quota",
            Some(json!({ "quota_bytes": 5000 })),
            Command::SetQuota { quota_bytes: Some(5000) },
        ),
    ]
}

async fn account(world: &World, state: State) -> (Account, Facts) {
    let wanted = address(in_state(state));
    let bm = world.made.bm;
    let look = move |tx: &mut relais_app::read::Tx<'_>| {
        let account = accounts::named(tx, &wanted, bm)?.expect("the template has it");
        let own = addresses::of_target(tx, Target::Account(account.id))?;
        Ok((account, own))
    };
    let (account, own) = world.app.look(look).await.expect("asked");
    assert_eq!(account.state, state);
    let facts = Facts {
        primary_lost: !own.iter().any(|held| held.address == account.address),
        addresses: own,
        other_admins: 2,
        only_admin_of: vec![],
        wanted: Availability::Free(DomainKind::Own),
        loop_through: None,
        redirect_nowhere: None,
        departure_in_progress: false,
        backed_up_at: Some(jiff::Timestamp::MAX),
        means: Means::none(jiff::civil::Date::ZERO),
        owned: Owned::default(),
        policy_heir: None,
        heir: None,
    };
    (account, facts)
}

#[tokio::test]
async fn every_command_is_answered_as_the_core_decides_in_every_state() {
    for state in State::ALL {
        for (method, route, body, command) in commands() {
            let world = World::new().await;
            let (account, facts) = account(&world, state).await;
            let expected = match decide(&account, command, &facts, &Actor::Operator, start()) {
                Ok(_) => "ok".to_owned(),
                Err(refusal) => refusal.code().to_owned(),
            };
            let path = format!("/api/v1/accounts/{}{route}", account.id);
            for who in [Who::Socket, Who::Token] {
                let world = World::new().await;
                let answer = match &body {
                    Some(body) => world.ask_with(who, method, &path, body).await,
                    None => world.ask(who, method, &path).await,
                };
                assert_eq!(answer.outcome(), expected, "{state:?} {method} {route}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn grants_shares_groups_and_departures_are_what_the_table_says_in_every_state() {
    let order = json!({ "to": "user2@bm.com" });
    let grant = json!({ "reason": "contrat", "ends_at": "2026-12-01T00:00:00Z" });
    for state in State::ALL {
        let says = |act| may(state, act);
        let world = World::new().await;
        let (account, _) = account(&world, state).await;
        let id = account.id;
        for (method, path, body, allowed) in [
            (
                "POST",
                format!("/api/v1/accounts/{id}/grants"),
                &grant,
                says(Act::ReadMail) == Verdict::WithGrant,
            ),
            (
                "PUT",
                format!("/api/v1/shared-mailboxes/info@bm.com/members/{id}"),
                &json!({ "right": "read" }),
                says(Act::BeSharedWith) == Verdict::Yes,
            ),
            (
                "PUT",
                format!("/api/v1/groups/ventes@bm.com/members/{id}"),
                &json!({ "role": "member" }),
                says(Act::JoinGroup) == Verdict::Yes,
            ),
            (
                "POST",
                "/api/v1/accounts/user2@bm.com/shares".to_owned(),
                &json!({ "collection": "calendar", "with": id, "right": "read" }),
                says(Act::BeSharedWith) == Verdict::Yes,
            ),
            (
                "POST",
                format!("/api/v1/accounts/{id}/shares"),
                &json!({ "collection": "calendar", "with": "user2@bm.com", "right": "write" }),
                says(Act::Share) == Verdict::Yes,
            ),
            (
                "POST",
                format!("/api/v1/accounts/{id}/departure/plan"),
                &order,
                says(Act::ChangeAttributes) == Verdict::Yes,
            ),
            (
                "POST",
                format!("/api/v1/accounts/{id}/departure"),
                &order,
                says(Act::ChangeAttributes) == Verdict::Yes,
            ),
        ] {
            let answer = world.ask_with(Who::Token, method, &path, body).await;
            let expected = if allowed { "ok" } else { "not_in_this_state" };
            assert_eq!(answer.outcome(), expected, "{state:?} {method} {path}: {}", answer.text);
        }
    }
}
