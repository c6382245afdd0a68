//! A repository in a directory of its own, files to store, and restic as a second opinion.

use jiff::Timestamp;
use relais_engines::repository::{File, Label, Location, Repository, RepositoryError, SnapshotId, Stored};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

pub const KEY: &str = "a key of the organisation";

pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { dir: tempfile::tempdir().expect("a directory") }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("backup")
    }

    pub fn location(&self) -> Location {
        location(&self.path())
    }

    pub fn create(&self) -> Repository {
        Repository::create(&self.location(), KEY).expect("a repository")
    }

    /// What restic says, which has to be content.
    pub fn restic(&self, arguments: &[&str]) -> String {
        restic(&self.path(), arguments).expect("restic")
    }

    /// The files in this directory of the repository, at whatever depth.
    pub fn all(&self, kind: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut directories = vec![self.path().join(kind)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { directories.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }
}

pub fn location(path: &Path) -> Location {
    path.to_str().expect("text").parse().expect("a location")
}

/// The error is what it says.
pub fn restic(repository: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("restic")
        .args(["--no-cache", "--repo"])
        .arg(repository)
        .args(arguments)
        .env("RESTIC_PASSWORD", KEY)
        .output()
        .expect("restic, of the Debian package of that name");
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    if output.status.success() { Ok(said) } else { Err(said) }
}

pub fn label(holder: &str, day: i8) -> Label {
    let time =
        jiff::civil::date(2026, 3, day).at(2, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("a time");
    Label {
        organisation: "bm".to_owned(),
        holder: holder.to_owned(),
        tags: vec![format!("generation-{day}")],
        time: time.timestamp(),
    }
}

pub fn file(path: &str, bytes: &[u8]) -> File {
    let content: Arc<[u8]> = bytes.into();
    File {
        path: path.to_owned(),
        size_bytes: bytes.len() as u64,
        modified: Timestamp::from_second(1_700_000_000).expect("a time"),
        content: Arc::new(content),
    }
}

/// Bytes that cannot be compressed, the same for the same seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A mailbox with this many messages.
pub fn mailbox(messages: usize) -> Vec<File> {
    let mut files = vec![file("account.json", b"{\"login\":\"user1\"}")];
    for number in 0..messages {
        let folder = if number % 3 == 0 { "INBOX" } else { ".Envoy&AOk-s" };
        let text = format!("Subject: message {number}\r\n\r\n{}", "text ".repeat(number % 50));
        files.push(file(
            &format!("mail/{folder}/17000000{number}.M{number}P1.host,S={}", text.len()),
            text.as_bytes(),
        ));
    }
    files.push(file("dav/agenda/une \"fête\" à\\midi.ics", "BEGIN:VCALENDAR\r\n".as_bytes()));
    files.push(file("sieve/empty", b""));
    files
}

pub fn store(
    repository: &Repository,
    files: Vec<File>,
    day: i8,
    parent: Option<&SnapshotId>,
) -> Result<Stored, RepositoryError> {
    repository.store(files, &label("user1", day), parent, &mut |_| {})
}

pub fn bytes_of(file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.content.open().expect("content").read_to_end(&mut bytes).expect("bytes");
    bytes
}

/// Every file of the snapshot, read.
pub fn read_back(
    repository: &Repository,
    snapshot: &SnapshotId,
) -> Result<Vec<(String, Vec<u8>)>, RepositoryError> {
    let mut found = Vec::new();
    repository.read_all(snapshot, "", |entry, mut reader| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| {
            let inner = error.into_inner().and_then(|error| error.downcast::<RepositoryError>().ok());
            *inner.expect("an error of the repository")
        })?;
        found.push((entry.path, bytes));
        Ok::<(), RepositoryError>(())
    })?;
    found.sort();
    Ok(found)
}

pub fn assert_holds(repository: &Repository, snapshot: &SnapshotId, files: &[File]) {
    let mut expected: Vec<_> = files.iter().map(|file| (file.path.clone(), bytes_of(file))).collect();
    expected.sort();
    let found = read_back(repository, snapshot).expect("the snapshot");
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    assert!(found == expected, "the same names and other bytes");
}
