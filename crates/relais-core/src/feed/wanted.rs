//! How an application is to have somebody, or a group. Values that are known to be empty stand there as `null`.

use super::settings::{FeedSettings, Source, Told, WhenClosed, WhenGone};
use crate::account::Account;
use crate::organisation::Group;
use crate::profile::{PhoneKind, Profile};
use crate::rights::{Verdict, allows, may};
use crate::scim::{ACTIVE, Document, ENTERPRISE, THERE};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Whether somebody is among those whom the application is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    Belongs,
    Outside,
}

/// What is known of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub account: &'a Account,
    pub profile: &'a Profile,
    /// What the identity provider calls them, and the external id it gave.
    pub provider_name: Option<&'a str>,
    pub provider_id: Option<&'a str>,
    pub belonging: Belonging,
}

/// By what somebody is found there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub external_id: Option<String>,
    pub user_name: Option<String>,
}

/// How the application is to have somebody.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Wanted {
    /// Open, and so described.
    Open(Document),
    /// Closed, if it has them at all. What it knows of them stays as it is.
    Closed,
    Absent,
}

fn named(known: &Known<'_>, source: Source) -> Option<String> {
    let address = &known.account.address;
    match source {
        Source::Account => Some(known.account.id.to_string()),
        Source::Address => Some(address.to_string()),
        Source::LocalPart => address.as_str().split('@').next().map(str::to_owned),
        Source::ProviderName => Some(known.provider_name.map_or_else(|| address.to_string(), str::to_owned)),
        Source::ProviderId => known.provider_id.map(str::to_owned),
    }
}

/// By what somebody is found there. Of whoever is gone for good only what is surely theirs: their address may be somebody
/// else's by now.
#[must_use]
pub fn keys(known: &Known<'_>, settings: &FeedSettings) -> Keys {
    let is_there = may(known.account.state, THERE) == Verdict::Yes;
    Keys {
        external_id: named(known, settings.external_id)
            .filter(|_| is_there || settings.external_id == Source::Account),
        user_name: named(known, settings.user_name).filter(|_| is_there),
    }
}

/// How the application is to have somebody; `None` where nothing is known that they could be called.
#[must_use]
pub fn wanted(known: &Known<'_>, settings: &FeedSettings, now: Timestamp) -> Option<Wanted> {
    let closed = match settings.when_closed {
        WhenClosed::Close => Wanted::Closed,
        WhenClosed::Remove => Wanted::Absent,
    };
    if may(known.account.state, THERE) != Verdict::Yes {
        return Some(match settings.when_deleted {
            WhenGone::Remove => Wanted::Absent,
            WhenGone::Close => closed,
        });
    }
    if known.belonging == Belonging::Outside || !allows(known.account, ACTIVE, now) {
        return Some(closed);
    }
    let keys = keys(known, settings);
    let mut document = Document::from_iter([
        ("active".to_owned(), json!(true)),
        ("userName".to_owned(), json!(keys.user_name?)),
    ]);
    if let Some(external_id) = keys.external_id {
        document.insert("externalId".to_owned(), json!(external_id));
    }
    for told in &settings.attributes {
        let (name, value) = describe(known, *told);
        document.insert(name.to_owned(), value);
    }
    Some(Wanted::Open(document))
}

/// A list that holds nothing is nothing.
fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}

fn describe(known: &Known<'_>, told: Told) -> (&'static str, Value) {
    let Known { account, profile, .. } = known;
    match told {
        Told::DisplayName => ("displayName", json!(account.name)),
        Told::Name => {
            let Profile { given_name, family_name, .. } = profile;
            ("name", json!({ "formatted": account.name, "givenName": given_name, "familyName": family_name }))
        }
        Told::Emails => ("emails", json!([{ "value": account.address, "type": "work", "primary": true }])),
        Told::Title => ("title", json!(profile.job_title)),
        Told::Department => (ENTERPRISE, json!({ "department": profile.department })),
        Told::PhoneNumbers => {
            let kind = |kind| match kind {
                PhoneKind::Work => "work",
                PhoneKind::Mobile => "mobile",
                PhoneKind::Home => "home",
            };
            let phones = profile.phones.iter();
            let phones = phones.map(|phone| json!({ "value": phone.number, "type": kind(phone.kind) }));
            ("phoneNumbers", list(phones.collect()))
        }
        Told::PostalAddress => {
            let place = &profile.postal_address;
            let lines = Some(place.street.join("\n")).filter(|lines| !lines.is_empty());
            let parts = [
                ("streetAddress", lines.as_ref()),
                ("postalCode", place.postal_code.as_ref()),
                ("locality", place.city.as_ref()),
                ("country", place.country.as_ref()),
            ];
            let mut said: Document =
                parts.into_iter().filter_map(|(part, text)| Some((part.to_owned(), json!(text?)))).collect();
            if !said.is_empty() {
                said.insert("type".to_owned(), json!("work"));
            }
            (
                "addresses",
                list(Some(Value::Object(said)).filter(|said| said != &json!({})).into_iter().collect()),
            )
        }
    }
}

/// How the application is to have a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WantedGroup {
    pub document: Document,
    /// The application's own ids of those in it.
    pub members: BTreeSet<String>,
}

#[must_use]
pub fn wanted_group(group: &Group, members: BTreeSet<String>) -> WantedGroup {
    let document = Document::from_iter([
        ("displayName".to_owned(), json!(group.name)),
        ("externalId".to_owned(), json!(group.id)),
    ]);
    WantedGroup { document, members }
}
