//! One conversation: which command is allowed when, and what is answered (RFC 5321, section 4.1.4).

use super::command::{self, Command, CommandError, Greeting, Mail};
use super::wire::{Ended, Line, Wire};
use super::{Dialect, Door, Envelope, Peer, Protocol, Reception, SignIn, Submitter, reply};
use metrics::{counter, gauge};
use relais_core::mail_refusal::MailAnswer;
use std::io::Write;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

/// How the client greeted.
struct Greeted {
    name: String,
    verb: Greeting,
}

/// Whether the conversation goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Listen,
    Close,
}

pub(super) struct Session<'d, R: Reception, S> {
    pub(super) door: &'d Door<R>,
    pub(super) wire: Wire<S>,
    peer: Peer,
    greeted: Option<Greeted>,
    pub(super) submitter: Option<Submitter>,
    pub(super) envelope: Option<Envelope>,
    errors: u32,
    pub(super) sign_ins_failed: u32,
    /// Decoded content on its way to the sink; kept between messages.
    pub(super) content: Vec<u8>,
}

/// Counts a session while it lives.
struct Counted(Dialect);

impl Counted {
    fn new(dialect: Dialect) -> Self {
        counter!("relais_smtp_sessions_total", "dialect" => dialect.label()).increment(1);
        gauge!("relais_smtp_sessions", "dialect" => dialect.label()).increment(1.0);
        Self(dialect)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!("relais_smtp_sessions", "dialect" => self.0.label()).decrement(1.0);
    }
}

impl<'d, R: Reception, S: AsyncRead + AsyncWrite + Unpin + Send> Session<'d, R, S> {
    pub(super) fn new(door: &'d Door<R>, stream: S, peer: Peer) -> Self {
        let stop = door.stop.subscribe();
        Self {
            door,
            wire: Wire::new(stream, stop, door.settings.command_timeout),
            peer,
            greeted: None,
            submitter: None,
            envelope: None,
            errors: 0,
            sign_ins_failed: 0,
            content: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let _counted = Counted::new(self.dialect());
        let ended = self.listen().await;
        let farewell = match ended {
            Ok(()) | Err(Ended::Gone) => None,
            Err(Ended::TimedOut) => Some(reply::TIMED_OUT),
            Err(Ended::Stopping) => Some(reply::STOPPING),
        };
        debug!(peer = %self.peer, ?ended, errors = self.errors, "session ended");
        if let Some(farewell) = farewell {
            self.say(farewell);
        }
        if ended != Err(Ended::Gone) {
            self.wire.close().await;
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.door.settings.dialect
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    pub(super) fn say(&mut self, answer: MailAnswer) {
        reply::write(&mut self.wire.out, answer);
    }

    /// Says that a command was wrong. Clients that are wrong too often are sent away.
    pub(super) fn object(&mut self, answer: MailAnswer) -> Next {
        self.say(answer);
        self.errors += 1;
        if self.errors < self.door.settings.errors_max {
            return Next::Listen;
        }
        counter!("relais_smtp_sent_away_total", "dialect" => self.dialect().label()).increment(1);
        self.say(reply::TOO_MANY_ERRORS);
        Next::Close
    }

    async fn listen(&mut self) -> Result<(), Ended> {
        let protocol = match self.dialect() {
            Dialect::Smtp => "ESMTP",
            Dialect::Lmtp => "LMTP",
        };
        let hostname = &self.door.settings.hostname;
        write!(self.wire.out, "220 {hostname} {protocol} Relais\r\n").expect("a Vec takes all");
        loop {
            let next = match self.wire.line(self.door.settings.command_timeout).await? {
                Line::Text(line) => match command::parse(&line) {
                    Ok(command) => self.answer(command).await?,
                    Err(error) => self.object(error.answer()),
                },
                Line::Malformed => self.object(reply::MALFORMED_LINE),
                Line::NotUtf8 => self.object(reply::NOT_UTF8),
                Line::TooLong => self.object(reply::LINE_TOO_LONG),
                Line::Endless => {
                    self.say(reply::LINE_TOO_LONG);
                    Next::Close
                }
            };
            if next == Next::Close {
                return Ok(());
            }
            self.wire.flush_if_full().await?;
        }
    }

    async fn answer(&mut self, command: Command<'_>) -> Result<Next, Ended> {
        let answer = match command {
            Command::Greet { verb, name } => return Ok(self.greet(verb, name)),
            Command::Mail(mail) => return Ok(self.mail(mail)),
            Command::Recipient(recipient) => return Ok(self.recipient(&recipient).await),
            Command::Data => return self.data().await,
            Command::SignIn { mechanism, initial } => return self.sign_in(mechanism, initial).await,
            Command::Quit => {
                self.say(reply::BYE);
                return Ok(Next::Close);
            }
            Command::Reset => {
                self.envelope = None;
                reply::OK
            }
            Command::Noop => reply::OK,
            Command::Help => reply::HELP,
            Command::Verify => reply::CANNOT_VERIFY,
        };
        self.say(answer);
        Ok(Next::Listen)
    }

    fn greet(&mut self, verb: Greeting, name: &str) -> Next {
        let here = match self.dialect() {
            Dialect::Smtp => matches!(verb, Greeting::Helo | Greeting::Ehlo),
            Dialect::Lmtp => verb == Greeting::Lhlo,
        };
        if !here {
            return self.object(reply::WRONG_DIALECT);
        }
        self.envelope = None;
        self.greeted = Some(Greeted { name: name.to_owned(), verb });
        let settings = &self.door.settings;
        let hostname = &settings.hostname;
        let out = &mut self.wire.out;
        if verb == Greeting::Helo {
            write!(out, "250 {hostname}\r\n").expect("a Vec takes all");
            return Next::Listen;
        }
        let sign_in = match (settings.dialect, settings.sign_in) {
            (Dialect::Smtp, SignIn::Offered) => "250-AUTH PLAIN LOGIN\r\n",
            (Dialect::Smtp, SignIn::NotOffered) | (Dialect::Lmtp, _) => "",
        };
        write!(
            out,
            "250-{hostname}\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-ENHANCEDSTATUSCODES\r\n{sign_in}250 HELP\r\n",
            size = settings.message_bytes_max,
        )
        .expect("a Vec takes all");
        Next::Listen
    }

    /// Whether the client has greeted; if not, it hears so.
    pub(super) fn greeted(&mut self) -> Result<(), Next> {
        match self.greeted {
            Some(_) => Ok(()),
            None => Err(self.object(reply::GREET_FIRST)),
        }
    }

    fn mail(&mut self, mail: Mail) -> Next {
        let Some(greeted) = &self.greeted else {
            return self.object(reply::GREET_FIRST);
        };
        if self.envelope.is_some() {
            return self.object(reply::MAIL_TWICE);
        }
        if mail.extended && greeted.verb == Greeting::Helo {
            return self.object(CommandError::Parameter.answer());
        }
        if !mail.smtputf8 && mail.sender.as_ref().is_some_and(|sender| !sender.is_ascii()) {
            return self.object(reply::UTF8_NOT_ASKED);
        }
        if mail.size_bytes.is_some_and(|size| size > self.door.settings.message_bytes_max) {
            self.say(reply::MESSAGE_TOO_LARGE);
            return Next::Listen;
        }
        self.envelope = Some(Envelope {
            sender: mail.sender,
            recipients: Vec::new(),
            submitter: self.submitter.clone(),
            peer: self.peer,
            helo: greeted.name.clone(),
            protocol: protocol(greeted.verb, self.submitter.is_some(), mail.smtputf8),
            smtputf8: mail.smtputf8,
            size_bytes: mail.size_bytes,
        });
        self.say(reply::SENDER_OK);
        Next::Listen
    }

    async fn recipient(&mut self, recipient: &str) -> Next {
        let Some(envelope) = &mut self.envelope else {
            return self.object(reply::MAIL_FIRST);
        };
        if !envelope.smtputf8 && !recipient.is_ascii() {
            return self.object(reply::UTF8_NOT_ASKED);
        }
        if envelope.recipients.len() >= self.door.settings.recipients_max {
            self.say(reply::TOO_MANY_RECIPIENTS);
            return Next::Listen;
        }
        match self.door.reception.recipient(envelope, recipient).await {
            Ok(address) => {
                envelope.recipients.push(address);
                self.say(reply::RECIPIENT_OK);
            }
            Err(refusal) => {
                counter!("relais_recipients_refused_total", "dialect" => self.dialect().label()).increment(1);
                self.say(refusal.answer());
            }
        }
        Next::Listen
    }
}

fn protocol(verb: Greeting, signed_in: bool, smtputf8: bool) -> Protocol {
    match (verb, smtputf8, signed_in) {
        (Greeting::Helo, _, _) => Protocol::Smtp,
        (Greeting::Ehlo, false, false) => Protocol::Esmtp,
        (Greeting::Ehlo, false, true) => Protocol::Esmtpa,
        (Greeting::Ehlo, true, false) => Protocol::Utf8Smtp,
        (Greeting::Ehlo, true, true) => Protocol::Utf8Smtpa,
        (Greeting::Lhlo, false, _) => Protocol::Lmtp,
        (Greeting::Lhlo, true, _) => Protocol::Utf8Lmtp,
    }
}
