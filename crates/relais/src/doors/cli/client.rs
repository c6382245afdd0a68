//! HTTP to the API: over the operator's socket, or to a URL with a token. One connection a question; nothing here
//! knows what is asked.

use super::failure::{Failure, Problem};
use anyhow::{Context as _, anyhow};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use relais_core::language::Language;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// The operator's socket in the data directory.
pub const SOCKET: &str = "relais.sock";
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// A long list with a password on every line takes its time: each is hashed.
const FILE_ANSWER_MAX: Duration = Duration::from_secs(3600);
const CONNECT_MAX: Duration = Duration::from_secs(10);

pub struct Client {
    place: Place,
    token: Option<String>,
    language: Language,
}

enum Place {
    Socket { data: PathBuf },
    Url { authority: String, address: String, prefix: String },
}

/// What the server sent, untouched.
#[derive(Debug)]
pub struct Answer {
    pub text: String,
}

impl Answer {
    /// One list of several, each item as it came.
    #[must_use]
    pub fn joined(lists: Vec<Self>) -> Self {
        let items = |list: &Self| {
            let text = list.text.trim();
            let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
            inside.trim().to_owned()
        };
        let items: Vec<String> = lists.iter().map(items).filter(|items| !items.is_empty()).collect();
        Self { text: format!("[{}]", items.join(",")) }
    }

    /// # Errors
    /// When the server speaks of something else: it is not of this version.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let read = serde_json::from_str(&self.text);
        Ok(read.context("the server's answer is not understood; is it of the same version?")?)
    }
}

impl Client {
    #[must_use]
    pub fn on_socket(data: PathBuf, language: Language) -> Self {
        Self { place: Place::Socket { data }, token: None, language }
    }

    /// # Errors
    /// [`Failure::Usage`] when `url` is not one of an http server.
    pub fn at_url(url: &str, token: Option<String>, language: Language) -> Result<Self, Failure> {
        let wrong = || {
            let said = language.pick("n'est pas une adresse comme", "is not a URL like");
            Failure::Usage(format!("{url} {said} http://127.0.0.1:8080"))
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong());
        }
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let place = Place::Url { authority: authority.to_string(), address, prefix };
        Ok(Self { place, token, language })
    }

    /// # Errors
    /// As every question: the server cannot be reached, refuses, or answers what nobody understands.
    pub async fn get(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.ask(Method::GET, &written(path, &[]), "application/json", None).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn search(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.ask(Method::GET, &written(path, query), "application/json", None).await
    }

    /// The same thing as a page for people.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn page(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.ask(Method::GET, &written(path, &[]), "text/html", None).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        self.ask(Method::POST, &written(path, &[]), "application/json", Some(Sent::json(body)?)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        self.ask(Method::PUT, &written(path, &[]), "application/json", Some(Sent::json(body)?)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn patch(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        self.ask(Method::PATCH, &written(path, &[]), "application/json", Some(Sent::json(body)?)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn delete(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.ask(Method::DELETE, &written(path, &[]), "application/json", None).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn delete_asking(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.ask(Method::DELETE, &written(path, query), "application/json", None).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn delete_with(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        self.ask(Method::DELETE, &written(path, &[]), "application/json", Some(Sent::json(body)?)).await
    }

    /// As [`Client::post`], for what takes as long as reading all there is.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_patiently(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        let sent = Sent { patience: FILE_ANSWER_MAX, ..Sent::json(body)? };
        self.ask(Method::POST, &written(path, &[]), "application/json", Some(sent)).await
    }

    /// Writes an answer to a file as it comes; what is cut off leaves the file as it was. Returns its size.
    ///
    /// # Errors
    /// As [`Client::get`], or that the file cannot be written.
    pub async fn download_to(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        file: &Path,
    ) -> Result<u64, Failure> {
        let path = written(path, query);
        let mut answering = self.within(ANSWER_MAX, self.open(Method::GET, &path, "*/*", None)).await?;
        if !(200..300).contains(&answering.status) {
            let answered = self.within(ANSWER_MAX, answering.whole()).await?;
            return self.judge(answered).map(|bytes| bytes.len() as u64);
        }
        let writing = || format!("writing {}", file.display());
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut partial = tempfile::NamedTempFile::new_in(dir).with_context(writing)?;
        let mut size_bytes = 0;
        while let Some(bytes) = self.within(ANSWER_MAX, answering.next()).await? {
            partial.write_all(&bytes).with_context(writing)?;
            size_bytes += bytes.len() as u64;
        }
        partial.as_file().sync_all().with_context(writing)?;
        partial.persist(file).with_context(writing)?;
        Ok(size_bytes)
    }

    /// Sends a file of this media type.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_file(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        kind: &'static str,
        file: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let sent = Sent { kind, bytes: file.into(), patience: FILE_ANSWER_MAX };
        self.ask(Method::POST, &written(path, query), "application/json", Some(sent)).await
    }

    /// As [`Client::post_file`], in the place of what is there.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn put_file(
        &self,
        path: &[&str],
        kind: &'static str,
        file: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let sent = Sent { kind, bytes: file.into(), patience: FILE_ANSWER_MAX };
        self.ask(Method::PUT, &written(path, &[]), "application/json", Some(sent)).await
    }

    /// An answer that is no JSON, byte by byte.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn download(&self, path: &[&str], accept: &str) -> Result<Bytes, Failure> {
        self.fetch(Method::GET, &written(path, &[]), accept, None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<Sent>,
    ) -> Result<Answer, Failure> {
        let bytes = self.fetch(method, path, accept, body).await?;
        let text = String::from_utf8(bytes.into());
        let text = text.map_err(|_| Failure::Unexpected(anyhow!("the server's answer is not text")))?;
        Ok(Answer { text })
    }

    async fn fetch(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<Sent>,
    ) -> Result<Bytes, Failure> {
        let patience = body.as_ref().map_or(ANSWER_MAX, |sent| sent.patience);
        let asked = async { self.open(method, path, accept, body).await?.whole().await };
        self.judge(self.within(patience, asked).await?)
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<Sent>,
    ) -> Result<Answering, Ended> {
        match &self.place {
            Place::Socket { data } => {
                let request = self.request(method, path, "localhost", accept, body)?;
                let socket = data.join(SOCKET);
                let stream = UnixStream::connect(&socket).await;
                converse(stream.map_err(|error| self.no_socket(data, &error))?, request).await
            }
            Place::Url { authority, address, prefix } => {
                let path = format!("{prefix}{path}");
                let request = self.request(method, &path, authority, accept, body)?;
                let stream = match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await {
                    Ok(stream) => stream,
                    Err(elapsed) => Err(elapsed.into()),
                };
                converse(stream.map_err(|error| self.no_server(address, &error))?, request).await
            }
        }
    }

    async fn within<T>(
        &self,
        patience: Duration,
        asked: impl Future<Output = Result<T, Ended>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(patience, asked).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(Ended::Failed(failure))) => Err(failure),
            Ok(Err(Ended::CutOff(error))) => Err(Failure::Unreachable(format!(
                "{} ({error})",
                self.language.pick(
                    "Le serveur a coupé la connexion avant de répondre ; regardez son journal et recommencez.",
                    "The server closed the connection before it answered; see its log and try again."
                )
            ))),
            Err(_) => Err(Failure::Unreachable(
                self.language
                    .pick(
                        "Le serveur ne répond pas ; regardez son journal et recommencez.",
                        "The server does not answer; see its log and try again.",
                    )
                    .to_owned(),
            )),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        host: &str,
        accept: &str,
        body: Option<Sent>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, host)
            .header(ACCEPT, format!("{accept}, application/problem+json"))
            .header(ACCEPT_LANGUAGE, self.language.tag());
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let bytes = match body {
            Some(Sent { kind, bytes, .. }) => {
                request = request.header(CONTENT_TYPE, kind);
                bytes
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(bytes));
        Ok(request.context("the token or the URL holds a character that cannot be sent")?)
    }

    fn judge(&self, answered: Answered) -> Result<Bytes, Failure> {
        let Answered { status, bytes } = answered;
        if (200..300).contains(&status) {
            return Ok(bytes);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut problem: Problem = serde_json::from_str(&text).unwrap_or_else(|_| Problem {
            title: String::new(),
            status,
            detail: None,
            refusals: Vec::new(),
        });
        problem.status = status;
        Err(Failure::Problem { problem, text })
    }

    fn no_socket(&self, data: &Path, error: &std::io::Error) -> Failure {
        let (directory, socket) = (data.display(), data.join(SOCKET));
        let socket = socket.display();
        Failure::Unreachable(match (error.kind(), self.language) {
            (ErrorKind::PermissionDenied, Language::French) => format!(
                "Vous ne pouvez pas ouvrir {socket} ; lancez cette commande avec le compte du serveur, ou indiquez --url et --token."
            ),
            (ErrorKind::PermissionDenied, Language::English) => format!(
                "You may not open {socket}; run this command as the account that runs the server, or give --url and --token."
            ),
            (ErrorKind::NotFound | ErrorKind::ConnectionRefused, Language::French) => format!(
                "Aucun serveur ne tourne sur {directory} ; lancez-le : relais serve --data {directory}"
            ),
            (ErrorKind::NotFound | ErrorKind::ConnectionRefused, Language::English) => {
                format!("No server is running on {directory}; start it: relais serve --data {directory}")
            }
            (_, Language::French) => format!("{socket} : {error}"),
            (_, Language::English) => format!("{socket}: {error}"),
        })
    }

    fn no_server(&self, address: &str, error: &std::io::Error) -> Failure {
        Failure::Unreachable(match self.language {
            Language::French => format!(
                "Aucun serveur ne répond à {address} ({error}) ; vérifiez --url, ou lancez-le : relais serve --data DIR"
            ),
            Language::English => format!(
                "No server answers at {address} ({error}); check --url, or start it: relais serve --data DIR"
            ),
        })
    }
}

/// A body on its way.
struct Sent {
    kind: &'static str,
    bytes: Bytes,
    /// How long its answer may take.
    patience: Duration,
}

impl Sent {
    fn json(body: &impl Serialize) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(body).context("what is asked cannot be written as JSON")?;
        Ok(Self { kind: "application/json", bytes: bytes.into(), patience: ANSWER_MAX })
    }
}

struct Answered {
    status: u16,
    bytes: Bytes,
}

/// An answer whose body is still to come.
struct Answering {
    status: u16,
    body: Incoming,
    /// The connection is closed with it.
    _sender: SendRequest<Full<Bytes>>,
}

impl Answering {
    async fn whole(self) -> Result<Answered, Ended> {
        let Self { status, body, _sender } = self;
        Ok(Answered { status, bytes: body.collect().await?.to_bytes() })
    }

    /// The next bytes; `None` at the end of all that was announced.
    async fn next(&mut self) -> Result<Option<Bytes>, Ended> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(bytes) = frame?.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

enum Ended {
    Failed(Failure),
    CutOff(hyper::Error),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<hyper::Error> for Ended {
    fn from(error: hyper::Error) -> Self {
        Self::CutOff(error)
    }
}

async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answering, Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Whatever ends the connection early also ends the answer, which is where it is reported.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    Ok(Answering { status: response.status().as_u16(), body: response.into_body(), _sender: sender })
}

/// `/api/v1/…`, each part and value encoded (RFC 3986, section 2.1).
fn written(path: &[&str], query: &[(&str, &str)]) -> String {
    let mut text = String::from("/api/v1");
    for part in path {
        text.push('/');
        encode(part, &mut text);
    }
    for (place, (name, value)) in query.iter().enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

fn encode(part: &str, into: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            into.push(char::from(byte));
        } else {
            write!(into, "%{byte:02X}").expect("strings take what is written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_encoded() {
        assert_eq!(
            written(&["organisations", "Mairie de Lyon/2", "été"], &[]),
            "/api/v1/organisations/Mairie%20de%20Lyon%2F2/%C3%A9t%C3%A9"
        );
        assert_eq!(
            written(&["events"], &[("subject", "a&b"), ("after", "1")]),
            "/api/v1/events?subject=a%26b&after=1"
        );
        assert_eq!(written(&["accounts", "user+tag@bm.com"], &[]), "/api/v1/accounts/user%2Btag@bm.com");
    }

    #[test]
    fn lists_are_joined_item_by_item() {
        let answer = |text: &str| Answer { text: text.to_owned() };
        let joined =
            Answer::joined(vec![answer("[{\"b\":1,\"a\":2}]\n"), answer("[]"), answer("[ {\"c\":3} ]")]);
        assert_eq!(joined.text, "[{\"b\":1,\"a\":2},{\"c\":3}]");
        assert_eq!(Answer::joined(vec![]).text, "[]");
    }

    #[test]
    fn only_http_urls_are_taken() {
        for (url, taken) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://[::1]:8080/relais/", true),
            ("https://localhost", false),
            ("localhost:8080", false),
            ("http://a:b@localhost", false),
            ("http://localhost/?x=1", false),
            ("", false),
        ] {
            assert_eq!(Client::at_url(url, None, Language::English).is_ok(), taken, "{url:?}");
        }
    }
}
