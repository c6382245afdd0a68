//! Receiving and storing.

use super::fixtures::{Fixture, key, mailbox, now, tree, write_all};
use super::{DeliveryKey, HEAD_BYTES_MAX, Stored};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

const MESSAGE: &[u8] = b"Subject: x\r\nReceived: a\r\n\r\nbody\r\n";

#[test]
fn what_is_dropped_before_it_is_stored_leaves_nothing() {
    let fixture = Fixture::new();
    let mut unfinished = fixture.maildirs.incoming().unwrap();
    unfinished.write(&[b'a'; 200_000]).unwrap();
    let finished = fixture.receive(MESSAGE);
    assert_eq!(fixture.incoming_count(), 2);
    drop((unfinished, finished));
    assert_eq!(fixture.incoming_count(), 0);
}

#[test]
fn what_a_killed_process_was_receiving_is_removed_at_the_next_start() {
    let mut fixture = Fixture::new();
    let mut unfinished = fixture.maildirs.incoming().unwrap();
    unfinished.write(b"half").unwrap();
    std::mem::forget(unfinished);
    assert_eq!(fixture.incoming_count(), 1);
    fixture.restart();
    assert_eq!(fixture.incoming_count(), 0);
}

#[test]
fn trace_lines_are_stored_and_stay_out_of_digest_and_head() {
    let fixture = Fixture::new();
    let mut incoming = fixture.maildirs.incoming().unwrap();
    incoming.write_trace(b"Return-Path: <a@x.test>\r\n").unwrap();
    incoming.write_trace(b"Received: here\r\n").unwrap();
    incoming.write(MESSAGE).unwrap();
    let received = incoming.finish().unwrap();
    let digest: [u8; 32] = Sha256::digest(MESSAGE).into();
    assert_eq!(received.digest(), &digest);
    assert_eq!(received.head(), b"Subject: x\r\nReceived: a\r\n\r\n");
    assert_eq!(received.received_fields(), 1);
    assert_eq!(received.content_bytes(), MESSAGE.len() as u64);
    fixture.maildirs.store(&received, mailbox(1), key(&received), now()).unwrap();
    let (name, content) = fixture.messages(1).pop_first().unwrap();
    assert!(content.starts_with("Return-Path: <a@x.test>\r\nReceived: here\r\nSubject: x\r\n"));
    assert_eq!(content.len() as u64, received.file_bytes());
    assert!(name.ends_with(&format!(".relais,S={}", content.len())), "{name}");
    assert!(!name.contains(':') && name.starts_with("new/1795291200.M0P"), "{name}");
}

#[test]
fn heads_are_found_wherever_the_pieces_are_cut_and_never_grow_large() {
    let fixture = Fixture::new();
    for cut in 0..MESSAGE.len() {
        let (one, two) = MESSAGE.split_at(cut);
        let received = write_all(fixture.maildirs.incoming().unwrap(), &[one, two]);
        assert_eq!(received.head(), b"Subject: x\r\nReceived: a\r\n\r\n", "{cut}");
    }
    for (message, head) in [
        (b"\r\nbody".as_slice(), b"\r\n".as_slice()),
        (b"\nbody\n\n", b"\n"),
        (b"A: b\n\nbody\r\n\r\n", b"A: b\n\n"),
        (b"A: b", b"A: b"),
        (b"", b""),
    ] {
        let pieces: Vec<&[u8]> = message.chunks(1).collect();
        let received = write_all(fixture.maildirs.incoming().unwrap(), &pieces);
        assert_eq!(received.head(), head);
    }
    let huge = b"X: y\r\n".repeat(50_000);
    let received = fixture.receive(&huge);
    assert_eq!(received.head().len(), HEAD_BYTES_MAX);
    assert_eq!(received.file_bytes(), huge.len() as u64);
}

#[test]
fn a_message_for_two_mailboxes_is_one_file() {
    let fixture = Fixture::new();
    let received = fixture.receive(MESSAGE);
    for number in [1, 2] {
        let stored = fixture.maildirs.store(&received, mailbox(number), key(&received), now());
        assert_eq!(stored.unwrap(), Stored::New);
    }
    drop(received);
    assert_eq!(fixture.incoming_count(), 0);
    let inode = |number| {
        let name = fixture.messages(number).pop_first().unwrap().0;
        fs::metadata(fixture.maildir(number).join(name)).unwrap()
    };
    assert_eq!(inode(1).ino(), inode(2).ino());
    assert_eq!(inode(1).nlink(), 2);
    assert_eq!(inode(1).permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_last_recipient_gets_the_file_itself() {
    let fixture = Fixture::new();
    for expected in [Stored::New, Stored::Already] {
        let received = fixture.receive(MESSAGE);
        let key = key(&received);
        assert_eq!(fixture.maildirs.store_last(received, mailbox(1), key, now()).unwrap(), expected);
        assert_eq!(fixture.incoming_count(), 0);
        assert_eq!(fixture.messages(1).len(), 1);
    }
}

#[test]
fn the_same_delivery_is_stored_once_whatever_became_of_the_process_and_the_message() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::New);
    assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::Already);
    fixture.restart();
    assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::Already);
    let name = fixture.messages(1).pop_first().unwrap().0;
    let seen = name.replace("new/", "cur/") + ":2,RS";
    fs::rename(fixture.maildir(1).join(&name), fixture.maildir(1).join(&seen)).unwrap();
    fixture.restart();
    for _ in 0..2 {
        assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::Already);
    }
    assert_eq!(fixture.messages(1).len(), 1);
    assert_eq!(fixture.deliver(1, b"other", now()).unwrap(), Stored::New);
    assert_eq!(fixture.deliver(2, MESSAGE, now()).unwrap(), Stored::New);
}

#[test]
fn other_senders_and_other_contents_make_other_deliveries() {
    let digest = [7; 32];
    assert_eq!(DeliveryKey::new(&digest, "a@x.test"), DeliveryKey::new(&digest, "a@x.test"));
    assert_ne!(DeliveryKey::new(&digest, "a@x.test"), DeliveryKey::new(&digest, ""));
    assert_ne!(DeliveryKey::new(&digest, "a@x.test"), DeliveryKey::new(&[8; 32], "a@x.test"));
}

#[test]
fn a_delivery_is_recognised_for_seven_days() {
    let mut fixture = Fixture::new();
    fixture.deliver(1, MESSAGE, now()).unwrap();
    let later = |hours: i64| now() + jiff::SignedDuration::from_hours(hours);
    assert_eq!(fixture.deliver(1, MESSAGE, later(7 * 24)).unwrap(), Stored::Already);
    fixture.restart();
    assert_eq!(fixture.deliver(1, MESSAGE, later(7 * 24)).unwrap(), Stored::Already);
    assert_eq!(fixture.deliver(1, MESSAGE, later(7 * 24 + 1)).unwrap(), Stored::New);
    assert_eq!(fixture.deliver(1, MESSAGE, later(7 * 24 + 1)).unwrap(), Stored::Already);
}

#[test]
fn threads_that_deliver_the_same_message_store_it_once() {
    let fixture = Fixture::new();
    let new: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..10).map(|n: u8| fixture.deliver(1, &[n], now()).unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .filter(|stored| *stored == Stored::New)
            .count()
    });
    assert_eq!((new, fixture.messages(1).len()), (10, 10));
}

#[test]
fn a_delivery_that_failed_may_be_tried_again() {
    let fixture = Fixture::new();
    let missing = fixture.deliver(3, MESSAGE, now()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("box-0000000000003"), "{missing}");

    fixture.deliver(1, b"first", now()).unwrap();
    let new = fixture.maildir(1).join("new");
    let elsewhere = fixture.maildir(1).join("elsewhere");
    fs::rename(&new, &elsewhere).unwrap();
    fs::write(&new, "not a directory").unwrap();
    let error = fixture.deliver(1, MESSAGE, now()).unwrap_err();
    assert!(error.to_string().contains("cannot deliver to"), "{error}");
    fs::remove_file(&new).unwrap();
    fs::rename(&elsewhere, &new).unwrap();
    assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::New);
    assert_eq!(fixture.incoming_count(), 0);
}

#[test]
fn a_name_without_a_directory_behind_it_is_reported_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = super::Maildirs::open(file.join("mail")).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot create ") && error.to_string().contains("file/mail"),
        "{error}"
    );
}

#[test]
fn files_that_others_put_into_a_mailbox_do_not_disturb_deliveries() {
    let fixture = Fixture::new();
    for name in ["cur/1.eml", "new/x:2,", "cur/.hidden", "new/1795291200.MK.relais,S=1", "cur/é"] {
        fixture.put(1, "", name, "x");
    }
    assert_eq!(fixture.deliver(1, MESSAGE, now()).unwrap(), Stored::New);
    assert_eq!(tree(&fixture.maildir(1)).len(), 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_bytes_are_stored_as_they_came(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40_000), 0..8)) {
        let fixture = Fixture::new();
        let all = pieces.concat();
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let received = write_all(fixture.maildirs.incoming().unwrap(), &pieces);
        prop_assert_eq!(&fs::read(received.path()).unwrap(), &all);
        let digest: [u8; 32] = Sha256::digest(&all).into();
        prop_assert_eq!(received.digest(), &digest);
        prop_assert!(all.starts_with(received.head()));
    }
}
