//! A message for a group: whether its sender may write to it, and whom it reaches. Groups in groups are read as one, so
//! that each person is asked once and no ring of groups, should there be one, is walked twice.

use super::{Directory, Hop, Outcome, Sender, Via, Walk, find};
use crate::address::EmailAddress;
use crate::group::{Author, Belongs, Posting, Readers};
use crate::ids::{AccountId, GroupId};
use crate::mail_refusal::MailRefusal;
use crate::organisation::{Group, GroupRole, Target};
use crate::rights::{Act, Verdict, allows, may, standing};
use std::collections::HashSet;

/// Everyone who is in a group or in a group in it, each once.
///
/// # Errors
/// Only what `directory` returns.
pub fn everyone_in<D: Directory>(directory: &mut D, group: GroupId) -> Result<Vec<AccountId>, D::Error> {
    let mut everyone = Vec::new();
    for group in with_inner(directory, group)? {
        everyone.extend(directory.group_members(group)?.into_iter().map(|(account, _)| account));
    }
    let mut seen = HashSet::new();
    everyone.retain(|account| seen.insert(*account));
    Ok(everyone)
}

/// The group and all that is in it, the nearest first. A list and no recursion: groups may be nested as deep as there
/// are groups.
fn with_inner<D: Directory>(directory: &mut D, group: GroupId) -> Result<Vec<GroupId>, D::Error> {
    let mut found = vec![group];
    let mut seen = HashSet::from([group]);
    let mut here = 0;
    while let Some(group) = found.get(here).copied() {
        found.extend(directory.inner_groups(group)?.into_iter().filter(|inner| seen.insert(*inner)));
        here += 1;
    }
    Ok(found)
}

/// The groups through which `wanted` is in `from`, both included; `None` when it is not.
///
/// # Errors
/// Only what `directory` returns.
pub fn group_path<D: Directory>(
    directory: &mut D,
    from: GroupId,
    wanted: GroupId,
) -> Result<Option<Vec<GroupId>>, D::Error> {
    // Each with the place of the one it was found in.
    let mut found = vec![(from, None)];
    let mut seen = HashSet::from([from]);
    let mut here = 0;
    while let Some((group, _)) = found.get(here).copied() {
        if group == wanted {
            let mut path = Vec::new();
            let mut at = Some(here);
            while let Some(place) = at {
                let (group, before): (GroupId, Option<usize>) = found[place];
                path.push(group);
                at = before;
            }
            path.reverse();
            return Ok(Some(path));
        }
        let inner = directory.inner_groups(group)?;
        found.extend(inner.into_iter().filter(|inner| seen.insert(*inner)).map(|inner| (inner, Some(here))));
        here += 1;
    }
    Ok(None)
}

impl<D: Directory> Walk<'_, D> {
    pub(super) fn group(&mut self, id: GroupId) -> Result<Outcome, D::Error> {
        let Some(group) = self.directory.group(id)? else {
            return Ok(self.refuse(MailRefusal::Gone));
        };
        self.note(Hop::Group { id, name: group.name.clone(), posting: group.posting.clone() });
        self.on_path.push(Target::Group(id));
        let author = self.author(&group)?;
        let outcome = match group.posting.judge(&author) {
            Readers::All => {
                let everyone = self.everyone(id)?;
                self.members(everyone)?
            }
            Readers::Admins => {
                self.note(Hop::AdminsOnly);
                let mut members = self.directory.group_members(id)?;
                members.retain(|(_, role)| *role == GroupRole::Admin);
                self.members(members.into_iter().map(|(account, _)| account).collect())?
            }
            Readers::Nobody => self.refuse(MailRefusal::NotAllowedToPost),
        };
        self.on_path.pop();
        Ok(outcome)
    }

    /// Whom the message is from, as far as the group's policy asks: who is in a large group is read for no other.
    fn author(&mut self, group: &Group) -> Result<Author, D::Error> {
        let text = match self.sender {
            _ if group.posting == Posting::Anyone => return Ok(Author::Unsaid),
            Sender::Null => return Ok(Author::Nobody),
            Sender::Someone => return Ok(Author::Unsaid),
            Sender::Known(text) => text,
        };
        let Ok(address) = text.parse::<EmailAddress>() else { return Ok(Author::Unknowable) };
        let Some(Target::Account(id)) = find(self.directory, &address)?.and_then(|held| held.target) else {
            return Ok(Author::Stranger { address });
        };
        let account = self.directory.account(id)?;
        let Some(account) = account.filter(|account| allows(account, Act::SubmitMail, self.now)) else {
            return Ok(Author::Unknowable);
        };
        let belongs = if account.organisation != group.organisation {
            Belongs::Elsewhere
        } else if group.posting == Posting::Members && everyone_in(self.directory, group.id)?.contains(&id) {
            Belongs::Group
        } else {
            Belongs::Organisation
        };
        Ok(Author::Account { address, belongs })
    }

    /// As [`everyone_in`], noting which groups are in the group.
    fn everyone(&mut self, id: GroupId) -> Result<Vec<AccountId>, D::Error> {
        for inner in with_inner(self.directory, id)?.into_iter().skip(1) {
            if let Some(Group { name, .. }) = self.directory.group(inner)? {
                self.note(Hop::InnerGroup { id: inner, name });
            }
        }
        everyone_in(self.directory, id)
    }

    fn members(&mut self, members: Vec<AccountId>) -> Result<Outcome, D::Error> {
        if members.is_empty() {
            self.refuse(MailRefusal::Deactivated);
        }
        let mut outcome = Outcome::Refused;
        for member in members {
            let Some(account) = self.directory.account(member)? else {
                continue;
            };
            let state = standing(&account, self.now);
            let target = Target::Account(member);
            if may(state, Act::ReceiveGroupMail) == Verdict::No {
                self.note(Hop::MemberLeftOut { address: account.address, state });
                self.refusal.get_or_insert(MailRefusal::Deactivated);
            } else if self.on_path.contains(&target) {
                // The member redirects to the group: as nobody further on keeps it for them, they do.
                self.note(Hop::LoopCut { at: account.address });
                self.store(account.mailbox, account.quota_bytes);
                outcome = Outcome::Taken;
            } else {
                let ended = match self.done.get(&target) {
                    Some(ended) => *ended,
                    None => self.account(member, &account.address, Via::Group)?,
                };
                self.done.insert(target, ended);
                if ended == Outcome::Taken {
                    outcome = Outcome::Taken;
                }
            }
        }
        Ok(outcome)
    }
}
