//! Receiving a message: bytes go to a file as they come, memory stays bounded, and what is not stored vanishes.

use super::Maildirs;
use super::durable::at;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Of a header block, this much is kept; what lies beyond is stored and not looked at.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// A file below `incoming/` that vanishes with this value, unless it was moved elsewhere.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    moved: bool,
}

impl Held {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file has another place now and is not ours to remove.
    pub(super) fn moved(&mut self) {
        self.moved = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.moved {
            // What cannot be removed now is removed by the next `Maildirs::open`.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A message being received. Dropping it forgets the message.
#[derive(Debug)]
pub struct Incoming {
    held: Held,
    file: File,
    buffer: Vec<u8>,
    digest: Sha256,
    head: HeadBlock,
    trace_bytes: u64,
    content_bytes: u64,
}

impl Incoming {
    pub(super) fn begin(dirs: &Maildirs) -> io::Result<Self> {
        let name = format!("{}.{}", std::process::id(), dirs.next_number());
        let path = dirs.incoming_dir().join(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| at("receive into", &path, &error))?;
        Ok(Self {
            held: Held { path, moved: false },
            file,
            buffer: Vec::new(),
            digest: Sha256::new(),
            head: HeadBlock::default(),
            trace_bytes: 0,
            content_bytes: 0,
        })
    }

    /// Adds lines of our own (`Return-Path:`, `Received:`; RFC 5321, section 4.4) before the message. They are
    /// stored, and are neither in the digest nor in the head.
    ///
    /// # Errors
    /// When the file cannot be written.
    ///
    /// # Panics
    /// When the message has begun: trace lines stand above it.
    pub fn write_trace(&mut self, lines: &[u8]) -> io::Result<()> {
        assert!(self.content_bytes == 0, "trace lines come before the message");
        self.trace_bytes += lines.len() as u64;
        self.append(lines)
    }

    /// Adds bytes of the message as the client sent it (dots unstuffed).
    ///
    /// # Errors
    /// When the file cannot be written, as on a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.head.push(bytes);
        self.content_bytes += bytes.len() as u64;
        self.append(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() > BUFFER_BYTES {
            return self.write_out(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        self.write_out(&buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write_out(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).map_err(|error| at("write", self.held.path(), &error))
    }

    /// Ends the message and makes its bytes durable.
    ///
    /// # Errors
    /// When the file cannot be written or synced; the message is forgotten.
    pub fn finish(mut self) -> io::Result<Received> {
        self.flush()?;
        self.file.sync_all().map_err(|error| at("make durable", self.held.path(), &error))?;
        Ok(Received {
            held: self.held,
            digest: self.digest.finalize().into(),
            received_fields: received_fields(&self.head.bytes),
            head: self.head.bytes,
            file_bytes: self.trace_bytes + self.content_bytes,
            content_bytes: self.content_bytes,
        })
    }
}

/// A message whose bytes are durable and which belongs to no mailbox yet. Dropping it removes its file; copies
/// that were stored stay.
#[derive(Debug)]
pub struct Received {
    pub(super) held: Held,
    digest: [u8; 32],
    head: Vec<u8>,
    received_fields: usize,
    file_bytes: u64,
    content_bytes: u64,
}

impl Received {
    /// SHA-256 of the message as the client sent it, without the trace lines.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The message's header block with the empty line that ends it, or its first [`HEAD_BYTES_MAX`] bytes.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many `Received:` fields the head has: the servers the message went through (RFC 5321, section 6.3).
    #[must_use]
    pub fn received_fields(&self) -> usize {
        self.received_fields
    }

    /// Size of the message as the client sent it.
    #[must_use]
    pub fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    /// Size of the file: trace lines and message. What counts against a quota.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The file, for those who send the message on. Valid as long as this value.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.held.path()
    }
}

/// Collects a header block from pieces of any size.
#[derive(Debug, Default)]
struct HeadBlock {
    bytes: Vec<u8>,
    complete: bool,
}

impl HeadBlock {
    fn push(&mut self, piece: &[u8]) {
        if self.complete {
            return;
        }
        // An end of the block may begin in the last three bytes that are here already.
        let looked_at = self.bytes.len().saturating_sub(3);
        let room = HEAD_BYTES_MAX - self.bytes.len();
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        if let Some(end) = head_end(&self.bytes, looked_at) {
            self.bytes.truncate(end);
            self.complete = true;
        } else if self.bytes.len() == HEAD_BYTES_MAX {
            self.complete = true;
        }
    }
}

/// Where the header block that starts at 0 ends, its empty line included, looking from `from` on.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    if from < 2 {
        for empty in [b"\r\n".as_slice(), b"\n"] {
            if bytes.starts_with(empty) {
                return Some(empty.len());
            }
        }
    }
    let mut place = from;
    while let Some(found) = memchr::memchr(b'\n', &bytes[place..]) {
        place += found + 1;
        for empty in [b"\r\n".as_slice(), b"\n"] {
            if bytes[place..].starts_with(empty) {
                return Some(place + empty.len());
            }
        }
    }
    None
}

fn received_fields(head: &[u8]) -> usize {
    head.split(|byte| *byte == b'\n')
        .filter(|line| line.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"received:")))
        .count()
}
