//! Bytes in and out of one connection: lines are cut, answers gathered, every wait has an end.

use memchr::memmem;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// What one read may bring.
pub(super) const INPUT_BYTES: usize = 32 << 10;
/// RFC 5321 has 512, and each extension adds some; addresses in UTF-8 are the longest.
pub(super) const LINE_BYTES_MAX: usize = 2048;
/// How much of a line that is too long is read in search of its end.
const LINE_DISCARD_BYTES_MAX: usize = 64 << 10;
/// Answers that wait for the input to run dry go out early beyond this.
const OUTPUT_BYTES_MAX: usize = 16 << 10;
/// How much, and for how long, is read from a client that is being sent away, so that it sees our last answer
/// rather than a reset.
const LINGER_BYTES_MAX: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The client is gone.
    Gone,
    TimedOut,
    /// This server stops.
    Stopping,
}

/// A line, as far as bytes go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its CRLF.
    Text(String),
    /// A CR or LF that ends nothing, or a NUL.
    Malformed,
    NotUtf8,
    /// Too long; its end was found.
    TooLong,
    /// Too long, and no end in sight.
    Endless,
}

pub(super) struct Wire<S> {
    stream: S,
    stop: watch::Receiver<bool>,
    input: Box<[u8]>,
    start: usize,
    end: usize,
    pub(super) out: Vec<u8>,
    write_timeout: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, stop: watch::Receiver<bool>, write_timeout: Duration) -> Self {
        Self {
            stream,
            stop,
            input: vec![0; INPUT_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            out: Vec::new(),
            write_timeout,
        }
    }

    /// What came and is not yet consumed.
    pub(super) fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        assert!(self.start <= self.end, "no more is consumed than came");
    }

    /// Waits for more bytes. Answers go out first: the client may be waiting for them (RFC 2920, section 3.2).
    pub(super) async fn fill(&mut self, deadline: Instant) -> Result<(), Ended> {
        self.flush().await?;
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = timeout_at(deadline, self.stream.read(&mut self.input[self.end..]));
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Err(Ended::Stopping),
            read = read => match read {
                Err(_) => Err(Ended::TimedOut),
                Ok(Err(_) | Ok(0)) => Err(Ended::Gone),
                Ok(Ok(bytes)) => {
                    self.end += bytes;
                    Ok(())
                }
            },
        }
    }

    /// The next line, whole within `time`.
    pub(super) async fn line(&mut self, time: Duration) -> Result<Line, Ended> {
        let deadline = Instant::now() + time;
        if *self.stop.borrow() {
            return Err(Ended::Stopping);
        }
        let mut discarded = 0;
        loop {
            let input = self.input();
            if let Some(at) = memmem::find(input, b"\r\n") {
                let line = if discarded > 0 || at + 2 > LINE_BYTES_MAX {
                    Line::TooLong
                } else {
                    read_line(&input[..at])
                };
                self.consume(at + 2);
                return Ok(line);
            }
            // A CR at the end may be half of the line's end.
            if input.len() > LINE_BYTES_MAX || discarded > 0 {
                let all_but_cr = input.len() - usize::from(input.ends_with(b"\r"));
                discarded += all_but_cr;
                self.consume(all_but_cr);
            }
            if discarded > LINE_DISCARD_BYTES_MAX {
                return Ok(Line::Endless);
            }
            self.fill(deadline).await?;
        }
    }

    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        if self.out.is_empty() {
            return Ok(());
        }
        let written = timeout(self.write_timeout, async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        });
        let written = written.await;
        self.out.clear();
        match written {
            Err(_) => Err(Ended::TimedOut),
            Ok(Err(_)) => Err(Ended::Gone),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// Sends what has gathered when it is much.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), Ended> {
        if self.out.len() > OUTPUT_BYTES_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// The last answer goes out and the connection is closed in order, as far as the client lets us.
    pub(super) async fn close(mut self) {
        if self.flush().await.is_err() || self.stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while drained < LINGER_BYTES_MAX {
                match self.stream.read(&mut self.input).await {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => drained += bytes,
                }
            }
        };
        // Not heard to the end: closed all the same.
        let _ = timeout(LINGER, drain).await;
    }
}

fn read_line(line: &[u8]) -> Line {
    if line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Line::Malformed;
    }
    match std::str::from_utf8(line) {
        Ok(text) => Line::Text(text.to_owned()),
        Err(_) => Line::NotUtf8,
    }
}
