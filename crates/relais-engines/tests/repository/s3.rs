//! A repository in a bucket: as in a directory, and what happens when it cannot be reached.

use super::place::{KEY, Place, assert_holds, file, mailbox, noise, restic, store};
use relais_engines::repository::{Bucket, Credentials, Location, ReadData, Repository, RepositoryError};
use relais_testbed::s3::{Mood, S3Server};
use std::io::Read as _;

fn location(server: &S3Server) -> Location {
    let credentials =
        Credentials { key_id: "relais".into(), secret: "secret".into(), token: None, region: None };
    Location::Bucket(Bucket {
        endpoint: format!("http://127.0.0.1:{}", server.port()),
        name: "bucket".to_owned(),
        prefix: "some/where".to_owned(),
        credentials: Some(credentials),
    })
}

#[test]
fn a_bucket_is_as_good_as_a_directory() {
    let server = S3Server::start().expect("a server");
    let location = location(&server);
    let absent = Repository::open(&location, KEY).err();
    assert!(matches!(absent, Some(RepositoryError::Absent { .. })), "{absent:?}");
    let repository = Repository::create(&location, KEY).expect("a repository");
    let mut files = mailbox(80);
    files.push(file("mail/INBOX/long", &noise(1, 20 << 20)));
    let first = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
    files.push(file("mail/INBOX/more", b"more"));
    let second = store(&repository, files.clone(), 2, Some(&first)).expect("stored");
    assert_eq!(second.bytes_read, 4);
    assert_holds(&repository, &second.snapshot, &files);
    repository.verify(&second.snapshot, Some(&first)).expect("verified");
    repository.forget(&[first]).expect("forgotten");
    repository.prune().expect("pruned");
    assert_eq!(repository.check(ReadData::Yes), Ok(Vec::new()));
    let wrong = Repository::open(&location, "another").err();
    assert!(matches!(wrong, Some(RepositoryError::WrongKey { .. })), "{wrong:?}");
    // The same files in a directory are a repository of restic.
    let place = Place::new();
    server.copy_to("bucket/some/where", &place.path()).expect("copied");
    restic(&place.path(), &["check", "--read-data"]).expect("restic is content");
}

#[test]
fn a_bucket_that_cannot_be_reached_is_said_and_loses_nothing() {
    let server = S3Server::start().expect("a server");
    let repository = Repository::create(&location(&server), KEY).expect("a repository");
    let files = mailbox(30);
    let first = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
    let more = || vec![file("more", &noise(2, 3 << 20))];
    for mood in [Mood::Gone, Mood::Answering(500), Mood::Answering(503)] {
        server.set_mood(mood);
        let stored = store(&repository, more(), 2, Some(&first));
        assert!(matches!(stored, Err(RepositoryError::Unreachable { .. })), "{mood:?}: {stored:?}");
        let pruned = repository.prune();
        assert!(matches!(pruned, Err(RepositoryError::Unreachable { .. })), "{mood:?}: {pruned:?}");
        let listed = repository.list(&first, "mail");
        assert!(matches!(listed, Err(RepositoryError::Unreachable { .. })), "{mood:?}: {listed:?}");
        let opened = Repository::open(&location(&server), KEY).err();
        assert!(matches!(opened, Some(RepositoryError::Unreachable { .. })), "{mood:?}: {opened:?}");
    }
    server.set_mood(Mood::Answering(403));
    let stored = store(&repository, more(), 2, Some(&first));
    assert!(matches!(stored, Err(RepositoryError::Denied { .. })), "{stored:?}");
    server.set_mood(Mood::Answering(507));
    let stored = store(&repository, more(), 2, Some(&first));
    assert!(matches!(stored, Err(RepositoryError::Full { .. })), "{stored:?}");
    server.set_mood(Mood::Serving);
    assert_holds(&repository, &first, &files);
    // Longer than what is read ahead.
    let long = || vec![file("more", &noise(2, 24 << 20))];
    let second = store(&repository, long(), 3, Some(&first)).expect("stored").snapshot;
    assert_holds(&repository, &second, &long());
    // It goes while a file is being read.
    let mut reader = repository.read(&second, "more").expect("a reader");
    reader.read_exact(&mut [0; 10]).expect("the first bytes");
    server.set_mood(Mood::Gone);
    let error = std::io::copy(&mut reader, &mut std::io::sink()).expect_err("it is gone");
    let inner =
        error.into_inner().expect("a cause").downcast::<RepositoryError>().expect("of the repository");
    assert!(matches!(*inner, RepositoryError::Unreachable { .. }), "{inner}");
}
