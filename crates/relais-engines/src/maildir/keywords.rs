//! A client's own flags: a letter in the name, whose meaning each folder has in its `dovecot-keywords`
//! (`0 $Forwarded`: the letter `a`).

use super::durable::{at, replace_file};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `a` to `z`.
const KEYWORDS_MAX: usize = 26;

/// The keywords of a folder: the first has the letter `a`. A number that is not used has an empty name.
pub(super) fn read(folder: &Path) -> io::Result<Vec<String>> {
    let path = folder.join("dovecot-keywords");
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("read", &path, &error)),
    };
    let mut keywords = Vec::new();
    for line in String::from_utf8_lossy(&content).lines() {
        let Some((number, name)) = line.split_once(' ') else {
            continue;
        };
        if let Ok(number @ 0..KEYWORDS_MAX) = number.parse::<usize>() {
            if keywords.len() <= number {
                keywords.resize(number + 1, String::new());
            }
            keywords[number] = name.to_owned();
        }
    }
    Ok(keywords)
}

/// The letters of a name, as flags that mean the same everywhere and as keywords.
pub(super) fn split(letters: &[u8], keywords: &[String]) -> (String, Vec<String>) {
    let mut flags = String::new();
    let mut names = Vec::new();
    for letter in letters {
        match letter {
            b'A'..=b'Z' => flags.push(char::from(*letter)),
            b'a'..=b'z' => {
                let name = keywords.get(usize::from(letter - b'a')).filter(|name| !name.is_empty());
                names.extend(name.cloned());
            }
            _ => {}
        }
    }
    (flags, names)
}

/// The letter of a keyword; `None` where a folder has no letter left for it.
pub(super) fn letter(keywords: &[String], keyword: &str) -> Option<char> {
    let place = keywords.iter().position(|known| known == keyword)?;
    u8::try_from(place).ok().map(|place| char::from(b'a' + place))
}

/// Sees that a folder knows these keywords, as far as there are letters, and returns all it knows.
pub(super) fn with<'a>(folder: &Path, wanted: impl Iterator<Item = &'a str>) -> io::Result<Vec<String>> {
    let is_keyword = |name: &&str| !name.is_empty() && !name.contains(|letter: char| letter.is_control());
    let wanted: BTreeSet<&str> = wanted.filter(is_keyword).collect();
    let known = read(folder)?;
    if wanted.iter().all(|name| letter(&known, name).is_some()) || !folder.is_dir() {
        return Ok(known);
    }
    let _lock = Lock::take(folder)?;
    // What was there before we had the lock may have changed.
    let mut known = read(folder)?;
    for name in wanted {
        if letter(&known, name).is_none() && known.len() < KEYWORDS_MAX {
            known.push(name.to_owned());
        }
    }
    let lines = known.iter().enumerate().filter(|(_, name)| !name.is_empty());
    let content: String = lines.map(|(number, name)| format!("{number} {name}\n")).collect();
    replace_file(&folder.join("dovecot-keywords"), content.as_bytes())?;
    Ok(known)
}

/// Dovecot's lock on a folder's lists. It looks whether the process whose number stands in it is alive.
struct Lock(PathBuf);

impl Lock {
    const ATTEMPTS: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(20);

    fn take(folder: &Path) -> io::Result<Self> {
        let path = folder.join("dovecot-uidlist.lock");
        for _ in 0..Self::ATTEMPTS {
            match File::create_new(&path) {
                Ok(mut file) => {
                    let lock = Self(path);
                    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
                    write!(file, "{}:{}", std::process::id(), host.trim())?;
                    return Ok(lock);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if is_left_over(&path) {
                        let _ = fs::remove_file(&path);
                    } else {
                        std::thread::sleep(Self::PAUSE);
                    }
                }
                Err(error) => return Err(at("lock", &path, &error)),
            }
        }
        let reason = format!("{} is held by the mail server", path.display());
        Err(io::Error::new(io::ErrorKind::ResourceBusy, reason))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether the process that took a lock is gone.
fn is_left_over(path: &Path) -> bool {
    let content = fs::read_to_string(path).unwrap_or_default();
    let process = content.split(':').next().and_then(|number| number.parse::<u32>().ok());
    process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_get_letters_that_stay() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("dovecot-keywords"), "0 $Forwarded\n2 x\nrubbish\n99 y\n").unwrap();
        let known = with(dir.path(), ["$Label1", "x", "", "a\nb"].into_iter()).unwrap();
        assert_eq!(known, ["$Forwarded", "", "x", "$Label1"]);
        let content = fs::read_to_string(dir.path().join("dovecot-keywords")).unwrap();
        assert_eq!(content, "0 $Forwarded\n2 x\n3 $Label1\n");
        assert_eq!(
            split(b"FSabdz", &known),
            ("FS".to_owned(), vec!["$Forwarded".to_owned(), "$Label1".to_owned()])
        );
        assert_eq!(letter(&known, "$Label1"), Some('d'));
        let many: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
        assert_eq!(with(dir.path(), many.iter().map(String::as_str)).unwrap().len(), KEYWORDS_MAX);
        assert!(!dir.path().join("dovecot-uidlist.lock").exists());
    }

    #[test]
    fn a_lock_of_a_process_that_is_gone_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("dovecot-uidlist.lock");
        fs::write(&lock, format!("{}:host", u32::MAX)).unwrap();
        drop(Lock::take(dir.path()).unwrap());
        assert!(!lock.exists());
    }
}
