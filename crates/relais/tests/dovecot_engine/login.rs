//! Who gets in, and who is put out.

use crate::{ALICE, BOB, LIMIT, PASSWORD, World};
use relais_testbed::net::wait_for;
use relais_testbed::pop3::Pop3;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::net::UnixStream;

#[test]
fn a_login_is_answered_as_the_authority_says() {
    let mut world = World::new();
    world.login(ALICE).logout().unwrap();
    assert_eq!(world.authority.truth().peers, [Some(IpAddr::V4(Ipv4Addr::LOCALHOST))]);

    let wrong = world.refusal(ALICE, "wrong");
    assert!(wrong.starts_with("NO [AUTHENTICATIONFAILED]"), "{wrong}");
    assert_eq!(world.refusal("nobody@example.test", PASSWORD), wrong);

    world.authority.truth().disabled.insert(ALICE.to_owned());
    let ended = world.refusal(ALICE, PASSWORD);
    assert_eq!(ended, "NO [CONTACTADMIN] This account has ended  * BYE");
    assert_eq!(world.refusal(ALICE, "wrong"), wrong);
    let mut pop3 = Pop3::connect(world.address(world.settings.pop3_port)).unwrap();
    let refused = pop3.login(ALICE, PASSWORD).unwrap().unwrap_err();
    assert!(refused.0.contains("This account has ended"), "{refused:?}");

    world.authority.truth().unavailable = true;
    assert!(world.refusal(BOB, PASSWORD).starts_with("NO [UNAVAILABLE]"));
    world.authority.truth().unavailable = false;

    world.door.take().unwrap().abort();
    std::fs::remove_file(&world.settings.dict_socket).unwrap();
    assert!(world.refusal(BOB, PASSWORD).starts_with("NO [UNAVAILABLE]"));
    world.open_door();
    // Dovecot does not try to connect twice within one second of the clock.
    wait_for(LIMIT, "the authority is asked again", || world.connect().login(BOB, PASSWORD).unwrap().ok());
}

#[test]
fn a_login_under_way_when_the_account_ends_does_not_reach_the_mail() {
    let world = World::new();
    world.authority.truth().homes.remove("acc-1");
    // Dovecot has nothing better to say than to close the connection.
    assert!(!matches!(world.connect().login(ALICE, PASSWORD), Ok(Ok(()))));
    assert_eq!(world.sessions("acc-1"), 0);
}

#[test]
fn a_kick_ends_every_session_of_one_person() {
    let world = World::new();
    assert_eq!(world.kick("acc-1"), 0);
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    alice.select("INBOX").unwrap().unwrap();
    alice.idle_start().unwrap();
    let mut pop3 = Pop3::connect(world.address(world.settings.pop3_port)).unwrap();
    pop3.login(ALICE, PASSWORD).unwrap().unwrap();
    wait_for(LIMIT, "both sessions are known", || (world.sessions("acc-1") == 2).then_some(()));

    world.authority.truth().disabled.insert(ALICE.to_owned());
    assert_eq!(world.kick("acc-1"), 2);
    wait_for(LIMIT, "the waiting client is told or cut", || match alice.wait_line(LIMIT) {
        Ok(Some(line)) => line.starts_with("* BYE").then_some(()),
        Ok(None) => None,
        Err(_) => Some(()),
    });
    wait_for(LIMIT, "no session is left", || (world.sessions("acc-1") == 0).then_some(()));
    assert!(world.refusal(ALICE, PASSWORD).starts_with("NO [CONTACTADMIN]"));
    assert!(bob.command("NOOP").unwrap().is_ok());
    assert_eq!(world.sessions("acc-2"), 1);
}

#[test]
fn a_renaming_disturbs_no_session_and_keeps_the_mail() {
    let world = World::new();
    let mut alice = world.login(ALICE);
    alice.append("INBOX", &[], None, b"Subject: x\r\n\r\nhi\r\n").unwrap().unwrap();
    {
        let mut truth = world.authority.truth();
        let user = truth.accounts.remove(ALICE).unwrap();
        truth.accounts.insert("ally@example.test".to_owned(), user);
    }
    assert_eq!(alice.fetch_all("INBOX").unwrap().len(), 1);
    assert_eq!(world.login("ally@example.test").fetch_all("INBOX").unwrap().len(), 1);
    assert!(world.refusal(ALICE, PASSWORD).starts_with("NO [AUTHENTICATIONFAILED]"));
}

#[test]
fn the_socket_of_the_door_is_private_and_ends_what_is_no_protocol() {
    let world = World::new();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&world.settings.dict_socket).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    for bytes in [b"GET / HTTP/1.1\r\n".to_vec(), vec![b'L'; 64 << 10], b"H9\t9\t0\t\tauth\n".to_vec()] {
        let mut stream = UnixStream::connect(&world.settings.dict_socket).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // The door may have closed already.
        drop(stream.write_all(&bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        assert!(answer.is_empty());
    }
}
