//! Directories that speak LDAP (RFC 4511): what is in one, what changed since the last time, and whether a password is
//! somebody's there. A reading is whole, or it is an error: nothing of one that broke off is returned.
//!
//! The library panics over controls that make no sense. So every conversation is a task of its own, whose panic is an
//! error like any other.

mod changes;
mod connection;
mod entry;
mod groups;
mod search;

use crate::outside::Reach;
use connection::Connection;
use ldap3::ldap_escape;
use relais_core::directory::groups::SeenGroup;
use relais_core::directory::{DirectoryKind, EntryId, Reading, Said, Seen, Settings};
use relais_core::refusal::DirectoryFault;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A reading of the largest directories takes minutes.
const READING_MAX: Duration = Duration::from_secs(30 * 60);
const SIGN_IN_MAX: Duration = Duration::from_secs(15);

/// What was read, to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// People that are new, or of whom something may have changed.
    pub people: Vec<Seen>,
    pub absent: Absent,
    /// Everyone whom the filter of the disabled finds, where there is one.
    pub disabled: Option<HashSet<EntryId>>,
    /// All of them, where groups are read.
    pub groups: Option<Vec<SeenGroup>>,
    /// Where the next reading begins; `None`: at nothing.
    pub cookie: Option<String>,
}

/// Who is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    These(Vec<EntryId>),
    /// Whoever is neither among the people that were read nor among these.
    AllBut(HashSet<EntryId>),
}

/// How directories are spoken to.
#[derive(Debug, Clone, Copy)]
pub struct Ldap {
    reach: Reach,
}

impl Ldap {
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        // The second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { reach }
    }

    /// Reads a directory from `cookie` on; `names` are the entries that are known, by their folded names, where groups
    /// are read.
    ///
    /// # Errors
    /// Why it could not be read to its end.
    pub async fn read(
        &self,
        settings: Settings,
        password: String,
        cookie: Option<String>,
        names: HashMap<String, EntryId>,
    ) -> Result<Scan, DirectoryFault> {
        let reach = self.reach;
        apart(READING_MAX, async move {
            let mut connection = Connection::open(&settings, reach).await?;
            connection.bind(&settings.bind_dn, &password).await?;
            let scan = read_all(&mut connection, &settings, cookie, names).await;
            connection.close(scan).await
        })
        .await
    }

    /// Whether the person of an entry may sign in there with `password`. Nobody can with an empty one, which a directory
    /// takes for no attempt at all (RFC 4513, section 5.1.2).
    ///
    /// # Errors
    /// When the directory cannot be asked.
    pub async fn verify(
        &self,
        settings: Settings,
        bind_password: String,
        entry: EntryId,
        password: String,
    ) -> Result<bool, DirectoryFault> {
        if password.is_empty() {
            return Ok(false);
        }
        let reach = self.reach;
        apart(SIGN_IN_MAX, async move {
            let mut connection = Connection::open(&settings, reach).await?;
            connection.bind(&settings.bind_dn, &bind_password).await?;
            let checked = verify(&mut connection, &settings, entry, &password).await;
            connection.close(checked).await
        })
        .await
    }
}

/// Carries a conversation out where its panic and its silence are its own.
async fn apart<T, F>(time_max: Duration, conversation: F) -> Result<T, DirectoryFault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, DirectoryFault>> + Send + 'static,
{
    let mut task = tokio::spawn(conversation);
    match tokio::time::timeout(time_max, &mut task).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) if error.is_panic() => Err(DirectoryFault::Garbled),
        Ok(Err(error)) => Err(DirectoryFault::CutShort { because: error.to_string() }),
        Err(_) => {
            task.abort();
            Err(DirectoryFault::CutShort { because: format!("> {} s", time_max.as_secs()) })
        }
    }
}

async fn read_all(
    connection: &mut Connection,
    settings: &Settings,
    cookie: Option<String>,
    names: HashMap<String, EntryId>,
) -> Result<Scan, DirectoryFault> {
    let mut scan = match (settings.kind, settings.reading) {
        (_, Reading::Whole) => changes::whole(connection, settings, None).await?,
        (DirectoryKind::OpenLdap, Reading::Changes) => {
            changes::by_content_sync(connection, settings, cookie).await?
        }
        (DirectoryKind::ActiveDirectory, Reading::Changes) => {
            changes::by_update_numbers(connection, settings, cookie).await?
        }
    };
    if let Some(filter) = settings.disabled_filter() {
        let disabled = search::ids(connection, settings, &settings.base, &filter).await?;
        for person in &mut scan.people {
            if disabled.contains(&person.entry) {
                person.said = Said::Disabled;
            }
        }
        scan.disabled = Some(disabled);
    }
    if let Some(wanted) = &settings.groups {
        scan.groups = Some(groups::read(connection, settings, wanted, &scan.people, names).await?);
    }
    Ok(scan)
}

async fn verify(
    connection: &mut Connection,
    settings: &Settings,
    entry: EntryId,
    password: &str,
) -> Result<bool, DirectoryFault> {
    let own = id_filter(settings.kind, entry);
    let filter = format!("(&{}{own})", settings.people_filter());
    let found = search::people(connection, settings, &filter).await?;
    let [person] = &found[..] else { return Ok(false) };
    if person.said != Said::Enabled {
        return Ok(false);
    }
    if let Some(disabled) = settings.disabled_filter() {
        let filter = format!("(&{disabled}{own})");
        if !search::ids(connection, settings, &settings.base, &filter).await?.is_empty() {
            return Ok(false);
        }
    }
    connection.accepts(&person.dn, password).await
}

/// The attribute that holds an entry's id.
fn id_attribute(kind: DirectoryKind) -> &'static str {
    match kind {
        DirectoryKind::OpenLdap => "entryUUID",
        DirectoryKind::ActiveDirectory => "objectGUID",
    }
}

fn id_filter(kind: DirectoryKind, entry: EntryId) -> String {
    match kind {
        DirectoryKind::OpenLdap => format!("(entryUUID={})", ldap_escape(entry.to_string())),
        DirectoryKind::ActiveDirectory => {
            let bytes: String = entry.swapped().0.iter().map(|byte| format!("\\{byte:02x}")).collect();
            format!("(objectGUID={bytes})")
        }
    }
}
