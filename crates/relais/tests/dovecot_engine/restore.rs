//! What a client sees while messages are put back under its eyes.

use crate::{ALICE, LIMIT, World};
use relais_core::ids::MailboxId;
use relais_engines::maildir::{Index, Maildirs, Personal, Place, Restorable, RestoreOrder, Run};
use relais_engines::message::PersonalMarks;
use relais_testbed::imap::Imap;
use relais_testbed::net::{give_to_server, wait_for};
use std::io::Read as _;
use std::sync::Arc;

/// UID, bytes and flags.
type Seen = (u32, Vec<u8>, Vec<String>);

/// `(UID, body, flags)` of INBOX, and its UIDVALIDITY.
fn inbox(imap: &mut Imap) -> (Vec<Seen>, String) {
    let messages = imap.fetch_all("INBOX").unwrap().into_iter();
    let known = messages.map(|message| {
        let mut flags = message.flags;
        flags.retain(|flag| flag != "\\Recent");
        flags.sort();
        (message.uid, message.body, flags)
    });
    let known = known.collect();
    let Ok(status) = imap.command("STATUS INBOX (UIDVALIDITY)").unwrap() else { panic!("no STATUS") };
    (known, status[0].text.clone())
}

#[test]
fn a_restored_message_appears_to_a_waiting_client_and_changes_nothing_it_knows() {
    let world = World::new();
    let root = world.dir.path().join("restored-mail");
    let maildirs = Maildirs::open(root.clone()).unwrap();
    let mailbox = MailboxId::from_number(1);
    maildirs.create(mailbox).unwrap();
    give_to_server(&root).unwrap();
    world.authority.truth().homes.insert("acc-1".to_owned(), maildirs.home(mailbox));

    let mut alice = world.login(ALICE);
    for (number, flags) in
        [(1, ["\\Seen", "$First"]), (2, ["\\Answered", "$Second"]), (3, ["\\Seen", "$First"])]
    {
        let text = format!("Message-ID: <m{number}@x.test>\r\nSubject: {number}\r\n\r\n.text {number}\r\n");
        alice.append("INBOX", &flags, None, text.as_bytes()).unwrap().unwrap();
    }
    let (before, uid_validity) = inbox(&mut alice);
    let scan = maildirs.scan(mailbox, &Index::default(), &PersonalMarks::default()).unwrap();
    let mut messages = Vec::new();
    for folder in scan.index.folders() {
        for message in &folder.messages {
            let path = folder.path_of(message);
            let mut bytes = Vec::new();
            let file = scan.files.iter().find(|file| file.path == path).unwrap();
            file.content.open().unwrap().read_to_end(&mut bytes).unwrap();
            messages.push(Restorable {
                tree: folder.tree,
                dir: folder.dir.clone(),
                message: message.clone(),
                content: Arc::new(Arc::<[u8]>::from(bytes)),
            });
        }
    }
    alice.store("2", "+FLAGS", &["\\Deleted"]).unwrap();
    alice.command("EXPUNGE").unwrap().unwrap();
    let restore = |id: &str, place: Place| {
        let order = RestoreOrder { id, place, personal: Personal::Include, run: Run::Write };
        let restored = maildirs.restore(mailbox, &order, &messages, &mut |_, _| {}).unwrap();
        give_to_server(&root).unwrap();
        (restored.added, restored.already_there)
    };

    for (turn, uid) in [(1, 4), (2, 5)] {
        alice.idle_start().unwrap();
        assert_eq!(restore(&format!("restore-{turn}"), Place::InPlace), (1, 2));
        wait_for(LIMIT, "EXISTS", || {
            let line = alice.wait_line(LIMIT).unwrap();
            line.filter(|line| line == "* 3 EXISTS")
        });
        alice.idle_done().unwrap();
        let (after, validity_after) = inbox(&mut alice);
        assert_eq!(validity_after, uid_validity);
        assert_eq!([&after[0], &after[1]], [&before[0], &before[2]], "what the client knew");
        let (restored, lost) = (&after[2], &before[1]);
        assert_eq!((restored.0, &restored.1, &restored.2), (uid, &lost.1, &lost.2));
        // Erased once more, it comes back as a message that no client has seen.
        alice.store("3", "+FLAGS", &["\\Deleted"]).unwrap();
        alice.command("EXPUNGE").unwrap().unwrap();
    }

    let under = "Restauré 2026-11-22";
    assert_eq!(restore("restore-3", Place::Beside { under: under.to_owned() }), (3, 0));
    let mut other = world.login(ALICE);
    let inside = other.fetch_all(&format!("{under}/INBOX")).unwrap();
    assert_eq!(
        inside.iter().map(|message| message.body.clone()).collect::<Vec<_>>(),
        [before[0].1.clone(), before[1].1.clone(), before[2].1.clone(),]
    );
    assert!(
        inside[0].flags.contains(&"$First".to_owned()) && inside[1].flags.contains(&"$Second".to_owned())
    );
    assert_eq!(maildirs.undo_restore(mailbox, "restore-3").unwrap().removed, 3);
    assert!(!world.login(ALICE).list("*").unwrap().iter().any(|name| name.starts_with(under)));
    assert_eq!(inbox(&mut alice).1, uid_validity);
}
