//! Collections for tests, as Radicale leaves them on disk.

use super::{Collections, Item, Properties};
use relais_core::ids::AccountId;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

pub(super) const CALENDAR: &str = r#"{"D:displayname": "Calendrier", "tag": "VCALENDAR"}"#;
pub(super) const ADDRESS_BOOK: &str = r#"{"D:displayname": "Contacts", "tag": "VADDRESSBOOK"}"#;

pub(super) fn account(number: i64) -> AccountId {
    AccountId::from_number(number)
}

pub(super) fn properties(text: &str) -> Properties {
    Properties::read(text.as_bytes()).unwrap()
}

/// An event with these further lines.
pub(super) fn event(uid: &str, more: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{more}END:VEVENT\n"))
}

pub(super) fn calendar(parts: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{parts}END:VCALENDAR\n").replace('\n', "\r\n")
}

pub(super) fn card(uid: &str, more: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nUID:{uid}\nFN:Bob\nN:;Bob;;;\n{more}END:VCARD\n").replace('\n', "\r\n")
}

pub(super) fn item(name: &str, text: &str) -> Item {
    Item { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

pub(super) struct Store {
    pub dir: tempfile::TempDir,
    pub collections: Collections,
}

impl Store {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let collections = Collections::open(dir.path().to_owned()).unwrap();
        Self { dir, collections }
    }

    pub fn path(&self, account: AccountId, collection: &str) -> PathBuf {
        self.dir.path().join("collection-root").join(account.to_string()).join(collection)
    }

    /// Writes a collection as Radicale does.
    pub fn put(&self, account: AccountId, collection: &str, properties: &str, items: &[(&str, &str)]) {
        let dir = self.path(account, collection);
        fs::create_dir_all(dir.join(".Radicale.cache/item")).unwrap();
        fs::write(dir.join(".Radicale.cache/item/x.ics"), "cache").unwrap();
        fs::write(dir.join(".Radicale.props"), properties).unwrap();
        for (name, text) in items {
            fs::write(dir.join(name), text).unwrap();
        }
    }

    /// All collections of an account: properties and items by path.
    pub fn contents(&self, account: AccountId) -> BTreeMap<String, Vec<u8>> {
        let scan = self.collections.scan(account, "2100-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let read = |file: crate::repository::File| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut file.content.open().unwrap(), &mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, file.size_bytes);
            (file.path, bytes)
        };
        scan.files.into_iter().map(read).collect()
    }

    /// Nothing of ours is left half done.
    pub fn assert_tidy(&self) {
        for name in ["staging", "removing"] {
            let left = fs::read_dir(self.dir.path().join("relais").join(name)).unwrap().count();
            assert_eq!(left, 0, "{name}");
        }
    }
}
