//! Comparing everything that an application has with what it is to have: once a day, when it is asked for, and to show what
//! would be done. What differs is put in line; what is none of ours is counted and left alone.

use super::gathering::{Person, gather, gather_group};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::feed::{
    ACTS_MAX, Act, ActKind, Feed, FeedPlan, FeedReport, PlannedAct, WHOLE_EVERY, compare, compare_group,
    members_of,
};
use relais_core::ids::AccountId;
use relais_core::scim::{Document, Resource};
use relais_engines::scim_server::{Entry, ScimError, ScimServer};
use relais_store::accounts::{Filter, Sort};
use relais_store::feeds::{self, Subject, Urgency};
use relais_store::{Tx, accounts, groups};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Accounts compared in one transaction.
const BATCH: i64 = 500;

/// What a comparison is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Only to see what would be done.
    Plan,
    /// What differs is put in line.
    Mend,
}

/// All of one kind that the application has.
#[derive(Default)]
struct There {
    entries: HashMap<String, Document>,
    by_external_id: HashMap<String, String>,
    /// In lower case.
    by_name: HashMap<String, String>,
}

impl There {
    fn add(&mut self, resource: Resource, entry: Entry) {
        let text = |name: &str| entry.document.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = match resource {
            Resource::User => text("userName"),
            Resource::Group => text("displayName"),
        };
        if let Some(external_id) = text("externalId") {
            self.by_external_id.insert(external_id, entry.id.clone());
        }
        if let Some(name) = name {
            self.by_name.insert(name.to_lowercase(), entry.id.clone());
        }
        self.entries.insert(entry.id, entry.document);
    }

    /// The entry that is known, or one by the external id, or by the name.
    fn find(&self, remote: Option<&str>, external_id: Option<&str>, name: Option<&str>) -> Option<&str> {
        let known = remote.and_then(|remote| self.entries.get_key_value(remote)).map(|(id, _)| id);
        let by_id = || self.by_external_id.get(external_id?);
        let by_name = || self.by_name.get(&name?.to_lowercase());
        known.or_else(by_id).or_else(by_name).map(String::as_str)
    }
}

/// What a comparison has found so far.
#[derive(Default, Clone)]
struct Found {
    report: FeedReport,
    acts: Vec<PlannedAct>,
    acts_left_out: u64,
    /// What the application has, or will have, of each account: its own id, or a word that stands for one to come.
    remotes: BTreeMap<Subject, String>,
    /// Its ids of entries of one kind that are ours.
    matched: BTreeSet<String>,
}

impl Found {
    fn plan(&mut self, subject: Subject, name: &str, act: &Act) {
        let Some(kind) = act.kind() else { return };
        self.report.differing += 1;
        if self.acts.len() == ACTS_MAX {
            self.acts_left_out += 1;
            return;
        }
        let (subject, name, attributes) = (subject.to_string(), name.to_owned(), act.attributes());
        self.acts.push(PlannedAct { subject, name, act: kind, attributes });
    }
}

impl Relais {
    pub(super) async fn compare_everything(
        &self,
        feed: &Feed,
        server: &ScimServer,
        purpose: Purpose,
    ) -> Result<Result<FeedPlan, ScimError>, Error> {
        let mut there = Vec::new();
        for resource in Resource::ALL {
            match self.list_all(feed, server, resource, purpose).await? {
                Ok(listed) => there.push(Arc::new(listed)),
                Err(error) => return Ok(Err(error)),
            }
        }
        let [people, teams] = &there[..] else { unreachable!("one of each kind") };
        let mut found = Found::default();
        let mut after = None;
        loop {
            let (of, there, before, from, now) =
                (feed.clone(), people.clone(), found.clone(), after, self.now());
            let compare = move |tx: &mut Tx<'_>| {
                let mut found = before.clone();
                let last = compare_people(tx, &of, &there, &mut found, from, purpose, now)?;
                Ok::<_, Error>((found, last))
            };
            let last = match purpose {
                Purpose::Plan => self.store.read(compare).await?,
                Purpose::Mend => self.store.write(compare).await?,
            };
            found = last.0;
            match last.1 {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        found.report.foreign = people.entries.len() as u64 - found.matched.len() as u64;
        found.matched.clear();
        let (of, people, there, before, now) =
            (feed.clone(), people.clone(), teams.clone(), found, self.now());
        let compare = move |tx: &mut Tx<'_>| {
            let mut found = before.clone();
            compare_teams(tx, &of, [&people, &there], &mut found, purpose, now)?;
            found.report.foreign += there.entries.len() as u64 - found.matched.len() as u64;
            Ok::<_, Error>(found)
        };
        let mut found = match purpose {
            Purpose::Plan => self.store.read(compare).await?,
            Purpose::Mend => self.store.write(compare).await?,
        };
        found.report.at = now;
        if purpose == Purpose::Mend {
            let (id, report) = (feed.application, found.report.clone());
            self.store
                .write(move |tx| feeds::set_report(tx, id, &report, now + WHOLE_EVERY).map_err(Error::from))
                .await?;
        }
        found.acts.sort_by_key(|act| act.act);
        let Found { report, acts, acts_left_out, .. } = found;
        Ok(Ok(FeedPlan { report, acts, acts_left_out }))
    }

    async fn list_all(
        &self,
        feed: &Feed,
        server: &ScimServer,
        resource: Resource,
        purpose: Purpose,
    ) -> Result<Result<There, ScimError>, Error> {
        let (mut there, mut start) = (There::default(), 1);
        loop {
            let page = match self.scim_servers.page(server, resource, start).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            start += page.entries.len();
            let is_last = page.entries.is_empty() || start > page.total;
            for entry in page.entries {
                there.add(resource, entry);
            }
            if is_last {
                return Ok(Ok(there));
            }
            if purpose == Purpose::Mend {
                self.close_first(feed, server).await?;
            }
        }
    }
}

/// Compares a page of accounts behind `after`. Returns the last one of it, if there may be more.
fn compare_people(
    tx: &mut Tx<'_>,
    feed: &Feed,
    there: &There,
    found: &mut Found,
    after: Option<AccountId>,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let page = accounts::page(tx, feed.organisation, &Filter::default(), Sort::Address, after, BATCH)?;
    for account in &page {
        let Some(person) = gather(tx, feed, account.id, now)? else { continue };
        compare_person(tx, feed, there, found, &person, purpose, now)?;
    }
    Ok(page.last().map(|last| last.id))
}

fn compare_person(
    tx: &mut Tx<'_>,
    feed: &Feed,
    there: &There,
    found: &mut Found,
    person: &Person,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(), Error> {
    let (id, subject) = (feed.application, Subject::Account(person.account.id));
    let known = feeds::link(tx, id, subject)?.and_then(|link| link.remote);
    let keys = &person.keys;
    let remote = there.find(known.as_deref(), keys.external_id.as_deref(), keys.user_name.as_deref());
    let remote = remote.filter(|remote| !found.matched.contains(*remote));
    found.matched.extend(remote.map(str::to_owned));
    let Some(wanted) = &person.wanted else {
        // Listed as an error once it was tried.
        return match purpose {
            Purpose::Plan => Ok(()),
            Purpose::Mend => Ok(feeds::push(tx, id, subject, person.urgency(), now)?),
        };
    };
    let act = compare(wanted, remote.and_then(|remote| there.entries.get(remote)));
    let is_counted = remote.is_some() || act != Act::Nothing;
    found.report.accounts += u64::from(is_counted);
    match (remote, act.kind()) {
        (_, Some(ActKind::Remove)) | (None, None) => {}
        (Some(remote), _) => drop(found.remotes.insert(subject, remote.to_owned())),
        (None, Some(_)) => drop(found.remotes.insert(subject, format!("to come: {subject}"))),
    }
    found.plan(subject, person.account.address.as_str(), &act);
    if purpose == Purpose::Mend && (act != Act::Nothing || known.as_deref() != remote) {
        feeds::mend(tx, id, subject, remote, person.urgency(), now)?;
    }
    Ok(())
}

fn compare_teams(
    tx: &mut Tx<'_>,
    feed: &Feed,
    [people, there]: [&There; 2],
    found: &mut Found,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(), Error> {
    let id = feed.application;
    let ours: BTreeSet<String> = found.remotes.values().cloned().collect();
    let mut gone = feeds::remotes(tx, id)?;
    gone.retain(|subject, _| matches!(subject, Subject::Group(_)));
    let mut teams = Vec::new();
    for group in groups::list(tx, feed.organisation)? {
        let subject = Subject::Group(group.id);
        teams.push((subject, group.name, gone.remove(&subject)));
    }
    // Groups that are no more.
    teams.extend(gone.into_iter().map(|(subject, remote)| (subject, String::new(), Some(remote))));
    for (subject, name, known) in teams {
        let Subject::Group(group) = subject else { continue };
        let wanted = gather_group(tx, feed, group, &found.remotes, now)?;
        // Of groups that the application is not to have, only those go that it has from here.
        let named = Some(name.as_str()).filter(|_| wanted.is_some());
        let remote = there.find(known.as_deref(), Some(&group.to_string()), named);
        let remote = remote.filter(|remote| !found.matched.contains(*remote));
        let actual = remote.and_then(|remote| there.entries.get(remote));
        let present = actual.map(members_of).unwrap_or_default();
        // Not every server takes whoever is removed out of its groups.
        let is_nobody = |id: &String| !people.entries.contains_key(id) && !there.entries.contains_key(id);
        let ours = present.into_iter().filter(|id| ours.contains(id) || is_nobody(id)).collect();
        let act = compare_group(wanted.as_ref(), actual, &ours);
        found.report.groups += u64::from(wanted.is_some());
        found.matched.extend(remote.map(str::to_owned));
        found.plan(subject, &name, &act);
        if purpose == Purpose::Mend && (act != Act::Nothing || known.as_deref() != remote) {
            feeds::mend(tx, id, subject, remote, Urgency::Team, now)?;
        }
    }
    Ok(())
}
