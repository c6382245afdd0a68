//! Inviting people.

use super::arguments::InviteArguments;
use super::{Failure, Session, group};
use relais_core::account::Account;
use relais_core::collection::ShareRight;
use relais_core::ids::ContentId;
use relais_core::rights::{Act, Verdict, may};
use serde_json::json;

pub async fn invite(session: &mut Session, arguments: InviteArguments) -> Result<(), Failure> {
    let InviteArguments { address, name, external_address, role, subscription, quota, .. } = arguments;
    let InviteArguments { groups, read, write, organisation, .. } = arguments;
    let named = organisation.organisation.as_deref();
    let organisation = session.organisation_of(&address, named).await?;
    let mut into = Vec::new();
    for group in &groups {
        into.push(group::group_id(session, group, named).await?);
    }
    let opened = |items: Vec<ContentId>, right: ShareRight| {
        items.into_iter().map(move |item| json!({ "item": item, "right": right }))
    };
    let content: Vec<_> = opened(read, ShareRight::Read).chain(opened(write, ShareRight::Write)).collect();
    let body = json!({
        "address": address, "name": name, "external_address": external_address, "role": role,
        "subscription": subscription, "quota_bytes": quota, "groups": into,
        "content": content,
    });
    let answer = session.client.post(&["organisations", &organisation, "invitations"], &body).await?;
    let account: Account = answer.read()?;
    // Whoever had a password when they left enters with it.
    if may(account.state, Act::SignInWithPassword) == Verdict::Yes {
        return session.confirm(
            &answer,
            &format!(
                "Le compte {address} est de nouveau actif ; la personne se connecte avec son mot de passe."
            ),
            &format!("The account {address} is active again; the person signs in with their password."),
        );
    }
    session.confirm(
        &answer,
        &format!("{address} est invité ; le lien vaut sept jours. Pour en envoyer un autre : relais account invite-again {address}"),
        &format!("Invited {address}; the link works for seven days. To send another: relais account invite-again {address}"),
    )
}

pub async fn invite_again(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = session.client.post(&["accounts", account, "invitation"], &json!({})).await?;
    session.confirm(
        &answer,
        &format!("Une nouvelle invitation est partie pour {account} ; le lien d'avant ne vaut plus."),
        &format!("Sent another invitation for {account}; the link before is void."),
    )
}
