//! Telling people what happened, by letter (R6). The event chain is the queue: what concerns somebody waits a moment, so that
//! a thousand changes are one letter, and is then sent, unless its reader was closed in the meantime.

mod letter;

use crate::organisations::{answerable, note};
use crate::{Error, Relais};
use jiff::Timestamp;
use letter::{News, news_letter};
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::event::Event;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::notification::{
    Audience, KEPT_FOR, LINES_MAX, Preferences, Topic, audiences, due_at, is_known_to, sentence,
};
use relais_core::organisation::GroupRole;
use relais_core::profile::check_may_change;
use relais_core::rights::{Act, allows};
use relais_store::notifications::{self, NotificationCount, NotificationState, Waiting};
use relais_store::spool::Outbound;
use relais_store::{Tx, accounts, events, groups, organisations};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Events looked at in one transaction.
const LOOK_BATCH: i64 = 500;
const READER_BATCH: i64 = 200;
/// What is shown of what somebody was told.
const SHOWN_MAX: i64 = 100;

/// What somebody was told and is still to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationReport {
    pub preferences: Preferences,
    /// In the last thirty days.
    pub count: NotificationCount,
    /// The newest first.
    pub last: Vec<ToldEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToldEvent {
    /// In the organisation's chain.
    pub number: i64,
    pub at: Timestamp,
    pub topic: Topic,
    pub state: NotificationState,
    /// In the organisation's language.
    pub sentence: String,
}

impl Relais {
    /// Looks for news and tells what is due. Returns how many letters were posted.
    pub(crate) async fn notify(&self) -> usize {
        let told = async {
            self.look_for_readers().await?;
            self.notify_waiting().await
        };
        told.await.unwrap_or_else(|error: Error| {
            tracing::warn!(%error, "people are notified later");
            0
        })
    }

    /// Puts in line, for each who is to know, what happened since the last look.
    async fn look_for_readers(&self) -> Result<(), Error> {
        let now = self.now();
        for (organisation, mut until) in self.look(notifications::behind).await? {
            loop {
                let from = until;
                until = self.store.write(move |tx| queue_page(tx, organisation, from, now)).await?;
                if until - from < LOOK_BATCH {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn notify_waiting(&self) -> Result<usize, Error> {
        let now = self.now();
        let mut posted = 0;
        for waiting in self.look(move |tx| ripe(tx, now)).await? {
            let news = match self.store.write(move |tx| take_news(tx, waiting, now)).await? {
                Taken::News(news) => *news,
                Taken::Dropped(count) => {
                    count_dropped(count);
                    continue;
                }
            };
            self.act_with_letter(news_letter(&news), move |tx, written| {
                let account = accounts::get(tx, waiting.account)?.ok_or(Error::NotFound)?;
                // Closed since the letter was written: dropped at the next look.
                if allows(&account, Act::BeNotified, now) {
                    let state = NotificationState::Sent;
                    if notifications::settle(tx, account.id, waiting.number, state, now)? > 0 {
                        written.post(tx)?;
                    }
                }
                Ok(())
            })
            .await?;
            posted += 1;
        }
        Ok(posted)
    }

    /// Whether a letter may still go: one that tells somebody something does not, once they may not be notified. Such a
    /// letter is counted as dropped.
    pub(crate) async fn may_still_go(&self, outbound: &Outbound) -> Result<bool, Error> {
        let Some(reader) = outbound.notifies else { return Ok(true) };
        let now = self.now();
        let reader = self.look(move |tx| accounts::get(tx, reader)).await?;
        let Some(reader) = reader.filter(|reader| !allows(reader, Act::BeNotified, now)) else {
            return Ok(true);
        };
        self.store.write(move |tx| note_dropped(tx, &reader, json!({ "letters": 1 }), now)).await?;
        count_dropped(1);
        Ok(false)
    }

    /// # Errors
    /// When it cannot be read.
    pub async fn notification_report(&self, account: AccountId) -> Result<NotificationReport, Error> {
        self.look(move |tx| {
            let told = told_events(tx, account)?;
            Ok(NotificationReport {
                preferences: notifications::preferences(tx, account)?,
                count: notifications::count(tx, account)?,
                last: told,
            })
        })
        .await
    }

    /// Says what somebody wants to be told.
    ///
    /// # Errors
    /// The refusal, unless it is the person or whoever manages the account.
    pub async fn set_notification_preferences(
        &self,
        id: AccountId,
        wanted: Preferences,
        actor: Actor,
    ) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                check_may_change(&account, &actor, now)?;
                if notifications::preferences(tx, id)? == wanted {
                    return Ok(());
                }
                notifications::set_preferences(tx, id, &wanted)?;
                let detail = json!({ "muted": wanted.muted });
                note(tx, account.organisation, "account.notifications_set", id, detail, actor, now)
            })
            .await
    }
}

/// Returns the number of the last event that was looked at.
fn queue_page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    from: i64,
    now: Timestamp,
) -> Result<i64, Error> {
    let page = events::page(tx, organisation, "", from, LOOK_BATCH)?;
    let mut wishes: BTreeMap<AccountId, Option<Preferences>> = BTreeMap::new();
    for event in &page {
        for (reader, topic) in readers(tx, event, now)? {
            let wish = match wishes.get(&reader) {
                Some(wish) => wish.clone(),
                None => wish_of(tx, reader, organisation, now)?,
            };
            if wish.as_ref().is_some_and(|wish| !wish.muted.contains(&topic)) {
                notifications::push(tx, reader, event.number, topic, due_at(event.at))?;
            }
            wishes.insert(reader, wish);
        }
    }
    let until = page.last().map_or(from, |last| last.number);
    notifications::set_notified_until(tx, organisation, until)?;
    Ok(until)
}

/// What somebody wants to be told; `None` for whoever may be told nothing.
fn wish_of(
    tx: &mut Tx<'_>,
    reader: AccountId,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Option<Preferences>, Error> {
    let account = accounts::get(tx, reader)?
        .filter(|account| account.organisation == organisation && allows(account, Act::BeNotified, now));
    Ok(account.map(|account| notifications::preferences(tx, account.id)).transpose()?)
}

/// Who is told of an event, each under one topic.
fn readers(tx: &mut Tx<'_>, event: &Event, now: Timestamp) -> Result<BTreeMap<AccountId, Topic>, Error> {
    let mut found = BTreeMap::new();
    for (topic, audience) in audiences(event) {
        let members = match audience {
            Audience::Person(account) => vec![account],
            Audience::Group(group) => {
                groups::members(tx, group)?.into_iter().map(|(account, _)| account).collect()
            }
            Audience::AdminsOf(group) => admins(groups::members(tx, group)?),
            Audience::GroupAdminsOf(account) => {
                let mut all = Vec::new();
                for group in groups::of_member(tx, account)? {
                    all.extend(admins(groups::members(tx, group.id)?));
                }
                all
            }
            Audience::CompanyAdmins => {
                answerable(tx, event.organisation, now)?.into_iter().map(|account| account.id).collect()
            }
        };
        for reader in members.into_iter().filter(|reader| !is_known_to(event, *reader)) {
            found.entry(reader).or_insert(topic);
        }
    }
    Ok(found)
}

fn admins(members: Vec<(AccountId, GroupRole)>) -> Vec<AccountId> {
    members.into_iter().filter(|(_, role)| *role == GroupRole::Admin).map(|(account, _)| account).collect()
}

/// Those for whom something waits that is due, or that they may not be told any more.
fn ripe(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Waiting>, relais_store::Error> {
    let mut found = Vec::new();
    for waiting in notifications::waiting(tx, READER_BATCH)? {
        let reader = accounts::get(tx, waiting.account)?;
        let may_hear = reader.is_some_and(|reader| allows(&reader, Act::BeNotified, now));
        if waiting.due_at <= now || !may_hear {
            found.push(waiting);
        }
    }
    Ok(found)
}

/// What became of what waited for somebody.
enum Taken {
    News(Box<News>),
    /// So much of it, since they may not be told.
    Dropped(u64),
}

/// What is to be told now to somebody for whom something waits. What waits for somebody who may not be told is dropped.
fn take_news(tx: &mut Tx<'_>, waiting: Waiting, now: Timestamp) -> Result<Taken, Error> {
    let reader = accounts::get(tx, waiting.account)?.ok_or(Error::NotFound)?;
    if !allows(&reader, Act::BeNotified, now) {
        let dropped = notifications::settle(tx, reader.id, waiting.number, NotificationState::Dropped, now)?;
        if dropped > 0 {
            note_dropped(tx, &reader, json!({ "news": dropped }), now)?;
        }
        return Ok(Taken::Dropped(dropped));
    }
    let organisation = organisations::get(tx, reader.organisation)?.ok_or(Error::NotFound)?;
    let numbers = notifications::waiting_for(tx, reader.id, waiting.number, i64::MAX)?;
    let mut lines = Vec::new();
    for number in numbers.iter().take(LINES_MAX) {
        if let Some(event) = event(tx, reader.organisation, *number)? {
            let names = letter::names(tx, &event)?;
            lines.push((event.at, sentence(&event, reader.id, &names, organisation.language)));
        }
    }
    let more = numbers.len() - lines.len();
    Ok(Taken::News(Box::new(News { organisation, reader, until: waiting.number, lines, more })))
}

fn event(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    number: i64,
) -> Result<Option<Event>, relais_store::Error> {
    let page = events::page(tx, organisation, "", number - 1, 1)?;
    Ok(page.into_iter().find(|event| event.number == number))
}

/// Behind the transaction: what is run again is counted once.
fn count_dropped(count: u64) {
    metrics::counter!("relais_notifications_dropped_total").increment(count);
}

fn note_dropped(
    tx: &mut Tx<'_>,
    reader: &Account,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let actor = Actor::Schedule { organisation: reader.organisation };
    note(tx, reader.organisation, "account.notifications_dropped", reader.id, detail, actor, now)
}

fn told_events(tx: &mut Tx<'_>, id: AccountId) -> Result<Vec<ToldEvent>, relais_store::Error> {
    let Some(reader) = accounts::get(tx, id)? else { return Ok(Vec::new()) };
    let Some(organisation) = organisations::get(tx, reader.organisation)? else { return Ok(Vec::new()) };
    let mut told = Vec::new();
    for one in notifications::list(tx, id, SHOWN_MAX)? {
        let Some(event) = event(tx, organisation.id, one.number)? else { continue };
        let names = letter::names(tx, &event)?;
        told.push(ToldEvent {
            number: one.number,
            at: event.at,
            topic: one.topic,
            state: one.state,
            sentence: sentence(&event, id, &names, organisation.language),
        });
    }
    Ok(told)
}

/// Forgets what people were told long ago.
pub(crate) fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Error> {
    notifications::forget(tx, now - KEPT_FOR)?;
    Ok(())
}
