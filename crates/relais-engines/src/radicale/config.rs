//! What Radicale is given: configuration, rights, and the module by which it believes Relais and nobody else. Written
//! anew at every start; nobody edits it.

use super::{Settings, StartError};
use crate::private_files::{Owner, plain};
use std::path::{Path, PathBuf};

pub(super) const USER_HEADER: &str = "x-remote-user";
pub(super) const SECRET_HEADER: &str = "x-relais-secret";
const MODULE: &str = "relais_auth";
/// Seconds a client may keep it waiting. Relais reads and writes at once, so only a stuck client takes longer.
const TIMEOUT_S: u32 = 60;
/// One thread each; more wait.
const CONNECTIONS_MAX: u32 = 64;

/// Writes everything. Returns the main file.
pub(super) fn write(settings: &Settings, port: u16, owner: Owner) -> Result<PathBuf, StartError> {
    if settings.secret.is_empty() || !settings.secret.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(StartError::NotPlain("the secret".to_owned()));
    }
    let rights = settings.dir.join("rights");
    let text = main(settings, port, text_of(&rights)?, text_of(&settings.storage)?);
    for directory in [&settings.dir, &settings.storage] {
        let made = owner.make_directory(directory);
        made.map_err(|source| StartError::File { path: directory.clone(), source })?;
    }
    let put = |path: &Path, text: &str| {
        owner.put(path, text).map_err(|source| StartError::File { path: path.to_owned(), source })
    };
    put(&settings.dir.join("secret"), &settings.secret)?;
    put(&settings.dir.join(MODULE).with_extension("py"), AUTH)?;
    put(&rights, RIGHTS)?;
    let file = settings.dir.join("radicale.conf");
    put(&file, &text)?;
    Ok(file)
}

fn text_of(path: &Path) -> Result<&str, StartError> {
    plain(path).ok_or_else(|| StartError::NotPlain(path.display().to_string()))
}

/// Errors only in the log: its warnings quote what people wrote.
fn main(settings: &Settings, port: u16, rights: &str, storage: &str) -> String {
    format!(
        "\
[server]
hosts = 127.0.0.1:{port}
max_connections = {CONNECTIONS_MAX}
max_content_length = {body_bytes_max}
timeout = {TIMEOUT_S}
[auth]
type = {MODULE}
[rights]
type = from_file
file = {rights}
[storage]
type = multifilesystem
filesystem_folder = {storage}
[web]
type = none
[logging]
level = error
",
        body_bytes_max = settings.body_bytes_max,
    )
}

/// The first section that fits counts. Capitals are for what contains collections, small letters for collections and what
/// lies in them. Nobody may write in a home itself: Radicale would let its owner delete it, with everything.
const RIGHTS: &str = "\
[root]
user: .+
collection:
permissions: R
[home]
user: .+
collection: {user}
permissions: R
[shared to read]
user: .+
collection: {user}/ro-[^/]+
permissions: r
[own, and shared to write]
user: .+
collection: {user}/[^/]+
permissions: rw
";

/// `(\"\", \"\")` is an anonymous person, who may nothing; it is not `()`, which would make Radicale ask for a password.
const AUTH: &str = r#"import hmac
import os

from radicale.auth import BaseAuth

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "secret"), "rb") as file:
    SECRET = file.read()


class Auth(BaseAuth):
    def get_external_login(self, environ):
        given = environ.get("HTTP_X_RELAIS_SECRET", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, SECRET):
            return "", ""
        return environ.get("HTTP_X_REMOTE_USER", ""), ""

    def login(self, login, password):
        return login
"#;
