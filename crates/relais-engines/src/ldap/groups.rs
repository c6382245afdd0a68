//! Groups of a directory, whose members it names by their names: which entries these are is looked up.

use super::connection::Connection;
use super::entry::{Found, no_id};
use super::id_attribute;
use super::search::{named, paged};
use relais_core::directory::groups::SeenGroup;
use relais_core::directory::{DirectoryKind, EntryId, GroupSettings, Seen, Settings, fold_dn};
use relais_core::refusal::DirectoryFault;
use std::collections::{BTreeSet, HashMap};

/// Names that are looked up one by one: those of entries that are nobody here, or that a renaming above them has moved.
const LOOKED_UP_MAX: usize = 10_000;

pub(super) async fn read(
    connection: &mut Connection,
    settings: &Settings,
    wanted: &GroupSettings,
    people: &[Seen],
    mut names: HashMap<String, EntryId>,
) -> Result<Vec<SeenGroup>, DirectoryFault> {
    let name = wanted.name.as_deref().unwrap_or("cn").to_lowercase();
    let member = wanted.member.as_deref().unwrap_or("member").to_lowercase();
    let filter = wanted.filter.as_deref().unwrap_or(match settings.kind {
        DirectoryKind::OpenLdap => "(objectClass=groupOfNames)",
        DirectoryKind::ActiveDirectory => "(objectClass=group)",
    });
    let asked = [name.clone(), member.clone(), id_attribute(settings.kind).to_owned()];
    let mut found = Vec::new();
    paged(connection, settings, &wanted.base, filter, &asked, &mut |group| {
        found.push(group);
        Ok(())
    })
    .await?;
    for group in &mut found {
        complete(connection, settings, group, &member).await?;
    }
    // What was read now is truer than what was known.
    names.extend(people.iter().map(|person| (fold_dn(&person.dn), person.entry)));
    names.extend(found.iter().filter_map(|group| Some((fold_dn(&group.dn), group.entry?))));
    let mut looked_up = 0;
    let mut groups = Vec::new();
    for group in found {
        let mut members = BTreeSet::new();
        for dn in group.values.get(&member).into_iter().flatten() {
            let folded = fold_dn(dn);
            if !names.contains_key(&folded) && looked_up < LOOKED_UP_MAX {
                looked_up += 1;
                let asked = [id_attribute(settings.kind).to_owned()];
                if let Some(entry) =
                    named(connection, settings, dn, &asked).await?.and_then(|found| found.entry)
                {
                    names.insert(folded.clone(), entry);
                }
            }
            members.extend(names.get(&folded).copied());
        }
        let entry = group.entry.ok_or_else(|| no_id(settings))?;
        let text = group.values.get(&name).and_then(|values| values.first()).cloned();
        groups.push(SeenGroup { entry, name: text.unwrap_or_default(), dn: group.dn, members });
    }
    Ok(groups)
}

/// Active Directory gives 1,500 values of an attribute at once, under its name and `;range=0-1499`; the rest is asked for
/// ([MS-ADTS], section 3.1.1.3.1.3.3).
async fn complete(
    connection: &mut Connection,
    settings: &Settings,
    group: &mut Found,
    member: &str,
) -> Result<(), DirectoryFault> {
    let mut all = group.values.remove(member).unwrap_or_default();
    let mut part = part_of(group, member);
    while let Some((values, next)) = part {
        all.extend(values);
        let Some(next) = next else { break };
        let asked = [format!("{member};range={next}-*")];
        let dn = group.dn.clone();
        part = named(connection, settings, &dn, &asked).await?.and_then(|found| part_of(&found, member));
        if part.is_none() {
            return Err(DirectoryFault::CutShort { because: format!("{member};range={next}-*") });
        }
    }
    group.values.insert(member.to_owned(), all);
    Ok(())
}

/// The values of one part, and where the next begins.
fn part_of(found: &Found, member: &str) -> Option<(Vec<String>, Option<usize>)> {
    let prefix = format!("{member};range=");
    let (range, values) =
        found.values.iter().find_map(|(name, values)| Some((name.strip_prefix(&prefix)?, values)))?;
    let (_, last) = range.split_once('-')?;
    let next = if last == "*" { None } else { Some(last.parse::<usize>().ok()? + 1) };
    Some((values.clone(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_the_next_begins() {
        let part = |name: &str| {
            let values = [(name.to_owned(), vec!["cn=a".to_owned()])].into();
            part_of(&Found { dn: String::new(), entry: None, values }, "member")
        };
        assert_eq!(part("member;range=0-1499"), Some((vec!["cn=a".to_owned()], Some(1500))));
        assert_eq!(part("member;range=1500-*"), Some((vec!["cn=a".to_owned()], None)));
        assert_eq!(part("member"), None);
        assert_eq!(part("member;range=x"), None);
    }
}
