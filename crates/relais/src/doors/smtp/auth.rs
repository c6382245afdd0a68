//! Signing in, to send (RFC 4954): PLAIN (RFC 4616) and LOGIN.

use super::command::Mechanism;
use super::session::{Next, Session};
use super::wire::{Ended, Line};
use super::{Dialect, Reception, SignIn, SignInRefusal, reply};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use metrics::counter;
use relais_core::mail_refusal::MailAnswer;
use std::io::Write;
use tokio::io::{AsyncRead, AsyncWrite};

struct Credentials {
    login: String,
    password: String,
}

/// The exchange came to nothing: the answer that says so.
struct Failed(MailAnswer);

impl<R: Reception, S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, R, S> {
    pub(super) async fn sign_in(
        &mut self,
        mechanism: Mechanism,
        initial: Option<&str>,
    ) -> Result<Next, Ended> {
        let settings = &self.door.settings;
        if settings.dialect == Dialect::Lmtp || settings.sign_in == SignIn::NotOffered {
            return Ok(self.object(reply::NO_SIGN_IN));
        }
        if let Err(next) = self.greeted() {
            return Ok(next);
        }
        if self.submitter.is_some() {
            return Ok(self.object(reply::SIGNED_IN_ALREADY));
        }
        if self.envelope.is_some() {
            return Ok(self.object(reply::MAIL_TWICE));
        }
        let credentials = match mechanism {
            Mechanism::Plain => self.plain(initial).await?,
            Mechanism::Login => self.login(initial).await?,
            Mechanism::Other => Err(Failed(reply::UNKNOWN_MECHANISM)),
        };
        let Credentials { login, password } = match credentials {
            Ok(credentials) => credentials,
            Err(Failed(answer)) => return Ok(self.object(answer)),
        };
        let asked = self.door.reception.sign_in(&login, &password, self.peer());
        match asked.await {
            Ok(submitter) => {
                self.submitter = Some(submitter);
                self.say(reply::SIGNED_IN);
                Ok(Next::Listen)
            }
            Err(refusal) => Ok(self.refuse_sign_in(refusal)),
        }
    }

    fn refuse_sign_in(&mut self, refusal: SignInRefusal) -> Next {
        counter!("relais_smtp_sign_ins_refused_total").increment(1);
        self.say(reply::sign_in_refusal(refusal));
        match refusal {
            SignInRefusal::Unavailable => return Next::Listen,
            SignInRefusal::TooMany => return Next::Close,
            SignInRefusal::Credentials | SignInRefusal::Disabled | SignInRefusal::AppPasswordNeeded => {}
        }
        self.sign_ins_failed += 1;
        if self.sign_ins_failed < self.door.settings.sign_ins_failed_max {
            return Next::Listen;
        }
        self.say(reply::TOO_MANY_SIGN_INS);
        Next::Close
    }

    /// RFC 4616: `[authorization] NUL login NUL password`, in one answer. Signing in for someone else is not offered.
    async fn plain(&mut self, initial: Option<&str>) -> Result<Result<Credentials, Failed>, Ended> {
        let message = match initial {
            Some(initial) => decode(initial),
            None => self.challenge("").await?,
        };
        Ok(message.and_then(|message| {
            let mut parts = message.split('\0');
            let parts = (parts.next(), parts.next(), parts.next(), parts.next());
            let (Some(authorization), Some(login), Some(password), None) = parts else {
                return Err(Failed(reply::BAD_BASE64));
            };
            if !authorization.is_empty() && authorization != login {
                return Err(Failed(reply::sign_in_refusal(SignInRefusal::Credentials)));
            }
            Ok(Credentials { login: login.to_owned(), password: password.to_owned() })
        }))
    }

    async fn login(&mut self, initial: Option<&str>) -> Result<Result<Credentials, Failed>, Ended> {
        let login = match initial {
            Some(initial) => decode(initial),
            None => self.challenge("Username:").await?,
        };
        let login = match login {
            Ok(login) => login,
            Err(failed) => return Ok(Err(failed)),
        };
        let password = self.challenge("Password:").await?;
        Ok(password.map(|password| Credentials { login, password }))
    }

    /// Asks for one more answer and reads it.
    async fn challenge(&mut self, text: &str) -> Result<Result<String, Failed>, Ended> {
        write!(self.wire.out, "334 {}\r\n", STANDARD.encode(text)).expect("a Vec takes all");
        Ok(match self.wire.line(self.door.settings.command_timeout).await? {
            Line::Text(line) if line == "*" => Err(Failed(reply::SIGN_IN_CANCELLED)),
            Line::Text(line) => decode(&line),
            Line::Malformed => Err(Failed(reply::MALFORMED_LINE)),
            Line::NotUtf8 => Err(Failed(reply::BAD_BASE64)),
            Line::TooLong | Line::Endless => Err(Failed(reply::LINE_TOO_LONG)),
        })
    }
}

/// `=` alone stands for nothing (RFC 4954, section 4).
fn decode(text: &str) -> Result<String, Failed> {
    if text == "=" {
        return Ok(String::new());
    }
    let bytes = STANDARD.decode(text).map_err(|_| Failed(reply::BAD_BASE64))?;
    String::from_utf8(bytes).map_err(|_| Failed(reply::BAD_BASE64))
}
