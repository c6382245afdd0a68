//! What an application says of an item, and whether it is taken.

use super::{ContentItem, ContentKind, ExternalId, check_open};
use crate::account::Account;
use crate::ids::{ApplicationId, ContentId};
use crate::refusal::{ContentFault, Refusal};
use crate::rights::{Act, Verdict, may, standing};
use jiff::Timestamp;

const TITLE_CHARS_MAX: usize = 500;
const URL_CHARS_MAX: usize = 2000;

/// An item as its application describes it, with what the names in it stand for.
#[derive(Debug, Clone)]
pub struct Registration<'a> {
    pub application: ApplicationId,
    pub external_id: ExternalId,
    pub kind: ContentKind,
    pub title: String,
    pub owner: &'a Account,
    pub parent: Option<&'a ContentItem>,
    pub url: Option<String>,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    New(ContentItem),
    Changed(ContentItem),
    Unchanged,
}

/// Takes what an application says of an item, `known` or new. It may register what a closed account owned before, and may
/// give nothing to one: so an application that has not heard of a reassignment does not take it back.
///
/// # Errors
/// The refusal; it concerns this item alone.
pub fn register(
    said: Registration<'_>,
    known: Option<&ContentItem>,
    id: ContentId,
    now: Timestamp,
) -> Result<Registered, Refusal> {
    check_texts(&said)?;
    check_parent(&said)?;
    let owner = said.owner;
    if may(standing(owner, now), Act::ChangeAttributes) != Verdict::Yes {
        return Err(ContentFault::OwnerClosed { address: owner.address.clone() }.into());
    }
    let parent = said.parent.map(|parent| parent.id);
    let Some(known) = known else {
        return Ok(Registered::New(ContentItem {
            id,
            organisation: owner.organisation,
            application: said.application,
            external_id: said.external_id,
            kind: said.kind,
            title: said.title,
            owner: owner.id,
            parent,
            url: said.url,
            erasure: None,
            created_at: now,
        }));
    };
    if known.erasure.is_some() {
        return Err(ContentFault::Erasing.into());
    }
    if known.kind != said.kind {
        return Err(ContentFault::KindFixed { kind: known.kind }.into());
    }
    if known.owner != owner.id {
        check_open(owner, now)?;
    }
    let next = ContentItem { title: said.title, owner: owner.id, parent, url: said.url, ..known.clone() };
    Ok(if next == *known { Registered::Unchanged } else { Registered::Changed(next) })
}

fn check_texts(said: &Registration<'_>) -> Result<(), Refusal> {
    let fits = |text: &str, chars_max: usize| {
        !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
    };
    if !fits(&said.title, TITLE_CHARS_MAX) {
        return Err(ContentFault::TextInvalid { field: "title", chars_max: TITLE_CHARS_MAX }.into());
    }
    let is_link = |url: &str| {
        let web = url.starts_with("https://") || url.starts_with("http://");
        web && fits(url, URL_CHARS_MAX) && !url.contains(char::is_whitespace)
    };
    match &said.url {
        Some(url) if !is_link(url) => Err(ContentFault::UrlInvalid { url: url.clone() }.into()),
        Some(_) | None => Ok(()),
    }
}

/// Only a project holds others, and none is in another: what goes along with a project is one level deep.
fn check_parent(said: &Registration<'_>) -> Result<(), Refusal> {
    if said.kind.collection().is_some() {
        return Err(ContentFault::KindIsOurs.into());
    }
    let Some(parent) = said.parent else { return Ok(()) };
    if parent.kind != ContentKind::Project || said.kind == ContentKind::Project {
        return Err(ContentFault::NotHeld { parent: parent.external_id.to_string() }.into());
    }
    if parent.application != said.application || parent.erasure.is_some() {
        return Err(ContentFault::ParentUnknown { parent: parent.external_id.to_string() }.into());
    }
    Ok(())
}
