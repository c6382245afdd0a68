//! What changed since the last reading. OpenLDAP says so itself (RFC 4533, refreshOnly). Of Active Directory the numbers
//! of its updates tell who changed; who is gone, a list of those who are there tells: the tombstones of the deleted are
//! shown to administrators only, and whoever moved out of the base has none.

use super::connection::{ANSWER_MAX, Connection, check, cut_short};
use super::entry::Found;
use super::search::{asked_of, ids, named, people};
use super::{Absent, Scan};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ldap3::controls::{
    ControlType, EntryState, RefreshMode, SyncDone, SyncInfo, SyncRequest, SyncState, parse_syncinfo,
};
use ldap3::{LdapResult, ResultEntry, Scope};
use relais_core::directory::{EntryId, Seen, Settings};
use relais_core::refusal::DirectoryFault;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// e-syncRefreshRequired (RFC 4533, section 4): the cookie is too old.
const REFRESH_REQUIRED: u32 = 4096;
/// unavailableCriticalExtension: the server does not know RFC 4533.
const UNAVAILABLE_EXTENSION: u32 = 12;

pub(super) async fn whole(
    connection: &mut Connection,
    settings: &Settings,
    cookie: Option<String>,
) -> Result<Scan, DirectoryFault> {
    let people = people(connection, settings, settings.people_filter()).await?;
    let absent = Absent::AllBut(HashSet::new());
    Ok(Scan { people, absent, disabled: None, groups: None, cookie })
}

pub(super) async fn by_content_sync(
    connection: &mut Connection,
    settings: &Settings,
    cookie: Option<String>,
) -> Result<Scan, DirectoryFault> {
    let known = cookie.as_deref().and_then(|cookie| STANDARD.decode(cookie).ok());
    let (refresh, answer) = ask_for_changes(connection, settings, known.clone()).await?;
    match answer.rc {
        REFRESH_REQUIRED if known.is_some() => {
            let (refresh, answer) = ask_for_changes(connection, settings, None).await?;
            check(&answer)?;
            refresh.into_scan(None, &answer)
        }
        UNAVAILABLE_EXTENSION => whole(connection, settings, None).await,
        _ => {
            check(&answer)?;
            refresh.into_scan(known, &answer)
        }
    }
}

/// What a refresh has told so far.
#[derive(Default)]
struct Refresh {
    people: Vec<Seen>,
    present: HashSet<EntryId>,
    gone: HashSet<EntryId>,
    /// Whether a phase has ended after which whoever was not named is gone.
    present_phase: bool,
}

async fn ask_for_changes(
    connection: &mut Connection,
    settings: &Settings,
    cookie: Option<Vec<u8>>,
) -> Result<(Refresh, LdapResult), DirectoryFault> {
    let request = SyncRequest { mode: RefreshMode::RefreshOnly, cookie, reload_hint: false };
    // Critical: a server that ignores it would seem to say that nobody is left but those who changed.
    let control = ldap3::controls::MakeCritical::critical(request);
    let ldap = connection.ldap.with_timeout(ANSWER_MAX).with_controls(control);
    let asked = asked_of(settings);
    let mut stream = ldap
        .streaming_search(&settings.base, Scope::Subtree, settings.people_filter(), &asked)
        .await
        .map_err(|error| cut_short(&error))?;
    let mut refresh = Refresh::default();
    while let Some(result) = stream.next().await.map_err(|error| cut_short(&error))? {
        refresh.hear(settings, result)?;
    }
    Ok((refresh, stream.finish().await))
}

impl Refresh {
    fn hear(&mut self, settings: &Settings, result: ResultEntry) -> Result<(), DirectoryFault> {
        if result.is_intermediate() {
            self.hear_info(parse_syncinfo(result));
            return Ok(());
        }
        if result.is_ref() {
            return Ok(());
        }
        let state = result.1.iter().find(|control| matches!(control.0, Some(ControlType::SyncState)));
        let state: SyncState = state.ok_or(DirectoryFault::Garbled)?.1.parse();
        let entry = EntryId::of_bytes(&state.entry_uuid).ok_or(DirectoryFault::Garbled)?;
        match state.state {
            EntryState::Present => {
                self.present.insert(entry);
            }
            EntryState::Delete => {
                self.gone.insert(entry);
            }
            EntryState::Add | EntryState::Modify => {
                let found = Found::of(settings.kind, result)?.ok_or(DirectoryFault::Garbled)?;
                let found = Found { entry: Some(entry), ..found };
                self.people.push(found.person(settings)?);
            }
        }
        Ok(())
    }

    fn hear_info(&mut self, info: SyncInfo) {
        match info {
            SyncInfo::NewCookie(_) | SyncInfo::RefreshDelete { .. } => {}
            SyncInfo::RefreshPresent { .. } => self.present_phase = true,
            SyncInfo::SyncIdSet { refresh_deletes, sync_uuids, .. } => {
                let entries = sync_uuids.iter().filter_map(|bytes| EntryId::of_bytes(bytes));
                if refresh_deletes { self.gone.extend(entries) } else { self.present.extend(entries) }
            }
        }
    }

    fn into_scan(self, known: Option<Vec<u8>>, answer: &LdapResult) -> Result<Scan, DirectoryFault> {
        let done = answer.ctrls.iter().find(|control| matches!(control.0, Some(ControlType::SyncDone)));
        // Without it nobody knows whether silence means that nothing changed, or that everyone is gone.
        let done: SyncDone = done.ok_or(DirectoryFault::Garbled)?.1.parse();
        let only_deletes = known.is_some() && done.refresh_deletes;
        let absent = if only_deletes && !self.present_phase {
            Absent::These(self.gone.into_iter().collect())
        } else {
            Absent::AllBut(self.present.difference(&self.gone).copied().collect())
        };
        // Without a new one nothing has changed, and the old one is good still.
        let cookie = done.cookie.or(known).filter(|cookie| !cookie.is_empty());
        let cookie = cookie.map(|cookie| STANDARD.encode(cookie));
        Ok(Scan { people: self.people, absent, disabled: None, groups: None, cookie })
    }
}

/// Up to which update a domain controller was read. Each counts for itself.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct UpTo {
    controller: String,
    number: i64,
}

pub(super) async fn by_update_numbers(
    connection: &mut Connection,
    settings: &Settings,
    cookie: Option<String>,
) -> Result<Scan, DirectoryFault> {
    // Before anything is read: what changes meanwhile is read again.
    let Some(now) = controller(connection, settings).await? else {
        return whole(connection, settings, None).await;
    };
    let next = serde_json::to_string(&now).ok();
    let before = cookie.as_deref().and_then(|cookie| serde_json::from_str::<UpTo>(cookie).ok());
    let before = before.filter(|before| before.controller == now.controller && before.number <= now.number);
    let Some(before) = before else { return whole(connection, settings, next).await };
    if before == now {
        let absent = Absent::These(Vec::new());
        return Ok(Scan { people: Vec::new(), absent, disabled: None, groups: None, cookie: next });
    }
    let filter = settings.people_filter();
    let there = ids(connection, settings, &settings.base, filter).await?;
    let changed = format!("(&{filter}(uSNChanged>={}))", before.number + 1);
    let people = people(connection, settings, &changed).await?;
    Ok(Scan { people, absent: Absent::AllBut(there), disabled: None, groups: None, cookie: next })
}

/// Which controller answers, and how many updates it has seen; `None` where it does not say.
async fn controller(
    connection: &mut Connection,
    settings: &Settings,
) -> Result<Option<UpTo>, DirectoryFault> {
    let asked = ["dsServiceName", "highestCommittedUSN"].map(str::to_owned);
    let Some(root) = named(connection, settings, "", &asked).await? else { return Ok(None) };
    let value = |name: &str| root.values.get(name).and_then(|values| values.first()).cloned();
    let controller = value("dsservicename");
    let number = value("highestcommittedusn").and_then(|number| number.parse().ok());
    Ok(controller.zip(number).map(|(controller, number)| UpTo { controller, number }))
}
