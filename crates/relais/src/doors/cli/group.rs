//! Groups: what they are called, who is in them, who may write to them.

use super::arguments::{GroupCommand, PostingWord};
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::group::Posting;
use relais_core::ids::GroupId;
use relais_core::organisation::{Group, GroupRole};
use relais_core::rights::State;
use serde::Deserialize;
use serde_json::json;

/// What is shown of a member.
#[derive(Deserialize)]
struct Member {
    account: String,
    address: EmailAddress,
    role: GroupRole,
    state: State,
}

pub async fn group(session: &mut Session, command: GroupCommand) -> Result<(), Failure> {
    match command {
        GroupCommand::Create { name, address, organisation } => {
            create(session, &name, address, organisation.organisation.as_deref()).await
        }
        GroupCommand::Show(one) => {
            let id = one.id(session).await?;
            show(session, &id).await
        }
        GroupCommand::Rename { group: one, name } => {
            let id = one.id(session).await?;
            let answer = session.client.patch(&["groups", &id], &json!({ "name": name })).await?;
            let group = &one.group;
            session.confirm(
                &answer,
                &format!("Le groupe {group} s'appelle maintenant {name}."),
                &format!("The group {group} is now called {name}."),
            )
        }
        GroupCommand::Address { group: one, set, drop: _ } => {
            let id = one.id(session).await?;
            address(session, &one.group, &id, set).await
        }
        GroupCommand::Posting { group: one, who, senders } => {
            let id = one.id(session).await?;
            let posting = match who {
                PostingWord::Anyone => Posting::Anyone,
                PostingWord::Organisation => Posting::Organisation,
                PostingWord::Members => Posting::Members,
                PostingWord::Listed => Posting::Listed { senders: senders.into_iter().collect() },
            };
            let answer = session.client.patch(&["groups", &id], &json!({ "posting": posting })).await?;
            let said = words::posting(&posting, session.language());
            let group = &one.group;
            session.confirm(
                &answer,
                &format!("Peuvent écrire au groupe {group} : {said}."),
                &format!("Who may write to the group {group}: {said}."),
            )
        }
        GroupCommand::Member { group: one, account, admin, remove } => {
            let id = one.id(session).await?;
            let role = match (remove, admin) {
                (true, _) => None,
                (false, true) => Some(GroupRole::Admin),
                (false, false) => Some(GroupRole::Member),
            };
            member(session, &one.group, &id, &account, role).await
        }
        GroupCommand::Members(one) => {
            let id = one.id(session).await?;
            members(session, &id).await
        }
        GroupCommand::Include { group: one, inner, remove } => {
            let id = one.id(session).await?;
            let inner_id = group_id(session, &inner, one.organisation.organisation.as_deref()).await?;
            let path = ["groups", &id, "groups", &inner_id];
            let group = &one.group;
            if remove {
                let answer = session.client.delete(&path).await?;
                return session.confirm(
                    &answer,
                    &format!("Le groupe {inner} n'est plus dans le groupe {group}."),
                    &format!("The group {inner} is no longer in the group {group}."),
                );
            }
            let answer = session.client.put(&path, &json!({})).await?;
            session.confirm(
                &answer,
                &format!(
                    "Le groupe {inner} est dans le groupe {group} : ses membres en reçoivent les messages."
                ),
                &format!("The group {inner} is in the group {group}: its members have that mail."),
            )
        }
        GroupCommand::Remove { group: one, yes } => {
            let id = one.id(session).await?;
            remove(session, &one.group, &id, yes).await
        }
        GroupCommand::List { organisation } => list(session, organisation.organisation.as_deref()).await,
    }
}

async fn list(session: &mut Session, organisation: Option<&str>) -> Result<(), Failure> {
    session
        .list(organisation, "groups", |reader, rows: Vec<Group>| {
            let row = |found: Group| {
                let address = found.address.map_or_else(String::new, |address| address.to_string());
                let posting = words::posting(&found.posting, reader.language);
                [found.name, address, posting, found.id.to_string()]
            };
            reader.table(
                [("nom", "name"), ("adresse", "address"), ("peuvent écrire", "who may write"), ("id", "id")],
                rows.into_iter().map(row).collect(),
            )
        })
        .await
}

async fn create(
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

async fn show(session: &mut Session, id: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["groups", id]).await?;
    let inner: Vec<Group> = session.client.get(&["groups", id, "groups"]).await?.read()?;
    let inner: Vec<String> = inner.into_iter().map(|group| group.name).collect();
    session.show(&answer, |reader, group: Group| {
        let address = group.address.map_or_else(String::new, |address| address.to_string());
        let lines = [
            ("nom", "name", group.name),
            ("adresse", "address", address),
            ("peuvent écrire", "who may write", words::posting(&group.posting, reader.language)),
            ("groupes contenus", "groups in it", inner.join(", ")),
            ("id", "id", group.id.to_string()),
        ];
        let told = lines.into_iter().filter(|(_, _, value)| !value.is_empty());
        let told = told.map(|(french, english, value)| {
            format!("{}{} {}", reader.pick(french, english), reader.colon(), words::printable(&value))
        });
        told.collect::<Vec<_>>().join("\n")
    })
}

async fn address(
    session: &mut Session,
    group: &str,
    id: &str,
    set: Option<EmailAddress>,
) -> Result<(), Failure> {
    let path = ["groups", id, "address"];
    match set {
        Some(address) => {
            let answer = session.client.put(&path, &json!({ "address": address })).await?;
            session.confirm(
                &answer,
                &format!("Le groupe {group} a maintenant l'adresse {address}."),
                &format!("The group {group} now has the address {address}."),
            )
        }
        None => {
            let answer = session.client.delete(&path).await?;
            session.confirm(
                &answer,
                &format!("Le groupe {group} n'a plus d'adresse."),
                &format!("The group {group} has no address any more."),
            )
        }
    }
}

async fn member(
    session: &mut Session,
    group: &str,
    id: &str,
    account: &str,
    role: Option<GroupRole>,
) -> Result<(), Failure> {
    let path = ["groups", id, "members", account];
    match role {
        None => {
            let answer = session.client.delete(&path).await?;
            session.confirm(
                &answer,
                &format!("{account} n'est plus dans le groupe {group}."),
                &format!("{account} is no longer in the group {group}."),
            )
        }
        Some(role) => {
            let answer = session.client.put(&path, &json!({ "role": role })).await?;
            let said = words::group_role(role, session.language());
            session.confirm(
                &answer,
                &format!("{account} est dans le groupe {group} : {said}."),
                &format!("{account} is in the group {group}: {said}."),
            )
        }
    }
}

async fn members(session: &mut Session, id: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["groups", id, "members"]).await?;
    session.show(&answer, |reader, rows: Vec<Member>| {
        let row = |member: Member| {
            [
                member.address.to_string(),
                words::group_role(member.role, reader.language).to_owned(),
                words::state(member.state, reader.language).to_owned(),
                member.account,
            ]
        };
        reader.table(
            [("membre", "member"), ("rôle", "role"), ("état", "state"), ("compte", "account")],
            rows.into_iter().map(row).collect(),
        )
    })
}

async fn remove(session: &mut Session, group: &str, id: &str, yes: bool) -> Result<(), Failure> {
    let unattended = (
        "Un groupe supprimé ne revient pas ; ajoutez --yes pour confirmer.",
        "A group that is removed does not come back; add --yes to confirm it.",
    );
    let french = format!("Supprimer le groupe {group} ? Ses adresses seront libérées.");
    let english = format!("Remove the group {group}? Its addresses will be freed.");
    session.make_sure(yes, unattended, (&french, &english))?;
    let answer = session.client.delete(&["groups", id]).await?;
    session.confirm(
        &answer,
        &format!("Le groupe {group} est supprimé."),
        &format!("Removed the group {group}."),
    )
}

impl super::arguments::OneGroup {
    async fn id(&self, session: &Session) -> Result<String, Failure> {
        group_id(session, &self.group, self.organisation.organisation.as_deref()).await
    }
}

/// Names are unique within an organisation at most, so the id is what is asked with.
pub async fn group_id(session: &Session, named: &str, organisation: Option<&str>) -> Result<String, Failure> {
    // By its address a group is found by who may not list them all.
    if named.parse::<GroupId>().is_ok() || named.parse::<EmailAddress>().is_ok() {
        return Ok(named.to_owned());
    }
    let all: Vec<Group> = match organisation {
        Some(organisation) => session.client.get(&["organisations", organisation, "groups"]).await?.read()?,
        None => session.everywhere("groups").await?,
    };
    let is_named = |group: &&Group| group.name == named;
    session.only_one(named, all.iter().filter(is_named).map(|group| group.id.to_string()).collect())
}
