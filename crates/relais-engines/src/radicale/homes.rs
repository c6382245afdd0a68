//! What lies on the disk: for every account a home, in it a directory for every collection, in that `.Radicale.props` and
//! one file an item. A collection that is shared with an account is a symbolic link in its home, to the owner's directory.
//!
//! Radicale writes here too, without asking: what Relais makes appears with one rename, and nothing is looked up twice.

use relais_core::collection::{CollectionKind as Kind, CollectionName, is_path_part, is_reserved};
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use relais_core::collection::CollectionKind;

const PROPS: &str = ".Radicale.props";
/// Says that the first collections were made once. Radicale passes over names that begin with a dot.
const VISITED: &str = ".relais-visited";
/// Radicale's own prefix for what is not finished.
const UNFINISHED: &str = ".Radicale.tmp-relais-";

/// One calendar or address book of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Collection {
    pub name: CollectionName,
    pub kind: Kind,
    /// What people see; the name, if nothing else was chosen.
    pub title: String,
}

/// A collection of somebody else, as it stands in a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// One that is reserved for shared collections.
    pub name: String,
    pub owner: AccountId,
    pub collection: CollectionName,
}

/// All homes of an instance.
pub struct Homes {
    root: PathBuf,
    /// Homes are changed by one at a time: two first visits make one calendar.
    changing: Mutex<()>,
}

impl Homes {
    /// Makes `storage` where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(storage: &Path) -> io::Result<Self> {
        let root = storage.join("collection-root");
        make_directory(&root)?;
        Ok(Self { root, changing: Mutex::default() })
    }

    /// Where the collections of `account` are, if it has been visited.
    #[must_use]
    pub fn home(&self, account: AccountId) -> PathBuf {
        self.root.join(account.to_string())
    }

    /// Whether the first collections of `account` were made.
    #[must_use]
    pub fn is_visited(&self, account: AccountId) -> bool {
        self.home(account).join(VISITED).exists()
    }

    /// Makes the first collections of `account`, unless that was done before: what a person removed stays removed.
    ///
    /// # Errors
    /// Of the file system. Run it again.
    pub fn visit(&self, account: AccountId, first: &[Collection]) -> io::Result<()> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_visited(account) {
            return Ok(());
        }
        let home = self.home(account);
        make_directory(&home)?;
        for collection in first {
            let place = home.join(collection.name.as_str());
            if fs::symlink_metadata(&place).is_ok() {
                continue;
            }
            let unfinished = home.join(format!("{UNFINISHED}{}", collection.name));
            make_directory(&unfinished)?;
            let props = json!({ "tag": tag(collection.kind), "D:displayname": collection.title });
            fs::write(unfinished.join(PROPS), props.to_string())?;
            fs::rename(&unfinished, &place)?;
        }
        fs::write(home.join(VISITED), "")?;
        fs::File::open(&home)?.sync_all()
    }

    /// Makes the links in the home of `account` those that are wanted, and no others.
    ///
    /// # Errors
    /// Of the file system. Run it again.
    pub fn set_links(&self, account: AccountId, wanted: &[Link]) -> io::Result<()> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let home = self.home(account);
        let target =
            |link: &Link| Path::new("..").join(link.owner.to_string()).join(link.collection.as_str());
        let mut missing: Vec<&Link> = wanted.iter().collect();
        for entry in fs::read_dir(&home)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| is_reserved(name)).map(str::to_owned)
            else {
                continue;
            };
            let there = fs::read_link(entry.path()).ok();
            match missing.iter().position(|link| link.name == name && there.as_ref() == Some(&target(link))) {
                Some(place) => drop(missing.swap_remove(place)),
                None if there.is_some() => fs::remove_file(entry.path())?,
                // Clients cannot make one of that name; what is none of ours is left alone.
                None => {
                    tracing::warn!(home = %home.display(), name, "a directory has the name of a shared collection");
                }
            }
        }
        for link in missing {
            assert!(is_reserved(&link.name) && is_path_part(&link.name), "links have names of their own");
            symlink(target(link), home.join(&link.name))?;
        }
        Ok(())
    }

    /// The account's own collections, by name.
    ///
    /// # Errors
    /// Of the file system.
    pub fn collections(&self, account: AccountId) -> io::Result<Vec<Collection>> {
        let entries = match fs::read_dir(self.home(account)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_str().and_then(|name| name.parse::<CollectionName>().ok());
            if let Some(name) = name
                && entry.file_type()?.is_dir()
                && let Some(collection) = read_props(&entry.path(), name)
            {
                found.push(collection);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}

fn tag(kind: Kind) -> &'static str {
    match kind {
        Kind::Calendar => "VCALENDAR",
        Kind::AddressBook => "VADDRESSBOOK",
    }
}

/// `None` for a directory that Radicale takes for no collection of ours.
fn read_props(place: &Path, name: CollectionName) -> Option<Collection> {
    let props: serde_json::Value = serde_json::from_slice(&fs::read(place.join(PROPS)).ok()?).ok()?;
    let kind = [Kind::Calendar, Kind::AddressBook].into_iter().find(|kind| props["tag"] == tag(*kind))?;
    let title = props["D:displayname"].as_str().unwrap_or(name.as_str()).to_owned();
    Some(Collection { name, kind, title })
}

fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(title: &str) -> Collection {
        Collection { name: "calendar".parse().unwrap(), kind: Kind::Calendar, title: title.to_owned() }
    }

    fn id(number: i64) -> AccountId {
        AccountId::from_number(number)
    }

    #[test]
    fn the_first_collections_are_made_once_and_not_again_when_they_were_removed() {
        let dir = tempfile::tempdir().unwrap();
        let homes = Homes::open(dir.path()).unwrap();
        assert!(homes.collections(id(1)).unwrap().is_empty() && !homes.is_visited(id(1)));
        for _ in 0..2 {
            homes.visit(id(1), &[calendar("Calendrier")]).unwrap();
            assert_eq!(homes.collections(id(1)).unwrap(), [calendar("Calendrier")]);
        }
        fs::remove_dir_all(homes.home(id(1)).join("calendar")).unwrap();
        homes.visit(id(1), &[calendar("Calendrier")]).unwrap();
        assert!(homes.collections(id(1)).unwrap().is_empty());
    }

    #[test]
    fn a_first_visit_that_was_cut_short_is_finished_and_what_is_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let homes = Homes::open(dir.path()).unwrap();
        fs::create_dir_all(homes.home(id(1)).join(format!("{UNFINISHED}calendar"))).unwrap();
        homes.visit(id(1), &[calendar("Calendrier")]).unwrap();
        assert_eq!(homes.collections(id(1)).unwrap().len(), 1);
        let second = homes.home(id(2)).join("calendar");
        fs::create_dir_all(&second).unwrap();
        fs::write(second.join(PROPS), r#"{"tag": "VCALENDAR", "D:displayname": "Reçu"}"#).unwrap();
        homes.visit(id(2), &[calendar("Calendrier")]).unwrap();
        assert_eq!(homes.collections(id(2)).unwrap(), [calendar("Reçu")]);
    }

    #[test]
    fn links_are_those_that_are_wanted_and_a_removed_home_leaves_what_they_point_to() {
        let dir = tempfile::tempdir().unwrap();
        let homes = Homes::open(dir.path()).unwrap();
        for number in [1, 2] {
            homes.visit(id(number), &[calendar("Calendrier")]).unwrap();
        }
        let link = |name: &str, collection: &str| Link {
            name: name.to_owned(),
            owner: id(1),
            collection: collection.parse().unwrap(),
        };
        let seen = || {
            let mut seen: Vec<(String, PathBuf)> = fs::read_dir(homes.home(id(2)))
                .unwrap()
                .filter_map(|entry| {
                    let entry = entry.unwrap();
                    Some((entry.file_name().into_string().unwrap(), fs::read_link(entry.path()).ok()?))
                })
                .collect();
            seen.sort();
            seen
        };
        let target = |name: &str| PathBuf::from(format!("../{}/{name}", id(1)));
        for _ in 0..2 {
            homes.set_links(id(2), &[link("ro-shr-1", "calendar"), link("rw-shr-2", "x")]).unwrap();
            let expected =
                [("ro-shr-1".to_owned(), target("calendar")), ("rw-shr-2".to_owned(), target("x"))];
            assert_eq!(seen(), expected);
        }
        homes.set_links(id(2), &[link("rw-shr-2", "calendar")]).unwrap();
        assert_eq!(seen(), [("rw-shr-2".to_owned(), target("calendar"))]);
        assert_eq!(homes.collections(id(2)).unwrap(), [calendar("Calendrier")], "links are not one's own");
    }
}
