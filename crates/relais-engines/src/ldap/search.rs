//! Searches: page by page (RFC 2696), to their end or not at all.

use super::connection::{ANSWER_MAX, Connection, NO_SUCH_OBJECT, SUCCESS, check, cut_short};
use super::entry::{Found, no_id};
use super::id_attribute;
use ldap3::controls::{ControlType, PagedResults, RawControl};
use ldap3::{LdapResult, Scope};
use relais_core::directory::{EntryId, Seen, Settings};
use relais_core::refusal::DirectoryFault;
use std::collections::HashSet;

/// Active Directory gives 1,000 at most.
const PAGE: i32 = 1_000;

/// Everyone whom `filter` finds.
pub(super) async fn people(
    connection: &mut Connection,
    settings: &Settings,
    filter: &str,
) -> Result<Vec<Seen>, DirectoryFault> {
    let mut people = Vec::new();
    paged(connection, settings, &settings.base, filter, &asked_of(settings), &mut |found| {
        people.push(found.person(settings)?);
        Ok(())
    })
    .await?;
    Ok(people)
}

/// What is read of a person.
pub(super) fn asked_of(settings: &Settings) -> Vec<String> {
    let mut names = settings.attribute_names();
    names.push(id_attribute(settings.kind).to_owned());
    names
}

/// The ids of what `filter` finds below `base`.
pub(super) async fn ids(
    connection: &mut Connection,
    settings: &Settings,
    base: &str,
    filter: &str,
) -> Result<HashSet<EntryId>, DirectoryFault> {
    let mut ids = HashSet::new();
    let asked = [id_attribute(settings.kind).to_owned()];
    paged(connection, settings, base, filter, &asked, &mut |found| {
        ids.insert(found.entry.ok_or_else(|| no_id(settings))?);
        Ok(())
    })
    .await?;
    Ok(ids)
}

/// Every entry that `filter` finds below `base`.
pub(super) async fn paged(
    connection: &mut Connection,
    settings: &Settings,
    base: &str,
    filter: &str,
    asked: &[String],
    each: &mut (dyn FnMut(Found) -> Result<(), DirectoryFault> + Send),
) -> Result<(), DirectoryFault> {
    let mut cookie = Vec::new();
    loop {
        let page = PagedResults { size: PAGE, cookie };
        let answer =
            once(connection, settings, (base, Scope::Subtree), filter, asked, page.into(), each).await?;
        check(&answer)?;
        let next = answer.ctrls.iter().find(|control| matches!(control.0, Some(ControlType::PagedResults)));
        match next.map(|control| control.1.parse::<PagedResults>()) {
            Some(page) if !page.cookie.is_empty() => cookie = page.cookie,
            // A server that knows no pages has given everything.
            Some(_) | None => return Ok(()),
        }
    }
}

async fn once(
    connection: &mut Connection,
    settings: &Settings,
    (base, scope): (&str, Scope),
    filter: &str,
    asked: &[String],
    control: RawControl,
    each: &mut (dyn FnMut(Found) -> Result<(), DirectoryFault> + Send),
) -> Result<LdapResult, DirectoryFault> {
    let ldap = connection.ldap.with_timeout(ANSWER_MAX).with_controls(vec![control]);
    let mut stream =
        ldap.streaming_search(base, scope, filter, asked).await.map_err(|error| cut_short(&error))?;
    while let Some(result) = stream.next().await.map_err(|error| cut_short(&error))? {
        if let Some(found) = Found::of(settings.kind, result)? {
            each(found)?;
        }
    }
    Ok(stream.finish().await)
}

/// One entry by its name; `None` when there is none, or none that we may see.
pub(super) async fn named(
    connection: &mut Connection,
    settings: &Settings,
    dn: &str,
    asked: &[String],
) -> Result<Option<Found>, DirectoryFault> {
    let mut entry = None;
    let page = PagedResults { size: PAGE, cookie: Vec::new() };
    let place = (dn, Scope::Base);
    let answer = once(connection, settings, place, "(objectClass=*)", asked, page.into(), &mut |found| {
        entry = Some(found);
        Ok(())
    })
    .await?;
    if answer.rc != SUCCESS && answer.rc != NO_SUCH_OBJECT {
        check(&answer)?;
    }
    Ok(entry)
}
