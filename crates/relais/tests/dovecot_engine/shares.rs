//! Shared mailboxes: who sees them, who may write, and for how long.

use crate::{ALICE, BOB, LIMIT, SALES, World};
use relais_engines::dovecot::Rights;
use relais_testbed::net::{give_to_server, wait_for};

#[test]
fn a_shared_mailbox_is_seen_by_its_members_only() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite)]);
    let inbox = format!("shared/{SALES}");
    let orders = format!("shared/{SALES}/Orders");
    let made = format!("shared/{SALES}/Orders/2026");
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    assert!(alice.list("*").unwrap().contains(&inbox));
    assert!(alice.list("*").unwrap().contains(&orders));
    alice.append(&orders, &[], None, b"Subject: x\r\n\r\nhi\r\n").unwrap().unwrap();
    alice.create(&made).unwrap();
    alice.append(&made, &[], None, b"Subject: y\r\n\r\nhi\r\n").unwrap().unwrap();

    assert!(bob.list("*").unwrap().iter().all(|name| !name.contains(SALES)));
    for folder in [&inbox, &orders, &made] {
        assert!(bob.select(folder).unwrap().is_err());
    }
    assert!(alice.select("shared/acc-2").unwrap().is_err(), "personal mail is not shared");
    assert!(alice.command("SETACL INBOX acc-2 lr").unwrap().is_err(), "sharing is Relais's decision");
}

#[test]
fn a_reader_of_a_shared_mailbox_cannot_write() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite), ("acc-2", Rights::Read)]);
    let orders = format!("shared/{SALES}/Orders");
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    alice.append(&orders, &[], None, b"Subject: x\r\n\r\nhi\r\n").unwrap().unwrap();
    assert_eq!(bob.select(&orders).unwrap(), Ok(1));
    assert!(bob.append(&orders, &[], None, b"Subject: y\r\n\r\nhi\r\n").unwrap().is_err());
    assert!(bob.command(&format!("CREATE \"{orders}/New\"")).unwrap().is_err());
    bob.store("1", "+FLAGS", &["\\Seen"]).unwrap();
    assert!(bob.fetch_all(&orders).unwrap()[0].flags.iter().any(|flag| flag == "\\Seen"));
    let seen_by_alice = alice.fetch_all(&orders).unwrap()[0].flags.iter().any(|flag| flag == "\\Seen");
    assert!(!seen_by_alice, "each member keeps what they have read");
}

#[test]
fn a_revoked_member_is_denied_in_the_open_session_and_in_a_new_one() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite), ("acc-2", Rights::ReadWrite)]);
    let folders = [
        format!("shared/{SALES}"),
        format!("shared/{SALES}/Orders"),
        format!("shared/{SALES}/Orders/2026"),
        format!("shared/{SALES}/New"),
    ];
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    bob.create(&folders[2]).unwrap();
    bob.create(&folders[3]).unwrap();
    for folder in &folders {
        bob.select(folder).unwrap().unwrap();
        alice.select(folder).unwrap().unwrap();
    }
    // What is selected stays open until the kick.
    bob.select("INBOX").unwrap().unwrap();
    world.share(&[("acc-1", Rights::ReadWrite)]);
    for folder in &folders {
        wait_for(LIMIT, &format!("{folder} is denied"), || {
            bob.command(&format!("STATUS \"{folder}\" (MESSAGES)")).unwrap().err()
        });
        alice.select(folder).unwrap().unwrap();
    }
    assert_eq!(world.kick("acc-2"), 1);
    let mut bob = world.login(BOB);
    assert!(bob.list("*").unwrap().iter().all(|name| !name.contains(SALES)));
    assert!(folders.iter().all(|folder| bob.select(folder).unwrap().is_err()));
}

#[test]
fn a_folder_that_relais_makes_has_the_members_of_its_mailbox() {
    let world = World::new();
    world.share(&[("acc-1", Rights::Read)]);
    for folder in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(world.maildir("box-9").join(".Handed-over").join(folder)).unwrap();
    }
    give_to_server(&world.maildir("box-9")).unwrap();
    let folder = format!("shared/{SALES}/Handed-over");
    assert!(world.login(ALICE).list("*").unwrap().contains(&folder));
    assert!(world.login(ALICE).select(&folder).unwrap().is_ok());
    assert!(world.login(BOB).select(&folder).unwrap().is_err());
}
