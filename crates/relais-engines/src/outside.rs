//! Requests to servers that customers name: an application, an identity provider. They may not lead into the host's own
//! network. Redirects are not followed.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Which hosts may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the internet: no customer of a host has its server speak to the host's own network.
    Internet,
    /// Also those of the server's own network and of this machine.
    Everywhere,
}

/// A client whose names stand for nothing that may not be reached.
///
/// # Errors
/// When the TLS library has no roots of trust on this machine.
pub(crate) fn client(reach: Reach, timeout: Duration) -> Result<reqwest::Client, String> {
    // The second time it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("Relais")
        .dns_resolver(Arc::new(Names { reach }))
        .build()
        .map_err(|error| error.to_string())
}

/// An address in the place of a name is asked of no resolver.
///
/// # Errors
/// With the address that may not be reached.
pub(crate) fn check(reach: Reach, url: &reqwest::Url) -> Result<(), String> {
    let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    match literal.filter(|address| !may_reach(reach, *address)) {
        Some(address) => Err(own_network(address)),
        None => Ok(()),
    }
}

/// What lies at the bottom of an error: its outer texts name the URL.
pub(crate) fn root(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

pub(crate) fn own_network(address: IpAddr) -> String {
    format!("{address} is not on the internet; only who runs the server may allow such addresses")
}

pub(crate) fn may_reach(reach: Reach, address: IpAddr) -> bool {
    reach == Reach::Everywhere || is_of_the_internet(address)
}

/// Not of this machine or of a network of one's own (RFC 6890, and RFC 4193 for IPv6).
fn is_of_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && (v4.octets()[1] & 0xC0) == 64;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.octets()[0] == 0
                || shared)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_of_the_internet(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || (first & 0xFE00) == 0xFC00
                    || (first & 0xFFC0) == 0xFE80)
            }
        },
    }
}

/// The machine's own resolver, without what may not be reached: asked for each connection, so that a name cannot stand
/// for another address than the one that was judged.
struct Names {
    reach: Reach,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let reached: Vec<_> =
                found.iter().copied().filter(|address| may_reach(reach, address.ip())).collect();
            match (reached.is_empty(), found.first()) {
                (true, Some(address)) => Err(own_network(address.ip()).into()),
                (_, _) => Ok(Box::new(reached.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_reached_unless_the_operator_says_so() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            let address = own.parse().unwrap();
            assert!(!may_reach(Reach::Internet, address), "{own}");
            assert!(may_reach(Reach::Everywhere, address), "{own}");
        }
        for outside in ["192.0.2.1", "100.128.0.1", "2001:db8::1", "172.32.0.1"] {
            assert!(may_reach(Reach::Internet, outside.parse().unwrap()), "{outside}");
        }
    }
}
