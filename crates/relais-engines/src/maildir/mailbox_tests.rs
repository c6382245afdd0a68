//! Creating, measuring and removing mailboxes; personal messages.

use super::fixtures::{Fixture, mailbox, tree};
use super::{Removed, Usage};
use crate::message::PersonalMarks;
use std::fs;

fn with_personal() -> Fixture {
    let fixture = Fixture::new();
    fixture.put(1, "", "new/1.a,S=100", "Subject: hello\n\nx");
    fixture.put(1, "", "cur/2.a:2,FS", "Subject: [perso] two\n\ntwo");
    fixture.put(1, ".Perso", "cur/3.a:2,S", "Subject: three\n\nthree");
    fixture.put(1, ".Projets", "new/4.a", "Sensitivity: Personal\n\nfour");
    fixture
}

fn set_aside(fixture: &Fixture) -> u64 {
    fixture.maildirs.set_aside_personal(mailbox(1), &PersonalMarks::default()).unwrap()
}

#[test]
fn a_mailbox_may_be_created_twice_and_keeps_its_mail() {
    let fixture = with_personal();
    fixture.maildirs.create(mailbox(1)).unwrap();
    assert_eq!(fixture.messages(1).len(), 4);
    let names: Vec<_> = fixture.maildirs.folders(mailbox(1)).unwrap().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["INBOX", "Perso", "Projets"]);
}

#[test]
fn usage_believes_names_and_measures_files_that_tell_nothing() {
    let fixture = with_personal();
    let usage = fixture.maildirs.usage(mailbox(1)).unwrap();
    assert_eq!(usage, Usage { messages: 4, bytes: 100 + 25 + 21 + 27 });
    assert_eq!(fixture.maildirs.usage(mailbox(9)).unwrap(), Usage::default());
}

#[test]
fn personal_messages_go_aside_and_back_to_where_they_were() {
    let fixture = with_personal();
    let before = fixture.messages(1);
    for _ in 0..2 {
        assert_eq!(set_aside(&fixture), 3);
        assert_eq!(fixture.messages(1).into_keys().collect::<Vec<_>>(), ["new/1.a,S=100"]);
    }
    let personal = tree(&fixture.maildirs.home(mailbox(1)).join("Personal"));
    assert_eq!(
        personal.into_keys().collect::<Vec<_>>(),
        [".Perso/cur/3.a:2,S", ".Projets/new/4.a", "cur/2.a:2,FS"]
    );
    assert_eq!(fixture.maildirs.usage(mailbox(1)).unwrap().messages, 1);
    fs::remove_dir_all(fixture.maildir(1).join(".Projets")).unwrap();
    for count in [3, 0] {
        assert_eq!(fixture.maildirs.restore_personal(mailbox(1)).unwrap(), count);
        assert_eq!(fixture.messages(1), before);
    }
}

#[test]
fn setting_aside_and_restoring_go_on_from_any_half() {
    let fixture = with_personal();
    let before = fixture.messages(1);
    set_aside(&fixture);
    let personal = fixture.maildirs.home(mailbox(1)).join("Personal");
    // Half restored, half set aside; one message is in both places, as a copied-back backup would leave it.
    fs::rename(personal.join(".Projets/new/4.a"), fixture.maildir(1).join(".Projets/new/4.a")).unwrap();
    fs::hard_link(personal.join("cur/2.a:2,FS"), fixture.maildir(1).join("cur/2.a:2,FS")).unwrap();
    assert_eq!(set_aside(&fixture), 3);
    assert_eq!(fixture.messages(1).len(), 1);
    // Another message has the name of one that comes back: both are kept.
    fixture.put(1, "", "cur/2.a:2,FS", "Subject: other\n\nother");
    assert_eq!(fixture.maildirs.restore_personal(mailbox(1)).unwrap(), 3);
    let after = fixture.messages(1);
    assert_eq!(after.len(), 5);
    assert!(before.values().all(|content| after.values().any(|other| other == content)));
}

#[test]
fn a_removed_mailbox_is_gone_but_for_personal_messages() {
    let fixture = with_personal();
    set_aside(&fixture);
    let removed = fixture.maildirs.remove(mailbox(1)).unwrap();
    assert_eq!(removed, Removed { messages: 1, bytes: 100, personal_kept: 3 });
    assert!(!fixture.maildirs.home(mailbox(1)).exists());
    let again = fixture.maildirs.remove(mailbox(1)).unwrap();
    assert_eq!(again, Removed { messages: 0, bytes: 0, personal_kept: 3 });
    let aside = fixture.dir.path().join("mail/aside/box-0000000000001");
    assert_eq!(tree(&aside).len(), 3);
    assert_eq!(fixture.maildirs.remove(mailbox(9)).unwrap(), Removed::default());
}

#[test]
fn a_removal_killed_anywhere_is_completed() {
    let fixture = with_personal();
    set_aside(&fixture);
    // Killed after the first rename; then the mailbox was made again and holds personal mail of the same names.
    let removing = fixture.dir.path().join("mail/removing/box-0000000000001");
    fs::rename(fixture.maildirs.home(mailbox(1)), &removing).unwrap();
    fixture.maildirs.create(mailbox(1)).unwrap();
    fixture.put(1, "", "cur/2.a:2,FS", "Subject: [perso] another\n\n");
    fixture.put(1, "", "cur/9.a:2,FS", "Subject: nine\n\n");
    set_aside(&fixture);
    let removed = fixture.maildirs.remove(mailbox(1)).unwrap();
    assert_eq!((removed.messages, removed.personal_kept), (2, 4));
    assert!(!removing.exists() && !fixture.maildirs.home(mailbox(1)).exists());
}

#[test]
fn a_mailbox_removed_and_made_again_does_not_remember_deliveries() {
    let fixture = Fixture::new();
    let now = super::fixtures::now();
    assert_eq!(fixture.deliver(1, b"x", now).unwrap(), super::Stored::New);
    fixture.maildirs.remove(mailbox(1)).unwrap();
    fixture.maildirs.create(mailbox(1)).unwrap();
    assert_eq!(fixture.deliver(1, b"x", now).unwrap(), super::Stored::New);
    assert_eq!(fixture.messages(1).len(), 1);
}
