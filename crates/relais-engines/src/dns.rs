//! Questions to the DNS, asked of one resolver. Nothing is remembered: whoever asks wants to know what is published now.
//! Knows nothing of domains that are ours.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::{NetError, runtime::TokioRuntimeProvider};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use relais_core::domain::readiness::Exchange;
use std::net::SocketAddr;
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name is not there, or has no record of this kind.
    #[error("no such record")]
    NotFound,
    /// It cannot be said: nobody answered in time, or the answer was a failure.
    #[error("the resolver cannot say: {0}")]
    Trouble(String),
}

/// One try, of two.
const TRY_MAX: Duration = Duration::from_secs(3);
/// Everything: a resolver that answers slowly must not hold whoever asks.
const ANSWER_MAX: Duration = Duration::from_secs(8);

pub struct Dns {
    /// Or why there is none.
    resolver: Result<TokioResolver, String>,
}

impl Dns {
    /// Asks the resolver at `address`.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = address.port();
            connection
        });
        let server = NameServerConfig::new(address.ip(), true, connections.into());
        let config = ResolverConfig::from_name_servers(vec![server]);
        Self::build(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    /// Asks the resolvers of this machine. Where it has none, every question is trouble.
    #[must_use]
    pub fn of_system() -> Self {
        match TokioResolver::builder_tokio() {
            Ok(builder) => Self::build(builder),
            Err(error) => Self { resolver: Err(error.to_string()) },
        }
    }

    fn build(mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>) -> Self {
        let options = builder.options_mut();
        options.timeout = TRY_MAX;
        options.attempts = 2;
        options.cache_size = 0;
        Self { resolver: builder.build().map_err(|error| error.to_string()) }
    }

    /// The texts published under `name`, each with its parts joined (RFC 7208, section 3.3, says so for all who read
    /// policies).
    ///
    /// # Errors
    /// [`DnsError`].
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let text = |data: &RData| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        };
        self.ask(name, RecordType::TXT, text).await
    }

    /// The servers that take mail for `domain`.
    ///
    /// # Errors
    /// [`DnsError`].
    pub async fn mx(&self, domain: &str) -> Result<Vec<Exchange>, DnsError> {
        let exchange = |data: &RData| match data {
            RData::MX(mx) => Some(Exchange {
                preference: mx.preference,
                host: mx.exchange.to_ascii().trim_end_matches('.').to_ascii_lowercase(),
            }),
            _ => None,
        };
        self.ask(domain, RecordType::MX, exchange).await
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, DnsError> {
        let trouble = |text: &dyn std::fmt::Display| DnsError::Trouble(text.to_string());
        let resolver = self.resolver.as_ref().map_err(|error| trouble(error))?;
        // With the last dot: a search list of this machine is nobody's domain.
        let name = Name::from_ascii(format!("{name}.")).map_err(|error| trouble(&error))?;
        let answer = tokio::time::timeout(ANSWER_MAX, resolver.lookup(name, kind)).await;
        match answer {
            Ok(Ok(found)) => {
                let found: Vec<T> = found.answers().iter().filter_map(|record| read(&record.data)).collect();
                if found.is_empty() { Err(DnsError::NotFound) } else { Ok(found) }
            }
            Ok(Err(error)) if error.is_no_records_found() => Err(DnsError::NotFound),
            Ok(Err(NetError::Timeout)) | Err(_) => Err(trouble(&"no answer in time")),
            Ok(Err(error)) => Err(trouble(&error)),
        }
    }
}
