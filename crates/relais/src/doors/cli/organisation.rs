//! Organisations and their domains.

use super::arguments::{DomainCommand, OrganisationCommand};
use super::words;
use super::{Failure, Session};
use relais_core::organisation::{Domain, Organisation};
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
    }
}

pub async fn domain(session: &mut Session, command: DomainCommand) -> Result<(), Failure> {
    match command {
        DomainCommand::Add { domain, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let path = ["organisations", &organisation, "domains"];
            let answer = session.client.post(&path, &json!({ "name": domain })).await?;
            session.confirm(
                &answer,
                &format!("Le domaine {domain} est hébergé ici."),
                &format!("The domain {domain} is hosted here."),
            )
        }
        DomainCommand::List { organisation } => {
            session
                .list(organisation.organisation.as_deref(), "domains", |reader, rows: Vec<Domain>| {
                    let row = |found: Domain| {
                        let holder = found.organisation.map_or_else(String::new, |id| id.to_string());
                        [found.name, words::domain_kind(found.kind, reader.language).to_owned(), holder]
                    };
                    reader.table(
                        [("domaine", "domain"), ("sorte", "kind"), ("organisation", "organisation")],
                        rows.into_iter().map(row).collect(),
                    )
                })
                .await
        }
    }
}
