//! What a key means: `shared/` and then the keys of the configuration that `relais_engines::dovecot` writes. Pure.

use std::fmt;
use std::net::IpAddr;

use super::codec::Key;

#[derive(Clone, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// `passdb/<name typed>/<remote address>/<password>`. No name holds a slash (Dovecot's `auth_username_chars`),
    /// and a password may hold any number of them.
    Passdb { login: &'a str, peer: Option<IpAddr>, password: &'a str },
    /// `userdb/<Dovecot user>`
    Userdb { user: &'a str },
    /// Nothing that exists: a key that is not ours, or a password that is not UTF-8.
    Nothing,
}

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passdb { login, peer, .. } => write!(f, "Passdb({login:?}, {peer:?})"),
            Self::Userdb { user } => write!(f, "Userdb({user:?})"),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

impl<'a> Lookup<'a> {
    #[must_use]
    pub fn of(key: &'a Key) -> Self {
        Self::read(&key.0).unwrap_or(Self::Nothing)
    }

    fn read(key: &'a [u8]) -> Option<Self> {
        let key = std::str::from_utf8(key).ok()?.strip_prefix("shared/")?;
        if let Some(user) = key.strip_prefix("userdb/") {
            return Some(Self::Userdb { user });
        }
        let mut parts = key.strip_prefix("passdb/")?.splitn(3, '/');
        let (login, peer, password) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self::Passdb { login, peer: peer.parse().ok(), password })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List<'a> {
    /// `userdb/`: all users.
    Users,
    /// `shared-boxes/user/<Dovecot user>/`: the shared mailboxes that this person sees.
    Shares { user: &'a str },
    /// Nothing to list. `shared-boxes/anyone/` is always so: Relais shares with members only.
    Nothing,
}

impl<'a> List<'a> {
    /// `asker` is the Dovecot user whose session asks: of shares, everyone is told their own only.
    #[must_use]
    pub fn of(prefix: &'a Key, asker: &str) -> Self {
        Self::read(&prefix.0, asker).unwrap_or(Self::Nothing)
    }

    fn read(prefix: &'a [u8], asker: &str) -> Option<Self> {
        let prefix = std::str::from_utf8(prefix).ok()?.strip_prefix("shared/")?;
        if prefix == "userdb/" {
            return Some(Self::Users);
        }
        let user = prefix.strip_prefix("shared-boxes/user/")?.strip_suffix('/')?;
        (user == asker).then_some(Self::Shares { user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key(text.as_bytes().to_vec())
    }

    #[test]
    fn a_password_is_all_that_follows_the_address() {
        let rows = [
            ("127.0.0.1/pw", Some("127.0.0.1"), "pw"),
            ("::1/a/b//c ", Some("::1"), "a/b//c "),
            ("/", None, ""),
        ];
        for (rest, peer, password) in rows {
            let key = key(&format!("shared/passdb/b@x.test/{rest}"));
            let peer = peer.map(|peer| peer.parse().unwrap());
            assert_eq!(Lookup::of(&key), Lookup::Passdb { login: "b@x.test", peer, password });
        }
    }

    #[test]
    fn other_keys_are_nothing() {
        for text in ["", "shared/", "shared/passdb/b@x.test/127.0.0.1", "priv/userdb/a", "shared/other/a"] {
            assert_eq!(Lookup::of(&key(text)), Lookup::Nothing);
        }
        assert_eq!(Lookup::of(&Key(b"shared/passdb/b@x.test/::1/\xff".to_vec())), Lookup::Nothing);
    }

    #[test]
    fn nobody_is_told_what_others_share() {
        let mine = key("shared/shared-boxes/user/acc-1/");
        assert_eq!(List::of(&mine, "acc-1"), List::Shares { user: "acc-1" });
        assert_eq!(List::of(&mine, "acc-2"), List::Nothing);
        assert_eq!(List::of(&key("shared/shared-boxes/anyone/"), "acc-1"), List::Nothing);
        assert_eq!(List::of(&key("shared/shared-boxes/"), "acc-1"), List::Nothing);
        assert_eq!(List::of(&key("shared/userdb/"), ""), List::Users);
    }

    #[test]
    fn a_question_does_not_print_the_password_in_it() {
        let key = key("shared/passdb/b@x.test/::1/secret");
        assert!(!format!("{:?}", Lookup::of(&key)).contains("secret"));
    }
}
