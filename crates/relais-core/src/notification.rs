//! What people are told of by letter: which events, whom, and in which words. Whether somebody may be told at all, the
//! table says ([`crate::rights::Act::BeNotified`]); of what they want to hear, they say themselves.

mod sentence;

pub use sentence::{named, sentence};

use crate::collection::Sharee;
use crate::event::Event;
use crate::ids::{AccountId, GroupId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;
use utoipa::ToSchema;

/// What a notification is about. A person may leave out each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// One's own account: reactivated, renamed, another role, another password.
    Account,
    /// Who comes into one's groups and goes, or is closed in them.
    Groups,
    /// What one is given or lent: mailboxes, calendars, address books, content.
    Sharing,
    /// Accounts of the organisation: made, closed, reactivated, deleted. To owner and company admins.
    People,
    /// Departures that wait for somebody, and those that ended. To owner and company admins.
    Departures,
    /// Jobs that ended, to whoever ordered them; content that an application did not hand over; applications that take what
    /// they are told no more.
    Jobs,
}

impl Topic {
    pub const ALL: [Self; 6] =
        [Self::Account, Self::Groups, Self::Sharing, Self::People, Self::Departures, Self::Jobs];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Groups => "groups",
            Self::Sharing => "sharing",
            Self::People => "people",
            Self::Departures => "departures",
            Self::Jobs => "jobs",
        }
    }
}

/// What a person wants to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Of these they are told nothing.
    #[serde(default)]
    pub muted: BTreeSet<Topic>,
}

/// Some of those who are told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Person(AccountId),
    /// The people of a group.
    Group(GroupId),
    /// Who looks after a group.
    AdminsOf(GroupId),
    /// Who looks after a group in which this account is.
    GroupAdminsOf(AccountId),
    /// The owner and the company admins.
    CompanyAdmins,
}

/// How long news of one person are gathered before they are sent in one letter.
pub const GATHERED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// News that one letter tells one by one.
pub const LINES_MAX: usize = 40;
/// How long it is known what somebody was told.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When what happened at `at` is told.
#[must_use]
pub fn due_at(at: Timestamp) -> Timestamp {
    at + GATHERED_FOR
}

/// Who is told of an event, and under which topic. Whoever did it themselves knows: see [`is_known_to`].
#[must_use]
pub fn audiences(event: &Event) -> Vec<(Topic, Audience)> {
    let detail = |field: &str| event.detail.get(field);
    let subject = || id::<AccountId>(Some(&Value::String(event.subject.clone())));
    let group = || event.subject.parse::<GroupId>().ok();
    let person = |of: Option<AccountId>| of.map(Audience::Person);
    let (topic, audiences) = match event.kind.as_str() {
        "account.created"
        | "account.deleted"
        | "account.default_subscription_left_out"
        | "account.departure_policy_left_out" => (Topic::People, [Some(Audience::CompanyAdmins), None]),
        "account.deactivated" | "account.reactivated" => {
            let mut told = vec![(Topic::People, Audience::CompanyAdmins)];
            if let Some(account) = subject() {
                told.push((Topic::Groups, Audience::GroupAdminsOf(account)));
                // One who was closed is told nothing: the table says so.
                told.push((Topic::Account, Audience::Person(account)));
            }
            return told;
        }
        // The first one lets in whoever was invited.
        "account.password_set" if event.detail["activates"] == true => return Vec::new(),
        "account.renamed" | "account.role_set" | "account.password_set" => {
            (Topic::Account, [person(subject()), None])
        }
        "group.member_set" => {
            (Topic::Groups, [person(id(detail("account"))), group().map(Audience::AdminsOf)])
        }
        "group.changed" => (Topic::Groups, [group().map(Audience::AdminsOf), None]),
        "group.group_put_in" | "group.group_taken_out" => {
            let inner = id::<GroupId>(detail("group")).map(Audience::AdminsOf);
            (Topic::Groups, [group().map(Audience::AdminsOf), inner])
        }
        "shared_mailbox.member_set" | "content.shared" => {
            (Topic::Sharing, [person(id(detail("account"))), None])
        }
        "collection.shared" | "collection.share_ended" => {
            let with = detail("with").and_then(|with| Sharee::deserialize(with).ok());
            let audience = with.map(|with| match with {
                Sharee::Account(account) => Audience::Person(account),
                Sharee::Group(group) => Audience::Group(group),
            });
            (Topic::Sharing, [audience, None])
        }
        "content.reassigned" => (Topic::Sharing, [person(id(detail("to"))), None]),
        "content.reassignment_refused" | "application.feed_stopped" => {
            (Topic::Jobs, [Some(Audience::CompanyAdmins), None])
        }
        "departure.held" | "departure.finished" => (Topic::Departures, [Some(Audience::CompanyAdmins), None]),
        "job.finished" => (Topic::Jobs, [person(event.actor.person()), None]),
        _ => return Vec::new(),
    };
    audiences.into_iter().flatten().map(|audience| (topic, audience)).collect()
}

/// Whether `reader` needs no letter: they did it themselves, or it is how they came in. The end of a job is news to who
/// ordered it.
#[must_use]
pub fn is_known_to(event: &Event, reader: AccountId) -> bool {
    match event.kind.as_str() {
        "job.finished" => false,
        "account.created" if event.subject == reader.to_string() => true,
        _ => event.actor.person() == Some(reader),
    }
}

fn id<T: FromStr>(value: Option<&Value>) -> Option<T> {
    value?.as_str()?.parse().ok()
}
