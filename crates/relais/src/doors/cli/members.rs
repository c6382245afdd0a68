//! Shared mailboxes and their members.

use super::arguments::SharedMailboxCommand;
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::organisation::{MailboxMember, MailboxRight, SharedMailbox};
use serde_json::json;

pub async fn shared_mailbox(session: &mut Session, command: SharedMailboxCommand) -> Result<(), Failure> {
    match command {
        SharedMailboxCommand::Create { address, name, organisation } => {
            let organisation =
                session.organisation_of(&address, organisation.organisation.as_deref()).await?;
            let path = ["organisations", &organisation, "shared-mailboxes"];
            let answer = session.client.post(&path, &json!({ "address": address, "name": name })).await?;
            session.confirm(
                &answer,
                &format!("La boîte partagée {address} est créée ; ajoutez un membre : relais shared-mailbox member {address} COMPTE"),
                &format!("Created the shared mailbox {address}; add a member: relais shared-mailbox member {address} ACCOUNT"),
            )
        }
        SharedMailboxCommand::Rename { address, name, to } => rename(session, &address, name, to).await,
        SharedMailboxCommand::Remove { address, yes } => remove(session, &address, yes).await,
        SharedMailboxCommand::Member { address, account, read_only, remove } => {
            let path = ["shared-mailboxes", address.as_str(), "members", &account];
            if remove {
                let answer = session.client.delete(&path).await?;
                return session.confirm(
                    &answer,
                    &format!("{account} n'a plus accès à {address}."),
                    &format!("{account} no longer has access to {address}."),
                );
            }
            let right = if read_only { MailboxRight::Read } else { MailboxRight::ReadWrite };
            let answer = session.client.put(&path, &json!({ "right": right })).await?;
            session.confirm(
                &answer,
                &format!(
                    "{account} a accès à {address} : {}.",
                    words::mailbox_right(right, session.language())
                ),
                &format!(
                    "{account} has access to {address}: {}.",
                    words::mailbox_right(right, session.language())
                ),
            )
        }
        SharedMailboxCommand::Address { address, more } => {
            let path = ["shared-mailboxes", address.as_str(), "addresses"];
            let answer = session.client.post(&path, &json!({ "address": more })).await?;
            session.confirm(
                &answer,
                &format!("{address} reçoit aussi le courrier pour {more}."),
                &format!("{address} has the mail for {more}, too."),
            )
        }
        SharedMailboxCommand::Members { address } => {
            let answer = session.client.get(&["shared-mailboxes", address.as_str(), "members"]).await?;
            session.show(&answer, |reader, rows: Vec<MailboxMember>| {
                let row = |member: MailboxMember| {
                    [
                        member.address.to_string(),
                        words::mailbox_right(member.right, reader.language).to_owned(),
                        member.account.to_string(),
                    ]
                };
                reader.table(
                    [("membre", "member"), ("droit", "right"), ("compte", "account")],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        SharedMailboxCommand::List { organisation } => {
            let named = organisation.organisation.as_deref();
            session
                .list(named, "shared-mailboxes", |reader, rows: Vec<SharedMailbox>| {
                    let row =
                        |found: SharedMailbox| [found.address.to_string(), found.name, found.id.to_string()];
                    reader.table(
                        [("adresse", "address"), ("nom", "name"), ("id", "id")],
                        rows.into_iter().map(row).collect(),
                    )
                })
                .await
        }
    }
}

async fn rename(
    session: &mut Session,
    address: &EmailAddress,
    name: Option<String>,
    to: Option<EmailAddress>,
) -> Result<(), Failure> {
    let mut change = json!({});
    if let Some(name) = name {
        change["name"] = json!(name);
    }
    if let Some(to) = to {
        change["address"] = json!(to);
    }
    let answer = session.client.patch(&["shared-mailboxes", address.as_str()], &change).await?;
    session.confirm(
        &answer,
        &format!("La boîte partagée {address} est renommée."),
        &format!("Renamed the shared mailbox {address}."),
    )
}

async fn remove(session: &mut Session, address: &EmailAddress, yes: bool) -> Result<(), Failure> {
    let unattended = (
        "Une boîte partagée supprimée ne revient pas ; ajoutez --yes pour confirmer.",
        "A shared mailbox that is deleted does not come back; add --yes to confirm it.",
    );
    let french = format!("Supprimer la boîte partagée {address} ? Ses adresses seront libérées.");
    let english = format!("Delete the shared mailbox {address}? Its addresses will be freed.");
    session.make_sure(yes, unattended, (&french, &english))?;
    let answer = session.client.delete(&["shared-mailboxes", address.as_str()]).await?;
    session.confirm(
        &answer,
        &format!("La boîte partagée {address} est supprimée."),
        &format!("Deleted the shared mailbox {address}."),
    )
}
