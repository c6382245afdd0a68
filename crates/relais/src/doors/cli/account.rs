//! Accounts, their further addresses and what happens to their mail.

use super::arguments::{AccountCommand, AccountCreate, AliasCommand, InboundCommand};
use super::client::Answer;
use super::session::{Attendance, Form};
use super::{Failure, Session, account_list, group, invitation, notification, offers, profile, quota, words};
use relais_app::MailboxUsage;
use relais_core::account::Account;
use relais_core::job::Run;
use relais_core::organisation::{Address, AddressKind};
use relais_core::rights::State;
use serde_json::json;
use std::io::BufRead as _;

pub async fn account(session: &mut Session, command: AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::Create(arguments) => create(session, arguments).await,
        AccountCommand::Invite(arguments) => invitation::invite(session, *arguments).await,
        AccountCommand::InviteAgain { account } => invitation::invite_again(session, &account).await,
        AccountCommand::List { state, organisation } => {
            list(session, state, organisation.organisation.as_deref()).await
        }
        AccountCommand::Show { account } => show(session, &account).await,
        AccountCommand::Profile(command) => profile::profile(session, command).await,
        AccountCommand::Photo(arguments) => profile::photo(session, arguments).await,
        AccountCommand::Notifications(arguments) => notification::notifications(session, arguments).await,
        AccountCommand::Name { account, name } => profile::name(session, &account, &name).await,
        AccountCommand::Quota { account, limit } => profile::quota(session, &account, limit).await,
        AccountCommand::Hold { account, reason, end: _ } => hold(session, &account, reason).await,
        AccountCommand::ResetPassword { login } => profile::reset_password(session, &login).await,
        AccountCommand::Import { file, apply, organisation } => {
            let run = if apply { Run::Apply } else { Run::Dry };
            account_list::import(session, &file, run, &organisation).await
        }
        AccountCommand::Export { output, organisation } => {
            account_list::export(session, output.as_deref(), &organisation).await
        }
        AccountCommand::Password { account, password, password_stdin } => {
            let password = match (password, password_stdin) {
                (Some(password), _) => password,
                (None, true) => read_password()?,
                (None, false) => ask_password(session, &account)?,
            };
            set_password(session, &account, &password).await
        }
        AccountCommand::Deactivate { account, inbound, content_to, content_kind } => {
            let mut body = match inbound.inbound(session)? {
                Some(inbound) => json!({ "inbound": inbound }),
                None => json!({}),
            };
            if let Some(to) = content_to {
                body["content"] = match content_kind.is_empty() {
                    true => json!({ "to": to }),
                    false => json!({ "to": to, "kinds": content_kind }),
                };
            }
            let answer = session.client.post(&["accounts", &account, "deactivate"], &body).await?;
            session.confirm(
                &answer,
                &format!("Le compte {account} est désactivé ; ses connexions sont coupées. Pour le rouvrir : relais account reactivate {account}"),
                &format!("Deactivated the account {account}; its connections are cut. To open it again: relais account reactivate {account}"),
            )
        }
        AccountCommand::Reactivate { account, groups } => {
            let mut into = Vec::new();
            for named in &groups {
                into.push(group::group_id(session, named, None).await?);
            }
            let body = json!({ "groups": into });
            let answer = session.client.post(&["accounts", &account, "reactivate"], &body).await?;
            session.confirm(
                &answer,
                &format!("Le compte {account} est actif."),
                &format!("The account {account} is active."),
            )
        }
        AccountCommand::Delete { account, content_to, erase_content, yes } => {
            let fate = match (content_to, erase_content) {
                (Some(to), _) => vec![("content", "reassign".to_owned()), ("to", to)],
                (None, true) => vec![("content", "erase".to_owned())],
                (None, false) => vec![],
            };
            delete(session, &account, &fate, yes).await
        }
        AccountCommand::Rename { account, address } => {
            let answer = session
                .client
                .post(&["accounts", &account, "rename"], &json!({ "address": address }))
                .await?;
            session.confirm(
                &answer,
                &format!("Le compte {account} a maintenant l'adresse principale {address}."),
                &format!("The account {account} now has the primary address {address}."),
            )
        }
        AccountCommand::Subscription { account, subscription, none: _ } => {
            offers::subscribe(session, &account, subscription.as_deref()).await
        }
        AccountCommand::Role { account, role } => {
            let answer =
                session.client.put(&["accounts", &account, "role"], &json!({ "role": role })).await?;
            session.confirm(
                &answer,
                &format!("Le compte {account} a le rôle : {}.", role.called(session.language())),
                &format!("The account {account} has the role: {}.", role.called(session.language())),
            )
        }
    }
}

async fn set_password(session: &mut Session, account: &str, password: &str) -> Result<(), Failure> {
    let answer =
        session.client.post(&["accounts", account, "password"], &json!({ "password": password })).await?;
    session.confirm(
        &answer,
        &format!("Le mot de passe de {account} est changé."),
        &format!("Changed the password of {account}."),
    )
}

async fn create(session: &mut Session, arguments: AccountCreate) -> Result<(), Failure> {
    let AccountCreate {
        address,
        name,
        password,
        password_stdin,
        invite: _,
        role,
        quota,
        subscription,
        organisation,
    } = arguments;
    let password = if password_stdin { Some(read_password()?) } else { password };
    let organisation = session.organisation_of(&address, organisation.organisation.as_deref()).await?;
    let mut body = json!({ "address": address, "name": name, "role": role });
    if let Some(password) = &password {
        body["password"] = json!(password);
    }
    if let Some(bytes) = quota {
        body["quota_bytes"] = json!(bytes);
    }
    if let Some(subscription) = &subscription {
        body["subscription"] = json!(subscription);
    }
    let answer = session.client.post(&["organisations", &organisation, "accounts"], &body).await?;
    let (french, english) = match password {
        Some(_) => (format!("Le compte {address} est créé."), format!("Created the account {address}.")),
        None => (
            format!(
                "Le compte {address} est invité ; il reçoit du courrier et attend un mot de passe. Pour lui en donner un : relais account password {address}"
            ),
            format!(
                "Invited the account {address}; it receives mail and waits for a password. To give it one: relais account password {address}"
            ),
        ),
    };
    session.confirm(&answer, &french, &english)
}

async fn list(
    session: &mut Session,
    state: Option<State>,
    organisation: Option<&str>,
) -> Result<(), Failure> {
    let mut pages = Vec::new();
    for organisation in session.organisations(organisation).await? {
        read_accounts(session, &organisation.id.to_string(), state, &mut pages).await?;
    }
    let answer = Answer::joined(pages);
    session.show(&answer, |reader, rows: Vec<Account>| {
        let row = |found: Account| {
            [
                found.address.to_string(),
                found.name,
                words::state(found.state, reader.language).to_owned(),
                found.role.called(reader.language).to_owned(),
                words::inbound(&found.inbound, reader),
                found.id.to_string(),
            ]
        };
        reader.table(
            [
                ("adresse", "address"),
                ("nom", "name"),
                ("état", "state"),
                ("rôle", "role"),
                ("arrivée", "inbound"),
                ("id", "id"),
            ],
            rows.into_iter().map(row).collect(),
        )
    })
}

/// Page after page, each behind the last account of the one before.
pub async fn read_accounts(
    session: &Session,
    organisation: &str,
    state: Option<State>,
    pages: &mut Vec<Answer>,
) -> Result<(), Failure> {
    const PAGE: usize = 200;
    let limit = PAGE.to_string();
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("limit", limit.as_str())];
        query.extend(state.map(|state| ("state", state.as_str())));
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page = session.client.search(&["organisations", organisation, "accounts"], &query).await?;
        let rows: Vec<Account> = page.read()?;
        pages.push(page);
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = Some(last.id.to_string()),
            Some(_) | None => return Ok(()),
        }
    }
}

async fn show(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["accounts", account]).await?;
    if session.form == Form::Json {
        return session.say(answer.text.trim_end());
    }
    let found: Account = answer.read()?;
    let addresses: Vec<Address> =
        session.client.get(&["accounts", &found.id.to_string(), "addresses"]).await?.read()?;
    let subscription = offers::subscription_of(session, &found).await?;
    let usage: MailboxUsage =
        session.client.get(&["accounts", &found.id.to_string(), "usage"]).await?.read()?;
    let reader = &session.reader;
    let held: Vec<String> = addresses
        .iter()
        .map(|held| format!("{} ({})", held.address, words::address_kind(held.kind, reader.language)))
        .collect();
    let mut rows = vec![
        ("compte", "account", found.id.to_string()),
        ("nom", "name", found.name.clone()),
        ("adresse", "address", found.address.to_string()),
        ("adresses", "addresses", held.join(", ")),
        ("état", "state", words::state(found.state, reader.language).to_owned()),
        ("rôle", "role", found.role.called(reader.language).to_owned()),
        ("arrivée", "inbound", words::inbound(&found.inbound, reader)),
        ("organisation", "organisation", found.organisation.to_string()),
        ("créé le", "created", reader.time(found.created_at)),
    ];
    if let Some(on) = subscription {
        rows.push(("abonnement", "subscription", on.said));
        let aliases = addresses.iter().filter(|held| held.kind == AddressKind::Alias).count();
        let of = |max| format!("{aliases} {} {max}", reader.pick("sur", "of"));
        rows.extend(on.aliases_max.map(|max| ("alias", "aliases", of(max))));
    }
    if let Some(deactivation) = &found.deactivation {
        rows.push(("désactivé le", "deactivated", reader.time(deactivation.at)));
    }
    if let Some(at) = found.leaves_at {
        rows.push(("part le", "leaves", reader.time(at)));
    }
    rows.push(("boîte", "mailbox", quota::usage(&usage, reader.language)));
    let text = reader.sheet(&rows);
    session.say(&text)
}

async fn delete(
    session: &mut Session,
    account: &str,
    fate: &[(&str, String)],
    yes: bool,
) -> Result<(), Failure> {
    if !yes {
        if session.attendance == Attendance::Unattended {
            let said = session.language().pick(
                "La suppression est définitive ; ajoutez --yes pour la confirmer.",
                "A deletion is for good; add --yes to confirm it.",
            );
            return Err(Failure::Usage(said.to_owned()));
        }
        let agreed = session.agrees(
            &format!("Supprimer définitivement le compte {account} ?"),
            &format!("Delete the account {account} for good?"),
        )?;
        if !agreed {
            return Err(Failure::NotDone(
                session.language().pick("Rien n'est supprimé.", "Nothing was deleted.").to_owned(),
            ));
        }
    }
    let query: Vec<_> = fate.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = session.client.delete_asking(&["accounts", account], &query).await?;
    session.confirm(
        &answer,
        &format!("Le compte {account} est supprimé."),
        &format!("Deleted the account {account}."),
    )
}

pub async fn alias(session: &mut Session, command: AliasCommand) -> Result<(), Failure> {
    match command {
        AliasCommand::Add { account, alias } => {
            let answer =
                session.client.post(&["accounts", &account, "aliases"], &json!({ "address": alias })).await?;
            session.confirm(
                &answer,
                &format!("{alias} est une adresse de {account}."),
                &format!("{alias} is an address of {account}."),
            )
        }
        AliasCommand::Remove { account, alias } => {
            let answer = session.client.delete(&["accounts", &account, "aliases", alias.as_str()]).await?;
            session.confirm(
                &answer,
                &format!("{alias} n'est plus une adresse de {account}."),
                &format!("{alias} is no longer an address of {account}."),
            )
        }
    }
}

pub async fn inbound(session: &mut Session, command: InboundCommand) -> Result<(), Failure> {
    let InboundCommand::Set { account, inbound } = command;
    let inbound = inbound.inbound(session)?;
    let answer = session.client.put(&["accounts", &account, "inbound"], &inbound).await?;
    let said = inbound.map_or_else(String::new, |inbound| words::inbound(&inbound, &session.reader));
    session.confirm(
        &answer,
        &format!("Courrier de {account} : {said}."),
        &format!("Mail for {account}: {said}."),
    )
}

/// The first line of standard input.
pub fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::from)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub fn ask_password(session: &mut Session, account: &str) -> Result<String, Failure> {
    if session.attendance == Attendance::Unattended {
        let said = session.language().pick(
            "Donnez le mot de passe avec --password-stdin ou --password.",
            "Give the password with --password-stdin or --password.",
        );
        return Err(Failure::Usage(said.to_owned()));
    }
    let ask = |question: String| {
        let terminal = console::Term::stderr();
        terminal.write_str(&question).and_then(|()| terminal.read_secure_line()).map_err(Failure::Output)
    };
    let colon = session.reader.colon();
    let first = ask(format!(
        "{} {account}{colon} ",
        session.language().pick("Nouveau mot de passe de", "New password of")
    ))?;
    let second = ask(format!("{}{colon} ", session.language().pick("Encore une fois", "Once more")))?;
    if first != second {
        let said = session.language().pick("Les deux mots de passe diffèrent.", "The two passwords differ.");
        return Err(Failure::Usage(said.to_owned()));
    }
    Ok(first)
}

/// Without a reason the hold ends.
async fn hold(session: &mut Session, account: &str, reason: Option<String>) -> Result<(), Failure> {
    let path = ["accounts", account, "legal-hold"];
    let (answer, french, english) = match reason {
        Some(reason) => (
            session.client.put(&path, &json!({ "reason": reason })).await?,
            format!("{account} doit être conservé : sa suppression est interdite jusqu'à nouvel ordre."),
            format!("{account} has to be kept: its deletion is forbidden until further notice."),
        ),
        None => (
            session.client.delete(&path).await?,
            format!("{account} peut de nouveau être supprimé."),
            format!("{account} may be deleted again."),
        ),
    };
    session.confirm(&answer, &french, &english)
}
