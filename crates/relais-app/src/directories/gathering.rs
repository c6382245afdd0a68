//! The facts that a plan is made of: each entry that may have changed, with what was known of it and its account.

use crate::Error;
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::directory::plan::{Leads, Rank, Settled};
use relais_core::directory::{
    Case, Claim, Claimant, Directory, Elsewhere, EntryId, Known, Linked, Person, Said, Seen,
};
use relais_core::ids::AccountId;
use relais_core::rights::standing;
use relais_engines::ldap::{Absent, Scan};
use relais_store::directories::{self, EntryRow};
use relais_store::{Tx, accounts};
use std::collections::{HashMap, HashSet};

/// Everything that a plan is made of, and what is written down of each entry besides.
pub(super) struct Gathered {
    pub cases: Vec<Case>,
    pub rows: HashMap<EntryId, EntryRow>,
    /// Entries of which only the name is another.
    pub moved: Vec<EntryRow>,
    /// How many that had vanished are there again, and were not read.
    pub back: usize,
    /// How many were there before, with an account.
    pub there: u64,
}

pub(super) fn gather(
    tx: &mut Tx<'_>,
    directory: &Directory,
    scan: &Scan,
    now: Timestamp,
) -> Result<Gathered, Error> {
    let id = directory.id;
    let mut rows = HashMap::new();
    match &scan.absent {
        Absent::AllBut(_) => directories::for_each_entry(tx, id, &mut |row| {
            rows.insert(row.entry, row);
            Ok(())
        })?,
        Absent::These(gone) => {
            let named = scan.people.iter().map(|seen| seen.entry).chain(gone.iter().copied());
            for entry in named.chain(scan.disabled.iter().flatten().copied()) {
                if let Some(row) = directories::entry(tx, id, entry)? {
                    rows.insert(entry, row);
                }
            }
            for row in directories::pending(tx, id)?.into_iter().chain(directories::disabled(tx, id)?) {
                rows.insert(row.entry, row);
            }
        }
    }
    let (mut cases, mut moved, mut back) = (Vec::new(), Vec::new(), 0);
    let seen: HashSet<EntryId> = scan.people.iter().map(|seen| seen.entry).collect();
    let kept: Vec<Person> = rows
        .values()
        .filter(|row| row.said == Said::Enabled && row.account.is_none() && !seen.contains(&row.entry))
        .filter_map(kept_person)
        .collect();
    let enabled = scan.people.iter().filter(|seen| seen.said == Said::Enabled).map(|seen| &seen.person);
    let twice = repeated(enabled.chain(&kept));
    for person in &scan.people {
        let row = rows.get(&person.entry);
        if let Some(row) = row.filter(|row| is_as_before(row, person)) {
            if row.dn != person.dn {
                moved.push(EntryRow { dn: person.dn.clone(), ..row.clone() });
            }
            continue;
        }
        cases.push(case(
            tx,
            directory,
            row,
            person.entry,
            person.said,
            Some(person.person.clone()),
            &twice,
            now,
        )?);
    }
    for (entry, row) in &rows {
        if seen.contains(entry) {
            continue;
        }
        let said = said_unseen(row, scan);
        back += usize::from(row.said == Said::Vanished && is_listed(row, scan));
        if said != row.said || row.pending.is_some() {
            let kept = kept_person(row);
            cases.push(case(tx, directory, Some(row), *entry, said, kept, &twice, now)?);
        }
    }
    // Counting reads them all: not where there is nothing to compare with.
    let there = if cases.is_empty() { 0 } else { directories::count_there(tx, id)? };
    Ok(Gathered { cases, rows, moved, back, there: u64::try_from(there).unwrap_or_default() })
}

fn is_as_before(row: &EntryRow, seen: &Seen) -> bool {
    row.pending.is_none() && row.said == seen.said && row.digest == seen.person.digest()
}

/// Whether a reading says of an entry that it is there, without having brought it.
fn is_listed(row: &EntryRow, scan: &Scan) -> bool {
    matches!(&scan.absent, Absent::AllBut(there) if there.contains(&row.entry))
}

/// What a reading says of an entry that it did not bring.
fn said_unseen(row: &EntryRow, scan: &Scan) -> Said {
    let is_there = match &scan.absent {
        Absent::These(gone) => row.said != Said::Vanished && !gone.contains(&row.entry),
        Absent::AllBut(there) => there.contains(&row.entry),
    };
    match (is_there, &scan.disabled) {
        (false, _) => Said::Vanished,
        (true, Some(disabled)) if disabled.contains(&row.entry) => Said::Disabled,
        (true, Some(_)) => Said::Enabled,
        (true, None) => row.said,
    }
}

/// What was read of an entry when what it asks for could not be done.
fn kept_person(row: &EntryRow) -> Option<Person> {
    serde_json::from_str::<Option<Person>>(row.pending.as_deref()?).ok().flatten()
}

/// Addresses that more than one person has.
fn repeated<'a>(people: impl Iterator<Item = &'a Person>) -> HashSet<String> {
    let mut once = HashSet::new();
    let addresses = people.filter_map(|person| person.address.as_ref()).map(|text| text.to_lowercase());
    addresses.filter(|text| !once.insert(text.clone())).collect()
}

#[expect(clippy::too_many_arguments, reason = "each is another fact of one entry")]
fn case(
    tx: &mut Tx<'_>,
    directory: &Directory,
    row: Option<&EntryRow>,
    entry: EntryId,
    said: Said,
    person: Option<Person>,
    twice: &HashSet<String>,
    now: Timestamp,
) -> Result<Case, Error> {
    let known = row.map(|row| Known {
        said: row.said,
        digest: row.digest,
        settled: if row.pending.is_some() { Settled::No } else { Settled::Yes },
    });
    let account = match row.and_then(|row| row.account) {
        Some(account) => Some(linked_id(tx, directory, account, now)?),
        None => None,
    };
    let address = person.as_ref().and_then(|person| person.address.clone());
    let claim = match address {
        Some(text) if account.is_none() => claim(tx, directory, entry, &text, twice, now)?,
        Some(_) | None => Claim::Free,
    };
    Ok(Case { entry, said, person, known, account, claim })
}

fn linked_id(
    tx: &mut Tx<'_>,
    directory: &Directory,
    account: AccountId,
    now: Timestamp,
) -> Result<Linked, Error> {
    let account = accounts::get(tx, account)?.ok_or(Error::NotFound)?;
    linked(tx, directory, &account, now)
}

fn linked(
    tx: &mut Tx<'_>,
    directory: &Directory,
    account: &Account,
    now: Timestamp,
) -> Result<Linked, Error> {
    let mut elsewhere = Vec::new();
    for (other, row) in directories::of_account(tx, account.id)? {
        if other == directory.id {
            continue;
        }
        let Some(other) = directories::get(tx, other)? else { continue };
        let order = |directory: &Directory| (directory.settings.precedence, directory.id);
        let rank = if order(&other) < order(directory) { Rank::Before } else { Rank::Behind };
        elsewhere.push((order(&other), Elsewhere { rank, said: row.said }));
    }
    elsewhere.sort_by_key(|(order, _)| *order);
    Ok(Linked {
        account: account.id,
        address: account.address.clone(),
        state: standing(account, now),
        cause: account.deactivation.as_ref().map(|why| why.cause),
        elsewhere: elsewhere.into_iter().map(|(_, other)| other).collect(),
    })
}

fn claim(
    tx: &mut Tx<'_>,
    directory: &Directory,
    entry: EntryId,
    text: &str,
    twice: &HashSet<String>,
    now: Timestamp,
) -> Result<Claim, Error> {
    if twice.contains(&text.to_lowercase()) {
        return Ok(Claim::Twice);
    }
    let Ok(address) = text.parse::<EmailAddress>() else { return Ok(Claim::Free) };
    let holder = accounts::holding(tx, &address)?;
    let Some(holder) = holder.filter(|holder| holder.organisation == directory.organisation) else {
        return Ok(Claim::Free);
    };
    let own = directories::of_account(tx, holder.id)?;
    let other = own.iter().find(|(of, row)| *of == directory.id && row.entry != entry);
    Ok(Claim::Account(Claimant {
        account: holder.id,
        address: holder.address.clone(),
        leads: if holder.role.leads() { Leads::Yes } else { Leads::No },
        entry: other.map(|(_, row)| row.entry),
        linked: linked(tx, directory, &holder, now)?,
    }))
}
