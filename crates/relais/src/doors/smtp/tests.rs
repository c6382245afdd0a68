//! The door as clients see it: dialogues, limits, many and large messages.

mod client;
mod dialogues;
mod limits;

use super::fake::{Fake, Keep};
use super::{Dialect, Door, Peer, Settings, SignIn};
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

const PEER: Peer = Peer::Network(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));

fn settings(dialect: Dialect) -> Settings {
    Settings { sign_in: SignIn::Offered, ..Settings::new(dialect, "mx.bm.com") }
}

fn door(settings: Settings, keep: Keep) -> Arc<Door<Fake>> {
    Door::new(settings, Fake::new(keep), || Timestamp::UNIX_EPOCH)
}

/// A client on a line of 64 KiB.
struct Client {
    stream: DuplexStream,
    seen: Vec<u8>,
    session: JoinHandle<()>,
}

impl Client {
    fn connect(door: &Arc<Door<Fake>>) -> Self {
        let (stream, far) = duplex(64 << 10);
        let door = Arc::clone(door);
        Self {
            stream,
            seen: Vec::new(),
            session: tokio::spawn(async move { door.converse(far, PEER).await }),
        }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the server listens");
    }

    /// The last line of the next answer, or `None` when the server has closed.
    async fn reply(&mut self) -> Option<String> {
        loop {
            while let Some(end) = self.seen.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.seen.drain(..=end).collect();
                assert!(line.ends_with(b"\r\n"), "every line of an answer ends with CRLF");
                if line[3] != b'-' {
                    let line = String::from_utf8(line).expect("ASCII");
                    return line.strip_suffix("\r\n").map(str::to_owned);
                }
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await.expect("a duplex has no errors") {
                0 => return None,
                bytes => self.seen.extend_from_slice(&chunk[..bytes]),
            }
        }
    }

    async fn expect(&mut self, beginning: &str) -> String {
        let reply = self.reply().await.unwrap_or_else(|| "closed".to_owned());
        assert!(reply.starts_with(beginning), "expected {beginning:?}, heard {reply:?}");
        reply
    }

    async fn ask(&mut self, line: &str, beginning: &str) {
        self.send(format!("{line}\r\n")).await;
        self.expect(beginning).await;
    }
}
