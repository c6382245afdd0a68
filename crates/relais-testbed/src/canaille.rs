//! Canaille, an OpenID provider that others wrote, as a process of its own; and a browser in front of it that fills in its
//! forms: sign-in, consent, sign-out.

use crate::dav::ask;
use crate::http::Answer;
use crate::{python, server, unprivileged};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = include_str!("canaille_provider.py");
pub const CLIENT_ID: &str = "relais";
/// Plain: its library does not decode what a client encodes by RFC 6749, section 2.3.1.
pub const CLIENT_SECRET: &str = "a-plain-secret";
pub const PASSWORD: &str = "what opens it there";
const STEPS_MAX: usize = 20;

/// Ended with this value.
pub struct Canaille {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub address: SocketAddr,
    _dir: TempDir,
}

impl Canaille {
    /// One whose client is at `url`, with these people: login and address. All have the password [`PASSWORD`].
    ///
    /// # Errors
    /// When it is not installed as it is pinned, or does not start.
    pub fn start(url: &str, people: &[(&str, &str)]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let program = dir.path().join("provider.py");
        std::fs::write(&program, PROGRAM)?;
        let people = people.iter().map(|(login, email)| {
            json!({ "user_name": login, "family_name": login, "formatted_name": format!("Personne {login}"),
                    "email": email, "password": PASSWORD })
        });
        let asked = json!({ "url": url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                            "people": people.collect::<Vec<_>>() });
        let mut command = unprivileged::bound_to_us(&python::program("python")?.to_string_lossy());
        command.arg(&program).arg(asked.to_string()).current_dir(dir.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().context("Canaille does not start")?;
        let orders = process.stdin.take().context("a pipe")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe")?);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut canaille = Self { process, orders, answers, address, _dir: dir };
        let port = canaille.heard()?;
        canaille.address.set_port(port.parse().with_context(|| format!("no port: {port}"))?);
        Ok(canaille)
    }

    fn heard(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "Canaille ended");
        Ok(line.trim().to_owned())
    }

    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Signs with another key from now on, and publishes it alone.
    ///
    /// # Errors
    /// When it has ended.
    pub fn rotate_keys(&mut self) -> Result<()> {
        writeln!(self.orders, "rotate")?;
        let said = self.heard()?;
        ensure!(said == "rotate", "Canaille said {said}");
        Ok(())
    }

    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::at(self.address)
    }
}

impl Drop for Canaille {
    fn drop(&mut self) {
        server::end(&mut self.process);
    }
}

/// A browser that stays at one site: it keeps cookies, follows its redirects and sends its forms.
pub struct Browser {
    at: SocketAddr,
    /// Of the page it shows.
    path: String,
    cookies: BTreeMap<String, String>,
}

/// What a site leads to.
#[derive(Debug)]
pub enum Led {
    /// A page of its own.
    Page(Answer),
    /// An address elsewhere.
    Away(String),
}

impl Browser {
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self { at: address, path: String::new(), cookies: BTreeMap::new() }
    }

    fn own(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&format!("http://{}", self.at)).unwrap_or(url);
        rest.starts_with('/').then(|| rest.to_owned())
    }

    /// Goes there, and where it is led.
    ///
    /// # Errors
    /// When nobody answers, or it is led in circles.
    pub fn go(&mut self, url: &str) -> Result<Led> {
        self.ask("GET", url, "")
    }

    fn ask(&mut self, method: &str, url: &str, form: &str) -> Result<Led> {
        let mut path = self.own(url).with_context(|| format!("{url} is elsewhere"))?;
        let (mut method, mut form) = (method, form);
        for _ in 0..STEPS_MAX {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let headers = [
                ("Cookie", &*cookies.join("; ")),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept-Language", "en"),
                ("Origin", &*format!("http://{}", self.at)),
            ];
            let answer = ask(self.at, method, &path, &headers, form)?;
            self.keep_cookies(&answer);
            if !(300..400).contains(&answer.status) {
                self.path = path;
                return Ok(Led::Page(answer));
            }
            let place = answer.header("location").context("a redirect to nowhere")?.to_owned();
            match self.own(&place) {
                Some(own) => path = own,
                None => return Ok(Led::Away(place)),
            }
            (method, form) = ("GET", "");
        }
        bail!("led in circles at {path}")
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        let lines = answer.head.lines().filter_map(|line| line.split_once(':'));
        let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (name, value) in set.filter_map(|(_, cookie)| cookie.split(';').next()?.trim().split_once('=')) {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Sends the form of a page with its hidden fields and these.
    ///
    /// # Errors
    /// When the page has no form, or nobody answers.
    pub fn send(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Result<Led> {
        let text = page.text();
        let form = tags(&text, "<form").next().with_context(|| format!("no form: {text}"))?;
        let action = attribute(form, "action").unwrap_or_default();
        let url = if action.is_empty() { self.path.clone() } else { action };
        let hidden = tags(&text, "<input").filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        let hidden = hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)));
        let given = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut body = String::new();
        for (name, value) in hidden.chain(given) {
            write!(body, "{}{}={}", if body.is_empty() { "" } else { "&" }, encoded(&name), encoded(&value))?;
        }
        self.ask("POST", &url, &body)
    }

    /// Presses the button of a form that leads to `url` and asks nothing.
    ///
    /// # Errors
    /// As [`Browser::go`].
    pub fn press(&mut self, url: &str) -> Result<Led> {
        self.ask("POST", url, "")
    }

    /// Signs in there and consents where it is asked to: what it brings back, behind the `?`.
    ///
    /// # Errors
    /// When it is not let in.
    pub fn sign_in(&mut self, url: &str, login: &str) -> Result<String> {
        let mut led = self.go(url)?;
        for _ in 0..STEPS_MAX {
            let page = match led {
                Led::Away(back) => {
                    return Ok(back.split_once('?').context("nothing comes back")?.1.to_owned());
                }
                Led::Page(page) => page,
            };
            let text = page.text();
            led = if text.contains("name=\"password\"") {
                self.send(&page, &[("password", PASSWORD)])?
            } else if text.contains("name=\"login\"") {
                self.send(&page, &[("login", login)])?
            } else if text.contains("value=\"accept\"") {
                self.send(&page, &[("answer", "accept")])?
            } else {
                bail!("a page that asks for nothing known: {} {text}", page.status)
            };
        }
        bail!("{login} is not let in")
    }
}

/// The inside of each tag that begins so.
fn tags<'a>(text: &'a str, begins: &str) -> impl Iterator<Item = &'a str> {
    text.split(begins).skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&"))
}

/// `application/x-www-form-urlencoded`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
