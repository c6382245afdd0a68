//! How long the scan of a large mailbox takes: 50,000 messages in 50 folders, made in the directory given.
//!
//!     cargo run --release -p relais-engines --example scan_speed -- DIR

use relais_core::ids::MailboxId;
use relais_engines::maildir::{Index, Maildirs};
use relais_engines::message::PersonalMarks;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

const FOLDERS: usize = 50;
const MESSAGES_PER_FOLDER: usize = 1000;

fn main() -> io::Result<()> {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "say in which directory"));
    };
    let maildirs = Maildirs::open(dir.join("mail"))?;
    let mailbox = MailboxId::from_number(1);
    maildirs.create(mailbox)?;
    fill(&maildirs.home(mailbox).join("Maildir"))?;
    let marks = PersonalMarks::default();
    let mut known = Index::default();
    for what in ["first", "known", "known again"] {
        let begun = Instant::now();
        let scan = maildirs.scan(mailbox, &known, &marks)?;
        println!("{what}: {} messages in {:?}", scan.messages, begun.elapsed());
        known = scan.index;
    }
    let lines: Vec<_> = known.folders().map(|folder| (folder.index_path(), folder.lines())).collect();
    let begun = Instant::now();
    let mut read = Index::default();
    for (path, lines) in &lines {
        read.read(path, lines);
    }
    println!("reading the index: {} messages in {:?}", read.messages(), begun.elapsed());
    let begun = Instant::now();
    maildirs.fingerprint(mailbox)?;
    println!("fingerprint: {:?}", begun.elapsed());
    Ok(())
}

fn fill(maildir: &std::path::Path) -> io::Result<()> {
    for folder in 0..FOLDERS {
        let path = if folder == 0 { maildir.to_owned() } else { maildir.join(format!(".Folder{folder}")) };
        for shelf in ["cur", "new", "tmp"] {
            fs::create_dir_all(path.join(shelf))?;
        }
        for number in 0..MESSAGES_PER_FOLDER {
            let received = "Received: from a.example.test (a.example.test [192.0.2.1]) by b\n".repeat(12);
            let text = format!(
                "Return-Path: <a@x.test>\n{received}From: =?utf-8?q?Ren=C3=A9?= Martin <rene@x.test>\n\
                 To: a@x.test, b@x.test\nDate: Sat, 21 Nov 2026 20:00:00 +0100\n\
                 Subject: =?utf-8?q?R=C3=A9union?= {number}\nMessage-ID: <{folder}.{number}@x.test>\n\n{}",
                "A line of text.\n".repeat(200)
            );
            let name = format!("1795291200.M{number}P{folder}.host,S={}:2,S", text.len());
            fs::write(path.join("cur").join(name), text)?;
        }
    }
    Ok(())
}
