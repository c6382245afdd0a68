//! Failed sign-ins are counted for an account from one network, so that a stranger elsewhere cannot lock the person
//! out, and for a network over all accounts, so that it cannot try them all. In memory: a restart forgives.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Where a sign-in comes from, as far as it counts: an IPv4 address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    V4([u8; 4]),
    V6([u8; 8]),
    /// This machine, by a unix socket.
    Local,
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let mut prefix = [0; 8];
                prefix.copy_from_slice(&v6.octets()[..8]);
                Self::V6(prefix)
            }
        }
    }
}

const WINDOW: SignedDuration = SignedDuration::from_mins(5);
const FAILURES_PER_LOGIN_MAX: u32 = 10;
const FAILURES_PER_NETWORK_MAX: u32 = 100;
/// Counters kept at most; beyond that those whose window has passed are dropped.
const COUNTERS_MAX: usize = 100_000;

#[derive(Default)]
pub struct Throttle {
    counters: Mutex<HashMap<(Network, String), Counter>>,
}

struct Counter {
    failures: u32,
    since: Timestamp,
}

impl Throttle {
    /// Whether another attempt may be made at `now`.
    pub fn allows(&self, network: Network, login: &str, now: Timestamp) -> bool {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let below = |login: &str, max: u32| {
            counters
                .get(&(network, login.to_owned()))
                .is_none_or(|counter| counter.failures < max || counter.since + WINDOW <= now)
        };
        below(login, FAILURES_PER_LOGIN_MAX) && below("", FAILURES_PER_NETWORK_MAX)
    }

    pub fn failed(&self, network: Network, login: &str, now: Timestamp) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= COUNTERS_MAX {
            counters.retain(|_, counter| counter.since + WINDOW > now);
        }
        for login in [login, ""] {
            let counter =
                counters.entry((network, login.to_owned())).or_insert(Counter { failures: 0, since: now });
            if counter.since + WINDOW <= now {
                *counter = Counter { failures: 0, since: now };
            }
            counter.failures += 1;
        }
    }

    pub fn succeeded(&self, network: Network, login: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(&(network, login.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_from_one_network_close_the_door_there_and_nowhere_else_for_five_minutes() {
        let throttle = Throttle::default();
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let (here, there) = (Network::V4([127, 0, 0, 1]), Network::V4([127, 0, 0, 2]));
        for _ in 0..FAILURES_PER_LOGIN_MAX {
            assert!(throttle.allows(here, "user1@bm.com", now));
            throttle.failed(here, "user1@bm.com", now);
        }
        assert!(!throttle.allows(here, "user1@bm.com", now));
        assert!(throttle.allows(there, "user1@bm.com", now));
        assert!(throttle.allows(here, "user2@bm.com", now));
        assert!(throttle.allows(here, "user1@bm.com", now + WINDOW));
    }
}
