//! A new password for whoever forgot theirs: a link to their external address, which works once and not for long.
//! Whoever asks learns nothing of whether an account exists. The links of invitations are used here too.

use crate::credentials::{new_secret, secret_hash};
use crate::letters::Letter;
use crate::organisations::note;
use crate::throttle::{Network, Pace};
use crate::{Error, Relais, execute};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::ids::AccountId;
use relais_core::invitation::LinkPurpose;
use relais_core::language::Language;
use relais_core::lifecycle::Command;
use relais_core::organisation::Organisation;
use relais_core::refusal::Refusal;
use relais_store::password_resets::{self, PasswordReset};
use relais_store::{Tx, accounts, organisations, profiles};
use serde_json::json;
use std::sync::Arc;

/// A link that is younger is not replaced: nobody fills somebody else's mailbox with letters.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// More was asked than is answered; the same for every login, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyRequests;

/// Who gets a link, and where.
struct Recipient {
    account: Account,
    organisation: Organisation,
    sent_to: EmailAddress,
}

impl Relais {
    /// Takes a request for a new password. What comes of it is done behind the answer, which therefore takes as long
    /// for a login that nobody has.
    ///
    /// # Errors
    /// [`TooManyRequests`] from this network, for this login or in all.
    pub fn ask_password_reset(
        self: &Arc<Self>,
        login: &str,
        network: Network,
    ) -> Result<(), TooManyRequests> {
        // What is no address is counted together: nobody fills the memory with logins.
        let address = login.parse::<EmailAddress>().ok();
        let counted = address.as_ref().map_or("reset".to_owned(), |address| format!("reset {address}"));
        let now = self.now();
        if self.throttle.pace(network, &counted, now) == Pace::Wait {
            return Err(TooManyRequests);
        }
        self.throttle.failed(network, &counted, now);
        let Some(login) = address else { return Ok(()) };
        let app = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = app.send_password_reset(login.as_str()).await {
                tracing::warn!(%error, "a link for a new password could not be sent");
            }
        });
        Ok(())
    }

    /// Sends a link to whoever may sign in as `login` and has an external address; nothing to anyone else.
    ///
    /// # Errors
    /// When the link cannot be kept or written.
    pub async fn send_password_reset(&self, login: &str) -> Result<(), Error> {
        let Some(account) = self.account_of_login(login).await? else { return Ok(()) };
        let (id, now) = (account.id, self.now());
        let Some(recipient) = self.look(move |tx| recipient(tx, id, now)).await? else { return Ok(()) };
        let secret = new_secret("rlp");
        let hash = secret_hash(&secret);
        let letter = link_letter(&recipient, &format!("{}/reset/{secret}", self.public_url));
        let asked = PasswordReset {
            account: id,
            purpose: LinkPurpose::Reset,
            epoch: recipient.account.epoch,
            sent_to: recipient.sent_to,
            asked_at: now,
            expires_at: now + LinkPurpose::Reset.life(),
        };
        let (actor, organisation) = (as_person(&recipient.account), recipient.account.organisation);
        self.act_with_letter(letter, move |tx, written| {
            // Asked again in the meantime, or changed: whoever came first has sent a link.
            let now_is = recipient_still(tx, id, now)?;
            if now_is.as_ref() == Some(&asked.sent_to) {
                password_resets::set(tx, &asked, &hash)?;
                note(tx, organisation, "account.password_reset_asked", id, json!({}), actor, now)?;
                written.post(tx)?;
            }
            Ok(())
        })
        .await
    }

    /// What a link that can still be used is for.
    ///
    /// # Errors
    /// [`Refusal::PasswordResetVoid`] when it cannot.
    pub async fn check_password_reset(&self, secret: &str) -> Result<LinkPurpose, Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        let found = self.look(move |tx| account_of_link(tx, &hash, now)).await?;
        found.map(|(_, link)| link.purpose).ok_or_else(|| Refusal::PasswordResetVoid.into())
    }

    /// Sets the password of whoever has the link, once, and tells them so.
    ///
    /// # Errors
    /// The refusal, when the link is void or the password will not do; a link survives a password that will not do.
    pub async fn use_password_reset(
        &self,
        secret: &str,
        new: String,
        network: Network,
    ) -> Result<LinkPurpose, Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        let look = hash.clone();
        let (account, organisation, link) = self
            .look(move |tx| {
                let Some((account, reset)) = account_of_link(tx, &look, now)? else { return Ok(None) };
                let organisation = organisations::get(tx, account.organisation)?;
                Ok(organisation.map(|organisation| (account, organisation, reset)))
            })
            .await?
            .ok_or(Refusal::PasswordResetVoid)?;
        let hashing = self.hash_new_password(account.organisation, &account.address, &account.name, new);
        let password = hashing.await?;
        let (purpose, sent_to, id) = (link.purpose, link.sent_to, account.id);
        let letter = match purpose {
            LinkPurpose::Reset => changed_letter(&account, organisation, sent_to, now),
            LinkPurpose::Invitation => entered_letter(&account, organisation, sent_to, now),
        };
        let ids = self.ids.clone();
        let done = self
            .act_with_letter(letter, move |tx, written| {
                let now_is = account_of_link(tx, &hash, now)?.ok_or(Refusal::PasswordResetVoid)?;
                let (account, _) = now_is;
                let actor = as_person(&account);
                password_resets::remove(tx, account.id)?;
                note(
                    tx,
                    account.organisation,
                    match purpose {
                        LinkPurpose::Reset => "account.password_reset_used",
                        LinkPurpose::Invitation => "account.invitation_used",
                    },
                    account.id,
                    json!({}),
                    actor,
                    now,
                )?;
                let command = Command::SetPassword { hash: password.clone() };
                execute::apply(tx, &ids, account.id, command, &actor, now)?;
                written.post(tx)?;
                Ok(purpose)
            })
            .await;
        self.settle_effects().await;
        if done.is_ok() {
            // Whoever has the link is let in from here, however many guess elsewhere.
            self.know_network(id, network).await;
        }
        done
    }
}

/// The person whom the link reached: nobody else has it.
fn as_person(account: &Account) -> Actor {
    Actor::Account { id: account.id, organisation: account.organisation, role: account.role }
}

/// Where a link may be sent now: the table lets the account sign in, it has an address elsewhere, and no link was sent
/// a moment ago.
fn recipient_still(
    tx: &mut Tx<'_>,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<EmailAddress>, relais_store::Error> {
    if accounts::get(tx, id)?.is_none_or(|account| !LinkPurpose::Reset.suits(&account, now)) {
        return Ok(None);
    }
    let recent = password_resets::of_account(tx, id)?.is_some_and(|reset| reset.asked_at + AGAIN_AFTER > now);
    if recent { Ok(None) } else { Ok(profiles::get(tx, id)?.external_address) }
}

fn recipient(
    tx: &mut Tx<'_>,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<Recipient>, relais_store::Error> {
    let Some(sent_to) = recipient_still(tx, id, now)? else { return Ok(None) };
    let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
    let organisation = organisations::get(tx, account.organisation)?;
    Ok(organisation.map(|organisation| Recipient { account, organisation, sent_to }))
}

/// Whose link has this secret, while it can be used: not expired, the account as it was (its epoch rises with every
/// new password and every deactivation), the external address the same.
pub(crate) fn account_of_link(
    tx: &mut Tx<'_>,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Account, PasswordReset)>, relais_store::Error> {
    let Some(reset) = password_resets::by_secret(tx, hash)?.filter(|reset| reset.expires_at > now) else {
        return Ok(None);
    };
    let Some(account) = accounts::get(tx, reset.account)? else { return Ok(None) };
    let same_address = profiles::get(tx, account.id)?.external_address.as_ref() == Some(&reset.sent_to);
    let holds = account.epoch == reset.epoch && same_address && reset.purpose.suits(&account, now);
    Ok(holds.then_some((account, reset)))
}

fn link_letter(recipient: &Recipient, link: &str) -> Letter {
    let Recipient { account, organisation, sent_to } = recipient;
    let minutes = LinkPurpose::Reset.life().as_mins();
    let (subject, text) = match organisation.language {
        Language::French => (
            "Choisir un nouveau mot de passe",
            format!(
                "Bonjour,\n\n\
                 Un nouveau mot de passe a été demandé pour le compte {}.\n\n\
                 Pour le choisir, ouvrez ce lien dans les {minutes} minutes ; il ne sert qu'une fois :\n\n\
                 {link}\n\n\
                 Si vous n'avez rien demandé, ne faites rien : votre mot de passe ne change pas.\n",
                account.address
            ),
        ),
        Language::English => (
            "Choose a new password",
            format!(
                "Hello,\n\n\
                 A new password was asked for, for the account {}.\n\n\
                 To choose it, open this link within {minutes} minutes; it works once:\n\n\
                 {link}\n\n\
                 If you did not ask for it, do nothing: your password stays as it is.\n",
                account.address
            ),
        ),
    };
    Letter {
        organisation: organisation.clone(),
        to: sent_to.clone(),
        subject: subject.to_owned(),
        key: format!("password reset {}", link_mark(link)),
        text,
        notifies: None,
    }
}

/// What tells one link from another without saying it.
pub(crate) fn link_mark(link: &str) -> String {
    secret_hash(link).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn changed_letter(account: &Account, organisation: Organisation, to: EmailAddress, now: Timestamp) -> Letter {
    let (subject, text) = match organisation.language {
        Language::French => (
            "Votre mot de passe a été changé",
            format!(
                "Bonjour,\n\n\
                 Le mot de passe du compte {} vient d'être changé par le lien envoyé à cette adresse. Les connexions \
                 ouvertes ont été coupées.\n\n\
                 Si ce n'était pas vous, prévenez tout de suite un administrateur de {}.\n",
                account.address, organisation.name
            ),
        ),
        Language::English => (
            "Your password was changed",
            format!(
                "Hello,\n\n\
                 The password of the account {} has just been changed with the link that was sent to this address. \
                 Open connections were cut.\n\n\
                 If this was not you, tell an administrator of {} at once.\n",
                account.address, organisation.name
            ),
        ),
    };
    let key = format!("password changed {} {}", account.id, now.as_millisecond());
    Letter { organisation, to, subject: subject.to_owned(), text, key, notifies: None }
}

fn entered_letter(account: &Account, organisation: Organisation, to: EmailAddress, now: Timestamp) -> Letter {
    let (subject, text) = match organisation.language {
        Language::French => (
            format!("Bienvenue chez {}", organisation.name),
            format!(
                "Bonjour,\n\n\
                 Le compte {} vient d'être ouvert avec le mot de passe choisi par le lien envoyé à cette adresse.\n\n\
                 Si ce n'était pas vous, prévenez tout de suite un administrateur de {}.\n",
                account.address, organisation.name
            ),
        ),
        Language::English => (
            format!("Welcome to {}", organisation.name),
            format!(
                "Hello,\n\n\
                 The account {} has just been opened with the password chosen by the link that was sent to this \
                 address.\n\n\
                 If this was not you, tell an administrator of {} at once.\n",
                account.address, organisation.name
            ),
        ),
    };
    let key = format!("invitation used {} {}", account.id, now.as_millisecond());
    Letter { organisation, to, subject, text, key, notifies: None }
}
