//! What the door itself says. Refusals of mail have their words in `relais_core::mail_refusal`; these are about the
//! conversation. English only: the lines are read by other programs.

use super::SignInRefusal;
use super::data::DataFault;
use relais_core::mail_refusal::MailAnswer;
use std::io::Write;

const fn answer(code: u16, enhanced: (u8, u8, u8), text: &'static str) -> MailAnswer {
    MailAnswer { code, enhanced, text }
}

pub(super) const OK: MailAnswer = answer(250, (2, 0, 0), "OK");
pub(super) const SENDER_OK: MailAnswer = answer(250, (2, 1, 0), "Sender OK");
pub(super) const RECIPIENT_OK: MailAnswer = answer(250, (2, 1, 5), "Recipient OK");
pub(super) const DELIVERED: MailAnswer = answer(250, (2, 0, 0), "Stored");
pub(super) const BYE: MailAnswer = answer(221, (2, 0, 0), "Goodbye");
pub(super) const HELP: MailAnswer = answer(214, (2, 0, 0), "See RFC 5321 and RFC 2033");
pub(super) const CANNOT_VERIFY: MailAnswer =
    answer(252, (2, 0, 0), "Cannot tell before RCPT; send the message to find out");
pub(super) const SIGNED_IN: MailAnswer = answer(235, (2, 7, 0), "Signed in");

pub(super) const STOPPING: MailAnswer = answer(421, (4, 3, 2), "This server is stopping; try again later");
pub(super) const TIMED_OUT: MailAnswer = answer(421, (4, 4, 2), "Nothing heard for too long");
pub(super) const TOO_MANY_ERRORS: MailAnswer = answer(421, (4, 7, 0), "Too many errors");
pub(super) const TOO_MANY_SESSIONS: MailAnswer =
    answer(421, (4, 7, 0), "Too many connections; try again later");
pub(super) const TOO_MANY_SIGN_INS: MailAnswer =
    answer(421, (4, 7, 0), "Too many failed attempts to sign in; try again later");

pub(super) const TOO_MANY_RECIPIENTS: MailAnswer =
    answer(452, (4, 5, 3), "Too many recipients; send the rest in another message");
pub(super) const MESSAGE_TOO_LARGE: MailAnswer =
    answer(552, (5, 3, 4), "The message is larger than this server takes");

pub(super) const MALFORMED_LINE: MailAnswer =
    answer(500, (5, 5, 2), "A command ends with CR LF and holds no other CR, LF or NUL");
pub(super) const LINE_TOO_LONG: MailAnswer =
    answer(500, (5, 5, 2), "The command line is longer than 2048 bytes");
pub(super) const NOT_UTF8: MailAnswer = answer(501, (5, 5, 2), "The command is not UTF-8");
pub(super) const UTF8_NOT_ASKED: MailAnswer =
    answer(553, (5, 6, 7), "The address needs SMTPUTF8, which MAIL did not ask for");

pub(super) const GREET_FIRST: MailAnswer = answer(503, (5, 5, 1), "Greet first");
pub(super) const MAIL_FIRST: MailAnswer = answer(503, (5, 5, 1), "Send MAIL first");
pub(super) const NO_RECIPIENT: MailAnswer = answer(503, (5, 5, 1), "No valid recipient; send RCPT first");
pub(super) const MAIL_TWICE: MailAnswer =
    answer(503, (5, 5, 1), "A message is under way; send DATA or RSET first");
pub(super) const WRONG_DIALECT: MailAnswer =
    answer(500, (5, 5, 1), "SMTP greets with EHLO or HELO, LMTP with LHLO; check the port");
pub(super) const NO_SIGN_IN: MailAnswer = answer(502, (5, 5, 1), "Nobody signs in here");
pub(super) const SIGNED_IN_ALREADY: MailAnswer = answer(503, (5, 5, 1), "Signed in already");
pub(super) const UNKNOWN_MECHANISM: MailAnswer = answer(504, (5, 5, 4), "Sign in with PLAIN or LOGIN");
pub(super) const SIGN_IN_CANCELLED: MailAnswer = answer(501, (5, 7, 0), "Signing in was cancelled");
pub(super) const BAD_BASE64: MailAnswer =
    answer(501, (5, 5, 2), "The answer is not base64 of what the mechanism wants");

/// What is wrong with a message's line ends, and what to do.
pub(super) fn data_fault(fault: DataFault) -> MailAnswer {
    let text = match fault {
        DataFault::BareLf => "The message holds a LF without CR; end every line with CR LF",
        DataFault::BareCr => "The message holds a CR without LF; end every line with CR LF",
        DataFault::Nul => "The message holds a NUL byte; encode it as base64",
    };
    answer(550, (5, 6, 0), text)
}

pub(super) fn sign_in_refusal(refusal: SignInRefusal) -> MailAnswer {
    match refusal {
        SignInRefusal::Credentials => answer(535, (5, 7, 8), "Wrong login or password"),
        SignInRefusal::Disabled => {
            answer(525, (5, 7, 13), "This account may not send mail; ask your administrator")
        }
        SignInRefusal::AppPasswordNeeded => {
            answer(534, (5, 7, 9), "This program needs an app password; create one")
        }
        SignInRefusal::TooMany => TOO_MANY_SIGN_INS,
        SignInRefusal::Unavailable => {
            answer(454, (4, 7, 0), "Cannot check the password now; try again later")
        }
    }
}

/// Appends the line of an answer.
pub(super) fn write(out: &mut Vec<u8>, answer: MailAnswer) {
    let MailAnswer { code, enhanced: (class, subject, detail), text } = answer;
    write!(out, "{code} {class}.{subject}.{detail} {text}\r\n").expect("a Vec takes all");
}
