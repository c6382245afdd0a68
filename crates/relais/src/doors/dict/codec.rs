//! The bytes of Dovecot's dict protocol, version 3.2 (2.3.19; the source is `lib-dict/dict-client.h`). Pure.
//!
//! A request is one line: a letter, then fields between tabs. Of the requests only three are questions. Transactions
//! (`B`, `S`, `C`…) come from Dovecot's own upkeep of the list of shares after a folder was made.

use std::fmt;

/// The protocol's major version; another one is not spoken.
pub const MAJOR: u32 = 3;

/// Keys hold a password, which Dovecot bounds by its own limit on a login's length (8 KiB).
pub const LINE_BYTES_MAX: usize = 32 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// No answer is sent.
    Hello {
        major: u32,
        dict: String,
    },
    Lookup {
        key: Key,
    },
    Iterate {
        prefix: Key,
        user: String,
    },
    /// The end of a transaction, to be answered with its id.
    Commit {
        id: u32,
    },
    /// A part of a transaction: no answer is sent.
    Part,
}

/// A key as sent: it may hold a password, so it never prints, and need not be UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The line is no request of this protocol. The connection is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("an empty line")]
    Empty,
    #[error("a command that is not served: {:?}", char::from(*.0))]
    Command(u8),
    #[error("a field is missing or not of its kind")]
    Field,
    #[error("an escape that is not in the protocol")]
    Escape,
}

impl Request {
    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(line: &[u8]) -> Result<Self, Malformed> {
        let (command, rest) = line.split_first().ok_or(Malformed::Empty)?;
        let mut fields = rest.split(|byte| *byte == b'\t');
        let mut field = || fields.next().ok_or(Malformed::Field);
        match command {
            b'H' => {
                let major = number(field()?)?;
                let (_minor, _value_type, _user) = (field()?, field()?, field()?);
                Ok(Self::Hello { major, dict: text(field()?)? })
            }
            b'L' => Ok(Self::Lookup { key: Key(unescape(field()?)?) }),
            b'I' => {
                let (_flags, _rows_max) = (field()?, field()?);
                let prefix = Key(unescape(field()?)?);
                Ok(Self::Iterate { prefix, user: text(field()?)? })
            }
            b'C' | b'D' => Ok(Self::Commit { id: number(field()?)? }),
            // begin, set, unset, atomic increment, timestamp, rollback, hide log values
            b'B' | b'S' | b'U' | b'A' | b'T' | b'R' | b'V' => Ok(Self::Part),
            other => Err(Malformed::Command(*other)),
        }
    }
}

fn number(field: &[u8]) -> Result<u32, Malformed> {
    std::str::from_utf8(field).ok().and_then(|digits| digits.parse().ok()).ok_or(Malformed::Field)
}

fn text(field: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(unescape(field)?).map_err(|_| Malformed::Field)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Found(String),
    NotFound,
    /// The text goes to Dovecot's log, not to a client.
    Failed(&'static str),
    /// Keys without values, and the end of the list.
    Rows(Vec<String>),
    Committed {
        id: u32,
    },
}

impl Answer {
    /// The bytes, with their line feeds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Found(value) => {
                bytes.push(b'O');
                escape(value, &mut bytes);
            }
            Self::NotFound => bytes.push(b'N'),
            Self::Failed(reason) => {
                bytes.push(b'F');
                escape(reason, &mut bytes);
            }
            Self::Rows(keys) => {
                for key in keys {
                    bytes.push(b'O');
                    escape(key, &mut bytes);
                    bytes.extend_from_slice(b"\t1\n");
                }
            }
            Self::Committed { id } => bytes.extend_from_slice(format!("O{id}").as_bytes()),
        }
        bytes.push(b'\n');
        bytes
    }
}

/// Dovecot's `str_tabescape`.
pub fn escape(text: &str, into: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            0 => into.extend_from_slice(b"\x010"),
            1 => into.extend_from_slice(b"\x011"),
            b'\t' => into.extend_from_slice(b"\x01t"),
            b'\n' => into.extend_from_slice(b"\x01n"),
            b'\r' => into.extend_from_slice(b"\x01r"),
            other => into.push(other),
        }
    }
}

/// Undoes [`escape`].
///
/// # Errors
/// [`Malformed::Escape`].
pub fn unescape(field: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut plain = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            1 => match bytes.next() {
                Some(b'0') => 0,
                Some(b'1') => 1,
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                _ => return Err(Malformed::Escape),
            },
            other => *other,
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key(text.as_bytes().to_vec())
    }

    #[test]
    fn requests_of_2_3_19_are_read() {
        let rows: [(&[u8], _); 7] = [
            (b"H3\t2\t0\t\tshares", Request::Hello { major: 3, dict: "shares".into() }),
            (b"Lshared/userdb/acc-1\tacc-1", Request::Lookup { key: key("shared/userdb/acc-1") }),
            (
                "Lshared/passdb/b@x.test/127.0.0.1/p\"w%/b\\x'é\x01t\x011\tb@x.test".as_bytes(),
                Request::Lookup { key: key("shared/passdb/b@x.test/127.0.0.1/p\"w%/b\\x'é\t\x01") },
            ),
            (
                b"I1\t0\tshared/shared-boxes/user/acc-1/\tacc-1",
                Request::Iterate { prefix: key("shared/shared-boxes/user/acc-1/"), user: "acc-1".into() },
            ),
            (b"B1\tacc-1", Request::Part),
            (b"S1\tshared/shared-boxes/user/acc-1/s@x.test\t1", Request::Part),
            (b"C1", Request::Commit { id: 1 }),
        ];
        for (line, request) in rows {
            assert_eq!(Request::parse(line), Ok(request));
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let rows: [(&[u8], _); 7] = [
            (b"", Malformed::Empty),
            (b"X1", Malformed::Command(b'X')),
            (b"H3", Malformed::Field),
            (b"Hthree\t2\t0\t\tauth", Malformed::Field),
            (b"I1\t0\tshared/", Malformed::Field),
            (b"Lshared/\x01x", Malformed::Escape),
            (b"Lshared/\x01", Malformed::Escape),
        ];
        for (line, error) in rows {
            assert_eq!(Request::parse(line), Err(error));
        }
    }

    #[test]
    fn answers_are_the_bytes_dovecot_reads() {
        let rows: [(Answer, &[u8]); 5] = [
            (Answer::Found("a\tb\n\x01\0\r".into()), b"Oa\x01tb\x01n\x011\x010\x01r\n"),
            (Answer::NotFound, b"N\n"),
            (Answer::Failed("later"), b"Flater\n"),
            (Answer::Rows(vec!["shared/userdb/a".into()]), b"Oshared/userdb/a\t1\n\n"),
            (Answer::Committed { id: 7 }, b"O7\n"),
        ];
        for (answer, bytes) in rows {
            assert_eq!(answer.encode(), bytes);
        }
    }

    #[test]
    fn escaping_is_undone() {
        let text: String = (0..=0x17f).filter_map(char::from_u32).collect();
        let mut escaped = Vec::new();
        escape(&text, &mut escaped);
        assert!(!escaped.iter().any(|byte| b"\t\n\r\0".contains(byte)));
        assert_eq!(unescape(&escaped), Ok(text.into_bytes()));
    }

    #[test]
    fn a_key_does_not_print_the_password_in_it() {
        assert_eq!(format!("{:?}", key("shared/passdb/a@x.test/::1/secret")), "Key(…)");
    }
}
