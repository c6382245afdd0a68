//! Scans and fingerprints, on real files.

use super::fixtures::{Fixture, mailbox};
use super::index::{Index, Tree};
use super::scan::Scan;
use crate::message::PersonalMarks;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

fn scan(fixture: &Fixture, previous: &Index) -> Scan {
    fixture.maildirs.scan(mailbox(1), previous, &PersonalMarks::default()).unwrap()
}

/// Path to content, of what a repository would store.
fn stored(scan: &Scan) -> BTreeMap<String, String> {
    let read = |file: &crate::repository::File| {
        let mut text = String::new();
        file.content.open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text.len() as u64, file.size_bytes, "{}", file.path);
        (file.path.clone(), text)
    };
    scan.files.iter().map(read).collect()
}

fn reread(scan: &Scan) -> Index {
    let mut index = Index::default();
    for (path, content) in stored(scan).iter().filter(|(path, _)| Index::is_index(path)) {
        assert_eq!(index.read(path, content.as_bytes()), []);
    }
    index
}

fn age(path: &Path) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(path).unwrap().set_modified(old).unwrap();
}

/// As if nothing had changed for years.
fn age_all(fixture: &Fixture) {
    let mut pending = vec![fixture.maildirs.home(mailbox(1))];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            age(&path);
            if path.is_dir() {
                pending.push(path);
            }
        }
    }
}

#[test]
fn a_scan_is_the_tree_of_a_snapshot() {
    let fixture = Fixture::new();
    let message = "From: A <a@x.test>\nSubject: r\u{e9}union\nMessage-ID: <m@x>\n\nhi\n";
    let path = fixture.put(1, "", "cur/1.M1.h,S=99:2,FSa", message);
    age(&path);
    fixture.put(1, "", "new/2.M2.h", "Subject: [perso] x\n\n");
    fixture.put(1, ".Perso", "cur/3.M3.h:2,", "Subject: x\n\n");
    fs::write(fixture.maildir(1).join("dovecot-keywords"), "0 $Forwarded\n1 x\n").unwrap();
    fs::write(fixture.maildir(1).join("subscriptions"), "V\t2\n\nPerso\n").unwrap();
    let home = fixture.maildirs.home(mailbox(1));
    fs::create_dir(home.join("sieve")).unwrap();
    fs::write(home.join("sieve/main.sieve"), "keep;").unwrap();
    symlink("sieve/main.sieve", home.join(".dovecot.sieve")).unwrap();
    let aside = home.join("Personal/.Sent/cur");
    fs::create_dir_all(&aside).unwrap();
    fs::write(aside.join("4.M4.h:2,S"), "Subject: y\n\n").unwrap();

    let scan = scan(&fixture, &Index::default());
    let bytes = message.len() as u64 + 20 + 12 + 12;
    assert_eq!((scan.messages, scan.personal_messages, scan.bytes), (4, 3, bytes));
    let stored = stored(&scan);
    let paths: Vec<&str> = stored.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "mail/.Perso/3.M3.h",
            "mail/.Perso/index.jsonl",
            "mail/INBOX/1.M1.h,S=99",
            "mail/INBOX/2.M2.h",
            "mail/INBOX/index.jsonl",
            "mail/subscriptions",
            "personal/.Sent/4.M4.h",
            "personal/.Sent/index.jsonl",
            "personal/INBOX/index.jsonl",
            "sieve/active",
            "sieve/main.sieve",
        ]
    );
    assert_eq!(stored["mail/INBOX/1.M1.h,S=99"], message);
    assert_eq!(stored["sieve/active"], "main.sieve");
    let first = stored["mail/INBOX/index.jsonl"].lines().next().unwrap().to_owned();
    let expected = format!(
        "{{\"base\":\"1.M1.h,S=99\",\"flags\":\"FS\",\"keywords\":[\"$Forwarded\"],\"size\":{},\
        \"received\":1000000000000,\"date\":null,\"from\":\"A <a@x.test>\",\"to\":\"\",\
        \"subject\":\"r\u{e9}union\",\"message_id\":\"m@x\",\"personal\":false}}",
        message.len()
    );
    assert_eq!(first, expected);
    assert!(stored["mail/INBOX/index.jsonl"].contains("[perso]"));
    assert_eq!(reread(&scan), scan.index);
}

#[test]
fn a_mailbox_without_a_directory_is_empty() {
    let fixture = Fixture::new();
    let scan = fixture.maildirs.scan(mailbox(9), &Index::default(), &PersonalMarks::default()).unwrap();
    assert!(scan.files.is_empty() && scan.fingerprint.is_some());
}

#[test]
fn what_an_earlier_index_knows_is_not_opened_and_has_its_flags_of_today() {
    let fixture = Fixture::new();
    let path = fixture.put(1, "", "cur/1.M1.h:2,", "Subject: x\n\n");
    let first = scan(&fixture, &Index::default());
    // Neither its name nor its time are asked again: other bytes here would be seen if it were opened.
    fs::write(&path, "Subject: other\n\n").unwrap();
    fs::rename(&path, path.with_file_name("1.M1.h:2,S")).unwrap();
    fixture.put(1, "", "cur/2.M2.h:2,", "Subject: y\n\n");
    let second = scan(&fixture, &first.index);
    let folder = second.index.folder(Tree::Mail, "INBOX").unwrap();
    let told: Vec<_> = folder.messages.iter().map(|m| (m.subject.as_str(), m.flags.as_str())).collect();
    assert_eq!(told, [("x", "S"), ("y", "")]);
    let modified = |scan: &Scan| {
        let index = scan.files.iter().find(|file| file.path == "mail/INBOX/index.jsonl");
        index.unwrap().modified
    };
    assert_ne!(modified(&first), modified(&second));
}

#[test]
fn a_message_is_found_under_its_new_name_and_one_erased_is_not_found() {
    let fixture = Fixture::new();
    let paths: Vec<_> = (0..5)
        .map(|number| fixture.put(1, "", &format!("new/{number}.M.h"), &format!("Subject: {number}\n\n")))
        .collect();
    let scan = scan(&fixture, &Index::default());
    let cur = fixture.maildir(1).join("cur");
    for (number, path) in paths.iter().enumerate().take(3) {
        fs::rename(path, cur.join(format!("{number}.M.h:2,S"))).unwrap();
    }
    fs::remove_file(&paths[3]).unwrap();
    let open = |number: usize| {
        let path = format!("mail/INBOX/{number}.M.h");
        let file = scan.files.iter().find(|file| file.path == path).unwrap();
        file.content.open().and_then(io::read_to_string)
    };
    assert_eq!(open(0).unwrap(), "Subject: 0\n\n");
    assert_eq!(open(3).unwrap_err().kind(), io::ErrorKind::NotFound);
    // Renamed again, after the folder was listed again.
    fs::rename(cur.join("1.M.h:2,S"), cur.join("1.M.h:2,FS")).unwrap();
    assert_eq!(open(1).unwrap(), "Subject: 1\n\n");
    // And once nothing has changed for long, one listing serves for all that are gone.
    for dir in [&cur, &fixture.maildir(1).join("new")] {
        age(dir);
    }
    assert_eq!(open(3).unwrap_err().kind(), io::ErrorKind::NotFound);
    fs::rename(cur.join("2.M.h:2,S"), cur.join("2.M.h:2,T")).unwrap();
    assert_eq!(open(2).unwrap(), "Subject: 2\n\n");
    assert_eq!(open(4).unwrap(), "Subject: 4\n\n");
}

#[test]
fn two_files_of_one_base_name_are_two_messages() {
    let fixture = Fixture::new();
    fixture.put(1, "", "cur/1.M.h:2,S", "Subject: one\n\n");
    fixture.put(1, "", "new/1.M.h", "Subject: two\n\n");
    let texts: Vec<String> = stored(&scan(&fixture, &Index::default())).into_values().collect();
    for text in ["Subject: one\n\n", "Subject: two\n\n"] {
        assert!(texts.iter().any(|found| found == text), "{text}");
    }
}

#[test]
fn many_new_messages_are_read_by_several_threads_in_one_order() {
    let fixture = Fixture::new();
    for number in 0..700 {
        fixture.put(1, "", &format!("cur/{number}.M.h:2,"), &format!("Subject: {number}\n\n"));
    }
    let scan = scan(&fixture, &Index::default());
    let folder = scan.index.folder(Tree::Mail, "INBOX").unwrap();
    assert_eq!(folder.messages.len(), 700);
    assert!(folder.messages.iter().all(|m| m.base == format!("{}.M.h", m.subject)));
    assert!(folder.messages.is_sorted_by(|one, other| one.base < other.base));
}

#[test]
fn a_fingerprint_changes_with_every_change_and_with_nothing_else() {
    let fixture = Fixture::new();
    let path = fixture.put(1, ".Sent", "cur/1.M.h:2,", "x\n\n");
    assert_eq!(fixture.maildirs.fingerprint(mailbox(1)).unwrap(), None, "changed just now");
    age_all(&fixture);
    let print = || fixture.maildirs.fingerprint(mailbox(1)).unwrap();
    let first = print().unwrap();
    assert_eq!(print().as_ref(), Some(&first));
    assert_eq!(scan(&fixture, &Index::default()).fingerprint.as_ref(), Some(&first));

    let flagged = path.with_file_name("1.M.h:2,S");
    fs::rename(&path, &flagged).unwrap();
    assert_eq!(print(), None);
    let cur = flagged.parent().unwrap();
    let another = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 1);
    File::open(cur).unwrap().set_modified(another).unwrap();
    let second = print().unwrap();
    assert_ne!(second, first);
    // A folder of the same times under another name.
    fs::rename(fixture.maildir(1).join(".Sent"), fixture.maildir(1).join(".Old")).unwrap();
    age(&fixture.maildir(1));
    let third = print().unwrap();
    assert_ne!(third, second);
    let script = fixture.maildirs.home(mailbox(1)).join("sieve");
    fs::create_dir(&script).unwrap();
    fs::write(script.join("a.sieve"), "keep;").unwrap();
    age(&script.join("a.sieve"));
    assert_ne!(print().unwrap(), third);
}
