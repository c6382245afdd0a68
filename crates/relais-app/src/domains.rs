//! Domains: claimed, proven, removed, made ready; who has the mail for addresses that were never made; and where the
//! operator has theirs. The DNS is asked outside of any transaction, and what it said is written in one of its own.

use crate::means::check_room_for_domain;
use crate::organisations::{allow, note};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::address::{EmailAddress, domain_name};
use relais_core::authority::{Actor, Power};
use relais_core::domain::readiness::{self, Found, Hosting, Readiness};
use relais_core::domain::{Claim, Domain, DomainEntry, Finding, check_own, check_removal};
use relais_core::ids::OrganisationId;
use relais_core::organisation::Target;
use relais_core::refusal::Refusal;
use relais_core::reserved::Reserved;
use relais_core::rights::{Act, allows};
use relais_core::routing::{self, Directory, Sender};
use relais_engines::dns::DnsError;
use relais_store::{Tx, accounts, claims, domains, groups, mailboxes, organisations, responders, settings};
use serde_json::json;

/// How many addresses a refusal names.
const NAMED_MAX: i64 = 10;
/// How many addresses of a kind are looked at before mail is switched.
const LOOKED_AT_MAX: i64 = 500;
/// How many claims are looked at in one go.
const CLAIMS_AT_ONCE: i64 = 20;

fn parse(name: &str) -> Result<String, Refusal> {
    domain_name(name).ok_or_else(|| Refusal::DomainInvalid { text: name.to_owned() })
}

impl Relais {
    /// Hosts a domain of the organisation's own without proof. Only the operator may.
    ///
    /// # Errors
    /// The refusal, when the name is not a domain or is in use.
    pub async fn add_domain(
        &self,
        organisation: OrganisationId,
        name: &str,
        actor: Actor,
    ) -> Result<Domain, Error> {
        allow(&actor, Power::Operate, organisation)?;
        let (name, now) = (parse(name)?, self.now());
        self.store.write(move |tx| host_own(tx, organisation, &name, actor, now)).await
    }

    /// Hosts a domain of the operator's, on which every organisation may have addresses. No organisation's journal has
    /// it; the log does.
    ///
    /// # Errors
    /// The refusal, when the name is not a domain or is in use; only the operator may.
    pub async fn add_provider_domain(&self, name: &str, actor: Actor) -> Result<Domain, Error> {
        require_operator(&actor)?;
        let (domain, now) = (Domain::provider(parse(name)?), self.now());
        let made = self
            .store
            .write(move |tx| {
                require_unhosted(tx, &domain.name)?;
                domains::insert(tx, &domain)?;
                claims::lose(tx, &domain.name, now)?;
                Ok::<_, Error>(domain.clone())
            })
            .await?;
        tracing::info!(domain = made.name, "provider domain added");
        Ok(made)
    }

    /// Writes down that an organisation says a domain is its own. Claimed again, it keeps its record.
    ///
    /// # Errors
    /// The refusal, when the name is not a domain or the actor may not.
    pub async fn claim_domain(
        &self,
        organisation: OrganisationId,
        name: &str,
        actor: Actor,
    ) -> Result<DomainEntry, Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        let (name, now) = (parse(name)?, self.now());
        let bits: [u8; 16] = rand::random();
        let token: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        let new = Claim::new(name, organisation, &token, actor, now);
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let mut claim = new.clone();
                match domains::get(tx, &claim.name)? {
                    Some(own) if own.organisation == Some(organisation) => {
                        return Ok(DomainEntry::Hosted(own));
                    }
                    Some(_) => claim = claim.looked_at(Finding::Taken, now),
                    None => {}
                }
                if let Some(open) = claims::get(tx, &claim.name, organisation)? {
                    return Ok(DomainEntry::Claimed(open));
                }
                check_room_for_domain(tx, organisation)?;
                claims::insert(tx, &claim)?;
                let detail = json!({ "record": claim.record });
                note(tx, organisation, "domain.claimed", &claim.name, detail, actor, now)?;
                Ok(DomainEntry::Claimed(claim))
            })
            .await
    }

    /// A domain of the organisation, hosted or claimed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has neither.
    pub async fn domain_entry(&self, organisation: OrganisationId, name: &str) -> Result<DomainEntry, Error> {
        let name = parse(name)?;
        self.look(move |tx| entry(tx, organisation, &name)).await?.ok_or(Error::NotFound)
    }

    /// Looks at the DNS at once, and hosts the domain if the proof is there.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organisation has no such claim.
    pub async fn prove_domain(
        &self,
        organisation: OrganisationId,
        name: &str,
        actor: Actor,
    ) -> Result<DomainEntry, Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        match self.domain_entry(organisation, name).await? {
            DomainEntry::Claimed(claim) => self.look_at_claim(claim, actor).await,
            hosted @ DomainEntry::Hosted(_) => Ok(hosted),
        }
    }

    /// Looks at every claim whose time has come.
    pub(crate) async fn look_at_due_claims(&self) {
        let now = self.now();
        let due = match self.look(move |tx| claims::due(tx, now, CLAIMS_AT_ONCE)).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "claims of domains cannot be read");
                return;
            }
        };
        for claim in due {
            let (name, actor) = (claim.name.clone(), claim.claimed_by);
            match self.look_at_claim(claim, actor).await {
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => tracing::warn!(%error, name, "a claim is looked at again later"),
            }
        }
    }

    async fn look_at_claim(&self, claim: Claim, actor: Actor) -> Result<DomainEntry, Error> {
        let published = self.dns.txt(&claim.record.name).await;
        if let Err(DnsError::Trouble(text)) = &published {
            tracing::info!(domain = claim.name, text, "the proof of a domain cannot be looked up");
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let Claim { name, organisation, record, .. } = &claim;
                // Withdrawn meanwhile, or withdrawn and made again with another record.
                let open = claims::get(tx, name, *organisation)?.filter(|open| open.record == *record);
                let open = open.ok_or(Error::NotFound)?;
                let found = match domains::get(tx, name)? {
                    Some(own) if own.organisation == Some(*organisation) => {
                        return Ok(DomainEntry::Hosted(own));
                    }
                    Some(_) => Finding::Taken,
                    None => match &published {
                        Ok(texts) if open.is_proven_by(texts) && !has_room(tx, *organisation)? => {
                            Finding::NoRoom
                        }
                        Ok(texts) if open.is_proven_by(texts) => {
                            let domain = Domain::own(name.clone(), *organisation);
                            host(tx, &domain, *organisation, now)?;
                            let detail = json!({ "record": record });
                            note(tx, *organisation, "domain.proven", name, detail, actor, now)?;
                            return Ok(DomainEntry::Hosted(domain));
                        }
                        Ok(_) | Err(DnsError::NotFound) => Finding::NotFound,
                        Err(DnsError::Trouble(_)) => Finding::Trouble,
                    },
                };
                let open = open.looked_at(found, now);
                claims::record(tx, &open)?;
                Ok(DomainEntry::Claimed(open))
            })
            .await
    }

    /// Stops hosting a domain, or withdraws a claim. Who held its addresses stays in their history.
    ///
    /// # Errors
    /// The refusal, when the domain is the operator's or somebody still holds an address of it.
    pub async fn remove_domain(
        &self,
        organisation: OrganisationId,
        name: &str,
        actor: Actor,
    ) -> Result<(), Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        let (name, now) = (parse(name)?, self.now());
        self.store
            .write(move |tx| {
                let kind = match entry(tx, organisation, &name)?.ok_or(Error::NotFound)? {
                    DomainEntry::Hosted(domain) => {
                        let held = domains::held(tx, &name, organisation, NAMED_MAX)?;
                        check_removal(&domain, held)?;
                        domains::remove(tx, &name)?;
                        "domain.removed"
                    }
                    DomainEntry::Claimed(_) => {
                        claims::remove(tx, &name, organisation)?;
                        "domain.claim_withdrawn"
                    }
                };
                note(tx, organisation, kind, &name, json!({}), actor, now)
            })
            .await
    }

    /// Says who has the mail for addresses of an own domain that were never made; `None`: nobody, it is refused.
    ///
    /// # Errors
    /// The refusal, when the target is not active or would send such mail back; [`Error::NotFound`].
    pub async fn set_catch_all(
        &self,
        organisation: OrganisationId,
        name: &str,
        to: Option<Target>,
        actor: Actor,
    ) -> Result<Domain, Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        let (name, now) = (parse(name)?, self.now());
        self.store
            .write(move |tx| {
                let DomainEntry::Hosted(domain) = entry(tx, organisation, &name)?.ok_or(Error::NotFound)?
                else {
                    return Err(Error::NotFound);
                };
                check_own(&domain)?;
                if domain.catch_all == to {
                    return Ok(domain);
                }
                domains::set_catch_all(tx, &name, to)?;
                if let Some(to) = to {
                    check_takes_mail(tx, to, organisation, now)?;
                }
                let detail = json!({ "from": domain.catch_all, "to": to });
                note(tx, organisation, "domain.catch_all_set", &name, detail, actor, now)?;
                Ok(Domain { catch_all: to, ..domain })
            })
            .await
    }

    /// What to know before mail for a domain is switched to this server. `expected` are addresses of the domain that
    /// have mail elsewhere today.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organisation neither has nor claims the domain.
    pub async fn readiness(
        &self,
        organisation: OrganisationId,
        name: &str,
        expected: Vec<EmailAddress>,
    ) -> Result<Readiness, Error> {
        let entry = self.domain_entry(organisation, name).await?;
        let name = entry.name().to_owned();
        let dkim = readiness::dkim_name(&name, &self.dkim_selector);
        let dmarc = readiness::dmarc_name(&name);
        let (mx, txt, dkim, dmarc) =
            tokio::join!(self.dns.mx(&name), self.dns.txt(&name), self.dns.txt(&dkim), self.dns.txt(&dmarc));
        let found = Found { mx: known(mx), txt: known(txt), dkim: known(dkim), dmarc: known(dmarc) };
        let hosting = match entry {
            DomainEntry::Hosted(_) => Hosting::Hosted,
            DomainEntry::Claimed(_) => Hosting::NotProven,
        };
        let (asked, now) = (name.clone(), self.now());
        let missing =
            self.look(move |tx| without_target(tx, &asked, organisation, &expected, hosting, now)).await?;
        Ok(readiness::judge(&name, hosting, found, missing, &self.hostname, &self.dkim_selector))
    }

    /// Says where the operator has mail, here or elsewhere. No organisation's journal has it; the log does.
    ///
    /// # Errors
    /// The refusal, when the address would lead to itself; only the operator may.
    pub async fn set_operator_address(
        &self,
        address: Option<EmailAddress>,
        actor: Actor,
    ) -> Result<(), Error> {
        require_operator(&actor)?;
        let written = address.clone();
        self.store
            .write(move |tx| {
                if let Some(address) = &written {
                    let base = address.without_tag().unwrap_or_else(|| address.clone());
                    if Reserved::of(base.local()).is_some() && tx.hosts(base.domain())? {
                        return Err(Refusal::AddressReserved { address: address.clone() }.into());
                    }
                    if !routing::leads_somewhere(tx, address)? {
                        return Err(Refusal::RedirectNowhere { address: address.clone() }.into());
                    }
                }
                settings::set_operator_address(tx, written.as_ref()).map_err(Error::from)
            })
            .await?;
        tracing::info!(address = address.map(String::from), "operator's address set");
        Ok(())
    }

    /// Whom `RCPT TO:<postmaster>` without a domain means (RFC 5321, section 4.5.1): the postmaster of this server's
    /// name, or of the nearest domain above it that is hosted, or else the operator.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn postmaster(&self) -> Result<Option<EmailAddress>, Error> {
        let hostname = self.hostname.clone();
        self.look(move |tx| {
            let mut name = hostname.as_str();
            loop {
                if tx.hosts(name)? {
                    return Ok(format!("postmaster@{name}").parse().ok());
                }
                match name.split_once('.') {
                    Some((_, above)) => name = above,
                    None => return settings::operator_address(tx),
                }
            }
        })
        .await
    }
}

fn require_operator(actor: &Actor) -> Result<(), Refusal> {
    if actor.operates() { Ok(()) } else { Err(Refusal::NotAllowed) }
}

fn require_unhosted(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    match domains::get(tx, name)? {
        Some(_) => Err(Refusal::DomainTaken { domain: name.to_owned() }.into()),
        None => Ok(()),
    }
}

/// The domain is the organisation's from now on: its own claim is settled, those of others are lost.
/// Hosts a domain without proof, inside the caller's transaction.
pub(crate) fn host_own(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    name: &str,
    actor: Actor,
    now: Timestamp,
) -> Result<Domain, Error> {
    let domain = Domain::own(name.to_owned(), organisation);
    organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
    require_unhosted(tx, &domain.name)?;
    check_room_for_domain(tx, organisation)?;
    host(tx, &domain, organisation, now)?;
    let detail = json!({ "proof": "waived" });
    note(tx, organisation, "domain.added", &domain.name, detail, actor, now)?;
    Ok(domain)
}

fn host(tx: &mut Tx<'_>, domain: &Domain, organisation: OrganisationId, now: Timestamp) -> Result<(), Error> {
    domains::insert(tx, domain)?;
    domains::forget_freed_by_others(tx, &domain.name, organisation)?;
    claims::remove(tx, &domain.name, organisation)?;
    claims::lose(tx, &domain.name, now)?;
    Ok(())
}

/// Whether the plan has room: other domains may have been added since this one was claimed.
fn has_room(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<bool, Error> {
    match check_room_for_domain(tx, organisation) {
        Ok(()) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn entry(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    name: &str,
) -> Result<Option<DomainEntry>, relais_store::Error> {
    let hosted = domains::get(tx, name)?;
    let open_to_it = hosted.filter(|domain| domain.organisation.is_none_or(|owner| owner == organisation));
    if let Some(domain) = open_to_it {
        return Ok(Some(DomainEntry::Hosted(domain)));
    }
    Ok(claims::get(tx, name, organisation)?.map(DomainEntry::Claimed))
}

/// Whether `to`, a catch-all in this transaction already, is there, at work, and keeps such mail.
fn check_takes_mail(
    tx: &mut Tx<'_>,
    to: Target,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<(), Error> {
    let owner = match to {
        Target::Account(id) => {
            let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
            if !allows(&account, Act::ReceiveGroupMail, now) {
                return Err(Refusal::TargetNotActive { address: account.address }.into());
            }
            if let Some(through) = routing::loop_through(tx, to, &account.inbound)? {
                return Err(Refusal::RedirectLoop { through }.into());
            }
            Some(account.organisation)
        }
        Target::SharedMailbox(id) => mailboxes::get(tx, id)?.map(|found| found.organisation),
        Target::Group(id) => groups::get(tx, id)?.map(|found| found.organisation),
        Target::Responder(id) => responders::get(tx, id)?.map(|found| found.organisation),
    };
    if owner == Some(organisation) { Ok(()) } else { Err(Error::NotFound) }
}

/// What the DNS says, if it says something: that there is nothing is an answer too.
fn known<T>(answer: Result<Vec<T>, DnsError>) -> Option<Vec<T>> {
    match answer {
        Ok(found) => Some(found),
        Err(DnsError::NotFound) => Some(Vec::new()),
        Err(DnsError::Trouble(text)) => {
            tracing::info!(text, "a record cannot be looked up");
            None
        }
    }
}

/// Addresses of the domain whose mail would be refused: those that had a holder, those that someone redirects to, and
/// those that are expected.
fn without_target(
    tx: &mut Tx<'_>,
    domain: &str,
    organisation: OrganisationId,
    expected: &[EmailAddress],
    hosting: Hosting,
    now: Timestamp,
) -> Result<Vec<EmailAddress>, relais_store::Error> {
    let mut asked = expected.to_vec();
    if hosting == Hosting::Hosted {
        asked.extend(domains::freed(tx, domain, organisation, LOOKED_AT_MAX)?);
    }
    asked.extend(domains::redirected_to(tx, domain, organisation, LOOKED_AT_MAX)?);
    asked.sort();
    asked.dedup();
    let mut missing = Vec::new();
    for address in asked {
        let is_refused = match hosting {
            Hosting::Hosted => routing::resolve(tx, &address, Sender::Someone, now)?.refusal.is_some(),
            Hosting::NotProven => true,
        };
        if is_refused {
            missing.push(address);
        }
    }
    Ok(missing)
}
