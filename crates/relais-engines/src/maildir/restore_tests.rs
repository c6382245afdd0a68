//! Restores and their undoing, on real files.

use super::fixtures::{Fixture, mailbox};
use super::index::{Index, Tree};
use super::restore::{Personal, Place, Restorable, RestoreOrder, Restored, Run, Undone};
use super::scan::Scan;
use crate::message::PersonalMarks;
use crate::repository::Content;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

fn scan(fixture: &Fixture) -> Scan {
    fixture.maildirs.scan(mailbox(1), &Index::default(), &PersonalMarks::default()).unwrap()
}

/// All messages of a scan, their bytes in memory: the mailbox may lose them.
fn restorable(scan: &Scan) -> Vec<Restorable> {
    let mut messages = Vec::new();
    for folder in scan.index.folders() {
        for message in &folder.messages {
            let path = folder.path_of(message);
            let file = scan.files.iter().find(|file| file.path == path).unwrap();
            let mut bytes = Vec::new();
            file.content.open().unwrap().read_to_end(&mut bytes).unwrap();
            messages.push(Restorable {
                tree: folder.tree,
                dir: folder.dir.clone(),
                message: message.clone(),
                content: Arc::new(Arc::<[u8]>::from(bytes)),
            });
        }
    }
    messages
}

fn order(run: Run) -> RestoreOrder<'static> {
    RestoreOrder { id: "restore-1", place: Place::InPlace, personal: Personal::Include, run }
}

fn beside() -> RestoreOrder<'static> {
    let place = Place::Beside { under: "Restored 2026-11-22".to_owned() };
    RestoreOrder { place, ..order(Run::Write) }
}

fn restore(fixture: &Fixture, order: &RestoreOrder<'_>, messages: &[Restorable]) -> Restored {
    fixture.maildirs.restore(mailbox(1), order, messages, &mut |_, _| {}).unwrap()
}

fn counts(restored: &Restored) -> (u64, u64, u64) {
    (restored.added, restored.already_there, restored.personal_left_out)
}

fn message(number: u32) -> String {
    format!("Message-ID: <m{number}@x.test>\nSubject: {number:04}\n\ntext\n")
}

/// Three folders with some messages each.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    for (number, folder) in (0..12).zip(["", ".Sent", ".Projets.2024"].into_iter().cycle()) {
        fixture.put(1, folder, &format!("cur/{number}.M.h:2,S"), &message(number));
    }
    fixture
}

fn contents(fixture: &Fixture) -> Vec<String> {
    let mut contents: Vec<String> = fixture.messages(1).into_values().collect();
    contents.sort();
    contents
}

fn subscriptions(fixture: &Fixture) -> String {
    fs::read_to_string(fixture.maildir(1).join("subscriptions")).unwrap_or_default()
}

#[test]
fn what_is_missing_comes_back_with_its_flags_keywords_and_time() {
    let fixture = filled();
    fs::write(fixture.maildir(1).join(".Sent/dovecot-keywords"), "0 $Label1\n1 $Forwarded\n").unwrap();
    let lost = fixture.put(1, ".Sent", "cur/99.M.h,S=5:2,FRTb", "a\0\r\n\n");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&lost).unwrap().set_modified(time).unwrap();
    let messages = restorable(&scan(&fixture));
    let before = fixture.messages(1);
    fs::remove_file(&lost).unwrap();
    fs::remove_file(fixture.maildir(1).join(".Sent/dovecot-keywords")).unwrap();

    assert_eq!(counts(&restore(&fixture, &order(Run::Count), &messages)), (1, 12, 0));
    assert!(!fixture.maildirs.home(mailbox(1)).join("restored").exists());
    let restored = restore(&fixture, &order(Run::Write), &messages);
    assert_eq!((counts(&restored), restored.added_bytes), ((1, 12, 0), 5));
    let after = fixture.messages(1);
    let new: Vec<_> = after.iter().filter(|(path, _)| !before.contains_key(*path)).collect();
    let [(path, content)] = new.as_slice() else { panic!("{new:?}") };
    assert_eq!(*content, "a\0\r\n\n");
    assert!(path.starts_with(".Sent/cur/99.M.hV") && path.ends_with(",S=5:2,FRa"), "{path}");
    assert_eq!(
        fs::read_to_string(fixture.maildir(1).join(".Sent/dovecot-keywords")).unwrap(),
        "0 $Forwarded\n"
    );
    assert_eq!(fs::metadata(fixture.maildir(1).join(path)).unwrap().modified().unwrap(), time);
    for id in ["restore-1", "restore-2"] {
        let again = RestoreOrder { id, ..order(Run::Write) };
        assert_eq!(counts(&restore(&fixture, &again, &messages)), (0, 13, 0));
    }
}

#[test]
fn a_message_that_was_moved_flagged_or_set_aside_is_not_restored_twice() {
    let fixture = filled();
    // Twice the same message: two of it were there, and two are to be there.
    fixture.put(1, "", "cur/50.M.h:2,", &message(50));
    fixture.put(1, "", "cur/51.M.h:2,", &message(50));
    let messages = restorable(&scan(&fixture));
    let root = fixture.maildir(1);
    fs::rename(root.join("cur/0.M.h:2,S"), root.join("cur/0.M.h:2,FS")).unwrap();
    fs::rename(root.join("cur/3.M.h:2,S"), root.join(".Sent/new/other-name")).unwrap();
    let aside = fixture.maildirs.home(mailbox(1)).join("Personal/cur");
    fs::create_dir_all(&aside).unwrap();
    fs::rename(root.join("cur/6.M.h:2,S"), aside.join("renamed:2,S")).unwrap();
    fs::rename(root.join("cur/50.M.h:2,"), root.join(".Sent/cur/fifty:2,")).unwrap();
    fs::remove_file(root.join("cur/51.M.h:2,")).unwrap();
    assert_eq!(counts(&restore(&fixture, &order(Run::Write), &messages)), (1, 13, 0));
    assert_eq!(contents(&fixture).iter().filter(|text| **text == message(50)).count(), 2);
    // Another message of the same name is another message.
    fs::write(root.join("cur/9.M.h:2,S"), "Subject: other\n\n").unwrap();
    assert_eq!(counts(&restore(&fixture, &order(Run::Write), &messages)), (1, 13, 0));
    assert_eq!(counts(&restore(&fixture, &order(Run::Write), &messages)), (0, 14, 0));
}

#[test]
fn a_lost_mailbox_comes_back_folder_by_folder() {
    let fixture = filled();
    let aside = fixture.maildirs.home(mailbox(1)).join("Personal/.Sent/cur");
    fs::create_dir_all(&aside).unwrap();
    fs::write(aside.join("70.M.h:2,"), message(70)).unwrap();
    let (messages, before) = (restorable(&scan(&fixture)), contents(&fixture));
    let fixture = Fixture::new();
    let mut told = Vec::new();
    let restored = fixture
        .maildirs
        .restore(mailbox(1), &order(Run::Write), &messages, &mut |done, total| told.push((done, total)))
        .unwrap();
    assert_eq!(counts(&restored), (13, 0, 0));
    assert_eq!(told.last(), Some(&(13, 13)));
    assert_eq!(contents(&fixture), before);
    assert_eq!(subscriptions(&fixture), "V\t2\n\nProjets\t2024\nSent\n");
    let found = scan(&fixture).index;
    assert_eq!(found.folder(Tree::Personal, ".Sent").unwrap().messages.len(), 1);
    assert!(fixture.maildir(1).join(".Sent/maildirfolder").exists());
}

#[test]
fn a_restore_beside_changes_nothing_that_is_there_and_is_undone_unless_touched() {
    let fixture = filled();
    fixture.put(1, "", "cur/60.M.h:2,S", "Subject: [perso] x\n\n");
    let messages = restorable(&scan(&fixture));
    let before = fixture.messages(1);
    let order = RestoreOrder { personal: Personal::LeaveOut, ..beside() };
    for turn in 0..2 {
        let restored = restore(&fixture, &order, &messages);
        assert_eq!(counts(&restored), if turn == 0 { (12, 0, 1) } else { (0, 12, 1) });
    }
    let after = fixture.messages(1);
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
    assert_eq!(after.len(), before.len() + 12);
    assert!(subscriptions(&fixture).contains("Restored 2026-11-22\tProjets\t2024\n"));

    // One is answered, one is moved out, one is read; the first two are the holder's now.
    let below: Vec<PathBuf> = after
        .keys()
        .filter(|path| path.starts_with(".Restored 2026-11-22.Sent/"))
        .map(|path| fixture.maildir(1).join(path))
        .collect();
    let flagged = |path: &PathBuf, flags: &str| {
        let name = path.file_name().unwrap().to_str().unwrap().split(':').next().unwrap().to_owned();
        path.with_file_name(format!("{name}:2,{flags}"))
    };
    fs::rename(&below[0], flagged(&below[0], "RS")).unwrap();
    fs::rename(&below[1], fixture.maildir(1).join("cur/moved:2,")).unwrap();
    fs::rename(&below[2], flagged(&below[2], "")).unwrap();
    // Whoever repeats a finished restore does not bring back what was moved.
    assert_eq!(counts(&restore(&fixture, &order, &messages)), (0, 12, 1));
    let undone = fixture.maildirs.undo_restore(mailbox(1), "restore-1").unwrap();
    assert_eq!(undone, Undone { removed: 10, kept: 1 });
    assert_eq!(fixture.messages(1).len(), before.len() + 2);
    assert!(!fixture.maildir(1).join(".Restored 2026-11-22.Projets.2024").exists());
    assert_eq!(subscriptions(&fixture), "V\t2\n\nRestored 2026-11-22\nRestored 2026-11-22\tSent\n");
    for _ in 0..2 {
        assert_eq!(fixture.maildirs.undo_restore(mailbox(1), "restore-1").unwrap(), Undone::default());
    }
}

#[test]
fn subscriptions_and_scripts_come_back_where_none_are() {
    let fixture = filled();
    let home = fixture.maildirs.home(mailbox(1));
    fs::create_dir(home.join("sieve")).unwrap();
    fs::write(home.join("sieve/main.sieve"), "keep;").unwrap();
    std::os::unix::fs::symlink("sieve/main.sieve", home.join(".dovecot.sieve")).unwrap();
    fs::write(fixture.maildir(1).join("subscriptions"), "V\t2\n\nProjets\t2024\nSent\n").unwrap();
    let scan = scan(&fixture);
    let settings: Vec<(String, String)> = scan
        .files
        .iter()
        .filter(|file| file.path.starts_with("sieve/") || file.path == "mail/subscriptions")
        .map(|file| (file.path.clone(), io::read_to_string(file.content.open().unwrap()).unwrap()))
        .collect();
    assert_eq!(settings.len(), 3);
    let fixture = Fixture::new();
    fs::write(fixture.maildir(1).join("subscriptions"), "mine\nSent\n").unwrap();
    let put = |path: &str, content: &str| {
        fixture.maildirs.restore_setting(mailbox(1), path, content.as_bytes()).unwrap()
    };
    for done in [true, false] {
        // Scripts before `sieve/active`.
        for (path, content) in &settings {
            assert_eq!(put(path, content), done, "{path}");
        }
    }
    assert_eq!(subscriptions(&fixture), "mine\nSent\nProjets.2024\n");
    let home = fixture.maildirs.home(mailbox(1));
    assert_eq!(fs::read_to_string(home.join(".dovecot.sieve")).unwrap(), "keep;");
    for path in ["sieve/../x.sieve", "sieve/.x.sieve", "sieve/x", "mail/x", "sieve/a/b.sieve"] {
        assert!(!put(path, "x"), "{path}");
    }
    assert!(!put("sieve/active", "../../x.sieve"));
}

/// Fails, or ends the process, when it is opened.
struct Trap(fn() -> io::Error);

impl Content for Trap {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Err((self.0)())
    }
}

#[test]
fn messages_that_cannot_be_read_are_named_and_the_others_restored() {
    let fixture = filled();
    let mut messages = restorable(&scan(&fixture));
    messages[0].content = Arc::new(Trap(|| io::Error::from(io::ErrorKind::NotFound)));
    messages[1].message.size += 1;
    let fixture = Fixture::new();
    let restored = restore(&fixture, &order(Run::Write), &messages);
    assert_eq!((restored.added, restored.unreadable_messages, restored.unreadable.len()), (10, 2, 2));
    assert!(restored.unreadable[0].path.starts_with("mail/"));
    assert_eq!(contents(&fixture).len(), 10);
    for folder in ["", ".Sent", ".Projets.2024"] {
        assert_eq!(fs::read_dir(fixture.maildir(1).join(folder).join("tmp")).unwrap().count(), 0);
    }
    messages[0].dir = "../x".to_owned();
    let refused = fixture.maildirs.restore(mailbox(1), &order(Run::Count), &messages, &mut |_, _| {});
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

const KILLED_AT: &str = "RELAIS_TEST_RESTORE_KILLED_AT";
const MAIL: &str = "RELAIS_TEST_RESTORE_MAIL";

/// Runs this test again in a process of its own, which restores into `fixture` and is killed when it opens the
/// message with this number. `shell` sets limits before.
fn restore_in_a_process(fixture: &Fixture, killed_at: usize, shell: &str) -> std::process::Output {
    let name = std::thread::current().name().unwrap().to_owned();
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --exact \"$1\" --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(KILLED_AT, killed_at.to_string())
        .env(MAIL, fixture.dir.path())
        .output()
        .unwrap()
}

/// What that process does.
fn run_as_process(order: &RestoreOrder<'_>) -> bool {
    let (Ok(killed_at), Ok(dir)) = (std::env::var(KILLED_AT), std::env::var(MAIL)) else {
        return false;
    };
    let mut messages = many();
    if let Some(message) = messages.get_mut(killed_at.parse::<usize>().unwrap()) {
        message.content = Arc::new(Trap(|| std::process::abort()));
    }
    let maildirs = super::Maildirs::open(PathBuf::from(dir).join("mail")).unwrap();
    if let Err(error) = maildirs.restore(mailbox(1), order, &messages, &mut |_, _| {}) {
        println!("failed: {error}");
    }
    true
}

/// In each folder more than are made durable at once; in the order in which they are placed.
fn many() -> Vec<Restorable> {
    let restorable = |(number, dir): (u32, &str)| {
        let filling = if number == LARGE { 100_000 } else { 0 };
        let bytes: Arc<[u8]> = (message(number) + &"x".repeat(filling)).into_bytes().into();
        let line = format!("{{\"base\":\"{number:03}.M.h\",\"size\":{},\"received\":0}}", bytes.len());
        let message = serde_json::from_str(&line).unwrap();
        Restorable { tree: Tree::Mail, dir: dir.to_owned(), message, content: Arc::new(bytes) }
    };
    let dirs = [".A.B", "INBOX", ".Sent"].into_iter().flat_map(|dir| [dir; 80]);
    (0..240).zip(dirs).map(restorable).collect()
}

const LARGE: u32 = 200;

fn by_content(fixture: &Fixture) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for content in contents(fixture) {
        *found.entry(content).or_default() += 1;
    }
    found
}

#[test]
fn a_restore_that_was_killed_anywhere_goes_on_or_is_undone() {
    if run_as_process(&beside()) {
        return;
    }
    let messages = many();
    let (finished, undone) = (Fixture::new(), Fixture::new());
    for killed_at in [0, 63, 64, 79, 80, 150, 160, 239] {
        for fixture in [&finished, &undone] {
            let output = restore_in_a_process(fixture, killed_at, "");
            assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            assert!(by_content(fixture).values().all(|count| *count == 1));
        }
        undone.maildirs.undo_restore(mailbox(1), "restore-1").unwrap();
        assert_eq!(undone.messages(1), BTreeMap::new(), "killed at {killed_at}");
        assert_eq!(fs::read_dir(undone.maildir(1)).unwrap().count(), 4, "cur, new, tmp, subscriptions");
    }
    let restored = restore(&finished, &beside(), &messages);
    assert_eq!(restored.added + restored.already_there, 240);
    let found = by_content(&finished);
    assert_eq!((found.len(), found.values().sum::<u32>()), (240, 240));
}

#[test]
fn a_disk_that_takes_no_more_is_told_and_no_message_is_half_there() {
    if run_as_process(&beside()) {
        return;
    }
    let fixture = Fixture::new();
    // No file longer than 32 or 64 KiB, by the shell, and an error instead of a signal.
    let output = restore_in_a_process(&fixture, usize::MAX, "trap '' XFSZ; ulimit -f 64;");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("failed: cannot write ") && told.contains("/tmp/200.M.h"), "{told}");
    let whole: Vec<String> = messages_of(&many());
    assert!(contents(&fixture).iter().all(|text| whole.contains(text)));
    assert_eq!(restore(&fixture, &beside(), &many()).unreadable, []);
    assert_eq!(contents(&fixture).len(), 240);
}

fn messages_of(messages: &[Restorable]) -> Vec<String> {
    let read = |message: &Restorable| io::read_to_string(message.content.open().unwrap()).unwrap();
    messages.iter().map(read).collect()
}
