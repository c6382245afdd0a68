//! The letter that gathers what somebody is told.

use crate::letters::Letter;
use crate::means::time_zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::account::Account;
use relais_core::event::Event;
use relais_core::ids::{AccountId, ContentId, DepartureId, GroupId, MailboxId};
use relais_core::language::Language;
use relais_core::notification::named;
use relais_core::organisation::Organisation;
use relais_store::{Tx, accounts, content, departures, groups, mailboxes};
use std::collections::HashMap;

/// What one letter tells.
pub(super) struct News {
    pub organisation: Organisation,
    pub reader: Account,
    /// The last event that it tells of.
    pub until: i64,
    /// When, and what; never empty.
    pub lines: Vec<(Timestamp, String)>,
    /// What it does not tell one by one.
    pub more: usize,
}

/// What the ids in an event are called: addresses of accounts, names of everything else.
pub(super) fn names(tx: &mut Tx<'_>, event: &Event) -> Result<HashMap<String, String>, relais_store::Error> {
    let mut names = HashMap::new();
    for id in named(event) {
        if let Some(name) = name(tx, &id)? {
            names.insert(id, name);
        }
    }
    Ok(names)
}

fn name(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>, relais_store::Error> {
    let account = match (id.parse::<AccountId>(), id.parse::<DepartureId>()) {
        (Ok(account), _) => Some(account),
        (_, Ok(departure)) => departures::get(tx, departure)?.map(|departure| departure.plan.account),
        _ => None,
    };
    if let Some(account) = account {
        return Ok(accounts::get(tx, account)?.map(|account| account.address.to_string()));
    }
    if let Ok(group) = id.parse::<GroupId>() {
        return Ok(groups::get(tx, group)?.map(|group| group.name));
    }
    if let Ok(mailbox) = id.parse::<MailboxId>() {
        return Ok(mailboxes::get(tx, mailbox)?.map(|mailbox| mailbox.address.to_string()));
    }
    if let Ok(item) = id.parse::<ContentId>() {
        return Ok(content::get(tx, item)?.map(|item| item.title));
    }
    Ok(None)
}

pub(super) fn news_letter(news: &News) -> Letter {
    let News { organisation, reader, until, lines, more } = news;
    let count = lines.len() + more;
    let zone = time_zone(&organisation.time_zone).unwrap_or(TimeZone::UTC);
    let (name, address) = (&organisation.name, &reader.address);
    let one = match lines.as_slice() {
        [(_, sentence)] if *more == 0 => Some(sentence.trim_end_matches('.').to_owned()),
        _ => None,
    };
    let mut list = String::new();
    for (at, sentence) in lines {
        let at = at.to_zoned(zone.clone());
        let at = match organisation.language {
            Language::French => at.strftime("%d/%m/%Y à %H h %M"),
            Language::English => at.strftime("%-d %B %Y, %H:%M"),
        };
        list.push_str(
            &organisation.language.pick(format!("- {at} : {sentence}\n"), format!("- {at}: {sentence}\n")),
        );
    }
    let (subject, text) = match organisation.language {
        Language::French => {
            if *more > 0 {
                list.push_str(&format!("- et {more} autres, dans le journal (relais events).\n"));
            }
            (
                one.unwrap_or_else(|| format!("{count} nouvelles de {name}")),
                format!(
                    "Bonjour,\n\n\
                     Voici ce qui a changé chez {name} :\n\n\
                     {list}\n\
                     Pour choisir ce qui vous est écrit, demandez à votre administrateur (relais account notifications \
                     {address}).\n"
                ),
            )
        }
        Language::English => {
            if *more > 0 {
                list.push_str(&format!("- and {more} more, in the journal (relais events).\n"));
            }
            (
                one.unwrap_or_else(|| format!("{count} news from {name}")),
                format!(
                    "Hello,\n\n\
                     This is what changed at {name}:\n\n\
                     {list}\n\
                     To choose what is written to you, ask your administrator (relais account notifications \
                     {address}).\n"
                ),
            )
        }
    };
    let key = format!("notifications {} {until}", reader.id);
    let to = reader.address.clone();
    Letter { organisation: organisation.clone(), to, subject, text, key, notifies: Some(reader.id) }
}
