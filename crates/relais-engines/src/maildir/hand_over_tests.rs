//! Handing over and taking back.

use super::fixtures::{Fixture, mailbox};
use super::{FolderReport, HandOver};
use crate::message::PersonalMarks;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

const UNDER: &str = "user1@bm.com";
const INBOX: &str = ".user1@bm&ICQ-com.INBOX";
const PROJECTS: &str = ".user1@bm&ICQ-com.Projets.&AOk-t&AOk-";

/// A leaver with three professional and three personal messages.
fn leaver() -> Fixture {
    let fixture = Fixture::new();
    fixture.put(1, "", "new/1.a,S=21", "Subject: hello\r\n\r\nx\r\n");
    fixture.put(1, "", "cur/2.a:2,FS", "Subject: two\n\ntwo");
    fixture.put(1, "", "cur/3.a:2,S", "Subject: [perso] x\n\nx");
    fixture.put(1, ".Projets.&AOk-t&AOk-", "cur/4.a:2,a", "Subject: four\n\nfour");
    fixture.put(1, ".Projets.&AOk-t&AOk-", "cur/5.a:2,", "Sensitivity: Private\n\nfive");
    fixture.put(1, ".Priv&AOk-.Banque", "cur/6.a:2,", "Subject: six\n\nsix");
    fixture.put(1, ".Trash", "cur/x.a:2,", "");
    fs::remove_file(fixture.maildir(1).join(".Trash/cur/x.a:2,")).unwrap();
    fs::write(fixture.maildir(1).join(".Projets.&AOk-t&AOk-/dovecot-keywords"), "0 $Client\n").unwrap();
    fixture.put(2, "", "cur/1.a:2,S", "the successor's own");
    fixture
}

fn hand_over(fixture: &Fixture) -> io::Result<HandOver> {
    let marks = PersonalMarks::default();
    fixture.maildirs.hand_over(mailbox(1), mailbox(2), UNDER, &marks, &mut |done, total| {
        assert!(done <= total);
    })
}

fn take_back(fixture: &Fixture) -> u64 {
    fixture.maildirs.take_back(mailbox(1), mailbox(2), UNDER).unwrap()
}

fn handed(fixture: &Fixture) -> Vec<String> {
    fixture.messages(2).into_keys().filter(|name| name.starts_with(".user1")).collect()
}

fn expected() -> Vec<String> {
    vec![format!("{INBOX}/cur/2.a:2,FS"), format!("{INBOX}/new/1.a,S=21"), format!("{PROJECTS}/cur/4.a:2,a")]
}

fn by_name(reports: Vec<FolderReport>) -> BTreeMap<String, FolderReport> {
    reports.into_iter().map(|report| (report.name.clone(), report)).collect()
}

#[test]
fn professional_mail_is_linked_with_flags_and_dates_and_personal_mail_is_not() {
    let fixture = leaver();
    let before = fixture.messages(1);
    let done = hand_over(&fixture).unwrap();
    assert_eq!((done.messages, done.personal_messages), (3, 3));
    let counts: Vec<_> = done.folders.iter().map(|folder| (folder.name.as_str(), folder.messages)).collect();
    assert_eq!(counts, [("INBOX", 2), ("Projets/été", 1), ("Trash", 0)]);
    assert_eq!(done.bytes, 21 + 17 + 19);
    assert_eq!(handed(&fixture), expected());
    let metadata = |number, name: &str| fs::metadata(fixture.maildir(number).join(name)).unwrap();
    let (source, copy) = (metadata(1, "cur/2.a:2,FS"), metadata(2, &format!("{INBOX}/cur/2.a:2,FS")));
    assert_eq!((source.ino(), source.mtime()), (copy.ino(), copy.mtime()));
    assert_eq!(fixture.messages(1), before);
    let keywords = fs::read_to_string(fixture.maildir(2).join(PROJECTS).join("dovecot-keywords"));
    assert_eq!(keywords.unwrap(), "0 $Client\n");
    let subscriptions = fs::read_to_string(fixture.maildir(2).join("subscriptions")).unwrap();
    assert_eq!(
        subscriptions,
        "V\t2\n\nuser1@bm&ICQ-com\nuser1@bm&ICQ-com\tINBOX\nuser1@bm&ICQ-com\tProjets\t&AOk-t&AOk-\nuser1@bm&ICQ-com\tTrash\n"
    );
    assert!(fixture.maildir(2).join(".user1@bm&ICQ-com.Trash/maildirfolder").exists());
}

#[test]
fn what_arrived_is_proven_by_hashes_that_ignore_file_names() {
    let fixture = leaver();
    fixture.maildirs.set_aside_personal(mailbox(1), &PersonalMarks::default()).unwrap();
    hand_over(&fixture).unwrap();
    let mut source = by_name(fixture.maildirs.folders(mailbox(1)).unwrap());
    source.remove("Privé/Banque");
    assert_eq!(by_name(fixture.maildirs.folders_below(mailbox(2), UNDER).unwrap()), source);
    let renamed = fixture.maildir(2).join(INBOX);
    fs::rename(renamed.join("new/1.a,S=21"), renamed.join("cur/other.name:2,S")).unwrap();
    assert_eq!(by_name(fixture.maildirs.folders_below(mailbox(2), UNDER).unwrap()), source);
    fs::write(renamed.join("cur/other.name:2,S"), "Subject: HELLO\r\n\r\nx\r\n").unwrap();
    assert_ne!(by_name(fixture.maildirs.folders_below(mailbox(2), UNDER).unwrap()), source);
}

#[test]
fn a_hand_over_killed_anywhere_is_completed_and_nothing_comes_twice() {
    for missing in 0..8u8 {
        let fixture = leaver();
        let whole = hand_over(&fixture).unwrap();
        // A killed run has no list, and any part of the links.
        fs::remove_dir_all(fixture.maildirs.home(mailbox(1)).join("handed-over")).unwrap();
        for (bit, name) in expected().iter().enumerate() {
            if missing & (1 << bit) != 0 {
                fs::remove_file(fixture.maildir(2).join(name)).unwrap();
            }
        }
        if missing == 7 {
            fs::remove_file(fixture.maildir(2).join("subscriptions")).unwrap();
            fs::remove_dir_all(fixture.maildir(2).join(INBOX).join("cur")).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(hand_over(&fixture).unwrap(), whole);
            assert_eq!(handed(&fixture), expected());
        }
        let subscriptions = fs::read_to_string(fixture.maildir(2).join("subscriptions")).unwrap();
        assert_eq!(subscriptions.lines().count(), 6);
    }
}

#[test]
fn a_killed_hand_over_does_not_link_again_what_was_flagged_meanwhile() {
    let fixture = leaver();
    hand_over(&fixture).unwrap();
    fs::remove_dir_all(fixture.maildirs.home(mailbox(1)).join("handed-over")).unwrap();
    let inbox = fixture.maildir(2).join(INBOX);
    fs::rename(inbox.join("new/1.a,S=21"), inbox.join("cur/1.a,S=21:2,RS")).unwrap();
    hand_over(&fixture).unwrap();
    let expected = [format!("{INBOX}/cur/1.a,S=21:2,RS"), expected()[0].clone(), expected()[2].clone()];
    assert_eq!(handed(&fixture), expected);
}

#[test]
fn a_finished_hand_over_brings_nothing_back_and_gives_what_came_since() {
    let fixture = leaver();
    let whole = hand_over(&fixture).unwrap();
    fs::remove_file(fixture.maildir(2).join(&expected()[0])).unwrap();
    fs::remove_dir_all(fixture.maildir(2).join(PROJECTS)).unwrap();
    assert_eq!(hand_over(&fixture).unwrap(), whole);
    assert_eq!(handed(&fixture), expected()[1..2]);
    assert!(!fixture.maildir(2).join(PROJECTS).exists());
    fixture.put(1, ".Projets.&AOk-t&AOk-", "new/7.a", "Subject: late\n\n");
    assert_eq!(hand_over(&fixture).unwrap().messages, 4);
    assert_eq!(handed(&fixture), [expected()[1].clone(), format!("{PROJECTS}/new/7.a")]);
}

#[test]
fn another_message_of_the_same_name_is_not_taken_for_the_same() {
    let fixture = leaver();
    fixture.put(2, INBOX, "cur/2.a:2,", "something quite different");
    for _ in 0..2 {
        fs::remove_dir_all(fixture.maildirs.home(mailbox(1)).join("handed-over")).ok();
        hand_over(&fixture).unwrap();
        let contents: Vec<String> = fixture.messages(2).into_values().collect();
        assert_eq!(contents.iter().filter(|content| *content == "Subject: two\n\ntwo").count(), 1);
        assert_eq!(handed(&fixture).len(), 4);
    }
}

#[test]
fn a_message_in_two_folders_of_the_source_stays_in_two() {
    let fixture = leaver();
    let copy = fixture.put(1, ".Projets.&AOk-t&AOk-", "cur/8.a:2,", "");
    fs::remove_file(&copy).unwrap();
    fs::hard_link(fixture.maildir(1).join("cur/2.a:2,FS"), &copy).unwrap();
    let again = fixture.maildir(1).join("cur/9.a:2,");
    fs::hard_link(&copy, &again).unwrap();
    assert_eq!(hand_over(&fixture).unwrap().messages, 5);
    assert_eq!(handed(&fixture).len(), 5);
    assert_eq!(take_back(&fixture), 5);
}

#[test]
fn taking_back_leaves_the_successors_mail_and_nothing_else() {
    let fixture = leaver();
    let before = fixture.messages(2);
    hand_over(&fixture).unwrap();
    for count in [3, 0] {
        assert_eq!(take_back(&fixture), count);
        assert_eq!(fixture.messages(2), before);
        let left: Vec<_> =
            fs::read_dir(fixture.maildir(2)).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "{left:?}");
        assert_eq!(fs::read_to_string(fixture.maildir(2).join("subscriptions")).unwrap(), "V\t2\n\n");
    }
    assert_eq!(hand_over(&fixture).unwrap().messages, 3);
    assert_eq!(handed(&fixture), expected());
}

#[test]
fn taking_back_keeps_what_the_successor_added_and_finds_what_they_moved_about() {
    let fixture = leaver();
    hand_over(&fixture).unwrap();
    let own = format!("{INBOX}/cur/own.a:2,S");
    fixture.put(2, INBOX, "cur/own.a:2,S", "a note about it");
    let (inbox, projects) = (fixture.maildir(2).join(INBOX), fixture.maildir(2).join(PROJECTS));
    fs::rename(inbox.join("new/1.a,S=21"), inbox.join("cur/1.a,S=21:2,FS")).unwrap();
    fs::rename(projects.join("cur/4.a:2,a"), inbox.join("cur/renamed.by.server:2,a")).unwrap();
    assert_eq!(take_back(&fixture), 3);
    assert_eq!(handed(&fixture), [own]);
    assert!(inbox.is_dir() && !projects.exists());
    assert!(fixture.maildir(2).join(".user1@bm&ICQ-com").is_dir(), "the parent of what is left");
    assert_eq!(take_back(&fixture), 0);
}

#[test]
fn taking_back_a_killed_hand_over_or_a_killed_taking_back_ends_the_same() {
    let fixture = leaver();
    let before = fixture.messages(2);
    hand_over(&fixture).unwrap();
    fs::remove_dir_all(fixture.maildirs.home(mailbox(1)).join("handed-over")).unwrap();
    fs::remove_file(fixture.maildir(2).join(&expected()[1])).unwrap();
    fs::remove_dir(fixture.maildir(2).join(INBOX).join("new")).unwrap();
    assert_eq!(take_back(&fixture), 2);
    assert_eq!(fixture.messages(2), before);
}

#[test]
fn copies_made_where_links_were_refused_are_taken_back_too() {
    let fixture = leaver();
    hand_over(&fixture).unwrap();
    let place = fixture.maildir(2).join(&expected()[0]);
    let content = fs::read(&place).unwrap();
    fs::remove_file(&place).unwrap();
    fs::write(&place, content).unwrap();
    assert_eq!(take_back(&fixture), 3);
}

#[test]
fn messages_set_aside_after_they_were_handed_over_are_taken_back_too() {
    let fixture = leaver();
    hand_over(&fixture).unwrap();
    let marks = PersonalMarks::new(["two", "projets"]);
    assert_eq!(fixture.maildirs.set_aside_personal(mailbox(1), &marks).unwrap(), 3);
    assert_eq!(take_back(&fixture), 3);
    assert!(handed(&fixture).is_empty());
}

#[test]
fn two_leavers_with_similar_addresses_do_not_share_a_folder() {
    let fixture = leaver();
    fixture.maildirs.create(mailbox(3)).unwrap();
    fixture.put(3, "", "cur/1.b:2,", "Subject: x\n\n");
    let marks = PersonalMarks::default();
    for (from, under) in [(1, "a.b@bm.com"), (3, "a_b@bm.com")] {
        fixture.maildirs.hand_over(mailbox(from), mailbox(2), under, &marks, &mut |_, _| {}).unwrap();
    }
    assert_eq!(fixture.maildirs.take_back(mailbox(3), mailbox(2), "a_b@bm.com").unwrap(), 1);
    let below = fixture.maildirs.folders_below(mailbox(2), "a.b@bm.com").unwrap();
    assert_eq!(below.iter().map(|folder| folder.messages).sum::<u64>(), 3);
}

#[test]
fn a_mailbox_that_is_missing_is_an_error_that_names_it() {
    let fixture = leaver();
    let marks = PersonalMarks::default();
    for (from, to) in [(1, 9), (9, 1)] {
        let error = fixture
            .maildirs
            .hand_over(mailbox(from), mailbox(to), UNDER, &marks, &mut |_, _| {})
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("box-0000000000009"), "{error}");
        assert!(!fixture.maildirs.home(mailbox(9)).exists());
    }
    let error =
        fixture.maildirs.hand_over(mailbox(1), mailbox(1), UNDER, &marks, &mut |_, _| {}).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let fixture = leaver();
    fs::write(fixture.maildir(2).join(".user1@bm&ICQ-com"), "in the way").unwrap();
    let error = hand_over(&fixture).unwrap_err();
    assert!(error.to_string().contains(".user1@bm&ICQ-com"), "{error}");
    fs::remove_file(fixture.maildir(2).join(".user1@bm&ICQ-com")).unwrap();
    assert_eq!(hand_over(&fixture).unwrap().messages, 3);
}
