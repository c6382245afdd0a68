//! Telling an application of one account or group after the other. The event chain is the queue: whoever an event is about is
//! put in line, and what is told is how things stand when their turn comes. Whoever has to be shut out goes first. A request
//! is never made inside a transaction; cut off behind one, it is found done the next time.

use super::comparing;
use super::gathering::{digest, gather, gather_group, is_fed, with_outer};
use crate::organisations::note;
use crate::{Error, Relais};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::Actor;
use relais_core::event::Event;
use relais_core::feed::{
    Act, Changes, Feed, FeedState, Keys, Wanted, compare, compare_group, is_called, members_of,
};
use relais_core::ids::{AccountId, ApplicationId, GroupId};
use relais_core::scim::{Document, Resource, apply};
use relais_engines::scim_server::{Entry, ScimError, ScimServer};
use relais_store::feeds::{self, Link, Subject, Urgency};
use relais_store::{Tx, applications, events, groups};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Events looked at in one transaction.
const LOOK_BATCH: i64 = 500;
/// Told before the other applications have their turn again.
const TELL_BATCH: usize = 100;
/// Applications that are told at the same time.
const AT_ONCE: usize = 8;
/// After that another node goes on with the application: what was done by then is found done.
const LEASE: SignedDuration = SignedDuration::from_mins(30);
/// Longer waits each time.
const DELAYS_S: [i64; 6] = [5, 60, 300, 1800, 7200, 21_600];
/// An application that is away is asked again after this at the latest.
const AWAY_S_MAX: i64 = 1800;
/// Nobody waits longer because a server says so.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// What came of one request, or of the lack of one.
enum Told {
    /// The next may follow.
    Next,
    /// The application hears nothing for now.
    Silent,
}

/// Whether the application has whom a group of its own names.
enum Existence {
    There,
    Gone,
}

fn delay(attempts: i64) -> SignedDuration {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX).min(DELAYS_S.len() - 1);
    SignedDuration::from_secs(DELAYS_S[place])
}

impl Relais {
    /// Tells what is due, and compares what is due. Returns for how many applications there was something to do.
    pub(crate) async fn feed_applications(&self) -> usize {
        let now = self.now();
        let awake = match self.look(move |tx| feeds::awake(tx, now)).await {
            Ok(awake) => awake,
            Err(error) => {
                tracing::warn!(%error, "applications are fed later");
                return 0;
            }
        };
        let feeding = awake.into_iter().map(|id| async move {
            self.feed_one(id).await.unwrap_or_else(|error| {
                tracing::warn!(application = %id, %error, "an application is fed later");
                false
            })
        });
        let fed: Vec<bool> = futures_util::stream::iter(feeding).buffer_unordered(AT_ONCE).collect().await;
        fed.into_iter().filter(|fed| *fed).count()
    }

    /// Whether there was something to do.
    async fn feed_one(&self, id: ApplicationId) -> Result<bool, Error> {
        let (owner, now) = (self.node.clone(), self.now());
        let claimed =
            self.store.write(move |tx| feeds::claim(tx, id, &owner, now, now + LEASE).map_err(Error::from));
        if !claimed.await? {
            return Ok(false);
        }
        let fed = self.feed_claimed(id).await;
        let owner = self.node.clone();
        self.store.write(move |tx| feeds::release(tx, id, &owner).map_err(Error::from)).await?;
        fed
    }

    async fn feed_claimed(&self, id: ApplicationId) -> Result<bool, Error> {
        let mut has_told = false;
        for _ in 0..TELL_BATCH {
            let now = self.now();
            let read = self.look(move |tx| Ok(feeds::get(tx, id)?.zip(feeds::token(tx, id)?)));
            let Some((feed, token)) = read.await? else { return Ok(has_told) };
            if feed.state != FeedState::On || feed.away_until.is_some_and(|until| until > now) {
                return Ok(has_told);
            }
            let server = ScimServer { url: feed.settings.url.clone(), token };
            self.look_for_fed(&feed).await?;
            let Some(link) = self.look(move |tx| feeds::first_due(tx, id, now)).await? else {
                if feed.whole_at.is_none_or(|at| at > now) {
                    return Ok(has_told);
                }
                let compared = self.compare_everything(&feed, &server, comparing::Purpose::Mend).await?;
                if let Err(error) = compared {
                    self.fall_silent(&feed, &error).await?;
                    return Ok(has_told);
                }
                self.answers(&feed).await?;
                has_told = true;
                continue;
            };
            has_told = true;
            if let Told::Silent = self.tell_one(&feed, &server, link).await? {
                return Ok(has_told);
            }
        }
        Ok(has_told)
    }

    /// Whoever has to be shut out is, before a long comparison goes on.
    pub(super) async fn close_first(&self, feed: &Feed, server: &ScimServer) -> Result<(), Error> {
        self.look_for_fed(feed).await?;
        loop {
            let (id, now) = (feed.application, self.now());
            let first = self.look(move |tx| feeds::first_closing(tx, id, now)).await?;
            let Some(link) = first else { return Ok(()) };
            if let Told::Silent = self.tell_one(feed, server, link).await? {
                return Ok(());
            }
        }
    }

    /// Puts in line whom events since the last look are about.
    async fn look_for_fed(&self, feed: &Feed) -> Result<(), Error> {
        let (id, organisation) = (feed.application, feed.organisation);
        let look =
            move |tx: &mut Tx<'_>| Ok((feeds::looked_until(tx, id)?, events::head(tx, organisation)?.0));
        let (mut looked_until, head) = self.look(look).await?;
        while looked_until < head {
            let (from, now, feed) = (looked_until, self.now(), feed.clone());
            looked_until = self
                .store
                .write(move |tx| {
                    let page = events::page(tx, organisation, "", from, LOOK_BATCH)?;
                    for event in &page {
                        put_in_line(tx, &feed, event, now)?;
                    }
                    let until = page.last().map_or(from, |last| last.number);
                    feeds::set_looked_until(tx, id, until)?;
                    Ok::<_, Error>(until)
                })
                .await?;
            if looked_until == from {
                break;
            }
        }
        Ok(())
    }

    async fn tell_one(&self, feed: &Feed, server: &ScimServer, link: Link) -> Result<Told, Error> {
        let told = match link.subject {
            Subject::Account(account) => self.tell_of_person(feed, server, &link, account).await?,
            Subject::Group(group) => self.tell_of_group(feed, server, &link, group).await?,
        };
        let (id, now) = (feed.application, self.now());
        let error = match told {
            Ok(Some(settled)) => {
                let (feed, is_new) = (feed.clone(), link.remote.is_none() && settled.remote.is_some());
                self.store
                    .write(move |tx| {
                        feeds::settle(tx, id, &settled)?;
                        feeds::set_back(tx, id)?;
                        match settled.subject {
                            Subject::Account(account) if is_new => {
                                put_groups_in_line(tx, &feed, account, now)
                            }
                            Subject::Account(_) | Subject::Group(_) => Ok::<_, Error>(()),
                        }
                    })
                    .await?;
                return Ok(Told::Next);
            }
            Ok(None) => {
                self.store
                    .write(move |tx| feeds::drop_link(tx, id, link.subject).map_err(Error::from))
                    .await?;
                return Ok(Told::Next);
            }
            Err(error) => error,
        };
        let is_first = link.attempts == 0;
        // What is gone there is looked for again, and made anew.
        let remote = link.remote.clone().filter(|_| error != ScimError::Gone);
        let next_at = match error {
            ScimError::Gone | ScimError::Changed if is_first => now,
            _ => now + delay(link.attempts),
        };
        let (trouble, is_taken) = (error.to_string(), matches!(error, ScimError::Taken(_)));
        self.store
            .write(move |tx| {
                let link = Link { remote: remote.clone(), ..link.clone() };
                feeds::put_off(tx, id, &link, &trouble, next_at)?;
                // It is there, and not found by asking for it: it is among all that there is.
                if is_taken && is_first {
                    feeds::compare_at(tx, id, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        match &error {
            ScimError::Away { .. } | ScimError::Denied(_) => {
                self.fall_silent(feed, &error).await?;
                Ok(Told::Silent)
            }
            ScimError::Gone | ScimError::Taken(_) | ScimError::Changed | ScimError::Refused { .. } => {
                Ok(Told::Next)
            }
        }
    }

    async fn answers(&self, feed: &Feed) -> Result<(), Error> {
        let id = feed.application;
        self.store.write(move |tx| feeds::set_back(tx, id).map_err(Error::from)).await
    }

    /// The application is told nothing for a while; or, where it does not take our token, until somebody has seen to it.
    async fn fall_silent(&self, feed: &Feed, error: &ScimError) -> Result<(), Error> {
        let (id, organisation, now) = (feed.application, feed.organisation, self.now());
        let (trouble, error) = (error.to_string(), error.clone());
        self.store
            .write(move |tx| {
                if let ScimError::Denied(_) = error {
                    feeds::set_state(tx, id, FeedState::Stopped, Some(&trouble))?;
                    let actor = Actor::Schedule { organisation };
                    let name = applications::get(tx, id)?.map(|application| application.name);
                    let detail = json!({ "name": name, "trouble": trouble });
                    return note(tx, organisation, "application.feed_stopped", id, detail, actor, now);
                }
                let asked = match error {
                    ScimError::Away { retry_after, .. } => {
                        retry_after.unwrap_or_default().min(RETRY_AFTER_MAX)
                    }
                    _ => Duration::ZERO,
                };
                let own = delay(feeds::failures(tx, id)?).min(SignedDuration::from_secs(AWAY_S_MAX));
                let until = now + own.max(SignedDuration::try_from(asked).unwrap_or_default());
                Ok(feeds::set_away(tx, id, &trouble, until)?)
            })
            .await
    }

    /// What is known of the application's entry afterwards; `None`: nothing has to be.
    async fn tell_of_person(
        &self,
        feed: &Feed,
        server: &ScimServer,
        link: &Link,
        account: AccountId,
    ) -> Result<Result<Option<Link>, ScimError>, Error> {
        let (of, now) = (feed.clone(), self.now());
        let Some(person) = self.look(move |tx| gather(tx, &of, account, now)).await? else {
            return Ok(Ok(None));
        };
        let Some(wanted) = &person.wanted else {
            let trouble = "nobody has said by which id the application knows this account".to_owned();
            return Ok(Err(ScimError::Refused { status: 0, trouble }));
        };
        let sent = Some(digest(wanted));
        let next_at = person.changes_at.filter(|at| *at > now);
        let settled = |remote| Link { remote, sent: sent.clone(), next_at, ..link.clone() };
        if link.sent == sent {
            return Ok(Ok(Some(settled(link.remote.clone()))));
        }
        let found = match self.find_entry(feed, server, Resource::User, link, &person.keys).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let act = compare(wanted, found.as_ref().map(|entry| &entry.document));
        let done = self.do_there(feed, server, Resource::User, found, &act).await;
        let is_over = *wanted == Wanted::Absent;
        Ok(done.map(|remote| Some(settled(remote)).filter(|settled| !is_over || settled.remote.is_some())))
    }

    async fn tell_of_group(
        &self,
        feed: &Feed,
        server: &ScimServer,
        link: &Link,
        group: GroupId,
    ) -> Result<Result<Option<Link>, ScimError>, Error> {
        let (of, now) = (feed.clone(), self.now());
        let gathered = self.look(move |tx| {
            let remotes = feeds::remotes(tx, of.application)?;
            Ok((gather_group(tx, &of, group, &remotes, now)?, remotes, groups::get(tx, group)?))
        });
        let (wanted, remotes, kept) = gathered.await?;
        if wanted.is_none() && link.remote.is_none() {
            return Ok(Ok(None));
        }
        let sent = Some(digest(&wanted));
        if link.sent == sent {
            return Ok(Ok(Some(Link { next_at: None, ..link.clone() })));
        }
        // Only what is surely ours is removed.
        let name = kept.filter(|_| wanted.is_some()).map(|group| group.name);
        let keys = Keys { external_id: Some(group.to_string()), user_name: name };
        let found = match self.find_entry(feed, server, Resource::Group, link, &keys).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let actual = found.as_ref().map(|entry| &entry.document);
        let there = actual.map(members_of).unwrap_or_default();
        let people = remotes.into_iter().filter(|(subject, _)| matches!(subject, Subject::Account(_)));
        let mut ours: BTreeSet<String> =
            people.map(|(_, remote)| remote).filter(|remote| there.contains(remote)).collect();
        let members = wanted.as_ref().map_or_else(|| there.clone(), |wanted| wanted.members.clone());
        for other in there.difference(&members).filter(|id| !ours.contains(*id)).cloned().collect::<Vec<_>>()
        {
            match self.existence(server, &other).await {
                Ok(Existence::Gone) => drop(ours.insert(other)),
                Ok(Existence::There) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        let act = compare_group(wanted.as_ref(), actual, &ours);
        let done = self.do_there(feed, server, Resource::Group, found, &act).await;
        let settled = |remote| Link { remote, sent: sent.clone(), next_at: None, ..link.clone() };
        Ok(done.map(|remote| remote.map(|remote| settled(Some(remote)))))
    }

    /// Not every server takes whoever is removed out of its groups.
    async fn existence(&self, server: &ScimServer, id: &str) -> Result<Existence, ScimError> {
        for resource in Resource::ALL {
            if self.scim_servers.get(server, resource, id).await?.is_some() {
                return Ok(Existence::There);
            }
        }
        Ok(Existence::Gone)
    }

    /// The application's entry of somebody or of a group: the one that is known, or one by the external id, or by the name.
    async fn find_entry(
        &self,
        feed: &Feed,
        server: &ScimServer,
        resource: Resource,
        link: &Link,
        keys: &Keys,
    ) -> Result<Result<Option<Entry>, ScimError>, Error> {
        if let Some(remote) = &link.remote {
            match self.scim_servers.get(server, resource, remote).await {
                Ok(None) => {}
                found => return Ok(found),
            }
        }
        let name = match resource {
            Resource::User => "userName",
            Resource::Group => "displayName",
        };
        for (attribute, key) in [("externalId", &keys.external_id), (name, &keys.user_name)] {
            let Some(key) = key else { continue };
            let listed = match self.scim_servers.find(server, resource, attribute, key).await {
                Ok(listed) => listed,
                Err(error) => return Ok(Err(error)),
            };
            // A server that does not know the filter may answer with all it has.
            let Some(entry) = listed.into_iter().find(|entry| is_called(&entry.document, attribute, key))
            else {
                continue;
            };
            let (id, remote) = (feed.application, entry.id.clone());
            let subject = link.subject;
            let owner = self.look(move |tx| feeds::other_of_remote(tx, id, &remote, subject)).await?;
            return Ok(match owner {
                Some(owner) => {
                    let trouble = format!("the application's entry {} is that of {owner}", entry.id);
                    Err(ScimError::Taken(trouble))
                }
                None => Ok(Some(entry)),
            });
        }
        Ok(Ok(None))
    }

    /// Does it, and returns the application's id of what it has afterwards.
    async fn do_there(
        &self,
        feed: &Feed,
        server: &ScimServer,
        resource: Resource,
        found: Option<Entry>,
        act: &Act,
    ) -> Result<Option<String>, ScimError> {
        let servers = &self.scim_servers;
        match (act, found) {
            (Act::Create(document), _) => servers.create(server, resource, document).await.map(Some),
            (Act::Nothing, found) => Ok(found.map(|entry| entry.id)),
            (Act::Close | Act::Change(_) | Act::Remove, None) => Ok(None),
            (Act::Remove, Some(entry)) => servers.remove(server, resource, &entry.id).await.map(|()| None),
            (Act::Close | Act::Change(_), Some(entry)) => {
                let operations = act.operations();
                match feed.settings.changes {
                    Changes::Patch => servers.patch(server, resource, &entry.id, &operations).await?,
                    Changes::Put => {
                        let mut document: Document = entry.document.clone();
                        apply(resource, &mut document, &operations).map_err(|fault| ScimError::Refused {
                            status: 0,
                            trouble: relais_core::refusal::Refusal::from(fault).to_string(),
                        })?;
                        servers.replace(server, resource, &entry, &document).await?;
                    }
                }
                Ok(Some(entry.id))
            }
        }
    }
}

/// Whom an event is about, unless the application was told all of it.
fn put_in_line(tx: &mut Tx<'_>, feed: &Feed, event: &Event, now: Timestamp) -> Result<(), Error> {
    match event.subject.parse() {
        Ok(Subject::Account(account)) => put_account_in_line(tx, feed, account, now),
        Ok(Subject::Group(group)) => {
            let named = event.detail.get("account").and_then(|value| value.as_str()?.parse().ok());
            if let Some(account) = named {
                put_account_in_line(tx, feed, account, now)?;
            }
            for group in with_outer(tx, vec![group])? {
                put_group_in_line(tx, feed, group, now)?;
            }
            // Who is in a group by another one has changed, for many at once.
            if matches!(event.kind.as_str(), "group.group_put_in" | "group.group_taken_out" | "group.removed")
            {
                feeds::compare_at(tx, feed.application, now)?;
            }
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

fn put_account_in_line(
    tx: &mut Tx<'_>,
    feed: &Feed,
    account: AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(person) = gather(tx, feed, account, now)? else { return Ok(()) };
    let subject = Subject::Account(account);
    let known = feeds::link(tx, feed.application, subject)?;
    let is_told = known.is_some_and(|link| {
        let next_at = person.changes_at.filter(|at| *at > now);
        link.sent.is_some() && link.sent == person.wanted.as_ref().map(digest) && link.next_at == next_at
    });
    if !is_told {
        feeds::push(tx, feed.application, subject, person.urgency(), now)?;
    }
    Ok(())
}

fn put_group_in_line(tx: &mut Tx<'_>, feed: &Feed, group: GroupId, now: Timestamp) -> Result<(), Error> {
    let subject = Subject::Group(group);
    if is_fed(feed, group) || feeds::link(tx, feed.application, subject)?.is_some() {
        feeds::push(tx, feed.application, subject, Urgency::Team, now)?;
    }
    Ok(())
}

/// The groups in which somebody is, who is there for the first time.
fn put_groups_in_line(tx: &mut Tx<'_>, feed: &Feed, account: AccountId, now: Timestamp) -> Result<(), Error> {
    let direct = groups::of_member(tx, account)?.into_iter().map(|group| group.id).collect();
    for group in with_outer(tx, direct)? {
        put_group_in_line(tx, feed, group, now)?;
    }
    Ok(())
}
