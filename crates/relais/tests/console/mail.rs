//! The doors of mail beside the browser: what a page says is looked at there.

use crate::world::{World, password_of};
use relais_testbed::dav::Dav;
use relais_testbed::imap::{Imap, Refusal};
use relais_testbed::mail::{Lmtp, Reply};
use relais_testbed::pop3::Pop3;
use serde_json::Value;
use std::time::Duration;

pub const LIMIT: Duration = Duration::from_secs(60);

impl World {
    /// A message from outside with this subject: what the mail server is answered.
    pub fn letter(&self, to: &str, subject: &str) -> Reply {
        let address = self.server.address(&self.server.configuration.lmtp).expect("an address");
        let message = format!(
            "From: Client <client@far.example>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 20:31:51 +0000\r\n\
             Message-ID: <{}@far.example>\r\n\r\nBonjour.\r\n",
            subject.replace(' ', "-")
        );
        let mut lmtp = Lmtp::open(address).expect("LMTP greets");
        lmtp.send("client@far.example", &[to], message.as_bytes()).expect("an answer").remove(0)
    }

    pub fn try_imap(&self, address: &str, password: &str) -> Result<Imap, Refusal> {
        let mut imap =
            Imap::connect(self.server.dovecot(self.server.configuration.imap_port)).expect("IMAP greets");
        imap.login(address, password).expect("an answer").map(|()| imap)
    }

    pub fn imap(&self, login: &str) -> Imap {
        self.try_imap(&format!("{login}@valmont.fr"), &password_of(login)).expect("the login is right")
    }

    pub fn try_pop(&self, address: &str, password: &str) -> Option<Pop3> {
        let mut pop =
            Pop3::connect(self.server.dovecot(self.server.configuration.pop3_port)).expect("POP greets");
        pop.login(address, password).expect("an answer").ok().map(|()| pop)
    }

    pub fn dav(&self, login: &str) -> Dav {
        Dav { address: self.address(), login: format!("{login}@valmont.fr"), password: password_of(login) }
    }

    /// The texts of what waits in the spool for `recipient`: no smarthost takes it.
    pub fn sent_outside(&self, recipient: &str) -> Vec<String> {
        let spool = self.must("GET", "/spool", Value::Null);
        let rows = spool.as_array().expect("a list").iter().filter(|row| row["recipient"] == recipient);
        let text = |row: &Value| {
            let file = self.server.data.join("spool").join(row["id"].as_str().expect("an id"));
            let bytes = std::fs::read(file).expect("its file");
            let parsed = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
            parsed.body_text(0).expect("a text").into_owned()
        };
        rows.map(text).collect()
    }
}

/// How many messages of a folder have this subject; none where there is no folder.
pub fn count(imap: &mut Imap, folder: &str, subject: &str) -> usize {
    if imap.select(folder).expect("an answer").is_err() {
        return 0;
    }
    let line = format!("Subject: {subject}\r\n");
    let messages = imap.fetch_all(folder).expect("messages");
    messages.iter().filter(|message| String::from_utf8_lossy(&message.body).contains(&line)).count()
}
