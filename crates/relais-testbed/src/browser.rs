//! A real Chromium without a window, driven by WebDriver (W3C), with a profile of its own that goes with it.

use crate::net::{free_port, wait_for};
use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const START_MAX: Duration = Duration::from_secs(60);
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// How long a page may take to show something.
const APPEAR_MAX: Duration = Duration::from_secs(60);
/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a browser is like.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    pub width: u32,
    /// What it asks for in `Accept-Language`.
    pub language: &'static str,
    pub scheme: Scheme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// Where pages without a host are.
    origin: String,
    width: u32,
    _profile: TempDir,
}

impl Browser {
    /// For the site at `origin`.
    ///
    /// # Errors
    /// When `chromedriver` or Chromium does not start.
    pub fn open(origin: &str, looks: Looks) -> Result<Self> {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .args([&format!("--port={port}"), "--log-level=SEVERE"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start: is the package chromium-driver installed?")?;
        wait_for(START_MAX, "chromedriver listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        let profile = tempfile::tempdir()?;
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            origin: origin.to_owned(),
            width: looks.width,
            _profile: profile,
        };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": arguments }
        } } });
        let made = browser.ask("POST", "/session", &wanted)?;
        browser.session = made["sessionId"].as_str().context("a session without id")?.to_owned();
        let phone = looks.width < 500;
        browser.tell(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": looks.width, "height": 900, "deviceScaleFactor": 1, "mobile": phone }),
        )?;
        let scheme = if looks.scheme == Scheme::Dark { "dark" } else { "light" };
        browser.tell(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        )?;
        browser.tell("Network.enable", &json!({}))?;
        browser.tell(
            "Network.setExtraHTTPHeaders",
            &json!({ "headers": { "Accept-Language": looks.language } }),
        )?;
        Ok(browser)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let (status, mut document) = answer_of(&stream)?;
        if status != 200 {
            bail!("{method} {path}: {}", document["value"]["message"]);
        }
        Ok(document["value"].take())
    }

    fn session(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    /// A command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn tell(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.session("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Gives the browser a device with passkeys, whose person is there and recognised (Web Authentication Level 3, section
    /// 11). Returns what it is called.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn add_authenticator(&self) -> Result<String> {
        let device = json!({
            "protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        let made = self.session("POST", "/webauthn/authenticator", &device)?;
        Ok(made.as_str().context("a name")?.to_owned())
    }

    /// From now on the device does not recognise its person.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn fail_verification(&self, device: &str) -> Result<()> {
        let place = format!("/webauthn/authenticator/{device}/uv");
        self.session("POST", &place, &json!({ "isUserVerified": false })).map(drop)
    }

    /// Opens a page of the site, or any address.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn go(&self, place: &str) -> Result<()> {
        let url = if place.starts_with('/') { format!("{}{place}", self.origin) } else { place.to_owned() };
        self.session("POST", "/url", &json!({ "url": url })).map(drop)
    }

    /// Path and query of the page that is shown.
    ///
    /// # Errors
    /// When the browser does not say.
    pub fn place(&self) -> Result<String> {
        let url = self.session("GET", "/url", &Value::Null)?;
        let url = url.as_str().context("an address")?;
        Ok(url.strip_prefix(&self.origin).unwrap_or(url).to_owned())
    }

    /// What a function's body returns on the page.
    ///
    /// # Errors
    /// When it throws.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.session("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// As [`Browser::run`], when what it awaits is there.
    ///
    /// # Errors
    /// When it throws.
    pub fn run_awaiting(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        let whole = format!(
            "const done = arguments[arguments.length - 1]; (async (...arguments_) => {{ {script} }})(...arguments)\
             .then(done, (error) => done({{ failed: String(error) }}));"
        );
        let answer =
            self.session("POST", "/execute/async", &json!({ "script": whole, "args": arguments }))?;
        if let Some(failed) = answer.get("failed").and_then(Value::as_str) {
            bail!("{failed}");
        }
        Ok(answer)
    }

    fn element(&self, css: &str) -> Result<String> {
        let found = self.session("POST", "/element", &json!({ "using": "css selector", "value": css }))?;
        Ok(found[ELEMENT].as_str().context("an element")?.to_owned())
    }

    /// Types into a field that is empty.
    ///
    /// # Errors
    /// When there is none.
    pub fn write(&self, css: &str, text: &str) -> Result<()> {
        let element = self.element(css)?;
        self.session("POST", &format!("/element/{element}/value"), &json!({ "text": text })).map(drop)
    }

    /// Chooses the day so many days from today.
    ///
    /// # Panics
    /// When there is no such field.
    pub fn choose_day(&self, css: &str, days: i64) {
        let script = "const field = document.querySelector(arguments[0]); field.valueAsNumber = Date.now() + arguments[1] * 864e5;\
                      field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.run(script, &[css.into(), days.into()]).expect("a field for a day");
    }

    /// Presses what is found, as a person would: it has to be visible.
    ///
    /// # Errors
    /// When it is not.
    pub fn press(&self, css: &str) -> Result<()> {
        let element = self.element(css)?;
        self.session("POST", &format!("/element/{element}/click"), &json!({})).map(drop)
    }

    /// Empties a field and types into it.
    ///
    /// # Errors
    /// When there is none.
    pub fn rewrite(&self, css: &str, text: &str) -> Result<()> {
        let element = self.element(css)?;
        self.session("POST", &format!("/element/{element}/clear"), &json!({}))?;
        self.session("POST", &format!("/element/{element}/value"), &json!({ "text": text })).map(drop)
    }

    /// Presses keys one after the other, wherever the focus is (WebDriver, section 17.4.2: `\u{e004}` is Tab).
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn type_keys(&self, keys: &str) -> Result<()> {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
            })
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.session("POST", "/actions", &json!({ "actions": [keyboard] })).map(drop)
    }

    /// Files that are downloaded from now on come into this directory.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn save_downloads_in(&self, dir: &Path) -> Result<()> {
        let wanted = json!({ "behavior": "allow", "downloadPath": dir });
        self.tell("Browser.setDownloadBehavior", &wanted).map(drop)
    }

    /// Waits until the page holds `text`.
    ///
    /// # Panics
    /// When it does not come, with what is there instead.
    pub fn see(&self, text: &str) {
        let mut last = String::new();
        let script = "return document.body ? document.body.innerText : ''";
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(APPEAR_MAX, "a text on the page", || {
                last = self.run(script, &[]).ok()?.as_str()?.to_owned();
                last.contains(text).then_some(())
            });
        }));
        assert!(found.is_ok(), "“{text}” is not on {:?}:\n{last}", self.place());
    }

    /// A picture of the whole page, as PNG.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub fn photograph(&self, file: &Path) -> Result<()> {
        let height = self.run("return document.documentElement.scrollHeight", &[])?.as_u64().unwrap_or(900);
        let clip =
            json!({ "x": 0, "y": 0, "width": self.width, "height": height.clamp(600, 4000), "scale": 1 });
        let taken = self.tell(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": true, "clip": clip }),
        )?;
        let data = taken["data"].as_str().context("a picture")?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(data)?;
        std::fs::write(file, bytes).with_context(|| file.display().to_string())
    }

    /// The width of what is on the page, which no more than fits.
    ///
    /// # Errors
    /// When the browser does not say.
    pub fn width_needed(&self) -> Result<u64> {
        let width = self.run("return document.documentElement.scrollWidth", &[])?;
        width.as_u64().context("a width")
    }
}

/// Status and document. `chromedriver` does not hang up behind its answer, which says how long it is.
fn answer_of(stream: &TcpStream) -> Result<(u16, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse()?;
            }
            Some(_) => {}
            None => status = line.split(' ').nth(1).context("an answer without status")?.parse()?,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body).context("an answer that is not JSON")?))
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _closed = self.session("DELETE", "", &Value::Null);
        }
        let _ended = self.driver.kill();
        let _gone = self.driver.wait();
    }
}
