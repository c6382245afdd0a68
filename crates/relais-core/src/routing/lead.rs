//! Where an address leads before anyone's inbound is asked: to its holder, to whoever has a reserved address that
//! nobody holds, to a catch-all, outside, or nowhere.

use super::{Directory, Sender, find};
use crate::address::EmailAddress;
use crate::domain::Domain;
use crate::ids::AccountId;
use crate::organisation::{Address, Target};
use crate::reserved::{Keeper, Reserved};
use crate::rights::{Act, Verdict, allows, may};
use jiff::Timestamp;

pub(super) enum Lead {
    /// Somebody holds it, or held it.
    Held(Address),
    /// Reserved, and kept by the organisation's owner.
    Owner { reserved: EmailAddress, owner: AccountId },
    /// Reserved, and kept by the operator.
    Operator { reserved: EmailAddress, to: EmailAddress },
    /// Never made, on a domain that takes such mail.
    CatchAll { domain: String, target: Target },
    /// Never made.
    Unknown,
    /// Not on a domain of ours.
    Outside,
}

impl Lead {
    pub(super) fn target(&self) -> Option<Target> {
        match self {
            Self::Held(held) => held.target,
            Self::Owner { owner, .. } => Some(Target::Account(*owner)),
            Self::CatchAll { target, .. } => Some(*target),
            Self::Operator { .. } | Self::Unknown | Self::Outside => None,
        }
    }
}

/// Where `address` leads for a message of `sender`.
pub(super) fn lead<D: Directory>(
    directory: &mut D,
    address: &EmailAddress,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Lead, D::Error> {
    let held = find(directory, address)?;
    let base = match &held {
        Some(held) => held.address.clone(),
        None => address.without_tag().unwrap_or_else(|| address.clone()),
    };
    if let Some(reserved) = Reserved::of(base.local())
        && let Some(domain) = directory.domain(base.domain())?
    {
        let holder = held.filter(|_| reserved.may_be_held(domain.kind));
        if let Some(holder) = &holder
            && is_here(directory, holder, now)?
        {
            return Ok(Lead::Held(holder.clone()));
        }
        let kept = kept(directory, reserved, &base, &domain, sender, now)?;
        return Ok(kept.or(holder.map(Lead::Held)).unwrap_or(Lead::Unknown));
    }
    let domain = directory.domain(address.domain())?;
    // What was freed on a domain that was removed since is the business of whoever has the domain now.
    if let Some(held) = held.filter(|held| held.target.is_some() || domain.is_some()) {
        return Ok(Lead::Held(held));
    }
    let Some(domain) = domain else { return Ok(Lead::Outside) };
    Ok(match domain.catch_all {
        Some(target) if takes_mail(directory, target)? => Lead::CatchAll { domain: domain.name, target },
        Some(_) | None => Lead::Unknown,
    })
}

/// Mail for a function is for someone who is at work, as a group's is: not for a holder who has left.
fn is_here<D: Directory>(directory: &mut D, held: &Address, now: Timestamp) -> Result<bool, D::Error> {
    Ok(match held.target {
        Some(Target::Account(id)) => {
            directory.account(id)?.is_some_and(|holder| allows(&holder, Act::ReceiveGroupMail, now))
        }
        Some(Target::SharedMailbox(_) | Target::Group(_) | Target::Responder(_)) => true,
        None => false,
    })
}

/// Whether a catch-all still leads to something: a deleted account has no mail.
fn takes_mail<D: Directory>(directory: &mut D, target: Target) -> Result<bool, D::Error> {
    Ok(match target {
        Target::Account(id) => {
            directory.account(id)?.is_some_and(|account| may(account.state, Act::ReceiveMail) != Verdict::No)
        }
        Target::SharedMailbox(_) | Target::Group(_) | Target::Responder(_) => true,
    })
}

/// The first keeper who can be reached. A bounce is never sent outside, so an operator who is there has none.
fn kept<D: Directory>(
    directory: &mut D,
    reserved: Reserved,
    base: &EmailAddress,
    domain: &Domain,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Option<Lead>, D::Error> {
    for keeper in reserved.keepers(domain.kind) {
        match keeper {
            Keeper::Owner => {
                let Some(organisation) = domain.organisation else { continue };
                let owners = directory.owners(organisation)?;
                let here = owners.iter().find(|owner| allows(owner, Act::ReceiveGroupMail, now));
                if let Some(owner) = here {
                    return Ok(Some(Lead::Owner { reserved: base.clone(), owner: owner.id }));
                }
            }
            Keeper::Operator => {
                let Some(to) = directory.operator_address()? else { continue };
                let inside = find(directory, &to)?.is_some() || directory.hosts(to.domain())?;
                if inside || sender != Sender::Null {
                    return Ok(Some(Lead::Operator { reserved: base.clone(), to }));
                }
            }
        }
    }
    Ok(None)
}
