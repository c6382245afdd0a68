//! Connections: accepted up to the limits, ended in order when the door stops.

use super::{Door, Peer, Reception, reply};
use metrics::counter;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::warn;

/// How long to wait when the system gives no connection (no file descriptor left): the next call fails too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Sending one line into an empty socket buffer does not wait; a client that makes it wait goes without.
const TURN_AWAY_TIMEOUT: Duration = Duration::from_millis(200);

/// Sessions per network, for those that have any.
type PerNetwork = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A place among the sessions, given back when dropped.
struct Place {
    network: Option<IpAddr>,
    per_network: PerNetwork,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut counts = self.per_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// All sessions of one listener.
struct Sessions<R> {
    door: Arc<Door<R>>,
    places: Arc<Semaphore>,
    per_network: PerNetwork,
    tasks: JoinSet<()>,
}

impl<R: Reception> Sessions<R> {
    fn new(door: Arc<Door<R>>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(door.settings.sessions_max)),
            per_network: PerNetwork::default(),
            tasks: JoinSet::new(),
            door,
        }
    }

    fn place(&self, peer: Peer) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let network = match peer {
            Peer::Network(ip) => Some(network(ip)),
            Peer::Local => None,
        };
        if let Some(network) = network {
            let mut counts = self.per_network.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(network).or_default();
            if *count >= self.door.settings.sessions_per_address_max {
                return None;
            }
            *count += 1;
        }
        Some(Place { network, per_network: Arc::clone(&self.per_network), _permit: permit })
    }

    async fn open<S>(&mut self, mut stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        while self.tasks.try_join_next().is_some() {}
        let Some(place) = self.place(peer) else {
            let dialect = self.door.settings.dialect.label();
            counter!("relais_smtp_turned_away_total", "dialect" => dialect).increment(1);
            let mut line = Vec::new();
            reply::write(&mut line, reply::TOO_MANY_SESSIONS);
            // Courtesy only: without the line the client sees a closed connection, which says the same.
            let _ = timeout(TURN_AWAY_TIMEOUT, stream.write_all(&line)).await;
            return;
        };
        let door = Arc::clone(&self.door);
        self.tasks.spawn(async move {
            door.converse(stream, peer).await;
            drop(place);
        });
    }

    /// Waits for the sessions to end, at most the grace time.
    async fn end(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(self.door.settings.stop_grace, all).await.is_err() {
            warn!(sessions = self.tasks.len(), "sessions cut: their clients will send again");
            self.tasks.shutdown().await;
        }
    }
}

/// Whom a limit per address means: one IPv4 address, or the /64 that one IPv6 client has to itself.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    }
}

/// Where connections come from: TCP, or a unix socket.
pub trait Listener: Send {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn connection(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn connection(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = self.accept().await?;
        // Answers are gathered before they are sent: waiting for more gains nothing.
        stream.set_nodelay(true)?;
        Ok((stream, Peer::Network(address.ip().to_canonical())))
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn connection(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, Peer::Local))
    }
}

impl<R: Reception> Door<R> {
    /// Serves connections until [`Door::stop`], and returns when the last session has ended.
    pub async fn serve(self: Arc<Self>, listener: impl Listener) {
        let mut stop = self.stop.subscribe();
        let mut sessions = Sessions::new(self);
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = listener.connection() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => sessions.open(stream, peer).await,
                Err(error) => {
                    warn!(%error, "no connection accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        sessions.end().await;
    }
}
