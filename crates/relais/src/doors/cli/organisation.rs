//! Organisations: their names, languages and owners.

use super::arguments::OrganisationCommand;
use super::{Failure, Session};
use relais_core::organisation::Organisation;
use serde_json::json;

pub async fn organisation(session: &mut Session, command: OrganisationCommand) -> Result<(), Failure> {
    match command {
        OrganisationCommand::Create { name, time_zone, currency } => {
            let mut body = json!({ "name": name, "language": session.language(), "currency": currency });
            let zone = time_zone.or_else(|| session.zone.iana_name().map(str::to_owned));
            // A machine that runs on UTC says nothing of where its people are.
            if let Some(zone) = zone.filter(|zone| !["UTC", "Etc/UTC"].contains(&zone.as_str())) {
                body["time_zone"] = json!(zone);
            }
            let answer = session.client.post(&["organisations"], &body).await?;
            session.confirm(
                &answer,
                &format!("L'organisation {name} est créée ; donnez-lui un domaine : relais domain add DOMAINE --organisation \"{name}\""),
                &format!("Created the organisation {name}; give it a domain: relais domain add DOMAIN --organisation \"{name}\""),
            )
        }
        OrganisationCommand::List => {
            let answer = session.client.get(&["organisations"]).await?;
            session.show(&answer, |reader, rows: Vec<Organisation>| {
                let row = |found: Organisation| {
                    [
                        found.id.to_string(),
                        found.name,
                        found.language.tag().to_owned(),
                        reader.time(found.created_at),
                    ]
                };
                reader.table(
                    [("id", "id"), ("nom", "name"), ("langue", "language"), ("créée le", "created")],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        OrganisationCommand::Owner { organisation, account } => {
            let path = ["organisations", &organisation, "owner"];
            let answer = session.client.post(&path, &json!({ "account": account })).await?;
            session.confirm(
                &answer,
                &format!("{account} est maintenant propriétaire de l'organisation {organisation} ; l'ancien propriétaire en reste administrateur, et tous deux se reconnectent."),
                &format!("{account} now owns the organisation {organisation}; its former owner stays a company admin, and both sign in again."),
            )
        }
        OrganisationCommand::Rename { organisation, name } => {
            let answer =
                session.client.patch(&["organisations", &organisation], &json!({ "name": name })).await?;
            session.confirm(
                &answer,
                &format!("L'organisation {organisation} s'appelle maintenant {name}."),
                &format!("The organisation {organisation} is now called {name}."),
            )
        }
        OrganisationCommand::Language { organisation, of } => {
            let answer =
                session.client.patch(&["organisations", &organisation], &json!({ "language": of })).await?;
            let said = of.tag();
            session.confirm(
                &answer,
                &format!("Les réponses et attestations de l'organisation {organisation} sont maintenant en langue {said}."),
                &format!("Replies and certificates of the organisation {organisation} are now in language {said}."),
            )
        }
        OrganisationCommand::TimeZone { organisation, zone } => {
            let answer = session
                .client
                .patch(&["organisations", &organisation], &json!({ "time_zone": zone }))
                .await?;
            session.confirm(
                &answer,
                &format!("Les jours de l'organisation {organisation} sont maintenant ceux de {zone}."),
                &format!("The days of the organisation {organisation} are now those of {zone}."),
            )
        }
    }
}
