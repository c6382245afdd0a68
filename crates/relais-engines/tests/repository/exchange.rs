//! What Relais writes restic reads, and the other way round.

use super::place::{KEY, Place, assert_holds, bytes_of, file, label, mailbox, noise, restic, store};
use relais_engines::repository::{EntryKind, Progress, ReadData, Repository, RepositoryError};
use std::fs;
use std::io::Read as _;
use std::path::Path;

#[test]
fn restic_checks_lists_and_restores_what_we_stored() {
    let place = Place::new();
    let repository = place.create();
    let mut files = mailbox(200);
    files.push(file("mail/INBOX/long", &noise(1, 5 << 20)));
    let stored = store(&repository, files.clone(), 1, None).expect("stored");
    assert_eq!((stored.files, stored.gone), (files.len() as u64, 0));
    assert_eq!(stored.bytes, files.iter().map(|file| file.size_bytes).sum::<u64>());
    assert_eq!(stored.bytes, stored.bytes_read);

    place.restic(&["check", "--read-data"]);
    let listed = place.restic(&["ls", &stored.snapshot.to_string()]);
    assert!(listed.contains("/mail/.Envoy&AOk-s/"), "{listed}");
    let snapshots = place.restic(&["snapshots", "--json"]);
    for part in ["\"hostname\":\"bm\"", "\"/user1\"", "generation-1"] {
        assert!(snapshots.contains(part), "{snapshots}");
    }
    let target = place.dir.path().join("restored");
    place.restic(&["restore", &stored.snapshot.to_string(), "--target", target.to_str().expect("text")]);
    for file in &files {
        assert_eq!(fs::read(target.join(&file.path)).expect(&file.path), bytes_of(file), "{}", file.path);
    }
    assert_eq!(repository.check(ReadData::Yes), Ok(Vec::new()));
}

#[test]
fn what_was_stored_is_listed_read_and_verified() {
    let place = Place::new();
    let repository = place.create();
    let files = mailbox(40);
    let mut last = Progress::default();
    let stored =
        repository.store(files.clone(), &label("user1", 1), None, &mut |now| last = now).expect("stored");
    assert_eq!(last, Progress { files: stored.files, bytes_read: stored.bytes });
    assert_holds(&repository, &stored.snapshot, &files);

    let top: Vec<_> =
        repository.list(&stored.snapshot, "").expect("the top").into_iter().map(|entry| entry.path).collect();
    assert_eq!(top, ["account.json", "dav", "mail", "sieve"]);
    let folders = repository.list(&stored.snapshot, "mail").expect("folders");
    assert!(folders.iter().all(|entry| entry.kind == EntryKind::Directory));
    assert_eq!(repository.files(&stored.snapshot).expect("files").len(), files.len());
    let mut text = String::new();
    let mut reader =
        repository.read(&stored.snapshot, "dav/agenda/une \"fête\" à\\midi.ics").expect("a reader");
    reader.read_to_string(&mut text).expect("text");
    assert_eq!(text, "BEGIN:VCALENDAR\r\n");
    for path in ["mail/INBOX/none", "none/at/all", "mail", ""] {
        let none = RepositoryError::NoFile { path: path.to_owned() };
        let found = repository.read(&stored.snapshot, path).map(drop);
        assert!(matches!(&found, Err(RepositoryError::NoFile { .. })), "{found:?} {none}");
    }

    let verified = repository.verify(&stored.snapshot, None).expect("verified");
    assert_eq!((verified.files, verified.bytes), (stored.files, stored.bytes));
    assert!(verified.bytes_read > 0);
    let again = repository.verify(&stored.snapshot, Some(&stored.snapshot)).expect("verified");
    assert_eq!((again.files, again.bytes_read), (stored.files, 0));
    // From another handle, which has all of it to learn.
    let other = Repository::open(&place.location(), KEY).expect("open");
    assert_holds(&other, &stored.snapshot, &files);
    let known = other.snapshots().expect("snapshots");
    assert_eq!(known, [(stored.snapshot, label("user1", 1))]);
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let place = Place::new();
    let repository = place.create();
    let mut files = mailbox(60);
    let first = store(&repository, files.clone(), 1, None).expect("first").snapshot;
    let second = store(&repository, files.clone(), 2, Some(&first)).expect("second");
    assert_eq!((second.bytes_read, second.files), (0, files.len() as u64));
    files.push(file("mail/INBOX/new", b"new"));
    files[1] = relais_engines::repository::File {
        modified: jiff::Timestamp::UNIX_EPOCH,
        ..file(&files[1].path, b"changed")
    };
    let third = store(&repository, files.clone(), 3, Some(&second.snapshot)).expect("third");
    assert_eq!(third.bytes_read, 10);
    assert_holds(&repository, &third.snapshot, &files);
    let verified = repository.verify(&third.snapshot, Some(&first)).expect("verified");
    assert_eq!(verified.bytes_read, 10);

    let unchanged = repository.store_unchanged(&third.snapshot, &label("user1", 4)).expect("unchanged");
    assert_holds(&repository, &unchanged, &files);
    assert_eq!(repository.snapshots().expect("snapshots").last(), Some(&(unchanged, label("user1", 4))));
    // A parent that was forgotten costs reading, and nothing else.
    repository.forget(&[first, second.snapshot]).expect("forgotten");
    repository.forget(&[first]).expect("forgotten before");
    let fifth = store(&repository, files.clone(), 5, Some(&first)).expect("fifth");
    assert_eq!(fifth.bytes_read, fifth.bytes);
    assert_eq!(
        repository.store_unchanged(&first, &label("user1", 6)),
        Err(RepositoryError::NoSnapshot(first))
    );
    place.restic(&["check", "--read-data"]);
}

#[test]
fn nothing_at_all_is_a_snapshot_too() {
    let place = Place::new();
    let repository = place.create();
    let stored = store(&repository, Vec::new(), 1, None).expect("stored");
    assert_eq!((stored.files, stored.bytes), (0, 0));
    assert_eq!(repository.files(&stored.snapshot), Ok(Vec::new()));
    repository.verify(&stored.snapshot, None).expect("verified");
    place.restic(&["check", "--read-data"]);
}

#[test]
fn we_read_what_restic_wrote_and_go_on_with_it() {
    let place = Place::new();
    let source = place.dir.path().join("source");
    fs::create_dir_all(source.join("sub/deeper")).expect("a directory");
    fs::write(source.join("sub/deeper/é \"a\".txt"), "text").expect("a file");
    fs::write(source.join("sub/long"), noise(2, 3 << 20)).expect("a file");
    fs::write(source.join("sub/empty"), "").expect("a file");
    restic(&place.path(), &["init"]).expect("init");
    restic(&place.path(), &["backup", source.to_str().expect("text")]).expect("backup");
    let repository = Repository::create(&place.location(), KEY).expect("it is there already");
    let (snapshot, label) = repository.snapshots().expect("snapshots").remove(0);
    assert_eq!(label.holder, source.to_str().expect("text").trim_start_matches('/'));
    let found = super::place::read_back(&repository, &snapshot).expect("files");
    assert_eq!(found.len(), 3);
    for (path, bytes) in found {
        assert_eq!(fs::read(Path::new("/").join(&path)).expect(&path), bytes);
    }
    assert_eq!(repository.check(ReadData::Yes), Ok(Vec::new()));
    let files = mailbox(10);
    let ours = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
    assert_holds(&repository, &ours, &files);
    place.restic(&["check", "--read-data"]);
}

#[test]
fn another_key_and_no_repository_are_told_apart() {
    let place = Place::new();
    let name = place.path().display().to_string();
    let absent = RepositoryError::Absent { location: name.clone() };
    assert_eq!(Repository::open(&place.location(), KEY).err(), Some(absent));
    drop(place.create());
    let wrong = RepositoryError::WrongKey { location: name };
    assert_eq!(Repository::open(&place.location(), "another").err(), Some(wrong.clone()));
    assert_eq!(Repository::create(&place.location(), "another").err(), Some(wrong));
    // A key that a creation left which never came to its config.
    fs::remove_file(place.path().join("config")).expect("removed");
    let repository = Repository::create(&place.location(), KEY).expect("created again");
    store(&repository, mailbox(3), 1, None).expect("stored");
    Repository::open(&place.location(), KEY).expect("open");
    fs::remove_file(place.path().join("config")).expect("removed");
    let damaged = Repository::create(&place.location(), KEY).err();
    assert!(matches!(damaged, Some(RepositoryError::Damaged { .. })), "{damaged:?}");
}

#[test]
fn two_stores_at_once_are_two_snapshots() {
    let place = Place::new();
    let repository = place.create();
    let files: Vec<_> =
        (0..4_u64).map(|seed| vec![file("a/same", b"same"), file("a/own", &noise(seed, 100_000))]).collect();
    let other = Repository::open(&place.location(), KEY).expect("open");
    let snapshots: Vec<_> = std::thread::scope(|scope| {
        let handles = [&repository, &repository, &other, &other];
        let running: Vec<_> = files
            .iter()
            .zip(handles)
            .map(|(files, handle)| {
                scope.spawn(move || store(handle, files.clone(), 1, None).expect("stored").snapshot)
            })
            .collect();
        running.into_iter().map(|store| store.join().expect("no panic")).collect()
    });
    for (snapshot, files) in snapshots.iter().zip(&files) {
        assert_holds(&repository, snapshot, files);
    }
    place.restic(&["check", "--read-data"]);
}

#[test]
fn what_is_no_path_is_refused() {
    let place = Place::new();
    let repository = place.create();
    for paths in [
        &["a", "a"][..],
        &["a", "a/b"],
        &["a/b", "a"],
        &[""],
        &["/a"],
        &["a/"],
        &["a//b"],
        &["../a"],
        &["a/./b"],
    ] {
        let files = paths.iter().map(|path| file(path, b"x")).collect();
        let refused = store(&repository, files, 1, None);
        assert!(matches!(refused, Err(RepositoryError::BadPath { .. })), "{paths:?}: {refused:?}");
    }
    assert_eq!(repository.snapshots(), Ok(Vec::new()));
}

#[test]
fn forgetting_and_pruning_lose_nothing_that_is_kept() {
    let place = Place::new();
    let repository = place.create();
    let kept = mailbox(50);
    let gone = vec![file("a", &noise(3, 2 << 20))];
    let kept_snapshot = store(&repository, kept.clone(), 1, None).expect("stored").snapshot;
    let gone_snapshot = store(&repository, gone.clone(), 2, None).expect("stored").snapshot;
    repository.forget(&[gone_snapshot]).expect("forgotten");
    assert_eq!(repository.list(&gone_snapshot, ""), Err(RepositoryError::NoSnapshot(gone_snapshot)));
    let pruned = repository.prune().expect("pruned");
    assert!(pruned.bytes_marked > 2 << 20 && pruned.bytes_removed == 0, "{pruned:?}");
    assert_holds(&repository, &kept_snapshot, &kept);
    place.restic(&["check", "--read-data"]);
    // What is marked comes back when it is wanted again.
    let again = store(&repository, gone.clone(), 3, None).expect("stored").snapshot;
    assert_holds(&repository, &again, &gone);
    repository.prune().expect("pruned");
    assert_holds(&repository, &again, &gone);
    assert_eq!(repository.check(ReadData::Yes), Ok(Vec::new()));
    place.restic(&["check", "--read-data"]);
}
