//! Repositories, generations, snapshots, and archives that people take along.

use super::{Database, account, address, at, org};
use relais_core::authority::Actor;
use relais_core::backup::{
    BackupPolicy, Generation, GenerationState, Holder, Occasion, Retention, Scope, Snapshot,
};
use relais_core::ids::{ExportId, GenerationId, MailboxId, OrganisationId};
use relais_store::exports::{self, Export};
use relais_store::{Error, Tx, generations, repositories};

pub fn policy(organisation: OrganisationId) -> BackupPolicy {
    BackupPolicy {
        organisation,
        location: format!("/backups/{organisation}"),
        daily_at: Some(jiff::civil::time(2, 30, 0, 0)),
        retention: Retention { days: 1, weeks: 2, months: 3 },
    }
}

pub fn generation(number: i64, organisation: OrganisationId, scope: Scope) -> Generation {
    Generation {
        id: GenerationId::from_number(number),
        organisation,
        scope,
        occasion: Occasion::Asked,
        state: GenerationState::Running,
        started_at: at(number),
        ended_at: None,
        holders: 0,
        holders_done: 0,
        trouble: None,
    }
}

pub fn snapshot(generation: i64, organisation: OrganisationId, holder: Holder) -> Snapshot {
    Snapshot {
        generation: GenerationId::from_number(generation),
        organisation,
        holder,
        id: format!("{generation:064x}"),
        begun_at: at(generation),
        verified_at: Some(at(generation)),
        messages: 7,
        personal_messages: 2,
        items: 3,
        size_bytes: i64::MAX,
        fingerprint: Some("print".into()),
    }
}

pub fn export(number: i64, organisation: OrganisationId) -> Export {
    Export {
        id: ExportId::from_number(number),
        organisation,
        account: account(1).id,
        sent_to: address("moi@ailleurs.test"),
        size_bytes: 5,
        made_at: at(0),
        expires_at: at(9),
        taken_at: None,
    }
}

fn begin(tx: &mut Tx<'_>, number: i64, scope: Scope) -> Result<Generation, Error> {
    let made = generation(number, org(1), scope);
    generations::insert(tx, &made, &Actor::Operator, at(number))?;
    Ok(made)
}

pub fn a_backup_is_due_once(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        assert_eq!(repositories::without(tx)?, [org(1), org(2)]);
        repositories::insert(tx, &policy(org(1)), "key", Some(at(3)), at(0))?;
        assert_eq!(repositories::without(tx)?, [org(2)]);
        assert_eq!(repositories::get(tx, org(1))?, Some(policy(org(1))));
        assert_eq!(repositories::key(tx, org(1))?.as_deref(), Some("key"));
        assert_eq!(repositories::due(tx, at(2))?, []);
        assert_eq!(repositories::due(tx, at(3))?, [org(1)]);
        assert!(repositories::begin_next(tx, org(1), Some(at(4)), at(3))?);
        assert!(!repositories::begin_next(tx, org(1), Some(at(5)), at(3))?, "somebody else began it");
        let asked =
            BackupPolicy { daily_at: None, location: "s3:https://s3.test/b".into(), ..policy(org(1)) };
        repositories::update(tx, &asked, None)?;
        assert_eq!(repositories::get(tx, org(1))?, Some(asked));
        assert_eq!(repositories::due(tx, at(99))?, []);
        Ok(())
    });
    let same = BackupPolicy { location: "s3:https://s3.test/b".into(), ..policy(org(2)) };
    let refused = db.refused(move |tx| repositories::insert(tx, &same, "other", None, at(0)));
    assert!(refused.contains("location"), "{refused}: two organisations in one place");
}

pub fn generations_are_claimed_kept_and_forgotten(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let (one, all) = (begin(tx, 1, Scope::Account(account(1).id))?, begin(tx, 2, Scope::Everything)?);
        assert_eq!(generations::get(tx, one.id)?, Some(one.clone()));
        assert_eq!(generations::started_by(tx, one.id)?, Some(Actor::Operator));
        assert_eq!(generations::page(tx, org(1), None, 9)?, [all.clone(), one.clone()]);
        assert_eq!(generations::page(tx, org(1), Some(all.id), 9)?.first(), Some(&one));
        assert_eq!(generations::running_of(tx, account(1).id, Occasion::Asked)?, Some(one.clone()));
        assert_eq!(generations::running_of(tx, account(1).id, Occasion::Departure)?, None);
        assert!(generations::is_running(tx, org(1))?);

        assert_eq!(generations::claim(tx, "a", at(0), at(5))?, None, "not yet");
        assert_eq!(generations::claim(tx, "a", at(2), at(5))?, Some(one.id));
        assert_eq!(generations::claim(tx, "b", at(2), at(5))?, Some(all.id));
        assert_eq!(generations::claim(tx, "b", at(2), at(5))?, None);
        generations::keep(tx, one.id, "a", at(8))?;
        assert_eq!(generations::claim(tx, "b", at(6), at(9))?, Some(all.id), "its lease ran out");
        generations::release(tx, all.id, "a", at(20))?;
        assert_eq!(generations::claim(tx, "c", at(7), at(9))?, None, "it is b's to let go");
        assert_eq!(generations::release_all(tx, "a")?, 1);
        generations::release(tx, all.id, "b", at(20))?;
        assert!(!generations::claim_one(tx, GenerationId::from_number(9), "a", at(10), at(11))?);
        let ended = Generation {
            state: GenerationState::Incomplete,
            ended_at: Some(at(7)),
            holders: 4,
            holders_done: 3,
            trouble: Some("« une »".into()),
            ..one
        };
        generations::update(tx, &ended)?;
        assert_eq!(generations::get(tx, ended.id)?, Some(ended.clone()));
        assert_eq!(generations::claim(tx, "a", at(10), at(12))?, None, "over, and not yet");

        assert_eq!(generations::remove_empty(tx, org(1))?, 0, "it tells why it failed");
        generations::update(tx, &Generation { state: GenerationState::Verified, ..ended })?;
        assert_eq!(generations::remove_empty(tx, org(1))?, 1);
        assert_eq!(generations::page(tx, org(1), None, 9)?, [all]);
        Ok(())
    });
}

pub fn the_newest_verified_snapshot_of_a_holder_is_found(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let holder = Holder::Account(account(1).id);
        let shared = Holder::SharedMailbox(MailboxId::from_number(1));
        for number in 1..=3 {
            begin(tx, number, Scope::Everything)?;
            for holder in [holder, shared, Holder::Organisation(org(1))] {
                generations::set_snapshot(tx, &snapshot(number, org(1), holder))?;
            }
        }
        let unverified = Snapshot { verified_at: None, ..snapshot(3, org(1), holder) };
        generations::set_snapshot(tx, &unverified)?;
        let third = GenerationId::from_number(3);
        assert_eq!(generations::snapshot(tx, third, holder)?, Some(unverified.clone()));
        assert_eq!(generations::snapshots(tx, third)?.len(), 3);
        assert_eq!(generations::newest(tx, holder)?, Some(snapshot(2, org(1), holder)));
        assert_eq!(generations::newest_at(tx, holder, at(99))?, Some(snapshot(2, org(1), holder)));
        assert_eq!(generations::newest_at(tx, holder, at(0))?, None);
        assert_eq!(generations::newest(tx, shared)?, Some(snapshot(3, org(1), shared)));
        assert_eq!(generations::newest(tx, Holder::Account(account(2).id))?, None);
        assert_eq!(generations::of_holder(tx, holder, 1)?, [snapshot(2, org(1), holder)]);
        assert_eq!(generations::of_holder(tx, Holder::Account(account(2).id), 9)?, []);
        let all = generations::of_organisation(tx, org(1))?;
        assert_eq!(all.chunk_by(|a, b| a.holder == b.holder).count(), 3);
        generations::remove_snapshot(tx, third, holder)?;
        assert_eq!(generations::of_organisation(tx, org(1))?.len(), 8);
        generations::forget_all(tx, org(1))?;
        assert_eq!(generations::of_organisation(tx, org(1))?, []);
        assert_eq!(generations::page(tx, org(1), None, 9)?.len(), 3, "those under way begin again");
        Ok(())
    });
}

pub fn an_export_is_taken_once(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        exports::insert(tx, &export(1, org(1)), b"one")?;
        exports::insert(tx, &export(2, org(1)), b"two")?;
        assert_eq!(exports::by_secret(tx, b"one")?, Some(export(1, org(1))));
        assert_eq!(exports::by_secret(tx, b"three")?, None);
        assert_eq!(exports::of_account(tx, account(1).id)?.len(), 2);
        assert_eq!(exports::of_organisation(tx, org(1))?.len(), 2);
        assert!(exports::take(tx, ExportId::from_number(1), at(2))?);
        assert!(!exports::take(tx, ExportId::from_number(1), at(3))?);
        assert_eq!(exports::over(tx, at(8))?, [], "whether it was taken can still be asked");
        assert_eq!(exports::over(tx, at(9))?.len(), 2, "expired");
        exports::remove(tx, ExportId::from_number(1))?;
        assert_eq!(exports::get(tx, ExportId::from_number(1))?, None);
        Ok(())
    });
}
