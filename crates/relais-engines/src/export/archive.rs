//! A ZIP file, written from beginning to end without going back: to a disk or to a client that waits for it.
//! Encrypted, it is WinZip's AES-256, which 7-Zip, the file managers of GNOME and KDE, WinZip and WinRAR open; the
//! names of the files can be read without the password.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::text::fold;
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{AesMode, CompressionMethod, DateTime, ZipWriter};

/// Above this, or where nobody knows, sizes get 64 bits: what is written may become larger than the hint.
const SMALL_BYTES_MAX: u64 = 1 << 31;
const NAME_CHARS_MAX: usize = 100;
/// The fastest: most of what mail holds is packed already.
const LEVEL: i64 = 1;

/// A ZIP file being written. One that is not finished has no table of contents, so nobody takes it for whole.
pub struct Archive<W: Write> {
    /// Until it is finished.
    zip: Option<ZipWriter<StreamWriter<Gate<W>>>>,
    password: Option<String>,
    /// As a file system that knows no case sees them.
    names: HashSet<String>,
    broken: Arc<AtomicBool>,
}

impl<W: Write> fmt::Debug for Archive<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("entries", &self.names.len()).finish_non_exhaustive()
    }
}

impl<W: Write> Archive<W> {
    /// Begins a file, encrypted if there is a password.
    ///
    /// # Errors
    /// When the password is empty.
    pub fn new(writer: W, password: Option<&str>) -> io::Result<Self> {
        if password == Some("") {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty password protects nothing"));
        }
        let broken = Arc::new(AtomicBool::new(false));
        let gate = Gate { writer, closed: Arc::clone(&broken) };
        Ok(Self {
            zip: Some(ZipWriter::new_stream(gate)),
            password: password.map(str::to_owned),
            names: HashSet::new(),
            broken,
        })
    }

    /// Adds a file. `path` is divided by `/`; what file systems refuse in it is replaced, and a path that is taken
    /// gets a number.
    ///
    /// # Errors
    /// When the content cannot be read or the archive not be written: the archive is broken then.
    pub fn add(
        &mut self,
        path: &str,
        size_bytes: Option<u64>,
        modified: Timestamp,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        self.add_with(path, size_bytes, modified, |file| io::copy(content, file).map(drop))
    }

    /// As [`Archive::add`], for content that is made as it is written.
    ///
    /// # Errors
    /// Those of `write`, or when the archive cannot be written: the archive is broken then.
    pub fn add_with(
        &mut self,
        path: &str,
        size_bytes: Option<u64>,
        modified: Timestamp,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let name = self.name(path);
        let mut options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .large_file(size_bytes.is_none_or(|size| size > SMALL_BYTES_MAX))
            .last_modified_time(zip_time(modified))
            .unix_permissions(0o600);
        if let Some(password) = &self.password {
            options = options.with_aes_encryption(AesMode::Aes256, password);
        }
        let Some(zip) = self.zip.as_mut().filter(|_| !self.broken.load(Ordering::Relaxed)) else {
            return Err(closed());
        };
        let added = zip.start_file(name, options).map_err(io::Error::from).and_then(|()| write(zip));
        if added.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        added
    }

    /// Ends the file and gives back where it was written to.
    ///
    /// # Errors
    /// When the archive is broken or cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let zip = self.zip.take().filter(|_| !self.broken.load(Ordering::Relaxed)).ok_or_else(closed)?;
        let mut writer = zip.finish().map_err(io::Error::from)?.into_inner().writer;
        writer.flush()?;
        Ok(writer)
    }

    /// A path that every system can unpack, and that no other file has.
    fn name(&mut self, path: &str) -> String {
        let parts: Vec<String> = path.split('/').map(part).collect();
        let name = parts.join("/");
        let (stem, ending) = match name.rfind('.') {
            Some(dot) if !name[dot..].contains('/') => name.split_at(dot),
            Some(_) | None => (name.as_str(), ""),
        };
        let mut unique = name.clone();
        let mut turn = 1;
        while !self.names.insert(fold(&unique)) {
            turn += 1;
            unique = format!("{stem} ({turn}){ending}");
        }
        unique
    }
}

/// One part of a path: without what Windows refuses, and never a way up.
fn part(part: &str) -> String {
    let is_refused = |letter: char| letter.is_control() || "<>:\"\\|?*".contains(letter);
    let safe: String = part
        .chars()
        .map(|letter| if is_refused(letter) { '_' } else { letter })
        .take(NAME_CHARS_MAX)
        .collect();
    let safe = safe.trim().trim_end_matches('.');
    let stem = safe.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|digit: char| digit.is_ascii_digit()));
    if safe.is_empty() || is_device { format!("_{safe}") } else { safe.to_owned() }
}

/// In UTC: a ZIP file tells no time zone. Its calendar begins in 1980.
fn zip_time(time: Timestamp) -> DateTime {
    let time = time.to_zoned(TimeZone::UTC);
    let number = |value: i8| value.unsigned_abs();
    let parts = (time.year().unsigned_abs(), number(time.month()), number(time.day()));
    let of_day = (number(time.hour()), number(time.minute()), number(time.second()));
    DateTime::from_date_and_time(parts.0, parts.1, parts.2, of_day.0, of_day.1, of_day.2).unwrap_or_default()
}

/// Whatever ends an archive before [`Archive::finish`] leaves it without a table of contents.
impl<W: Write> Drop for Archive<W> {
    fn drop(&mut self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

/// Drops what is written once the archive is broken: its table of contents would say that all is there, and is
/// written in any case.
struct Gate<W> {
    writer: W,
    closed: Arc<AtomicBool>,
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed.load(Ordering::Relaxed) { Ok(bytes.len()) } else { self.writer.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn closed() -> io::Error {
    io::Error::other("an earlier error broke this archive")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    const PASSWORD: &str = "p\u{e9} w\"";
    const TIME: &str = "2026-11-22T08:00:00Z";

    /// Bytes without end, of which a part is read.
    fn noise(bytes: u64) -> impl Read {
        io::repeat(b'x').take(bytes)
    }

    fn write(path: &Path, password: Option<&str>) {
        let file = fs::File::create(path).unwrap();
        // Not to be sought in.
        let mut archive = Archive::new(Box::new(file) as Box<dyn Write>, password).unwrap();
        let time = TIME.parse().unwrap();
        archive.add("mail/r\u{e9}union.mbox", None, time, &mut b"From x".as_slice()).unwrap();
        archive.add("a", Some(300_000), time, &mut noise(300_000)).unwrap();
        archive.add("A", Some(0), time, &mut b"".as_slice()).unwrap();
        archive.add_with("../c:/d.eml", Some(3), time, |file| file.write_all(b"abc")).unwrap();
        archive.finish().unwrap();
    }

    fn seven_zip(dir: &Path, arguments: &[&str]) -> (bool, String) {
        let output =
            Command::new("7z").current_dir(dir).args(arguments).output().expect("p7zip-full is installed");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn stock_tools_open_a_streamed_archive_with_and_without_a_password() {
        for password in [None, Some(PASSWORD)] {
            let dir = tempfile::tempdir().unwrap();
            write(&dir.path().join("x.zip"), password);
            let given = format!("-p{}", password.unwrap_or_default());
            let (done, told) = seven_zip(dir.path(), &["x", "-y", &given, "-oout", "x.zip"]);
            assert!(done, "{told}");
            let read = |name: &str| fs::read(dir.path().join("out").join(name)).unwrap();
            assert_eq!(read("mail/r\u{e9}union.mbox"), b"From x");
            assert_eq!(read("a"), vec![b'x'; 300_000]);
            assert_eq!(read("A (2)"), b"");
            assert_eq!(read("_/c_/d.eml"), b"abc");
            if password.is_some() {
                let (done, _) = seven_zip(dir.path(), &["t", "-pwrong", "x.zip"]);
                assert!(!done, "opened with a wrong password");
                let (_, listing) = seven_zip(dir.path(), &["l", "-slt", "x.zip"]);
                assert!(listing.contains("AES-256"), "{listing}");
            }
        }
    }

    #[test]
    fn an_archive_may_be_written_by_any_thread() {
        fn goes_to_a_thread<T: Send>(_: &T) {}
        goes_to_a_thread(&Archive::new(Vec::new(), Some(PASSWORD)).unwrap());
    }

    #[test]
    fn another_reader_agrees_and_finds_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.zip");
        write(&path, None);
        let mut archive = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(archive.len(), 4);
        let time = archive.by_name("a").unwrap().last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day(), time.hour()), (2026, 11, 22, 8));
    }

    #[test]
    fn an_archive_that_broke_is_none() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is on fire"))
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let time = TIME.parse().unwrap();
        for end in ["error", "drop"] {
            let path = dir.path().join(end);
            let mut archive = Archive::new(fs::File::create(&path).unwrap(), None).unwrap();
            archive.add("a", None, time, &mut noise(1000)).unwrap();
            if end == "error" {
                let error = archive.add("b", None, time, &mut Broken).unwrap_err();
                assert_eq!(error.to_string(), "the disk is on fire");
                assert!(archive.add("c", None, time, &mut noise(1)).is_err());
                assert!(archive.finish().is_err());
            } else {
                drop(archive);
            }
            assert!(zip::ZipArchive::new(fs::File::open(&path).unwrap()).is_err());
        }
        assert!(Archive::new(Vec::new(), Some("")).is_err());
    }

    #[test]
    fn names_are_safe_everywhere() {
        for (given, safe) in [
            ("a/b.eml", "a/b.eml"),
            ("", "_"),
            ("..", "_"),
            ("/etc//x", "_/etc/_/x"),
            ("con", "_con"),
            ("nul .txt", "_nul .txt"),
            ("Com1.eml", "_Com1.eml"),
            ("a\\b:c?\n ", "a_b_c__"),
            ("x... ", "x"),
            ("\u{e9}t\u{e9}", "\u{e9}t\u{e9}"),
        ] {
            let mut archive = Archive::new(Vec::new(), None).unwrap();
            assert_eq!(archive.name(given), safe, "{given:?}");
        }
        let mut archive = Archive::new(Vec::new(), None).unwrap();
        let names = ["a.eml", "A.eml", "a.eml", "d.d/a", "D.d/a"].map(|name| archive.name(name));
        assert_eq!(names, ["a.eml", "A (2).eml", "a (3).eml", "d.d/a", "D.d/a (2)"]);
    }
}
