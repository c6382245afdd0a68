//! Invitations: an account without a password is sent a link to its external address, by which the person chooses one
//! and enters. Whoever was deactivated comes back by one, where licences are flexible.

use crate::credentials::{new_secret, secret_hash};
use crate::execute::apply;
use crate::letters::Letter;
use crate::organisations::{insert_account, note};
use crate::password_resets::link_mark;
use crate::profiles::apply_profile;
use crate::{Error, NewAccountRequest, Relais, groups};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::collection::{ShareRight, Sharee};
use relais_core::content::ContentShare;
use relais_core::ids::{AccountId, ContentId, GroupId, MailboxId, OrganisationId};
use relais_core::invitation::{LinkPurpose, check_may_invite};
use relais_core::language::Language;
use relais_core::lifecycle::{Command, NewAccount};
use relais_core::organisation::Organisation;
use relais_core::profile::Profile;
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, Verdict, may, standing};
use relais_store::password_resets::{self, PasswordReset};
use relais_store::{Tx, accounts, content, organisations, profiles};
use serde_json::json;

/// Who is invited, and into what.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Without a password: the person chooses it.
    pub account: NewAccountRequest,
    /// Where the link goes. For somebody who comes back, the one that is known if absent.
    pub external_address: Option<EmailAddress>,
    pub groups: Vec<GroupId>,
    /// What is shared with them from the beginning (R20).
    pub content: Vec<(ContentId, ShareRight)>,
}

/// What a letter brings.
#[derive(Clone)]
struct Link {
    hash: Vec<u8>,
    sent_to: EmailAddress,
}

impl Relais {
    /// Makes an account, puts it into groups and sends the link, all or nothing. The address of a deactivated account
    /// brings that account back, where licences are flexible; somebody who was deleted is somebody new (R20).
    ///
    /// # Errors
    /// The refusal; nothing changed then.
    pub async fn invite(
        &self,
        organisation: OrganisationId,
        invitation: Invitation,
        actor: Actor,
    ) -> Result<Account, Error> {
        let address = invitation.account.address.clone();
        let look = address.clone();
        let (found, held, known) = self
            .look(move |tx| {
                let held = accounts::holding(tx, &look)?;
                let known = held.as_ref().map(|held| profiles::get(tx, held.id)).transpose()?;
                Ok((organisations::get(tx, organisation)?, held, known))
            })
            .await?;
        if !actor.has(Power::ManageAccounts, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let found = found.ok_or(Error::NotFound)?;
        let known = known
            .and_then(|known| known.external_address)
            .filter(|_| held.as_ref().is_some_and(|held| held.organisation == organisation));
        // Without one the transaction refuses, with all that it says by then.
        let to = invitation.external_address.clone().or(known).unwrap_or_else(|| address.clone());
        let (letter, link) = self.link(&found, &address, to);
        let ids = [self.ids.next(), self.ids.next()];
        let (pool, now) = (self.ids.clone(), self.now());
        let account = self
            .act_with_letter(letter, move |tx, written| {
                let held = accounts::holding(tx, &address)?;
                let back = held.filter(|held| {
                    let state = standing(held, now);
                    held.organisation == organisation && may(state, Act::BeReactivated) == Verdict::Yes
                });
                let account = match back {
                    Some(held) => apply(tx, &pool, held.id, Command::ReactivateFlexibly, &actor, now)?,
                    None => {
                        let new = invited(&invitation.account, organisation, ids);
                        insert_account(tx, &pool, new, &actor, now)?
                    }
                };
                if let Some(external) = &invitation.external_address {
                    reach_at(tx, &account, external, &actor, now)?;
                }
                for group in &invitation.groups {
                    groups::enter(tx, &pool, *group, account.id, &actor, now)?;
                }
                for (item, right) in &invitation.content {
                    open_item(tx, &account, *item, *right, &actor, now)?;
                }
                // Whoever comes back with a password enters with it.
                if LinkPurpose::Invitation.suits(&account, now) {
                    send(tx, &account, &link, &actor, now)?;
                    written.post(tx)?;
                }
                Ok(account)
            })
            .await;
        self.settle_effects().await;
        account
    }

    /// Sends another link to an account that has no password yet; the one before is void.
    ///
    /// # Errors
    /// The refusal, when the actor may not, there is a password, or no external address.
    pub async fn invite_again(&self, id: AccountId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        let (account, organisation, known) = self
            .look(move |tx| {
                let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
                let known = profiles::get(tx, id)?.external_address;
                let organisation = organisations::get(tx, account.organisation)?;
                Ok(organisation.map(|organisation| (account, organisation, known)))
            })
            .await?
            .ok_or(Error::NotFound)?;
        let to = check_may_invite(&account, known, &actor, now)?;
        let (letter, link) = self.link(&organisation, &account.address, to);
        self.act_with_letter(letter, move |tx, written| {
            let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
            send(tx, &account, &link, &actor, now)?;
            written.post(tx)
        })
        .await
    }

    fn link(&self, organisation: &Organisation, account: &EmailAddress, to: EmailAddress) -> (Letter, Link) {
        let secret = new_secret("rli");
        let link = format!("{}/invitation/{secret}", self.public_url);
        let letter = letter(organisation, account, to.clone(), &link);
        (letter, Link { hash: secret_hash(&secret), sent_to: to })
    }
}

fn invited(request: &NewAccountRequest, organisation: OrganisationId, ids: [i64; 2]) -> NewAccount {
    let [id, mailbox] = ids;
    NewAccount {
        id: AccountId::from_number(id),
        mailbox: MailboxId::from_number(mailbox),
        organisation,
        name: request.name.clone(),
        address: request.address.clone(),
        role: request.role,
        password: None,
        quota_bytes: request.quota_bytes,
        subscription: request.subscription,
    }
}

fn reach_at(
    tx: &mut Tx<'_>,
    account: &Account,
    external: &EmailAddress,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let profile = Profile { external_address: Some(external.clone()), ..profiles::get(tx, account.id)? };
    apply_profile(tx, account, profile, actor, now)?;
    Ok(())
}

/// Shares an item with whoever is invited: the one share that somebody may have who has not entered yet.
fn open_item(
    tx: &mut Tx<'_>,
    account: &Account,
    item: ContentId,
    right: ShareRight,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let found = content::get(tx, item)?
        .filter(|found| found.organisation == account.organisation && found.erasure.is_none());
    let found = found.ok_or(Error::NotFound)?;
    let share = ContentShare { item, with: Sharee::Account(account.id), right, created_at: now };
    content::share(tx, &share)?;
    let detail = json!({ "account": account.id, "right": right });
    note(tx, found.organisation, "content.shared", item, detail, *actor, now)
}

/// Keeps the link of an account, if it may have one now.
fn send(tx: &mut Tx<'_>, account: &Account, link: &Link, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let known = profiles::get(tx, account.id)?.external_address;
    let sent_to = check_may_invite(account, known, actor, now)?;
    if sent_to != link.sent_to {
        // Changed since the letter was written.
        return Err(Error::Conflict);
    }
    let kept = PasswordReset {
        account: account.id,
        purpose: LinkPurpose::Invitation,
        epoch: account.epoch,
        sent_to,
        asked_at: now,
        expires_at: now + LinkPurpose::Invitation.life(),
    };
    password_resets::set(tx, &kept, &link.hash)?;
    note(tx, account.organisation, "account.invited", account.id, json!({}), *actor, now)
}

fn letter(organisation: &Organisation, account: &EmailAddress, to: EmailAddress, link: &str) -> Letter {
    let days = LinkPurpose::Invitation.life().as_hours() / 24;
    let name = &organisation.name;
    let (subject, text) = match organisation.language {
        Language::French => (
            format!("{name} vous invite"),
            format!(
                "Bonjour,\n\n\
                 {name} vous a ouvert le compte {account}.\n\n\
                 Pour choisir votre mot de passe et y entrer, ouvrez ce lien dans les {days} jours ; il ne sert \
                 qu'une fois :\n\n\
                 {link}\n\n\
                 Si vous n'attendiez rien, ne faites rien : le compte reste fermé.\n"
            ),
        ),
        Language::English => (
            format!("An invitation from {name}"),
            format!(
                "Hello,\n\n\
                 {name} has made the account {account} for you.\n\n\
                 To choose your password and enter, open this link within {days} days; it works once:\n\n\
                 {link}\n\n\
                 If you expected nothing, do nothing: the account stays closed.\n"
            ),
        ),
    };
    let key = format!("invitation {}", link_mark(link));
    Letter { organisation: organisation.clone(), to, subject, text, key, notifies: None }
}
