//! What has members: shared mailboxes and groups.

use super::arguments::{GroupCommand, SharedMailboxCommand};
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::ids::GroupId;
use relais_core::organisation::{Group, GroupRole, MailboxMember, MailboxRight, SharedMailbox};
use serde::Deserialize as _;
use serde_json::{Value, json};

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

pub async fn group(session: &mut Session, command: GroupCommand) -> Result<(), Failure> {
    match command {
        GroupCommand::Create { name, address, organisation } => {
            create_group(session, &name, address, organisation.organisation.as_deref()).await
        }
        GroupCommand::Member { group, account, admin, remove, organisation } => {
            let id = group_id(session, &group, organisation.organisation.as_deref()).await?;
            let path = ["groups", &id, "members", &account];
            if remove {
                let answer = session.client.delete(&path).await?;
                return session.confirm(
                    &answer,
                    &format!("{account} n'est plus dans le groupe {group}."),
                    &format!("{account} is no longer in the group {group}."),
                );
            }
            let role = if admin { GroupRole::Admin } else { GroupRole::Member };
            let answer = session.client.put(&path, &json!({ "role": role })).await?;
            let said = words::group_role(role, session.language());
            session.confirm(
                &answer,
                &format!("{account} est dans le groupe {group} : {said}."),
                &format!("{account} is in the group {group}: {said}."),
            )
        }
        GroupCommand::Members { group, organisation } => {
            let id = group_id(session, &group, organisation.organisation.as_deref()).await?;
            let answer = session.client.get(&["groups", &id, "members"]).await?;
            // Members come with whatever the API tells of them; shown are the two things a person asks for.
            session.show(&answer, |reader, rows: Vec<Value>| {
                let text = |row: &Value, name: &str| {
                    row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                let row = |row: &Value| {
                    let role = row.get("role").and_then(|role| GroupRole::deserialize(role).ok());
                    let role = role.map_or("", |role| words::group_role(role, reader.language));
                    [text(row, "address"), role.to_owned(), text(row, "account")]
                };
                reader.table(
                    [("membre", "member"), ("rôle", "role"), ("compte", "account")],
                    rows.iter().map(row).collect(),
                )
            })
        }
        GroupCommand::List { organisation } => {
            session
                .list(organisation.organisation.as_deref(), "groups", |reader, rows: Vec<Group>| {
                    let row = |found: Group| {
                        let address = found.address.map_or_else(String::new, |address| address.to_string());
                        [found.name, address, found.id.to_string()]
                    };
                    reader.table(
                        [("nom", "name"), ("adresse", "address"), ("id", "id")],
                        rows.into_iter().map(row).collect(),
                    )
                })
                .await
        }
    }
}

async fn create_group(
    session: &mut Session,
    name: &str,
    address: Option<EmailAddress>,
    organisation: Option<&str>,
) -> Result<(), Failure> {
    let organisation = match &address {
        Some(address) => session.organisation_of(address, organisation).await?,
        None => session.organisation(organisation).await?,
    };
    let mut body = json!({ "name": name });
    if let Some(address) = address {
        body["address"] = json!(address);
    }
    let answer = session.client.post(&["organisations", &organisation, "groups"], &body).await?;
    session.confirm(
        &answer,
        &format!(
            "Le groupe {name} est créé ; ajoutez un membre : relais group member \"{name}\" COMPTE --admin"
        ),
        &format!("Created the group {name}; add a member: relais group member \"{name}\" ACCOUNT --admin"),
    )
}

/// Names are unique within an organisation at most, so the id is what is asked with.
async fn group_id(session: &Session, named: &str, organisation: Option<&str>) -> Result<String, Failure> {
    if named.parse::<GroupId>().is_ok() {
        return Ok(named.to_owned());
    }
    let all: Vec<Group> = match organisation {
        Some(organisation) => session.client.get(&["organisations", organisation, "groups"]).await?.read()?,
        None => session.everywhere("groups").await?,
    };
    let is_named = |group: &&Group| {
        group.name == named
            || group.address.as_ref().is_some_and(|address| address.as_str() == named.to_lowercase())
    };
    session.only_one(named, all.iter().filter(is_named).map(|group| group.id.to_string()).collect())
}
