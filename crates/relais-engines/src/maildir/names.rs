//! Names on disk: of message files, and of folders (Maildir++ with IMAP's modified UTF-7).
//!
//! Pure text; touches no file.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

/// The longest file name Linux file systems take, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// Folder names stay below this, so that the engines' own files beside them fit.
const FOLDER_BYTES_MAX: usize = 240;
/// `V` and eight digits.
const RESTORE_MARK_BYTES: usize = 9;
/// `:2,` and every letter.
const FLAGS_BYTES_MAX: usize = 3 + 52;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// What tells one delivery from another: a hash of content, sender and recipient.
pub(super) type KeyBytes = [u8; 8];

/// The base name of a delivered message: `<seconds>.M<micros>P<pid>Q<counter>K<key>.relais,S=<size>`.
///
/// Dovecot reads the size after `,S=` instead of asking the file system, and leaves the rest alone: there is
/// no `:` (flags begin there) and no `/`.
pub(super) fn message_name(key: KeyBytes, size_bytes: u64, pid: u32, counter: u64, now: Timestamp) -> String {
    let micros = now.subsec_microsecond().unsigned_abs();
    let seconds = now.as_second();
    let key = u64::from_be_bytes(key);
    format!("{seconds}.M{micros}P{pid}Q{counter}K{key:016x}.relais,S={size_bytes}")
}

/// Time in seconds and key of a name that [`message_name`] made, whatever flags were added; `None` for others.
pub(super) fn delivery_of(name: &[u8]) -> Option<(i64, KeyBytes)> {
    let mut parts = name.split(|byte| *byte == b'.');
    let seconds = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let unique = parts.next()?;
    if !parts.next()?.starts_with(b"relais,S=") || !unique.starts_with(b"M") {
        return None;
    }
    let place = unique.len().checked_sub(16)?;
    let digits = std::str::from_utf8(unique.get(place..)?).ok()?;
    if place == 0 || unique[place - 1] != b'K' || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((seconds, u64::from_str_radix(digits, 16).ok()?.to_be_bytes()))
}

/// The name without its flags: what stays when a client marks or moves the message.
pub(super) fn base(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b':').next().unwrap_or(name)
}

/// The size a name tells after `,S=`.
pub(super) fn size_of(name: &[u8]) -> Option<u64> {
    base(name)
        .split(|byte| *byte == b',')
        .skip(1)
        .find_map(|field| field.strip_prefix(b"S="))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok())
}

/// Another name for a message whose own is taken by a different one; the same for the same `inode`.
pub(super) fn name_beside(name: &[u8], inode: u64) -> OsString {
    let cut = name.iter().position(|byte| matches!(byte, b',' | b':')).unwrap_or(name.len());
    let mut beside = name[..cut].to_vec();
    beside.extend_from_slice(format!("R{inode}").as_bytes());
    beside.extend_from_slice(&name[cut..]);
    OsString::from_vec(beside)
}

/// The letters of a name's flags, after `:2,`; none for a name without.
pub(super) fn flags_of(name: &[u8]) -> &[u8] {
    let flags = name.get(base(name).len()..).unwrap_or_default();
    flags.strip_prefix(b":2,").unwrap_or_default()
}

/// The base name a message gets from a restore: its own, marked with the restore before the first `,`. A name that
/// was there before, and perhaps erased, never comes back: the server would have to guess whether a message under
/// it is the old one.
pub(super) fn restored_base(base: &str, mark: RestoreMark) -> String {
    let original = original_base(base);
    let cut = original.find(',').unwrap_or(original.len());
    format!("{}V{:08x}{}", &original[..cut], mark.0, &original[cut..])
}

/// The base name without the mark of a restore: equal for a message and for what was restored from it.
pub(super) fn original_base(base: &str) -> String {
    let cut = base.find(',').unwrap_or(base.len());
    let unmarked = cut.checked_sub(RESTORE_MARK_BYTES).filter(|place| {
        let mark = base.as_bytes()[*place..cut].split_first();
        mark.is_some_and(|(letter, digits)| {
            *letter == b'V' && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    });
    let original = match unmarked {
        Some(place) => [&base[..place], &base[cut..]].concat(),
        None => base.to_owned(),
    };
    if original.len() + RESTORE_MARK_BYTES + FLAGS_BYTES_MAX <= NAME_BYTES_MAX {
        return original;
    }
    // Too long for a mark and flags beside it.
    format!("0.{}", hex(&Sha256::digest(original.as_bytes())[..16]))
}

/// Tells the messages of one restore from others, in their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RestoreMark(u32);

impl RestoreMark {
    pub(super) fn of(restore: &str) -> Self {
        let digest = Sha256::digest(restore.as_bytes());
        Self(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}

/// A file's name as text. Bytes that are no UTF-8 become `%` and two digits: no mail server writes any.
pub(super) fn text_of(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Whether a text can be the base name of a message.
pub(super) fn is_base(text: &str) -> bool {
    let takes_part = |letter: char| letter != '/' && letter != ':' && !letter.is_control();
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.starts_with('.') && text.chars().all(takes_part)
}

/// Modified UTF-7 of RFC 3501, section 5.1.3: printable ASCII as it is, `&` as `&-`, the rest as base 64 of
/// UTF-16 between `&` and `-`.
#[must_use]
pub fn encode_utf7(text: &str) -> String {
    fn flush(units: &mut Vec<u16>, encoded: &mut String) {
        if units.is_empty() {
            return;
        }
        encoded.push('&');
        let (mut bits, mut held) = (0u32, 0u32);
        for unit in units.drain(..) {
            bits = (bits << 16) | u32::from(unit);
            held += 16;
            while held >= 6 {
                held -= 6;
                encoded.push(char::from(BASE64[(bits >> held & 63) as usize]));
            }
            bits &= (1 << held) - 1;
        }
        if held > 0 {
            encoded.push(char::from(BASE64[(bits << (6 - held) & 63) as usize]));
        }
        encoded.push('-');
    }

    let mut encoded = String::with_capacity(text.len());
    let mut units = Vec::new();
    for letter in text.chars() {
        if matches!(letter, ' '..='~') {
            flush(&mut units, &mut encoded);
            encoded.push(letter);
            if letter == '&' {
                encoded.push('-');
            }
        } else {
            units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut units, &mut encoded);
    encoded
}

/// The text behind a name in modified UTF-7, or `None` if no encoder writes it so. Strict, and therefore no two
/// names decode to one text.
#[must_use]
pub fn decode_utf7(encoded: &str) -> Option<String> {
    let mut text = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(place) = rest.find('&') {
        text.push_str(&rest[..place]);
        let (shifted, after) = rest[place + 1..].split_once('-')?;
        if shifted.is_empty() {
            text.push('&');
        } else {
            text.push_str(&decode_shifted(shifted)?);
        }
        rest = after;
    }
    text.push_str(rest);
    (encode_utf7(&text) == encoded).then_some(text)
}

fn decode_shifted(shifted: &str) -> Option<String> {
    let (mut bits, mut held) = (0u32, 0u32);
    let mut units = Vec::new();
    for digit in shifted.bytes() {
        let value = BASE64.iter().position(|known| *known == digit)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from(bits >> held & 0xffff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf16(&units).ok()
}

/// One part of a folder's name, made safe: `.` separates folders on disk and `/` separates them for people, so
/// each becomes the look-alike `․` (U+2024) or `∕` (U+2215); control characters become `_`. Two different
/// addresses never become one name.
#[must_use]
pub fn folder_component(name: &str) -> String {
    let safe: String = name
        .trim()
        .chars()
        .map(|letter| match letter {
            '.' => '\u{2024}',
            '/' => '\u{2215}',
            letter if letter.is_control() => '_',
            letter => letter,
        })
        .collect();
    match safe.strip_prefix('~') {
        Some(rest) => format!("_{rest}"),
        None if safe.is_empty() => "_".to_owned(),
        None => safe,
    }
}

/// A folder, by the name of its directory below the Maildir; empty for INBOX.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FolderDir(OsString);

impl FolderDir {
    pub(super) fn inbox() -> Self {
        Self(OsString::new())
    }

    /// The folder of a directory `.Name.Sub`; `None` for directories that are none.
    pub(super) fn from_dir(name: &OsStr) -> Option<Self> {
        let bytes = name.as_bytes();
        (bytes.len() > 1 && bytes[0] == b'.' && bytes != b"..").then(|| Self(name.to_owned()))
    }

    /// The folder that a snapshot calls so: `INBOX`, or the name of its directory.
    pub(super) fn from_snapshot(name: &str) -> Option<Self> {
        if name == "INBOX" {
            return Some(Self::inbox());
        }
        let fits = name.len() <= NAME_BYTES_MAX && !name.contains(['/', '\0']);
        fits.then(|| Self::from_dir(OsStr::new(name))).flatten()
    }

    /// The name in a snapshot.
    pub(super) fn snapshot_name(&self) -> String {
        if self.is_inbox() { "INBOX".to_owned() } else { text_of(self.0.as_bytes()) }
    }

    /// A folder of the top level with this one part as its name.
    pub(super) fn named(component: &str) -> Self {
        let encoded = encode_utf7(&folder_component(component));
        Self::fitting(format!(".{encoded}").into_bytes(), b".folder-", component.as_bytes())
    }

    /// Where this folder stands when its whole tree is put below `parent`; INBOX under its own name.
    pub(super) fn below(&self, parent: &Self) -> Self {
        let mut name = parent.0.as_bytes().to_vec();
        let short_prefix = [name.as_slice(), b".folder-"].concat();
        name.extend_from_slice(if self.is_inbox() { b".INBOX" } else { self.0.as_bytes() });
        Self::fitting(name, &short_prefix, self.0.as_bytes())
    }

    /// `name`, or where that is too long for a file system, a short one that is the same every time.
    fn fitting(name: Vec<u8>, short_prefix: &[u8], source: &[u8]) -> Self {
        if name.len() <= FOLDER_BYTES_MAX {
            return Self(OsString::from_vec(name));
        }
        let digest = hex(&Sha256::digest(source)[..8]);
        let mut short = short_prefix.to_vec();
        short.truncate(NAME_BYTES_MAX - digest.len());
        short.extend_from_slice(digest.as_bytes());
        Self(OsString::from_vec(short))
    }

    pub(super) fn is_inbox(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this folder is `parent` or stands below it.
    pub(super) fn is_within(&self, parent: &Self) -> bool {
        match self.0.as_bytes().strip_prefix(parent.0.as_bytes()) {
            Some(rest) => rest.is_empty() || rest[0] == b'.',
            None => false,
        }
    }

    pub(super) fn dir(&self) -> &OsStr {
        &self.0
    }

    /// The parts of the name as Dovecot lists them in `subscriptions`: encoded.
    pub(super) fn encoded_parts(&self) -> Vec<&[u8]> {
        self.0.as_bytes().get(1..).unwrap_or_default().split(|byte| *byte == b'.').collect()
    }

    /// The name as an IMAP client sees it, `Projets/2024`.
    pub(super) fn name(&self) -> String {
        if self.is_inbox() {
            return "INBOX".to_owned();
        }
        let parts = self.encoded_parts().into_iter().map(|part| {
            let part = String::from_utf8_lossy(part);
            decode_utf7(&part).unwrap_or_else(|| part.into_owned())
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String succeeds");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folder_names_are_encoded_as_imap_requires() {
        for (text, encoded) in [
            ("Projets", "Projets"),
            ("Projets été", "Projets &AOk-t&AOk-"),
            ("R&D", "R&-D"),
            ("台北日本語", "&U,BTF2XlZyyKng-"),
            ("☃ 😀", "&JgM- &2D3eAA-"),
        ] {
            assert_eq!(encode_utf7(text), encoded);
            assert_eq!(decode_utf7(encoded).as_deref(), Some(text));
        }
        for broken in ["&", "&AOk", "&AOl-", "&AGE-", "&2D0-", "&é-", "é", "&AOk-&AOk-", "&A-"] {
            assert_eq!(decode_utf7(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn separators_in_a_name_never_make_another_folder() {
        let folder = FolderDir::named("user1@bm.com");
        assert_eq!(folder.dir(), OsStr::new(".user1@bm&ICQ-com"));
        assert_eq!(folder.name(), "user1@bm․com");
        assert_ne!(FolderDir::named("a.b@bm.com"), FolderDir::named("a_b@bm.com"));
        assert_eq!(FolderDir::named("../../x/y\0z").name(), "․․∕․․∕x∕y_z");
        assert_eq!(FolderDir::named(" ").name(), "_");
        let sub = FolderDir::from_dir(OsStr::new(".Projets.2024")).unwrap();
        assert_eq!(sub.below(&folder).name(), "user1@bm․com/Projets/2024");
        assert_eq!(FolderDir::inbox().below(&folder).name(), "user1@bm․com/INBOX");
        assert!(sub.below(&folder).is_within(&folder));
        assert!(!FolderDir::named("user1@bm.commune").is_within(&folder));
    }

    #[test]
    fn names_too_long_for_the_file_system_become_short_and_stay_distinct() {
        let parent = FolderDir::named(&"é".repeat(250));
        assert!(parent.dir().len() <= 255);
        let one = FolderDir::named(&"a".repeat(230)).below(&FolderDir::named("user1@bm.com"));
        let two = FolderDir::named(&"a".repeat(231)).below(&FolderDir::named("user1@bm.com"));
        assert!(one.dir().len() <= 255 && one != two);
        assert!(one.is_within(&FolderDir::named("user1@bm.com")));
    }

    #[test]
    fn a_delivered_name_gives_back_its_time_key_and_size_with_any_flags() {
        let now = "2026-11-21T20:00:00.25Z".parse().unwrap();
        let name = message_name([0, 1, 2, 3, 4, 5, 6, 0xff], 1234, 42, 7, now);
        assert_eq!(name, "1795291200.M250000P42Q7K00010203040506ff.relais,S=1234");
        for flags in ["", ":2,", ":2,FSab"] {
            let flagged = format!("{name}{flags}");
            let expected = Some((1_795_291_200, [0, 1, 2, 3, 4, 5, 6, 0xff]));
            assert_eq!(delivery_of(flagged.as_bytes()), expected);
            assert_eq!(size_of(flagged.as_bytes()), Some(1234));
            assert_eq!(base(flagged.as_bytes()), name.as_bytes());
        }
        for foreign in
            ["1.M1P1.relais,S=1", "1.M1P1Q1K+001020304050607.relais,S=1", "x", "", "1.é.relais,S=1"]
        {
            assert_eq!(delivery_of(foreign.as_bytes()), None, "{foreign}");
        }
        assert_eq!(name_beside(b"1.M1.h,S=5:2,S", 9), OsString::from("1.M1.hR9,S=5:2,S"));
    }

    #[test]
    fn a_restored_name_is_new_and_leads_back_to_the_old_one() {
        let (one, two) = (RestoreMark::of("one"), RestoreMark::of("two"));
        for base in ["1.M1P1.host,S=5,W=6", "x", "1.V", "V00000000", "é,S=1", &"a".repeat(255)] {
            let restored = restored_base(base, one);
            assert_ne!(restored, base);
            assert_eq!(original_base(&restored), original_base(base));
            assert_eq!(restored_base(&restored, one), restored);
            assert_eq!(restored_base(&restored, two), restored_base(base, two));
            assert!(is_base(&restored) && restored.len() + FLAGS_BYTES_MAX <= NAME_BYTES_MAX);
        }
        assert_eq!(size_of(restored_base("1.M1P1.host,S=5,W=6", one).as_bytes()), Some(5));
        assert_ne!(original_base(&"a".repeat(255)), original_base(&"a".repeat(254)));
        for name in ["", ".", "..", "a/b", "a:b", "a\nb", &"a".repeat(256)] {
            assert!(!is_base(name), "{name:?}");
        }
        for name in ["", "..", ".", ".a/b", "a", "/", ".\0"] {
            assert_eq!(FolderDir::from_snapshot(name), None, "{name:?}");
        }
        assert_eq!(text_of(b"1.a\xff\xc3\xa9"), "1.a%FFé");
        for (name, flags) in [("1.a:2,FS", "FS"), ("1.a:2,", ""), ("1.a", ""), ("1.a:1,x", ""), ("", "")] {
            assert_eq!(flags_of(name.as_bytes()), flags.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn every_text_survives_modified_utf7(text in any::<String>()) {
            let encoded = encode_utf7(&text);
            prop_assert!(encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(decode_utf7(&encoded), Some(text));
        }

        #[test]
        fn no_name_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (delivery_of(&bytes), size_of(&bytes), name_beside(&bytes, 1), flags_of(&bytes));
            let text = String::from_utf8_lossy(&bytes);
            let restored = restored_base(&text, RestoreMark::of("x"));
            prop_assert_eq!(original_base(&restored), original_base(&text));
            let _ = decode_utf7(&text);
            let folder = FolderDir::named(&text);
            prop_assert!(folder.dir().len() <= 255 && !folder.dir().as_bytes()[1..].contains(&b'.'));
        }
    }
}
