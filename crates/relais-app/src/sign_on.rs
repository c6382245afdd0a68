//! Single sign-on: an organisation's identity provider, browsers that go there and come back, and the sessions that are
//! opened then. The core decides who is let in; the engine says who came.

use crate::credentials::{Origin, new_secret, require_over, require_the_person, secret_hash};
use crate::execute;
use crate::newcomers::insert_by_machine;
use crate::organisations::{allow, note};
use crate::password_resets::account_of_link;
use crate::throttle::{Network, Pace};
use crate::{Error, NewSecret, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::{EmailAddress, domain_name};
use relais_core::authority::{Actor, Power, Role};
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::lifecycle::{Command, NewAccount};
use relais_core::refusal::{Refusal, SignOnFault};
use relais_core::rights::{Act, allows};
use relais_core::sign_on::{
    ATTEMPT_LIFE, Activate, Entry, HasOtherSubject, IdentityProvider, Known, Link, Newcomers, SignOnDemand,
    check_domains, enter,
};
use relais_engines::identity_provider::{Arrival, Identity, Named, ProviderError, Registration};
use relais_store::sessions::{self, SignOn};
use relais_store::sign_on::{self, Attempt, Kept, SignOnLink, Ticket};
use relais_store::{Tx, accounts, domains, organisations, password_resets};
use serde::Deserialize;
use serde_json::json;

const CLIENT_TEXT_MAX: usize = 200;

fn email() -> String {
    "email".to_owned()
}

/// What an administrator says of the organisation's provider.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderRequest {
    /// As the provider names itself; its discovery document lies under it.
    pub issuer: String,
    pub client_id: String,
    /// What is kept stays if absent, while issuer and client are the same.
    #[serde(default)]
    pub client_secret: Option<String>,
    pub domains: Vec<String>,
    #[serde(default)]
    pub demand: SignOnDemand,
    #[serde(default)]
    pub newcomers: Newcomers,
    #[serde(default = "email")]
    pub address_claim: String,
}

/// How somebody asks to sign in by their provider.
#[derive(Debug, Clone)]
pub enum SignOnStart {
    /// With an address: its domain says where.
    Login(String),
    /// By an organisation's name.
    Organisation(String),
    /// With the secret of a link by which a signed-in person links their account.
    Ticket(String),
    /// With the secret of an invitation.
    Invitation(String),
}

/// Where a browser goes, and what it is recognised by when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOnStarted {
    pub url: String,
    pub browser: String,
}

/// What a browser brings back from there, as it stands in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOnBack<'a> {
    pub state: &'a str,
    pub code: &'a str,
    /// Of providers that say who they are (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// Somebody came back and is not let in.
#[derive(Debug)]
pub enum SignOnEnd {
    /// The account is closed; these accounts of the same person, elsewhere, are not.
    Closed {
        account: EmailAddress,
        elsewhere: Vec<Membership>,
    },
    Other(Error),
}

/// An account of a person in another organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub organisation: String,
    pub address: EmailAddress,
}

impl From<Error> for SignOnEnd {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

fn fault(fault: SignOnFault) -> Error {
    Refusal::from(fault).into()
}

fn is_client_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= CLIENT_TEXT_MAX && !text.chars().any(|c| c.is_control() || c == ' ')
}

impl Relais {
    /// The organisation's provider, without its secret.
    ///
    /// # Errors
    /// The refusal, when the actor may not.
    pub async fn identity_provider(
        &self,
        id: OrganisationId,
        actor: &Actor,
    ) -> Result<Option<IdentityProvider>, Error> {
        allow(actor, Power::ManageOrganisation, id)?;
        Ok(self.look(move |tx| sign_on::provider(tx, id)).await?.map(|kept| kept.provider))
    }

    /// Says where the organisation's people sign in.
    ///
    /// # Errors
    /// The refusal: who may not, an address that is none or may not be reached, a domain that is not the organisation's.
    pub async fn set_identity_provider(
        &self,
        id: OrganisationId,
        asked: IdentityProviderRequest,
        actor: Actor,
    ) -> Result<IdentityProvider, Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        if !self.identity_providers.may_be_at(&asked.issuer) {
            return Err(fault(SignOnFault::IssuerInvalid { url: asked.issuer }));
        }
        if !is_client_text(&asked.client_id) || !is_client_text(&asked.address_claim) {
            return Err(fault(SignOnFault::ClientInvalid));
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let IdentityProviderRequest { issuer, client_id, client_secret, .. } = asked.clone();
                let written = |name: &String| domain_name(name).unwrap_or_else(|| name.clone());
                let names: Vec<String> = asked.domains.iter().map(written).collect();
                check_domains(&names, &domains::open_to(tx, id)?, id)?;
                let before = sign_on::provider(tx, id)?;
                let same = before
                    .as_ref()
                    .filter(|kept| kept.provider.issuer == issuer && kept.provider.client_id == client_id);
                let client_secret =
                    client_secret.or_else(|| same.and_then(|kept| kept.client_secret.clone()));
                let provider = IdentityProvider {
                    organisation: id,
                    issuer,
                    client_id,
                    domains: names,
                    demand: asked.demand,
                    newcomers: asked.newcomers,
                    address_claim: asked.address_claim.clone(),
                    created_at: before.as_ref().map_or(now, |kept| kept.provider.created_at),
                };
                sign_on::set_provider(tx, &Kept { provider: provider.clone(), client_secret })?;
                let detail = json!({ "from": before.map(|kept| kept.provider), "to": provider });
                note(tx, id, "organisation.identity_provider_set", id, detail, actor, now)?;
                Ok(provider)
            })
            .await
    }

    /// Whether the organisation's provider answers, as whom it was said to be.
    ///
    /// # Errors
    /// The refusal: who may not, a provider that is away or calls itself otherwise; [`Error::NotFound`] when there is none.
    pub async fn greet_identity_provider(&self, id: OrganisationId, actor: &Actor) -> Result<(), Error> {
        allow(actor, Power::ManageOrganisation, id)?;
        let kept = self.look(move |tx| sign_on::provider(tx, id)).await?.ok_or(Error::NotFound)?;
        let greeted = self.identity_providers.greet(&self.registration(&kept), self.now()).await;
        greeted.map_err(|error| provider_error(&error, &kept))
    }

    /// People sign in with passwords again; whom the provider knew is forgotten.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when there was none.
    pub async fn remove_identity_provider(&self, id: OrganisationId, actor: Actor) -> Result<(), Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                if !sign_on::remove_provider(tx, id)? {
                    return Err(Error::NotFound);
                }
                note(tx, id, "organisation.identity_provider_removed", id, json!({}), actor, now)
            })
            .await
    }

    /// As whom the provider knows an account.
    ///
    /// # Errors
    /// The refusal, for whom it is no concern of.
    pub async fn sign_on_links(&self, account: &Account, actor: &Actor) -> Result<Vec<SignOnLink>, Error> {
        require_over(account, actor)?;
        let id = account.id;
        self.look(move |tx| sign_on::links_of(tx, id)).await
    }

    /// A link that a signed-in person opens in their browser, to link their account with who they are at the provider.
    ///
    /// # Errors
    /// The refusal: of another person, or without a provider.
    pub async fn begin_sign_on_link(&self, id: AccountId, actor: Actor) -> Result<String, Error> {
        let (secret, now) = (new_secret("rlo"), self.now());
        let hash = secret_hash(&secret);
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &actor)?;
                if sign_on::provider(tx, account.organisation)?.is_none() {
                    return Err(fault(SignOnFault::ProviderMissing));
                }
                let ticket = Ticket { account: id, epoch: account.epoch };
                Ok(sign_on::insert_ticket(tx, ticket, &hash, now + ATTEMPT_LIFE)?)
            })
            .await?;
        Ok(format!("{}/sso/start?ticket={secret}", self.public_url))
    }

    /// # Errors
    /// The refusal; [`Error::NotFound`] without a link.
    pub async fn remove_sign_on_links(&self, account: &Account, actor: Actor) -> Result<(), Error> {
        require_over(account, &actor)?;
        let (id, organisation, now) = (account.id, account.organisation, self.now());
        self.store
            .write(move |tx| {
                if sign_on::unlink(tx, id)? == 0 {
                    return Err(Error::NotFound);
                }
                note(tx, organisation, "account.sign_on_unlinked", id, json!({}), actor, now)
            })
            .await
    }

    fn registration(&self, kept: &Kept) -> Registration {
        Registration {
            issuer: kept.provider.issuer.clone(),
            client_id: kept.provider.client_id.clone(),
            client_secret: kept.client_secret.clone(),
            redirect_url: format!("{}/sso/callback", self.public_url),
        }
    }

    /// Sends a browser to the provider. `browser` is what it is recognised by already, if it is.
    ///
    /// # Errors
    /// The refusal: no provider, a link that is void, or a provider that does not answer.
    pub async fn start_sign_on(
        &self,
        start: SignOnStart,
        browser: Option<String>,
        network: Network,
    ) -> Result<SignOnStarted, Error> {
        let now = self.now();
        if self.throttle.starts(network, now) == Pace::Wait {
            return Err(fault(SignOnFault::TooManyStarts));
        }
        let hint = match &start {
            SignOnStart::Login(login) => Some(login.clone()),
            SignOnStart::Organisation(_) | SignOnStart::Ticket(_) | SignOnStart::Invitation(_) => None,
        };
        let (kept, ticket) = self.store.write(move |tx| destination(tx, &start, now)).await?;
        let registration = self.registration(&kept);
        let departure = self.identity_providers.depart(&registration, hint.as_deref(), now).await;
        let departure = departure.map_err(|error| provider_error(&error, &kept))?;
        let browser = browser.unwrap_or_else(|| new_secret("rlb"));
        let attempt = Attempt {
            organisation: kept.provider.organisation,
            browser_hash: secret_hash(&browser),
            nonce: departure.nonce,
            verifier: departure.verifier,
            ticket,
            expires_at: now + ATTEMPT_LIFE,
        };
        let hash = secret_hash(&departure.state);
        self.store.write(move |tx| sign_on::insert_attempt(tx, &attempt, &hash).map_err(Error::from)).await?;
        Ok(SignOnStarted { url: departure.url, browser })
    }

    /// Lets in whom the provider sent back with a code, and opens their session.
    ///
    /// # Errors
    /// [`SignOnEnd`].
    pub async fn finish_sign_on(
        &self,
        back: SignOnBack<'_>,
        browser: &str,
        origin: &Origin,
    ) -> Result<NewSecret<AccountId>, SignOnEnd> {
        let (state, browser, now) = (secret_hash(back.state), secret_hash(browser), self.now());
        let (attempt, kept) = self
            .store
            .write(move |tx| {
                let taken = sign_on::take_attempt(tx, &state, &browser, now)?;
                let attempt = taken.ok_or_else(|| fault(SignOnFault::AttemptVoid))?;
                let kept = sign_on::provider(tx, attempt.organisation)?;
                Ok::<_, Error>((attempt, kept.ok_or_else(|| fault(SignOnFault::ProviderMissing))?))
            })
            .await?;
        let (registration, claim) = (self.registration(&kept), kept.provider.address_claim.clone());
        let arrival = Arrival {
            code: back.code,
            issuer: back.issuer,
            nonce: &attempt.nonce,
            verifier: &attempt.verifier,
        };
        let arrived = self.identity_providers.arrive(&registration, arrival, &claim, now).await;
        let identity = arrived.map_err(|error| provider_error(&error, &kept))?;
        let (provider, ids, ticket) = (kept.provider.clone(), self.ids.clone(), attempt.ticket);
        let new_ids = (AccountId::from_number(ids.next()), MailboxId::from_number(ids.next()));
        let who = identity.clone();
        let entered =
            self.store.write(move |tx| let_in(tx, &ids, &provider, &who, ticket, new_ids, now)).await;
        let account = match entered {
            Ok(account) => account,
            Err(Error::Refused(Refusal::SignOn(SignOnFault::Closed { account }))) => {
                let elsewhere = self.memberships_elsewhere(&kept.provider, identity.subject).await?;
                return Err(SignOnEnd::Closed { account, elsewhere });
            }
            Err(other) => return Err(other.into()),
        };
        self.settle_effects().await;
        let (mut session, secret) = self.new_session(&account, origin);
        session.sign_on = Some(SignOn {
            issuer: kept.provider.issuer,
            subject: identity.subject,
            sid: identity.sid,
            id_token: identity.id_token,
        });
        let hash = secret_hash(&secret);
        self.store.write(move |tx| sessions::insert(tx, &session, &hash).map_err(Error::from)).await?;
        Ok(NewSecret { of: account.id, secret })
    }

    /// Accounts of the same subject at the same provider in other organisations, which are open. By their external address
    /// nobody is told of other accounts: any administrator may write any address there.
    async fn memberships_elsewhere(
        &self,
        provider: &IdentityProvider,
        subject: String,
    ) -> Result<Vec<Membership>, Error> {
        let (issuer, own, now) = (provider.issuer.clone(), provider.organisation, self.now());
        self.look(move |tx| {
            let mut elsewhere = Vec::new();
            for link in sign_on::linked_anywhere(tx, &issuer, &subject)? {
                let account = accounts::get(tx, link.account)?;
                let open = account.filter(|account| {
                    account.organisation != own && allows(account, Act::SignInWithSso, now)
                });
                if let Some(account) = open
                    && let Some(organisation) = organisations::get(tx, account.organisation)?
                {
                    elsewhere.push(Membership { organisation: organisation.name, address: account.address });
                }
            }
            Ok(elsewhere)
        })
        .await
    }

    /// Signs out whoever has the session with this secret. Returns where the browser signs out at the provider too.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn sign_out_everywhere(&self, secret: &str) -> Result<Option<String>, Error> {
        let hash = secret_hash(secret);
        let ended = self
            .store
            .write(move |tx| {
                let Some(session) = sessions::by_secret(tx, &hash)? else { return Ok(None) };
                sessions::end(tx, session.account, session.id)?;
                let Some(account) = accounts::get(tx, session.account)? else { return Ok(None) };
                let kept = sign_on::provider(tx, account.organisation)?;
                Ok::<_, Error>(session.sign_on.zip(kept))
            })
            .await?;
        let Some((by, kept)) = ended.filter(|(by, kept)| by.issuer == kept.provider.issuer) else {
            return Ok(None);
        };
        let back_to = format!("{}/sso", self.public_url);
        let registration = self.registration(&kept);
        let farewell =
            self.identity_providers.farewell(&registration, &by.id_token, &back_to, self.now()).await;
        // Whoever signs out is signed out here, whether or not the provider answers.
        Ok(farewell.unwrap_or_default())
    }

    /// Ends the sessions that a provider says are over (OpenID Connect Back-Channel Logout 1.0). Returns how many.
    ///
    /// # Errors
    /// [`SignOnFault::AnswerInvalid`] for a token that holds for nobody here.
    pub async fn back_channel_logout(&self, token: &str) -> Result<u64, Error> {
        let named = Named::in_token(token);
        let issuer = named.issuer.ok_or_else(|| fault(SignOnFault::AnswerInvalid))?;
        let mut known = self.look(move |tx| sign_on::providers_at(tx, &issuer)).await?;
        known.retain(|kept| named.audience.contains(&kept.provider.client_id));
        if known.is_empty() {
            return Err(fault(SignOnFault::AnswerInvalid));
        }
        let mut ended = 0;
        for kept in known {
            let registration = self.registration(&kept);
            let who = self.identity_providers.logged_out(&registration, token, self.now()).await;
            let who = who.map_err(|error| provider_error(&error, &kept))?;
            let (organisation, issuer) = (kept.provider.organisation, kept.provider.issuer);
            ended += self
                .store
                .write(move |tx| {
                    let (subject, sid) = (who.subject.as_deref(), who.sid.as_deref());
                    sign_on::end_sessions(tx, organisation, &issuer, subject, sid).map_err(Error::from)
                })
                .await?;
        }
        Ok(ended)
    }
}

fn provider_error(error: &ProviderError, kept: &Kept) -> Error {
    let issuer = kept.provider.issuer.clone();
    tracing::warn!(%error, issuer, "a sign-on failed");
    match error {
        ProviderError::Away(_) => fault(SignOnFault::ProviderAway { issuer }),
        ProviderError::Invalid(_) => fault(SignOnFault::AnswerInvalid),
    }
}

/// Where a browser is sent, and whose account it is to be linked with. A ticket is taken: it works once.
fn destination(
    tx: &mut Tx<'_>,
    start: &SignOnStart,
    now: Timestamp,
) -> Result<(Kept, Option<Ticket>), Error> {
    let missing = || fault(SignOnFault::ProviderMissing);
    let void = || fault(SignOnFault::AttemptVoid);
    let (organisation, ticket) = match start {
        SignOnStart::Login(login) => {
            let address: EmailAddress = login.trim().parse().map_err(|_| missing())?;
            let domain = domains::get(tx, address.domain())?;
            let organisation = domain.and_then(|domain| domain.organisation).ok_or_else(missing)?;
            let kept = sign_on::provider(tx, organisation)?.ok_or_else(missing)?;
            let speaks = kept.provider.domains.iter().any(|name| name == address.domain());
            return if speaks { Ok((kept, None)) } else { Err(missing()) };
        }
        SignOnStart::Organisation(name) => (organisations::named(tx, name)?.ok_or_else(missing)?.id, None),
        SignOnStart::Ticket(secret) => {
            let ticket = sign_on::take_ticket(tx, &secret_hash(secret), now)?.ok_or_else(void)?;
            (accounts::get(tx, ticket.account)?.ok_or_else(void)?.organisation, Some(ticket))
        }
        SignOnStart::Invitation(secret) => {
            let (account, _) = account_of_link(tx, &secret_hash(secret), now)?.ok_or_else(void)?;
            (account.organisation, Some(Ticket { account: account.id, epoch: account.epoch }))
        }
    };
    Ok((sign_on::provider(tx, organisation)?.ok_or_else(missing)?, ticket))
}

/// Decides and writes: whoever is let in is linked, active, and there.
fn let_in(
    tx: &mut Tx<'_>,
    ids: &crate::Ids,
    provider: &IdentityProvider,
    identity: &Identity,
    ticket: Option<Ticket>,
    (new_account, new_mailbox): (AccountId, MailboxId),
    now: Timestamp,
) -> Result<Account, Error> {
    let organisation = provider.organisation;
    let linked = match sign_on::linked(tx, organisation, &provider.issuer, &identity.subject)? {
        Some(link) => accounts::get(tx, link.account)?,
        None => None,
    };
    let proven = match ticket {
        Some(ticket) => {
            let account = accounts::get(tx, ticket.account)?.filter(|account| account.epoch == ticket.epoch);
            Some(account.ok_or_else(|| fault(SignOnFault::AttemptVoid))?)
        }
        None => None,
    };
    if let (Some(linked), Some(proven)) = (&linked, &proven)
        && linked.id != proven.id
    {
        return Err(fault(SignOnFault::LinkedElsewhere));
    }
    let address = spoken_for(tx, provider, identity)?;
    let held = match &address {
        Some(address) => {
            accounts::holding(tx, address)?.filter(|account| account.organisation == organisation)
        }
        None => None,
    };
    let known = match (&linked, &proven, &held) {
        (Some(account), _, _) => Known::Linked(account),
        (None, Some(account), _) => Known::Proven(account),
        (None, None, Some(account)) => {
            let links = sign_on::links_of(tx, account.id)?;
            let other = links.iter().any(|link| link.issuer == provider.issuer);
            let has_other_subject = if other { HasOtherSubject::Yes } else { HasOtherSubject::No };
            Known::ByAddress { account, has_other_subject }
        }
        (None, None, None) => Known::Nobody(address.as_ref()),
    };
    let (account, link) = match (enter(known, provider, now)?, linked.or(proven).or(held), address) {
        (Entry::Open { link, activate }, Some(account), _) => match activate {
            Activate::No => (account, link),
            Activate::Yes => {
                let actor = as_person(&account);
                password_resets::remove(tx, account.id)?;
                (execute::apply(tx, ids, account.id, Command::Activate, &actor, now)?, link)
            }
        },
        (Entry::Create, None, Some(address)) => {
            let name = identity.name.clone().unwrap_or_else(|| address.local().to_owned());
            let new = NewAccount {
                id: new_account,
                mailbox: new_mailbox,
                organisation,
                name,
                address,
                role: Role::Member,
                password: None,
                quota_bytes: None,
                subscription: None,
            };
            let actor = Actor::SignOn { organisation };
            // Who enters pays the first period: where the provision is short, that too is tried without.
            let made = insert_by_machine(tx, ids, new, &actor, now, |tx, made| {
                execute::apply(tx, ids, made.id, Command::Activate, &as_person(&made), now)
            })?;
            (made, Link::Make)
        }
        (Entry::Open { .. } | Entry::Create, _, _) => return Err(fault(SignOnFault::Unknown)),
    };
    if link == Link::Make {
        let made = SignOnLink {
            organisation,
            issuer: provider.issuer.clone(),
            subject: identity.subject.clone(),
            account: account.id,
            linked_at: now,
        };
        sign_on::link(tx, &made)?;
        let detail = json!({ "issuer": provider.issuer });
        note(tx, organisation, "account.sign_on_linked", account.id, detail, as_person(&account), now)?;
    }
    Ok(account)
}

/// The address that the provider says is verified, on a domain that it speaks for and that is still the organisation's.
fn spoken_for(
    tx: &mut Tx<'_>,
    provider: &IdentityProvider,
    identity: &Identity,
) -> Result<Option<EmailAddress>, Error> {
    let address = identity.address.as_deref().and_then(|text| text.parse::<EmailAddress>().ok());
    let Some(address) =
        address.filter(|address| provider.domains.iter().any(|name| name == address.domain()))
    else {
        return Ok(None);
    };
    let domain = domains::get(tx, address.domain())?;
    let own = domain.is_some_and(|domain| domain.organisation == Some(provider.organisation));
    Ok(own.then_some(address))
}

/// The person whom the provider sent: nobody else is.
fn as_person(account: &Account) -> Actor {
    Actor::Account { id: account.id, organisation: account.organisation, role: account.role }
}
