//! Files that vanish, change or cannot be read while they are stored; and one that is longer than memory should be.

use super::place::{Place, assert_holds, file, noise, store};
use jiff::Timestamp;
use relais_engines::repository::{Content, File, ReadData, RepositoryError};
use std::io::{self, Read};
use std::sync::Arc;

/// What a file turns out to be.
enum Odd {
    Gone,
    Unreadable,
    BreaksOff,
    Other(Vec<u8>),
    /// This many MiB.
    Long(u64),
}

impl Content for Odd {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Odd::Gone => Err(io::ErrorKind::NotFound.into()),
            Odd::Unreadable => Err(io::ErrorKind::PermissionDenied.into()),
            Odd::BreaksOff => Ok(Box::new(io::Cursor::new(vec![1; 9]).chain(Broken))),
            Odd::Other(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
            Odd::Long(mebibytes) => Ok(Box::new(Long { left: *mebibytes << 20, seed: 0 })),
        }
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is broken"))
    }
}

/// Never the same twice, and never in memory as a whole.
struct Long {
    left: u64,
    seed: u64,
}

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX)).min(1 << 16);
        self.seed += 1;
        buffer[..length].copy_from_slice(&noise(self.seed, length));
        self.left -= length as u64;
        Ok(length)
    }
}

fn odd(path: &str, size_bytes: u64, odd: Odd) -> File {
    File { path: path.to_owned(), size_bytes, modified: Timestamp::UNIX_EPOCH, content: Arc::new(odd) }
}

#[test]
fn a_file_that_is_gone_is_left_out_and_counted() {
    let place = Place::new();
    let repository = place.create();
    let files = vec![file("mail/a", b"a"), odd("mail/b", 5, Odd::Gone), file("mail/c", b"c")];
    let stored = store(&repository, files, 1, None).expect("stored");
    assert_eq!((stored.files, stored.gone, stored.bytes), (2, 1, 2));
    assert_holds(&repository, &stored.snapshot, &[file("mail/a", b"a"), file("mail/c", b"c")]);
    place.restic(&["check", "--read-data"]);
}

#[test]
fn a_file_that_cannot_be_read_stops_the_snapshot_and_is_named() {
    let place = Place::new();
    let repository = place.create();
    for content in [Odd::Unreadable, Odd::BreaksOff] {
        let files = vec![file("mail/a", b"a"), odd("mail/b", 9, content), file("mail/c", b"c")];
        let refused = store(&repository, files, 1, None);
        assert!(
            matches!(&refused, Err(RepositoryError::Source { path, .. }) if path == "mail/b"),
            "{refused:?}"
        );
    }
    assert_eq!(repository.snapshots(), Ok(Vec::new()));
    assert_eq!(repository.check(ReadData::Yes), Ok(Vec::new()));
}

#[test]
fn a_file_that_has_another_length_now_is_stored_as_it_is_now() {
    let place = Place::new();
    let repository = place.create();
    for (listed, now) in [(3, "longer than before"), (300, "shorter"), (7, "")] {
        let files = vec![file("mail/a", b"a"), odd("mail/b", listed, Odd::Other(now.as_bytes().to_vec()))];
        let stored = store(&repository, files, 1, None).expect("stored");
        assert_holds(&repository, &stored.snapshot, &[file("mail/a", b"a"), file("mail/b", now.as_bytes())]);
        assert_eq!(stored.bytes, 1 + now.len() as u64);
        let target = place.dir.path().join(format!("restored-{listed}"));
        place.restic(&["restore", &stored.snapshot.to_string(), "--target", target.to_str().expect("text")]);
        assert_eq!(std::fs::read(target.join("mail/b")).expect("restored"), now.as_bytes());
    }
    assert_eq!(repository.snapshots().expect("snapshots").len(), 3);
}

/// The most memory this process has held, in MiB.
fn memory_peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1024
}

#[test]
fn a_long_file_is_stored_and_read_in_little_memory() {
    let place = Place::new();
    let repository = place.create();
    let before = memory_peak_mib();
    let stored = store(&repository, vec![odd("long", 200 << 20, Odd::Long(200))], 1, None).expect("stored");
    let mut reader = repository.read(&stored.snapshot, "long").expect("a reader");
    let length = io::copy(&mut reader, &mut io::sink()).expect("read");
    assert_eq!(length, 200 << 20);
    repository.verify(&stored.snapshot, None).expect("verified");
    let grown = memory_peak_mib() - before;
    assert!(grown < 160, "{grown} MiB more than before");
}
