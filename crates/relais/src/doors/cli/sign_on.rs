//! Single sign-on: where an organisation's people sign in, and as whom their provider knows them.

use super::arguments::SignOnCommand;
use super::{Failure, Session};
use relais_app::read::SignOnLink;
use relais_core::sign_on::{IdentityProvider, Newcomers, SignOnDemand};
use serde_json::{Value, json};

pub async fn sign_on(session: &mut Session, command: SignOnCommand) -> Result<(), Failure> {
    match command {
        SignOnCommand::Show { organisation } => {
            let id = session.organisation(organisation.organisation.as_deref()).await?;
            let answer = session.client.get(&["organisations", &id, "identity-provider"]).await?;
            session.show(&answer, provider_in_words)
        }
        SignOnCommand::Set {
            issuer,
            client_id,
            client_secret,
            domains,
            required,
            newcomers,
            address_claim,
            organisation,
        } => {
            let id = session.organisation(organisation.organisation.as_deref()).await?;
            let mut body = json!({
                "issuer": issuer, "client_id": client_id, "domains": domains, "address_claim": address_claim,
                "demand": if required { SignOnDemand::Required } else { SignOnDemand::Optional },
                "newcomers": if newcomers { Newcomers::Members } else { Newcomers::Refused },
            });
            if let Some(secret) = client_secret {
                body["client_secret"] = json!(secret.read()?.trim_end());
            }
            let answer = session.client.put(&["organisations", &id, "identity-provider"], &body).await?;
            session.show(&answer, provider_in_words)
        }
        SignOnCommand::Test { organisation } => {
            let id = session.organisation(organisation.organisation.as_deref()).await?;
            let place = ["organisations", &id, "identity-provider", "test"];
            let answer = session.client.post(&place, &json!({})).await?;
            session.confirm(
                &answer,
                "Le fournisseur d'identité répond, et c'est bien lui.",
                "The identity provider answers, and is who it was said to be.",
            )
        }
        SignOnCommand::Remove { organisation } => {
            let id = session.organisation(organisation.organisation.as_deref()).await?;
            let answer = session.client.delete(&["organisations", &id, "identity-provider"]).await?;
            session.confirm(
                &answer,
                "L'organisation n'a plus de fournisseur d'identité ; on s'y connecte avec un mot de passe.",
                "The organisation has no identity provider any more; people sign in with passwords.",
            )
        }
        SignOnCommand::Link { account } => {
            let answer = session.client.post(&["accounts", &account, "sign-on-links"], &json!({})).await?;
            session.show(&answer, |reader, whole: Value| {
                let url = super::words::printable(whole["url"].as_str().unwrap_or_default());
                let next = reader.pick(
                    "Ouvrez cette adresse dans votre navigateur dans les dix minutes ; elle ne sert qu'une fois.",
                    "Open this address in your browser within ten minutes; it works once.",
                );
                format!("{url}\n\n{next}")
            })
        }
        SignOnCommand::Links { account } => {
            let answer = session.client.get(&["accounts", &account, "sign-on-links"]).await?;
            session.show(&answer, |reader, rows: Vec<SignOnLink>| {
                let row = |link: SignOnLink| [link.issuer, link.subject, reader.time(link.linked_at)];
                reader.table(
                    [("fournisseur", "provider"), ("sujet", "subject"), ("lié le", "linked")],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        SignOnCommand::Unlink { account } => {
            let answer = session.client.delete(&["accounts", &account, "sign-on-links"]).await?;
            session.confirm(
                &answer,
                &format!("Aucun fournisseur d'identité ne connaît plus le compte {account}."),
                &format!("No identity provider knows the account {account} any more."),
            )
        }
    }
}

fn provider_in_words(reader: &super::reader::Reader, provider: IdentityProvider) -> String {
    let demand = match provider.demand {
        SignOnDemand::Optional => reader.pick("facultatif", "optional"),
        SignOnDemand::Required => {
            reader.pick("obligatoire, sauf pour le propriétaire", "required, but of the owner")
        }
    };
    let newcomers = match provider.newcomers {
        Newcomers::Refused => reader.pick("refusés", "refused"),
        Newcomers::Members => reader.pick("reçoivent un compte", "get an account"),
    };
    reader.sheet(&[
        ("fournisseur", "provider", provider.issuer),
        ("client", "client", provider.client_id),
        ("domaines", "domains", provider.domains.join(", ")),
        ("usage", "use", demand.to_owned()),
        ("nouveaux venus", "newcomers", newcomers.to_owned()),
        ("revendication de l'adresse", "claim of the address", provider.address_claim),
    ])
}
