//! What an administrator may set: `relais.toml` in the data directory. Every key has a default that works on one
//! machine; an unknown key is an error, because a misspelt one would silently do nothing.

use crate::doors::api::{PaymentSecret, PaymentSecrets};
use anyhow::{Context, bail};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// The name this server greets with.
    pub hostname: String,
    /// `postgres://…`; SQLite in the data directory if absent.
    pub database: Option<String>,
    /// The REST API.
    pub http: SocketAddr,
    /// Where people reach the REST API, for links in letters: `https://mail.example.com`.
    pub public_url: Option<String>,
    /// Proxies before the HTTP port: what they say about who asks is believed.
    pub trusted_proxies: Vec<IpAddr>,
    pub lmtp: SocketAddr,
    pub smtp: SocketAddr,
    /// Where Dovecot listens.
    pub mail_listen: IpAddr,
    /// A port of 0 turns its protocol off.
    pub imap_port: u16,
    pub pop3_port: u16,
    pub sieve_port: u16,
    /// Whether calendars and address books are served, under `/dav/` of the REST API's address.
    pub dav: bool,
    /// `host:port` of the server that takes mail for elsewhere.
    pub smarthost: Option<String>,
    /// Whether applications on the server's own network, and on this machine, may be told what happens.
    pub webhooks_to_own_network: bool,
    /// Whether directories on the server's own network, and on this machine, may be read.
    pub directories_on_own_network: bool,
    /// Whether organisations' identity providers may be on the server's own network, and on this machine.
    pub sign_on_in_own_network: bool,
    /// Whom to ask about the DNS; the resolvers of this machine if absent.
    pub resolver: Option<SocketAddr>,
    /// Under which the DKIM key of a domain is looked for.
    pub dkim_selector: String,
    pub message_bytes_max: u64,
    /// Sessions at once on each of the two mail doors.
    pub mail_sessions_max: usize,
    /// The user to become when started as root.
    pub user: String,
    /// Words that mark a message or a folder as personal; ours if absent.
    pub personal_marks: Option<Vec<String>>,
    /// `whsec_…`, agreed on with the payment provider; several while one replaces another.
    #[serde(deserialize_with = "payment_secrets")]
    pub payment_secrets: PaymentSecrets,
}

fn payment_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PaymentSecrets, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse::<PaymentSecret>().map_err(D::Error::custom)).collect()
}

impl Default for Configuration {
    fn default() -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            hostname: "localhost.localdomain".to_owned(),
            database: None,
            http: local(8025),
            public_url: None,
            trusted_proxies: Vec::new(),
            lmtp: local(2424),
            smtp: local(2525),
            mail_listen: Ipv4Addr::LOCALHOST.into(),
            imap_port: 2143,
            pop3_port: 2110,
            sieve_port: 24190,
            dav: true,
            smarthost: None,
            webhooks_to_own_network: false,
            directories_on_own_network: false,
            sign_on_in_own_network: false,
            resolver: None,
            dkim_selector: "relais".to_owned(),
            message_bytes_max: 64 << 20,
            mail_sessions_max: 500,
            user: "relais".to_owned(),
            personal_marks: None,
            payment_secrets: PaymentSecrets::default(),
        }
    }
}

impl Configuration {
    /// Reads the file; the defaults if it is not there.
    ///
    /// # Errors
    /// With the file, the line and what is wrong there.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        Self::parse(&text).with_context(|| format!("in {}", file.display()))
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let configuration: Self = toml::from_str(text)?;
        configuration.smarthost_parts()?;
        configuration.check_public_url()?;
        Ok(configuration)
    }

    /// Host and port of the smarthost.
    ///
    /// # Errors
    /// When it is not written `host:port`.
    pub fn smarthost_parts(&self) -> anyhow::Result<Option<(String, u16)>> {
        let Some(text) = &self.smarthost else { return Ok(None) };
        let parts =
            text.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        match parts {
            Some(parts) => Ok(Some(parts)),
            None => bail!("smarthost = {text:?} is not host:port; write it like \"127.0.0.1:25\""),
        }
    }

    fn check_public_url(&self) -> anyhow::Result<()> {
        let Some(url) = &self.public_url else { return Ok(()) };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let fits = |rest: &str| {
            !rest.starts_with('/') && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic())
        };
        if !rest.is_some_and(fits) || url.contains(['?', '#', '<', '>', '"']) {
            bail!(
                "public_url = {url:?} is not the address of a site; write it like \"https://mail.example.com\""
            );
        }
        Ok(())
    }

    /// Where links in letters begin; on this machine unless something else is said.
    #[must_use]
    pub fn public_url(&self) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.http));
        url.trim_end_matches('/').to_owned()
    }

    /// Whether any protocol of Dovecot is on.
    #[must_use]
    pub fn wants_dovecot(&self) -> bool {
        [self.imap_port, self.pop3_port, self.sieve_port].iter().any(|port| *port != 0)
    }
}
