//! What is damaged is said, by name, and what is whole stays readable.

use super::place::{KEY, Place, assert_holds, file, noise, read_back, store};
use relais_engines::repository::{File, ReadData, Repository, RepositoryError, SnapshotId};
use std::fs;
use std::path::{Path, PathBuf};

/// Two snapshots that share nothing; then one of the second's files is damaged.
struct Damaged {
    place: Place,
    whole: (SnapshotId, Vec<File>),
    hurt: SnapshotId,
    /// In the repository, of the second snapshot alone.
    new: Vec<PathBuf>,
}

fn two() -> Damaged {
    let place = Place::new();
    let repository = place.create();
    let files = vec![file("mail/INBOX/a", &noise(1, 300_000))];
    let whole = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
    let before: Vec<PathBuf> = ["data", "index"].iter().flat_map(|kind| place.all(kind)).collect();
    let hurt =
        store(&repository, vec![file("mail/.Sent/b", &noise(2, 300_000))], 2, None).expect("stored").snapshot;
    let after = ["data", "index"].iter().flat_map(|kind| place.all(kind));
    let new = after.filter(|path| !before.contains(path)).collect();
    Damaged { place, whole: (whole, files), hurt, new }
}

impl Damaged {
    fn data_pack(&self) -> &Path {
        let long = self.new.iter().find(|path| fs::metadata(path).expect("there").len() > 300_000);
        long.expect("a pack of data")
    }

    fn index(&self) -> &Path {
        self.new.iter().find(|path| path.starts_with(self.place.path().join("index"))).expect("an index")
    }

    /// From a handle that remembers nothing.
    fn expect_damage(&self, why: &str) {
        let repository = Repository::open(&self.place.location(), KEY).expect("open");
        let verified = repository.verify(&self.hurt, None);
        assert!(matches!(verified, Err(RepositoryError::Damaged { .. })), "{why}: verify says {verified:?}");
        let read = read_back(&repository, &self.hurt);
        assert!(matches!(read, Err(RepositoryError::Damaged { .. })), "{why}: reading says {read:?}");
        let found = repository.check(ReadData::Yes).expect("checked");
        assert!(!found.is_empty(), "{why}: check finds nothing");
        let pruned = repository.prune();
        assert!(!matches!(pruned, Err(RepositoryError::Other(_))), "{why}: {pruned:?}");
    }

    fn expect_whole(&self) {
        let repository = Repository::open(&self.place.location(), KEY).expect("open");
        assert_holds(&repository, &self.whole.0, &self.whole.1);
        repository.verify(&self.whole.0, None).expect("verified");
    }
}

#[test]
fn a_flipped_bit_shows_and_the_other_snapshot_stays() {
    let damaged = two();
    let pack = damaged.data_pack();
    let mut bytes = fs::read(pack).expect("a pack");
    bytes[1000] ^= 1;
    fs::write(pack, bytes).expect("written");
    damaged.expect_damage("a flipped bit");
    damaged.expect_whole();
}

#[test]
fn a_missing_pack_shows_and_the_other_snapshot_stays() {
    let damaged = two();
    fs::remove_file(damaged.data_pack()).expect("removed");
    damaged.expect_damage("a missing pack");
    damaged.expect_whole();
    let repository = Repository::open(&damaged.place.location(), KEY).expect("open");
    let name = damaged.data_pack_name();
    let error = repository.verify(&damaged.hurt, Some(&damaged.hurt)).expect_err("it is missing").to_string();
    assert!(error.contains(&name), "{error}");
}

impl Damaged {
    fn data_pack_name(&self) -> String {
        let gone = self.new.iter().find(|path| !path.exists()).expect("one is gone");
        gone.file_name().expect("a name").to_string_lossy().into_owned()
    }
}

#[test]
fn a_pack_cut_short_shows_without_reading_it() {
    let damaged = two();
    let pack = fs::OpenOptions::new().write(true).open(damaged.data_pack()).expect("a pack");
    pack.set_len(200_000).expect("cut");
    let repository = Repository::open(&damaged.place.location(), KEY).expect("open");
    let verified = repository.verify(&damaged.hurt, Some(&damaged.hurt));
    assert!(matches!(verified, Err(RepositoryError::Damaged { .. })), "{verified:?}");
    assert!(!repository.check(ReadData::No).expect("checked").is_empty());
    damaged.expect_whole();
}

#[test]
fn a_missing_index_shows_and_the_other_snapshot_stays() {
    let damaged = two();
    fs::remove_file(damaged.index()).expect("removed");
    damaged.expect_damage("a missing index");
    damaged.expect_whole();
}

#[test]
fn a_truncated_index_is_named() {
    let damaged = two();
    let index = fs::OpenOptions::new().write(true).open(damaged.index()).expect("an index");
    index.set_len(50).expect("cut");
    damaged.expect_damage("a truncated index");
}

#[test]
fn a_snapshot_that_is_not_what_was_written_is_said() {
    let damaged = two();
    let path = damaged.place.path().join("snapshots").join(damaged.hurt.to_string());
    let mut bytes = fs::read(&path).expect("a snapshot");
    bytes[20] ^= 1;
    fs::write(&path, bytes).expect("written");
    let repository = Repository::open(&damaged.place.location(), KEY).expect("open");
    let found = repository.verify(&damaged.hurt, None);
    assert!(matches!(found, Err(RepositoryError::Damaged { .. })), "{found:?}");
    // Nothing is pruned while a snapshot cannot be read: what it refers to is unknown.
    let pruned = repository.prune();
    assert!(matches!(pruned, Err(RepositoryError::Damaged { .. })), "{pruned:?}");
    damaged.expect_whole();
}
