//! The configuration that Dovecot is given. Written anew at every start; nobody edits it.
//!
//! Dovecot 2.3's syntax: one setting a line, no `{ a = b }` on one line; `%` expands, and `%%` expands later.

use super::{FailureDelay, Settings, StartError};
use crate::private_files::{self, Owner};
use crate::supervisor::RunAs;
use nix::unistd::{Group, User};
use std::io;
use std::path::{Path, PathBuf};

/// Longest path of a socket (`sun_path` of `unix(7)` less its zero), and the longest name Dovecot makes under `dir`.
const SOCKET_PATH_BYTES_MAX: usize = 107;
const LONGEST_SOCKET: &str = "run/replication-notify-fifo";

/// Who Dovecot will be, by the names its configuration asks for.
pub(super) struct Identity {
    owner: Owner,
    user: String,
    group: String,
}

impl Identity {
    pub(super) fn of(run_as: RunAs) -> Result<Self, StartError> {
        let owner = Owner::of(run_as).ok_or(StartError::Root)?;
        let unknown = || StartError::NoSuchUser(owner.uid.as_raw());
        let user = User::from_uid(owner.uid).ok().flatten().ok_or_else(unknown)?.name;
        let group = Group::from_gid(owner.gid).ok().flatten().ok_or_else(unknown)?.name;
        Ok(Self { owner, user, group })
    }
}

/// Writes the configuration and makes the directories. Returns the main file.
pub(super) fn write(settings: &Settings, identity: &Identity) -> Result<PathBuf, StartError> {
    let dir = plain(&settings.dir)?;
    let dict = plain(&settings.dict_socket)?;
    if dir.len() + 1 + LONGEST_SOCKET.len() > SOCKET_PATH_BYTES_MAX {
        return Err(StartError::PathTooLong(settings.dir.clone()));
    }
    if dict.len() > SOCKET_PATH_BYTES_MAX {
        return Err(StartError::PathTooLong(settings.dict_socket.clone()));
    }
    if settings.api_key.is_empty() || !settings.api_key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(StartError::NotPlain("the API key".to_owned()));
    }
    for directory in ["", "run", "state"] {
        let path = settings.dir.join(directory);
        identity.owner.make_directory(&path).map_err(|source| StartError::File { path, source })?;
    }
    let auth = settings.dir.join("dict-auth.conf.ext");
    put(&auth, &auth_dict(dict), identity.owner)?;
    let file = settings.dir.join("dovecot.conf");
    put(&file, &main(settings, dir, dict, identity), identity.owner)?;
    Ok(file)
}

fn plain(path: &Path) -> Result<&str, StartError> {
    private_files::plain(path).ok_or_else(|| StartError::NotPlain(path.display().to_string()))
}

fn put(path: &Path, text: &str, owner: Owner) -> Result<(), StartError> {
    owner.put(path, text).map_err(|source: io::Error| StartError::File { path: path.to_owned(), source })
}

/// The password goes to the authority, which verifies it (`%w`); so the key is split from the left, with a limit.
fn auth_dict(dict: &str) -> String {
    format!(
        "\
uri = proxy:{dict}:auth
iterate_prefix = userdb/
iterate_disable = no
key passdb {{
  key = passdb/%u/%r/%w
  format = json
}}
key userdb {{
  key = userdb/%u
  format = json
}}
passdb_objects = passdb
userdb_objects = userdb
"
    )
}

fn main(settings: &Settings, dir: &str, dict: &str, identity: &Identity) -> String {
    [
        process(settings, dir, identity),
        authentication(settings, dir),
        mail(dict),
        services(settings),
        delivery(),
    ]
    .concat()
}

/// Rootless: no service may change its user or its root directory.
fn process(settings: &Settings, dir: &str, identity: &Identity) -> String {
    let Identity { owner: Owner { uid, gid }, user, group } = identity;
    format!(
        "\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = /dev/stderr
log_timestamp =
listen = {listen}
protocols = imap pop3 sieve lmtp
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = {uid}
first_valid_gid = {gid}
mail_uid = {uid}
mail_gid = {gid}
doveadm_api_key = {api_key}
",
        listen = settings.listen,
        api_key = settings.api_key,
    )
}

/// No cache: what the authority says holds at the next question.
fn authentication(settings: &Settings, dir: &str) -> String {
    let unhurried = match settings.failure_delay {
        FailureDelay::Dovecot => "",
        FailureDelay::None => {
            "\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"
        }
    };
    format!(
        "\
auth_mechanisms = plain login
auth_cache_size = 0
passdb {{
  driver = dict
  args = {dir}/dict-auth.conf.ext
}}
userdb {{
  driver = dict
  args = {dir}/dict-auth.conf.ext
}}
{unhurried}"
    )
}

/// Shared mailboxes are seen as `shared/<address>/…`. Which ones a person *sees* is asked of the authority (the dict
/// of `acl_shared_dict`), what they *may* there is in `dovecot-acl` files: see [`super::acl`].
///
/// - `imap_acl` is not loaded: there is no SETACL, sharing is Relais's decision.
/// - Two colons in `vfile::cache_secs`: with one the setting is ignored, and a right lives for 30 s.
/// - `acl_defaults_from_inbox`: a folder without a file of its own takes the rights of its mailbox's INBOX.
/// - Quotas are counted from Dovecot's own indexes, since mail comes into the Maildir past it; how much there may be, the
///   authority says with every `userdb` answer (`quota_rule`). Without a rule there is no limit.
/// - What one member has read is kept under that member's home, named by a hash of the shared mailbox's home, so
///   that a renaming forgets nothing.
fn mail(dict: &str) -> String {
    format!(
        "\
mail_location = maildir:~/Maildir
mail_plugins = acl quota
mail_max_userip_connections = 100
mailbox_idle_check_interval = 5 secs
namespace inbox {{
  inbox = yes
  separator = /
}}
namespace shared {{
  type = shared
  separator = /
  prefix = shared/%%u/
  location = maildir:%%h/Maildir:INDEXPVT=~/shared/%%Mh
  subscriptions = no
  list = children
}}
plugin {{
  acl = vfile::cache_secs=1
  acl_shared_dict = proxy:{dict}:shares
  acl_defaults_from_inbox = yes
  quota = count:Mailbox
  quota_vsizes = yes
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota
}}
"
    )
}

fn services(settings: &Settings) -> String {
    let mut text = String::new();
    for (name, listener, tls, port) in [
        ("imap-login", "imap", "imaps", settings.imap_port),
        ("pop3-login", "pop3", "pop3s", settings.pop3_port),
    ] {
        text += &format!(
            "\
service {name} {{
  chroot =
  inet_listener {listener} {{
    port = {port}
  }}
  inet_listener {tls} {{
    port = 0
  }}
}}
"
        );
    }
    text += &format!(
        "\
service managesieve-login {{
  chroot =
  inet_listener sieve {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
  }}
}}
# A listener of this name speaks HTTP (2.3 tells it by the name, there is no type).
service doveadm {{
  unix_listener http {{
    mode = 0600
  }}
}}
",
        port = settings.sieve_port,
    );
    text
}

/// A script may sort and discard. Redirecting, answering and notifying are rules of Relais (loops, end dates,
/// RFC 3834), so a script cannot.
fn delivery() -> String {
    "\
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_max_redirects = 0
  sieve_extensions = -vacation -vacation-seconds -enotify
}
"
    .to_owned()
}
