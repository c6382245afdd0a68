//! Memory stays bounded, whatever comes in at once.

use crate::world::{Database, World};
use relais_testbed::mail::{Dialogue, Lmtp};
use std::net::SocketAddr;
use std::sync::Barrier;

const SESSIONS: u32 = 30;
const MESSAGE_BYTES: usize = 50 << 20;
/// Held in memory the messages would be 1500 MiB; 62 were measured, in a debug build.
const MEMORY_MIB_MAX: u64 = 200;

/// The largest memory that a process ever had, in MiB.
fn peak_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") >> 10
}

fn lines(bytes: usize) -> Vec<u8> {
    let line = [b"x".repeat(74).as_slice(), b"\r\n"].concat();
    line.repeat(bytes / line.len())
}

fn send(address: SocketAddr, number: u32, text: &[u8], all_sent: &Barrier) -> u16 {
    let Lmtp(mut lmtp) = Lmtp::open(address).expect("greets");
    let ask = |lmtp: &mut Dialogue, line: &str| lmtp.command(line).expect("an answer").code;
    assert_eq!(ask(&mut lmtp, &format!("MAIL FROM:<client{number}@far.example>")), 250);
    for login in ["user1", "user2"] {
        assert_eq!(ask(&mut lmtp, &format!("RCPT TO:<{login}@bm.com>")), 250);
    }
    assert_eq!(ask(&mut lmtp, "DATA"), 354);
    lmtp.write(format!("Subject: number {number}\r\n\r\n").as_bytes()).expect("written");
    lmtp.write(text).expect("written");
    // Nobody ends before everybody's message is there.
    all_sent.wait();
    lmtp.write(b".\r\n").expect("written");
    let codes = [(); 2].map(|()| lmtp.reply().expect("an answer").code);
    assert_eq!(codes[0], codes[1]);
    codes[0]
}

#[test]
fn a_hundred_megabytes_are_refused_at_their_end() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    let address = world.server.address(&world.server.configuration.lmtp).expect("an address");
    let mut lmtp = Lmtp::open(address).expect("greets");
    let replies = lmtp.send("a@far.example", &["user1@bm.com"], &lines(100 << 20)).expect("an answer");
    assert_eq!(replies[0].code, 552, "{}", replies[0].text);
    let replies =
        lmtp.send("a@far.example", &["user1@bm.com"], b"Subject: small\r\n\r\nx\r\n").expect("an answer");
    assert_eq!(replies[0].code, 250, "{}", replies[0].text);
    assert_eq!(world.bodies("user1", "INBOX").len(), 1);
}

#[test]
fn fifty_megabytes_through_many_sessions_at_once_take_little_memory() {
    let world = World::start(Database::Sqlite);
    for login in ["user1", "user2"] {
        world.person(login, "Ursule Lefèvre");
    }
    let address = world.server.address(&world.server.configuration.lmtp).expect("an address");
    let text = lines(MESSAGE_BYTES);
    let all_sent = Barrier::new(SESSIONS as usize);
    std::thread::scope(|scope| {
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|number| {
                scope.spawn({
                    let (text, all_sent) = (&text, &all_sent);
                    move || send(address, number, text, all_sent)
                })
            })
            .collect();
        for session in sessions {
            assert_eq!(session.join().expect("answered"), 250);
        }
    });
    let peak = peak_mib(world.server.pid());
    assert!(peak < MEMORY_MIB_MAX, "{peak} MiB");
    let messages = world.imap("user2").select("INBOX").expect("an answer").expect("an INBOX");
    assert_eq!(messages, SESSIONS);
}
