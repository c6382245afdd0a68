//! Failed attempts are counted for a login from one network, so that a stranger elsewhere cannot lock the person out; for
//! a network over all logins, so that it cannot try them all; and for a login over all networks, so that many machines
//! together cannot either: then only those networks go on from which the person signed in lately. Sign-ons are counted for a
//! network when they begin, since each is written down and sends a browser to somebody else. In memory: a restart
//! forgives, and each node counts for itself.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Where a sign-in comes from, as far as it counts: an IPv4 address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Network {
    V4([u8; 4]),
    V6([u8; 8]),
    /// This machine, by a unix socket.
    #[default]
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

impl Network {
    /// As much of it as is kept with a session: enough to recognise the place, too little to find the person.
    #[must_use]
    pub fn roughly(&self) -> String {
        match self {
            Self::V4([a, b, c, _]) => format!("{a}.{b}.{c}.0/24"),
            Self::V6(prefix) => {
                let mut octets = [0; 16];
                octets[..6].copy_from_slice(&prefix[..6]);
                format!("{}/48", Ipv6Addr::from(octets))
            }
            Self::Local => String::new(),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(octets) => write!(f, "{}", Ipv4Addr::from(*octets)),
            Self::V6(prefix) => {
                let mut octets = [0; 16];
                octets[..8].copy_from_slice(prefix);
                write!(f, "{}/64", Ipv6Addr::from(octets))
            }
            Self::Local => f.write_str("local"),
        }
    }
}

const WINDOW: SignedDuration = SignedDuration::from_mins(5);
const FAILURES_PER_LOGIN_MAX: u32 = 10;
const FAILURES_PER_NETWORK_MAX: u32 = 100;
/// From all networks together.
const FAILURES_ANYWHERE_MAX: u32 = 30;
/// Sign-ons that one network begins: an office behind one address comes in at nine.
const STARTS_PER_NETWORK_MAX: u32 = 1000;
/// Counters kept at most; beyond that those whose window has passed are dropped.
const COUNTERS_MAX: usize = 100_000;

/// Whether another attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Go,
    /// Only from where the person signed in lately.
    KnownNetworks,
    Wait,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Login(Network, String),
    Network(Network),
    Anywhere(String),
    Starts(Network),
}

#[derive(Default)]
pub struct Throttle {
    counters: Mutex<HashMap<Counted, Counter>>,
}

struct Counter {
    count: u32,
    since: Timestamp,
}

impl Throttle {
    pub fn pace(&self, network: Network, login: &str, now: Timestamp) -> Pace {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let below = |what: Counted, max: u32| {
            counters.get(&what).is_none_or(|counter| counter.count < max || counter.since + WINDOW <= now)
        };
        if !below(Counted::Login(network, login.to_owned()), FAILURES_PER_LOGIN_MAX)
            || !below(Counted::Network(network), FAILURES_PER_NETWORK_MAX)
        {
            Pace::Wait
        } else if below(Counted::Anywhere(login.to_owned()), FAILURES_ANYWHERE_MAX) {
            Pace::Go
        } else {
            Pace::KnownNetworks
        }
    }

    pub fn failed(&self, network: Network, login: &str, now: Timestamp) {
        let login = login.to_owned();
        for what in
            [Counted::Login(network, login.clone()), Counted::Network(network), Counted::Anywhere(login)]
        {
            self.count(what, now);
        }
    }

    /// A network begins another sign-on: whether it may.
    pub fn starts(&self, network: Network, now: Timestamp) -> Pace {
        let begun = self.count(Counted::Starts(network), now);
        if begun > STARTS_PER_NETWORK_MAX { Pace::Wait } else { Pace::Go }
    }

    /// How often it happened in this window.
    fn count(&self, what: Counted, now: Timestamp) -> u32 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= COUNTERS_MAX {
            counters.retain(|_, counter| counter.since + WINDOW > now);
        }
        let counter = counters.entry(what).or_insert(Counter { count: 0, since: now });
        if counter.since + WINDOW <= now {
            *counter = Counter { count: 0, since: now };
        }
        counter.count += 1;
        counter.count
    }

    /// What was tried elsewhere stays counted: whoever guesses there has not stopped.
    pub fn succeeded(&self, network: Network, login: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(&Counted::Login(network, login.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn ten_failures_from_one_network_close_the_door_there_and_nowhere_else_for_five_minutes() {
        let throttle = Throttle::default();
        let now = now();
        let (here, there) = (Network::V4([127, 0, 0, 1]), Network::V4([127, 0, 0, 2]));
        for _ in 0..FAILURES_PER_LOGIN_MAX {
            assert_eq!(throttle.pace(here, "user1@bm.com", now), Pace::Go);
            throttle.failed(here, "user1@bm.com", now);
        }
        assert_eq!(throttle.pace(here, "user1@bm.com", now), Pace::Wait);
        assert_eq!(throttle.pace(there, "user1@bm.com", now), Pace::Go);
        assert_eq!(throttle.pace(here, "user2@bm.com", now), Pace::Go);
        assert_eq!(throttle.pace(here, "user1@bm.com", now + WINDOW), Pace::Go);
    }

    #[test]
    fn many_networks_together_leave_the_door_open_only_where_the_person_is_known() {
        let throttle = Throttle::default();
        let now = now();
        for host in 0..FAILURES_ANYWHERE_MAX {
            throttle.failed(Network::V4([198, 51, 100, u8::try_from(host).unwrap()]), "user1@bm.com", now);
        }
        let elsewhere = Network::V4([192, 0, 2, 1]);
        assert_eq!(throttle.pace(elsewhere, "user1@bm.com", now), Pace::KnownNetworks);
        assert_eq!(throttle.pace(elsewhere, "user2@bm.com", now), Pace::Go);
        throttle.succeeded(elsewhere, "user1@bm.com");
        assert_eq!(throttle.pace(elsewhere, "user1@bm.com", now), Pace::KnownNetworks);
        assert_eq!(throttle.pace(elsewhere, "user1@bm.com", now + WINDOW), Pace::Go);
    }

    #[test]
    fn a_network_begins_so_many_sign_ons_and_no_more_for_five_minutes() {
        let throttle = Throttle::default();
        let (now, here) = (now(), Network::V4([127, 0, 0, 1]));
        for _ in 0..STARTS_PER_NETWORK_MAX {
            assert_eq!(throttle.starts(here, now), Pace::Go);
        }
        assert_eq!(throttle.starts(here, now), Pace::Wait);
        assert_eq!(throttle.starts(Network::V4([127, 0, 0, 2]), now), Pace::Go);
        assert_eq!(throttle.starts(here, now + WINDOW), Pace::Go);
    }

    #[test]
    fn a_place_is_kept_roughly() {
        for (address, kept, rough) in [
            ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ] {
            let network = Network::from(address.parse::<IpAddr>().unwrap());
            assert_eq!((network.to_string(), network.roughly()), (kept.to_owned(), rough.to_owned()));
        }
    }
}
