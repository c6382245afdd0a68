//! Ports, deadlines, lines and the user that servers run as.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to answer before a test fails.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A port of 127.0.0.1 that nobody listens on. Below the range from which the kernel takes ports for connections,
/// and starting elsewhere in each process, so that tests side by side seldom meet.
///
/// # Panics
/// When no port is free.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let start =
            u16::try_from(u64::from(std::process::id()) * 7919 % u64::from(COUNT)).expect("below COUNT");
        let port = FIRST
            + u16::try_from((u32::from(start) + u32::from(step)) % u32::from(COUNT)).expect("below COUNT");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// Asks again and again until the closure returns something.
///
/// # Panics
/// When `limit` is over: a test waits for the thing itself, and says what did not come.
pub fn wait_for<T>(limit: Duration, what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {} s: {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The user and group to run servers as that refuse root: `nobody` when the tests are root, otherwise nobody else.
#[must_use]
pub fn server_user() -> Option<(u32, u32)> {
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    let user = nix::unistd::User::from_name("nobody").ok().flatten()?;
    Some((user.uid.as_raw(), user.gid.as_raw()))
}

/// Gives a file or a directory with all that is in it to [`server_user`]; does nothing when the tests are not root.
///
/// # Errors
/// Of the file system.
pub fn give_to_server(path: &Path) -> Result<()> {
    let Some((uid, gid)) = server_user() else {
        return Ok(());
    };
    let metadata = std::fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    std::os::unix::fs::lchown(path, Some(uid), Some(gid))?;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give_to_server(&entry?.path())?;
        }
    }
    Ok(())
}

/// A connection that speaks in lines.
pub struct Lines {
    reader: BufReader<TcpStream>,
}

impl Lines {
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)
            .with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// # Errors
    /// When the connection is gone.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.reader.get_mut().write_all(bytes).context("writing")
    }

    /// A line without its end, and with what is not UTF-8 replaced.
    ///
    /// # Errors
    /// At the end of the connection, or of [`ANSWER_LIMIT`].
    pub fn read_line(&mut self) -> Result<String> {
        match self.read_line_within(ANSWER_LIMIT)? {
            Some(line) => Ok(line),
            None => bail!("no line within {} s", ANSWER_LIMIT.as_secs()),
        }
    }

    /// A line, or `None` when none has come in time. Lines come whole, as servers write them.
    ///
    /// # Errors
    /// At the end of the connection.
    pub fn read_line_within(&mut self, limit: Duration) -> Result<Option<String>> {
        if self.reader.buffer().is_empty() {
            self.reader.get_ref().set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
            let filled = self.reader.fill_buf().map(<[u8]>::len);
            self.reader.get_ref().set_read_timeout(Some(ANSWER_LIMIT))?;
            match filled {
                Ok(0) => bail!("the server closed the connection"),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => return Ok(None),
                Err(error) => return Err(error).context("reading"),
            }
        }
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).context("reading a line")?;
        if line.pop() != Some(b'\n') {
            bail!("the server closed the connection");
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    /// # Errors
    /// At the end of the connection.
    pub fn read_exact(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).context("reading bytes")?;
        Ok(bytes)
    }

    /// The lines of an answer that ends with a lone dot (POP3), with CRLF, dots unstuffed.
    ///
    /// # Errors
    /// At the end of the connection.
    pub fn read_dotted(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            self.reader.read_until(b'\n', &mut bytes).context("reading a line")?;
            if !bytes.ends_with(b"\n") {
                bail!("the server closed the connection");
            }
            if &bytes[start..] == b".\r\n" {
                bytes.truncate(start);
                return Ok(bytes);
            }
            if bytes[start] == b'.' {
                bytes.remove(start);
            }
        }
    }
}

/// Makes a directory for a server: short, because sockets live in it, and given to [`server_user`].
///
/// # Errors
/// Of the file system.
pub fn server_dir() -> Result<tempfile::TempDir> {
    let dir = tempfile::Builder::new().prefix("rl").rand_bytes(8).tempdir_in("/tmp")?;
    if let Some((uid, gid)) = server_user() {
        chown(dir.path(), Some(uid), Some(gid))?;
    }
    Ok(dir)
}
