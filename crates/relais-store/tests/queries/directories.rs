//! Directories, and what each last said of its entries.

use super::{Database, account, at, org};
use relais_core::directory::{Counts, Directory, EntryId, Outcome, Report, Said};
use relais_core::ids::DirectoryId;
use relais_core::job::Run;
use relais_store::directories::{self, EntryRow, Kept, SyncedGroup};

pub fn directory(number: i64, organisation: i64) -> Directory {
    let settings = serde_json::json!({ "kind": "open_ldap", "host": "ldap.bm.com", "base": "dc=bm,dc=com" });
    Directory {
        id: DirectoryId::from_number(number),
        organisation: org(organisation),
        name: "Annuaire".to_owned(),
        settings: serde_json::from_value(settings).unwrap(),
        held_since: None,
        next_at: Some(at(number)),
        created_at: at(0),
    }
}

pub fn report() -> Report {
    Report {
        run: Run::Apply,
        started_at: at(1),
        ended_at: at(2),
        outcome: Outcome::Done,
        counts: Counts { created: 3, ..Counts::default() },
        items: vec![],
        items_left_out: 0,
    }
}

pub fn entry_row(number: u8, said: Said) -> EntryRow {
    EntryRow {
        entry: EntryId([number; 16]),
        dn: format!("uid=u{number},dc=bm,dc=com"),
        account: None,
        said,
        digest: [number; 32],
        pending: None,
    }
}

pub fn a_directory_is_found_when_its_time_has_come_and_read_by_one_at_a_time(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| directories::insert(tx, &directory(5, 1), "secret"));
    let taken = db.refused(|tx| directories::insert(tx, &directory(6, 1), ""));
    assert_eq!(taken, "directories.organisation,name");
    db.write(|tx| {
        let made = directory(5, 1);
        assert_eq!(directories::get(tx, made.id)?, Some(made.clone()));
        assert_eq!(directories::list(tx, org(1))?, std::slice::from_ref(&made));
        assert_eq!(directories::password(tx, made.id)?.as_deref(), Some("secret"));
        assert_eq!(directories::next_due(tx, at(4))?, None);
        assert_eq!(directories::next_due(tx, at(5))?, Some(made.id));
        assert!(directories::claim(tx, made.id, "one.1", at(5), at(7))?);
        assert!(!directories::claim(tx, made.id, "two.1", at(6), at(8))?);
        assert_eq!(directories::next_due(tx, at(6))?, None);
        assert!(directories::keep_lease(tx, made.id, "one.1", at(8))?);
        assert!(!directories::keep_lease(tx, made.id, "two.1", at(9))?);
        directories::release(tx, made.id, "two.1")?;
        assert!(!directories::claim(tx, made.id, "two.1", at(7), at(9))?);
        directories::release_all(tx, "one")?;
        assert!(directories::claim(tx, made.id, "two.1", at(7), at(9))?);
        directories::set_cookie(tx, made.id, Some("csn=1"))?;
        assert_eq!(directories::cookie(tx, made.id)?.as_deref(), Some("csn=1"));
        assert_eq!(directories::report(tx, made.id, Kept::Report)?, None);
        directories::set_report(tx, made.id, Kept::Report, &report())?;
        assert_eq!(directories::report(tx, made.id, Kept::Report)?, Some(report()));
        assert_eq!(directories::report(tx, made.id, Kept::Plan)?, None);
        let held = Directory { held_since: Some(at(6)), next_at: None, ..made.clone() };
        directories::update(tx, &held)?;
        assert_eq!(directories::get(tx, made.id)?, Some(held));
        Ok(())
    });
}

pub fn an_entry_is_found_by_what_was_said_of_it_and_by_its_account(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let id = directory(1, 1).id;
        directories::insert(tx, &directory(1, 1), "")?;
        let own = Some(account(1).id);
        let rows = [
            EntryRow { account: own, ..entry_row(1, Said::Enabled) },
            entry_row(2, Said::Disabled),
            EntryRow { pending: Some("null".into()), ..entry_row(3, Said::Enabled) },
        ];
        for row in &rows {
            directories::put_entry(tx, id, row)?;
        }
        assert_eq!(directories::entry(tx, id, rows[0].entry)?.as_ref(), Some(&rows[0]));
        assert_eq!(directories::pending(tx, id)?, [rows[2].clone()]);
        assert_eq!(directories::disabled(tx, id)?, [rows[1].clone()]);
        assert_eq!(directories::count_there(tx, id)?, 1);
        assert_eq!(directories::of_account(tx, account(1).id)?, [(id, rows[0].clone())]);
        let mut all = 0;
        directories::for_each_entry(tx, id, &mut |_| {
            all += 1;
            Ok(())
        })?;
        assert_eq!(all, 3);
        directories::set_held(tx, id, &[rows[0].entry, rows[1].entry])?;
        directories::set_held(tx, id, &[rows[0].entry])?;
        assert_eq!(directories::held(tx, id)?, [rows[0].entry]);
        // Whatever is written of an entry ends its being held.
        directories::put_entry(tx, id, &rows[0])?;
        assert!(directories::held(tx, id)?.is_empty());
        directories::erase_account(tx, account(1).id)?;
        assert_eq!(directories::entry(tx, id, rows[0].entry)?.map(|row| row.dn), Some(String::new()));
        directories::forget_entry(tx, id, rows[1].entry)?;
        assert_eq!(directories::entry(tx, id, rows[1].entry)?, None);
        Ok(())
    });
}

pub fn a_directory_that_is_removed_leaves_nothing_of_its_entries(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let (id, group) = (directory(1, 1).id, EntryId([7; 16]));
        directories::insert(tx, &directory(1, 1), "secret")?;
        directories::put_entry(tx, id, &entry_row(1, Said::Enabled))?;
        let synced = SyncedGroup { entry: group, dn: "cn=a".into(), group: None };
        directories::insert_group(tx, id, &synced)?;
        directories::set_group(tx, id, &SyncedGroup { dn: "cn=b".into(), ..synced.clone() })?;
        assert_eq!(directories::groups(tx, id)?, [SyncedGroup { dn: "cn=b".into(), ..synced }]);
        directories::set_given(tx, id, group, EntryId([1; 16]))?;
        directories::set_given(tx, id, group, EntryId([1; 16]))?;
        assert_eq!(directories::given(tx, id, group)?.len(), 1);
        directories::take_given(tx, id, group, EntryId([1; 16]))?;
        assert!(directories::given(tx, id, group)?.is_empty());
        directories::end(tx, id, at(3))?;
        assert_eq!(directories::get(tx, id)?, None);
        assert_eq!(directories::entry(tx, id, EntryId([1; 16]))?, None);
        assert!(directories::groups(tx, id)?.is_empty());
        assert_eq!(directories::password(tx, id)?.as_deref(), Some(""));
        // Its name is free again.
        directories::insert(tx, &directory(2, 1), "")
    });
}
