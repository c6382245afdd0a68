//! A small server that gives the answers a test has laid out, in turn, and remembers what it was asked.

use super::super::client::{Client, SOCKET};
use super::super::failure::Failure;
use super::super::session::{Form, Session};
use super::super::{Cli, dispatch};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use clap::Parser as _;
use relais_core::language::Language;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::net::UnixListener;

#[derive(Default)]
struct Script {
    answers: VecDeque<(&'static str, u16, String)>,
    asked: Vec<String>,
}

pub struct FakeApi {
    script: Arc<Mutex<Script>>,
    data: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
}

/// How one command went.
pub struct Outcome {
    pub code: u8,
    pub output: String,
    pub errors: String,
}

impl FakeApi {
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(data.path().join(SOCKET)).expect("a socket");
        let script = Arc::<Mutex<Script>>::default();
        let router = axum::Router::new().fallback(answer).with_state(script.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves until it is dropped");
        });
        Self { script, data, server }
    }

    /// The next question has to be `question` (method and path), and gets this answer.
    pub fn answers(&self, question: &'static str, status: u16, body: &impl Serialize) -> &Self {
        let text = serde_json::to_string(body).expect("it can be written");
        self.answers_text(question, status, text)
    }

    pub fn answers_text(&self, question: &'static str, status: u16, text: impl Into<String>) -> &Self {
        self.script.lock().expect("no panic before").answers.push_back((question, status, text.into()));
        self
    }

    /// What was asked: method, path and body, a line each.
    pub fn asked(&self) -> Vec<String> {
        self.script.lock().expect("no panic before").asked.clone()
    }

    pub async fn run(&self, language: Language, line: &[&str]) -> Outcome {
        let client = Client::on_socket(self.data.path().to_owned(), language);
        run_at(client, language, line).await
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.server.abort();
        let left = std::mem::take(&mut self.script.lock().expect("no panic before").answers);
        if !std::thread::panicking() {
            assert!(left.is_empty(), "never asked: {left:?}");
        }
    }
}

/// Runs a command line as `run` does, with the output in hand.
pub async fn run_at(client: Client, language: Language, line: &[&str]) -> Outcome {
    let (output, errors) = (Kept::default(), Kept::default());
    let cli = Cli::try_parse_from(["relais"].iter().chain(line)).expect("it can be read");
    let mut session = Session::at_place(client, language, Box::new(output.clone()), Box::new(errors.clone()));
    if cli.options.json {
        session.form = Form::Json;
    }
    let crate::doors::cli::Command::Ask(question) = cli.command else { panic!("{line:?} asks nothing") };
    let outcome = dispatch(&mut session, question).await;
    if let Err(failure) = &outcome {
        failure.report(language, cli.options.json, &mut errors.clone());
    }
    let code = outcome.as_ref().err().map_or(0, Failure::exit_code);
    Outcome { code, output: output.text(), errors: errors.text() }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let path = parts.uri.path_and_query().expect("a path").as_str();
    let question = format!("{} {}", parts.method, path.trim_start_matches("/api/v1"));
    let mut script = script.lock().expect("no panic before");
    script.asked.push(format!("{question} {}", String::from_utf8_lossy(&body)).trim_end().to_owned());
    let (status, text) = match script.answers.pop_front() {
        Some((expected, status, text)) if expected == question => (status, text),
        other => (500, format!("asked {question}, expected {other:?}")),
    };
    Response::builder().status(status).body(Body::from(text)).expect("an answer")
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic before").clone()).expect("text")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic before").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
