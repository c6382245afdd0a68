//! A connection to a directory: where it may lead, whom it trusts, and as whom it speaks.

use crate::outside::{Reach, may_reach, own_network, root};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, StdStream};
use relais_core::directory::{Encryption, Settings};
use relais_core::refusal::DirectoryFault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Between two answers of one search.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Result codes of RFC 4511, appendix A, and of RFC 4533.
pub(super) const SUCCESS: u32 = 0;
pub(super) const NO_SUCH_OBJECT: u32 = 32;
const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;

pub(super) struct Connection {
    pub ldap: Ldap,
    driver: JoinHandle<Result<(), LdapError>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub async fn open(settings: &Settings, reach: Reach) -> Result<Self, DirectoryFault> {
        let stream = connect(settings, reach).await?;
        let mut with =
            LdapConnSettings::new().set_conn_timeout(CONNECT_MAX).set_std_stream(StdStream::Tcp(stream));
        let scheme = match settings.encryption {
            Encryption::Tls => "ldaps",
            Encryption::StartTls => {
                with = with.set_starttls(true);
                "ldap"
            }
            Encryption::None => "ldap",
        };
        if let Some(ca) = &settings.ca {
            with = with.set_config(trusting(ca)?);
        }
        let host = &settings.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let url = format!("{scheme}://{host}:{}", settings.port());
        let (connection, ldap) =
            LdapConnAsync::with_settings(with, &url).await.map_err(|error| not_opened(&error))?;
        Ok(Self { ldap, driver: tokio::spawn(connection.drive()) })
    }

    /// Signs in as whoever reads; nobody in particular if no name is given.
    pub async fn bind(&mut self, dn: &str, password: &str) -> Result<(), DirectoryFault> {
        if dn.is_empty() {
            return Ok(());
        }
        let answer = self.ldap.with_timeout(ANSWER_MAX).simple_bind(dn, password).await;
        check(&answer.map_err(|error| cut_short(&error))?)
    }

    /// Whether the directory lets this person in with `password`.
    pub async fn accepts(&mut self, dn: &str, password: &str) -> Result<bool, DirectoryFault> {
        let answer = self.ldap.with_timeout(ANSWER_MAX).simple_bind(dn, password).await;
        let answer = answer.map_err(|error| cut_short(&error))?;
        match answer.rc {
            SUCCESS => Ok(true),
            BUSY | UNAVAILABLE => Err(DirectoryFault::CutShort { because: said(&answer) }),
            // Wrong, locked, expired, or not to be told.
            _ => Ok(false),
        }
    }

    /// Ends the conversation. Where it failed because our side of the line panicked, that is why.
    pub async fn close<T>(mut self, done: Result<T, DirectoryFault>) -> Result<T, DirectoryFault> {
        if done.is_err() && self.driver.is_finished() {
            let ended = (&mut self.driver).await;
            if ended.is_err_and(|error| error.is_panic()) {
                return Err(DirectoryFault::Garbled);
            }
        } else if done.is_ok() {
            // Whether our farewell arrives is nobody's concern.
            let _ = tokio::time::timeout(CONNECT_MAX, self.ldap.unbind()).await;
        }
        done
    }
}

/// Judges every address that the name stands for before it is connected to.
async fn connect(settings: &Settings, reach: Reach) -> Result<std::net::TcpStream, DirectoryFault> {
    let unreachable = |because: String| DirectoryFault::Unreachable { because };
    let found = tokio::net::lookup_host((settings.host.as_str(), settings.port())).await;
    let found: Vec<SocketAddr> = found.map_err(|error| unreachable(error.to_string()))?.collect();
    let mut because = "no address".to_owned();
    for address in found {
        if !may_reach(reach, address.ip()) {
            because = own_network(address.ip());
            continue;
        }
        if settings.encryption == Encryption::None && !address.ip().is_loopback() {
            return Err(DirectoryFault::NotEncrypted);
        }
        match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return stream.into_std().map_err(|error| unreachable(error.to_string())),
            Ok(Err(error)) => because = error.to_string(),
            Err(_) => because = format!("{address}: > {} s", CONNECT_MAX.as_secs()),
        }
    }
    Err(unreachable(because))
}

/// Nobody but whoever this certificate is.
fn trusting(ca: &str) -> Result<Arc<ClientConfig>, DirectoryFault> {
    let wrong = || DirectoryFault::SettingInvalid { field: "ca" };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
    }
    if roots.is_empty() {
        return Err(wrong());
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn not_opened(error: &LdapError) -> DirectoryFault {
    let because = root(error);
    match error {
        LdapError::Io { source } if is_about_trust(source) => DirectoryFault::NotTrusted { because },
        _ => DirectoryFault::Unreachable { because },
    }
}

fn is_about_trust(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
}

pub(super) fn cut_short(error: &LdapError) -> DirectoryFault {
    DirectoryFault::CutShort { because: root(error) }
}

/// Whether an answer is the one that was hoped for.
pub(super) fn check(answer: &LdapResult) -> Result<(), DirectoryFault> {
    match answer.rc {
        SUCCESS => Ok(()),
        BUSY | UNAVAILABLE => Err(DirectoryFault::CutShort { because: said(answer) }),
        // A wrong password, no such base, not allowed, too much at once: mended there or in the settings.
        _ => Err(DirectoryFault::NotLetIn { because: said(answer) }),
    }
}

/// What the server said, in its own words.
fn said(answer: &LdapResult) -> String {
    let text: String = answer.text.chars().filter(|letter| !letter.is_control()).take(200).collect();
    if text.is_empty() { format!("LDAP {}", answer.rc) } else { format!("LDAP {}, {text}", answer.rc) }
}
