//! Command lines of SMTP and LMTP (RFC 5321, section 4.1; RFC 2033, section 4.1; RFC 4954, section 4).
//!
//! A line is exactly a command or an error: nothing is skipped, repaired or guessed. Two habits of old clients that
//! cannot be misread are taken: blanks after `MAIL FROM:` and `RCPT TO:`, and blanks at the end of a line.

use relais_core::mail_refusal::MailAnswer;

/// A mailbox of a sender may be longer than RFC 5321 has it: others' bounce addresses are.
const MAILBOX_BYTES_MAX: usize = 320;
const DOMAIN_BYTES_MAX: usize = 255;

/// A command, without what only the session knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    Greet {
        verb: Greeting,
        name: &'a str,
    },
    Mail(Mail),
    /// A mailbox, or the bare word `postmaster`.
    Recipient(String),
    Data,
    Reset,
    Quit,
    Noop,
    Help,
    Verify,
    SignIn {
        mechanism: Mechanism,
        initial: Option<&'a str>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    Helo,
    Ehlo,
    Lhlo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    Login,
    Other,
}

/// MAIL with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    /// `None` for `<>`.
    pub sender: Option<String>,
    /// RFC 1870; a number too large for this type is its largest.
    pub size_bytes: Option<u64>,
    /// RFC 6531.
    pub smtputf8: bool,
    /// Some parameter stood there: not allowed after HELO.
    pub extended: bool,
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandError {
    Unknown,
    NotImplemented,
    NoArgumentWanted,
    GreetingName,
    MailSyntax,
    RecipientSyntax,
    Sender,
    Recipient,
    Parameter,
    ParameterValue,
    SignInSyntax,
}

impl CommandError {
    #[must_use]
    pub fn answer(self) -> MailAnswer {
        let (code, enhanced, text) = match self {
            Self::Unknown => (500, (5, 5, 1), "Unknown command"),
            Self::NotImplemented => (502, (5, 5, 1), "This command is not offered here"),
            Self::NoArgumentWanted => (501, (5, 5, 4), "This command takes no argument"),
            Self::GreetingName => (501, (5, 5, 4), "Greet with your domain name or [address]"),
            Self::MailSyntax => (501, (5, 5, 4), "Write MAIL FROM:<address>"),
            Self::RecipientSyntax => (501, (5, 5, 4), "Write RCPT TO:<address>"),
            Self::Sender => (501, (5, 1, 7), "The sender's address is not written as RFC 5321 has it"),
            Self::Recipient => (501, (5, 1, 3), "The recipient's address is not written as RFC 5321 has it"),
            Self::Parameter => (555, (5, 5, 4), "This parameter is not offered here"),
            Self::ParameterValue => (501, (5, 5, 4), "A parameter has a wrong value or stands twice"),
            Self::SignInSyntax => (501, (5, 5, 4), "Write AUTH and a mechanism"),
        };
        MailAnswer { code, enhanced, text }
    }
}

/// Reads a command line without its CRLF.
///
/// # Errors
/// When it is none, with the reason.
pub fn parse(line: &str) -> Result<Command<'_>, CommandError> {
    let line = line.trim_end_matches([' ', '\t']);
    let (verb, argument) = match line.split_once(' ') {
        Some((verb, argument)) => (verb, Some(argument.trim_start_matches(' '))),
        None => (line, None),
    };
    let alone = |command| match argument {
        None => Ok(command),
        Some(_) => Err(CommandError::NoArgumentWanted),
    };
    let greet = |greeting| {
        let name = argument.filter(|name| is_greeting_name(name));
        let name = name.ok_or(CommandError::GreetingName)?;
        Ok(Command::Greet { verb: greeting, name })
    };
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => greet(Greeting::Helo),
        "EHLO" => greet(Greeting::Ehlo),
        "LHLO" => greet(Greeting::Lhlo),
        "MAIL" => mail(argument.unwrap_or_default()).map(Command::Mail),
        "RCPT" => recipient(argument.unwrap_or_default()).map(Command::Recipient),
        "DATA" => alone(Command::Data),
        "RSET" => alone(Command::Reset),
        "QUIT" => alone(Command::Quit),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" => Ok(Command::Verify),
        "AUTH" => sign_in(argument.unwrap_or_default()),
        "EXPN" | "BDAT" | "ETRN" | "TURN" | "STARTTLS" => Err(CommandError::NotImplemented),
        _ => Err(CommandError::Unknown),
    }
}

fn sign_in(argument: &str) -> Result<Command<'_>, CommandError> {
    let mut words = argument.split(' ');
    let mechanism = words.next().filter(|word| !word.is_empty());
    let initial = words.next();
    let (Some(mechanism), None) = (mechanism, words.next()) else {
        return Err(CommandError::SignInSyntax);
    };
    let mechanism = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => Mechanism::Plain,
        "LOGIN" => Mechanism::Login,
        _ => Mechanism::Other,
    };
    Ok(Command::SignIn { mechanism, initial })
}

fn mail(argument: &str) -> Result<Mail, CommandError> {
    let text = after_keyword(argument, "FROM:").ok_or(CommandError::MailSyntax)?;
    let (path, parameters) = path(text).ok_or(CommandError::MailSyntax)?;
    let mut mail = Mail::default();
    if !path.is_empty() {
        mail.sender = Some(mailbox(path).ok_or(CommandError::Sender)?);
    }
    let mut seen: Vec<String> = Vec::new();
    for parameter in parameters.split(' ').filter(|word| !word.is_empty()) {
        mail.extended = true;
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        };
        let name = name.to_ascii_uppercase();
        match (name.as_str(), value) {
            ("SIZE", Some(value)) => mail.size_bytes = Some(size(value)?),
            ("BODY", Some(value))
                if ["7BIT", "8BITMIME"].iter().any(|body| body.eq_ignore_ascii_case(value)) => {}
            ("SMTPUTF8", None) => mail.smtputf8 = true,
            // RFC 4954, section 5: who sent it first. Nobody here trusts it, so it is read and let go.
            ("AUTH", Some(value)) if !value.is_empty() => {}
            ("SIZE" | "BODY" | "SMTPUTF8" | "AUTH", _) => return Err(CommandError::ParameterValue),
            _ => return Err(CommandError::Parameter),
        }
        if seen.contains(&name) {
            return Err(CommandError::ParameterValue);
        }
        seen.push(name);
    }
    Ok(mail)
}

/// RFC 1870, section 4: up to 20 digits.
fn size(digits: &str) -> Result<u64, CommandError> {
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(CommandError::ParameterValue);
    }
    Ok(digits.parse().unwrap_or(u64::MAX))
}

fn recipient(argument: &str) -> Result<String, CommandError> {
    let text = after_keyword(argument, "TO:").ok_or(CommandError::RecipientSyntax)?;
    let (path, parameters) = path(text).ok_or(CommandError::RecipientSyntax)?;
    let recipient = if path.eq_ignore_ascii_case("postmaster") {
        "postmaster".to_owned()
    } else {
        mailbox(path).ok_or(CommandError::Recipient)?
    };
    // Parameters of RCPT are those of DSN (RFC 3461), which is not offered.
    if parameters.trim_matches(' ').is_empty() { Ok(recipient) } else { Err(CommandError::Parameter) }
}

fn after_keyword<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let head = text.get(..keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| text[keyword.len()..].trim_start_matches(' '))
}

/// What stands between `<` and `>`, and what follows: nothing, or a blank and more.
fn path(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => {
                let rest = &inner[at + 1..];
                return (rest.is_empty() || rest.starts_with(' ')).then(|| (&inner[..at], rest));
            }
            _ => {}
        }
    }
    None
}

/// A mailbox (RFC 5321, section 4.1.2, with RFC 6531, section 3.3), without its source route and without quotes
/// that the local part does not need. `None` if it is none.
#[must_use]
pub fn mailbox(path: &str) -> Option<String> {
    let path = match path.strip_prefix('@') {
        Some(route) => {
            let (route, mailbox) = route.split_once(':')?;
            let mut hops = route.split(',').enumerate();
            let hop_ok = |(place, hop): (usize, &str)| {
                let domain = if place == 0 { Some(hop) } else { hop.strip_prefix('@') };
                domain.is_some_and(is_domain)
            };
            if !hops.all(hop_ok) {
                return None;
            }
            mailbox
        }
        None => path,
    };
    let (local, domain) = match path.strip_prefix('"') {
        Some(quoted) => {
            let (local, rest) = unquote(quoted)?;
            (local, rest.strip_prefix('@')?)
        }
        None => {
            let (local, domain) = path.split_once('@')?;
            (is_dot_string(local).then(|| local.to_owned())?, domain)
        }
    };
    let domain_ok = is_domain(domain) || is_literal(domain);
    let mailbox = format!("{local}@{domain}");
    (domain_ok && mailbox.len() <= MAILBOX_BYTES_MAX).then_some(mailbox)
}

/// A quoted local part as it is best written, and what follows its closing quote.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut plain = String::new();
    let mut requoted = String::from("\"");
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        let character = match character {
            '"' => {
                requoted.push('"');
                let local = if is_dot_string(&plain) { plain } else { requoted };
                return Some((local, &quoted[at + 1..]));
            }
            '\\' => characters.next().map(|(_, escaped)| escaped).filter(|c| (' '..='~').contains(c))?,
            other => other,
        };
        if character.is_control() {
            return None;
        }
        plain.push(character);
        if matches!(character, '"' | '\\') {
            requoted.push('\\');
        }
        requoted.push(character);
    }
    None
}

fn is_dot_string(text: &str) -> bool {
    let in_atom = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(c)
            || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
    };
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(in_atom))
}

/// A domain of one or more labels. Underscores are let through: hosts that write to us have them.
fn is_domain(text: &str) -> bool {
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| {
                c.is_ascii_alphanumeric() || c == '-' || c == '_' || (!c.is_ascii() && c.is_alphanumeric())
            })
    };
    text.len() <= DOMAIN_BYTES_MAX && text.split('.').all(label_ok)
}

/// An address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321, section 4.1.3).
fn is_literal(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    let ipv6 = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).map(|_| &inner[5..]);
    match ipv6 {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

fn is_greeting_name(name: &str) -> bool {
    name.is_ascii() && (is_domain(name.strip_suffix('.').unwrap_or(name)) || is_literal(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_of_every_form_are_read_and_bad_ones_refused() {
        let rows = [
            ("a@b.com", Some("a@b.com")),
            ("a@localhost", Some("a@localhost")),
            ("@x.org,@y.org:a@b.com", Some("a@b.com")),
            ("\"a\"@b.com", Some("a@b.com")),
            ("\"a b\"@b.com", Some("\"a b\"@b.com")),
            ("\"a\\\"@\\>\"@b.com", Some("\"a\\\"@>\"@b.com")),
            ("a@[192.0.2.1]", Some("a@[192.0.2.1]")),
            ("a@[IPv6:::1]", Some("a@[IPv6:::1]")),
            ("été@exämple.org", Some("été@exämple.org")),
            ("", None),
            ("a", None),
            ("@b.com", None),
            ("a@", None),
            ("a@@b.com", None),
            ("a@b@c.com", None),
            ("a..b@c.com", None),
            ("a b@c.com", None),
            ("a@b..com", None),
            ("a@-b.com", None),
            ("a@[nonsense]", None),
            ("a@[300.0.0.1]", None),
            ("@x y:a@b.com", None),
            ("\"a@b.com", None),
            ("\"a\"b@c.com", None),
            ("\"a\u{7f}\"@b.com", None),
            ("a\u{85}@b.com", None),
        ];
        for (text, expected) in rows {
            assert_eq!(mailbox(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(mailbox(&format!("{}@b.com", "a".repeat(320))), None);
    }

    #[test]
    fn parameters_of_mail_are_exact() {
        let rows = [
            ("MAIL FROM:<> SIZE=1", Ok((None, Some(1), false))),
            ("mail from:<a@b.c> body=8bitmime size=5 SMTPUTF8 AUTH=<>", Ok((Some("a@b.c"), Some(5), true))),
            ("MAIL FROM: <a@b.c>  ", Ok((Some("a@b.c"), None, false))),
            ("MAIL FROM:<a@b.c> SIZE=99999999999999999999", Ok((Some("a@b.c"), Some(u64::MAX), false))),
            ("MAIL FROM:<a@b.c> SIZE=", Err(CommandError::ParameterValue)),
            ("MAIL FROM:<a@b.c> SIZE=-1", Err(CommandError::ParameterValue)),
            ("MAIL FROM:<a@b.c> SIZE=1 SIZE=2", Err(CommandError::ParameterValue)),
            ("MAIL FROM:<a@b.c> SMTPUTF8=1", Err(CommandError::ParameterValue)),
            ("MAIL FROM:<a@b.c> BODY=BINARYMIME", Err(CommandError::ParameterValue)),
            ("MAIL FROM:<a@b.c> RET=FULL", Err(CommandError::Parameter)),
            ("MAIL FROM:<a@b.c>SIZE=1", Err(CommandError::MailSyntax)),
            ("MAIL FROM:a@b.c", Err(CommandError::MailSyntax)),
            ("MAIL TO:<a@b.c>", Err(CommandError::MailSyntax)),
            ("MAIL", Err(CommandError::MailSyntax)),
            ("MAIL FROM:<a>", Err(CommandError::Sender)),
            ("MAILFROM:<a@b.c>", Err(CommandError::Unknown)),
        ];
        for (line, expected) in rows {
            let read = parse(line).map(|command| {
                let Command::Mail(mail) = command else { panic!("{line}") };
                (mail.sender, mail.size_bytes, mail.smtputf8)
            });
            let expected = expected.map(|(sender, size, utf8)| (sender.map(str::to_owned), size, utf8));
            assert_eq!(read, expected, "{line:?}");
        }
    }
}
