//! A disk that is full.

use super::place::{KEY, assert_holds, file, location, mailbox, noise, restic, store};
use relais_engines::repository::{Repository, RepositoryError};
use relais_testbed::small_disk::{Ballast, Lack, on_small_disk};

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    on_small_disk("small_disk::a_full_disk_is_said_and_loses_nothing", 40, |disk| {
        let path = disk.join("backup");
        let full = Err(RepositoryError::Full { location: path.display().to_string() });
        let repository = Repository::create(&location(&path), KEY).expect("a repository");
        let files = mailbox(100);
        let first = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
        // It runs full in the middle of the packs.
        let long = || vec![file("long", &noise(5, 60 << 20))];
        assert_eq!(store(&repository, long(), 2, None), full);
        assert_holds(&repository, &first, &files);
        let gone =
            store(&repository, vec![file("gone", &noise(7, 2 << 20))], 2, None).expect("stored").snapshot;
        repository.forget(&[gone]).expect("forgotten");
        for lack in [Lack::Bytes, Lack::BytesAndFiles] {
            let ballast = Ballast::fill(disk, lack).expect("filled");
            let more = vec![file("more", &noise(6, 100_000))];
            assert_eq!(store(&repository, more, 3, None), full);
            assert_eq!(
                repository.store_unchanged(&first, &super::place::label("user1", 4)).map(drop),
                full.clone().map(drop)
            );
            // A pack is to be marked, so a prune has an index to write.
            assert_eq!(repository.prune().map(drop), full.clone().map(drop));
            assert_holds(&repository, &first, &files);
            drop(ballast);
        }
        repository.prune().expect("pruned");
        let last = store(&repository, mailbox(120), 5, Some(&first)).expect("stored").snapshot;
        assert_holds(&repository, &last, &mailbox(120));
        restic(&path, &["check", "--read-data"]).expect("restic is content");
    })
    .expect("a small disk");
}
