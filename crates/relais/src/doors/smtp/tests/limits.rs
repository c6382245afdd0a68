//! Slow, endless, large and many.

use super::{Client, Keep, PEER, door, settings};
use crate::doors::smtp::content::CONTENT_BYTES;
use crate::doors::smtp::wire::INPUT_BYTES;
use crate::doors::smtp::{Dialect, Settings};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

impl Client {
    async fn up_to_data(&mut self, hello: &str) {
        self.expect("220 ").await;
        self.ask(hello, "250 ").await;
        self.ask("MAIL FROM:<s@far.example>", "250 ").await;
        self.ask("RCPT TO:<user1@bm.com>", "250 ").await;
        self.ask("DATA", "354 ").await;
    }

    async fn expect_end(&mut self) {
        assert_eq!(self.reply().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ends_its_line_is_sent_away() {
    let door = door(settings(Dialect::Smtp), Keep::Content);
    let mut client = Client::connect(&door);
    client.expect("220 ").await;
    // Nothing heard in time.
    client.expect("421 4.4.2").await;
    client.expect_end().await;

    // A byte now and then does not count as a line.
    let mut client = Client::connect(&door);
    client.expect("220 ").await;
    for _ in 0..4 {
        client.send("N").await;
        sleep(Duration::from_secs(100)).await;
    }
    client.expect("421 4.4.2").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_silent_inside_a_message_is_sent_away() {
    let door = door(settings(Dialect::Lmtp), Keep::Content);
    let mut client = Client::connect(&door);
    client.up_to_data("LHLO x").await;
    for _ in 0..4 {
        client.send("slow but alive\r\n").await;
        sleep(Duration::from_secs(100)).await;
    }
    sleep(Duration::from_secs(300)).await;
    client.expect("421 4.4.2").await;
    client.expect_end().await;
    client.session.await.unwrap();
    assert_eq!(door.reception().stored(), []);
    assert_eq!(door.reception().messages_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answers_is_dropped() {
    let door = door(settings(Dialect::Smtp), Keep::Content);
    let (mut stream, far) = duplex(1024);
    let session = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.converse(far, PEER).await }
    });
    while stream.write_all(b"NOOP\r\n".repeat(100).as_slice()).await.is_ok() {}
    session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn long_lines_are_refused_and_endless_ones_close() {
    let door = door(settings(Dialect::Smtp), Keep::Content);
    let mut client = Client::connect(&door);
    client.expect("220 ").await;
    client.ask(&format!("NOOP {}", "x".repeat(2041)), "250 ").await;
    client.ask(&format!("NOOP {}", "x".repeat(2042)), "500 5.5.2").await;
    client.ask(&"x".repeat(40_000), "500 5.5.2").await;
    client.ask("NOOP", "250 ").await;
    client.send("x".repeat(70_000)).await;
    client.expect("500 5.5.2").await;
    client.expect_end().await;
}

#[tokio::test(start_paused = true)]
async fn too_many_errors_end_the_session() {
    let door = door(settings(Dialect::Smtp), Keep::Content);
    let mut client = Client::connect(&door);
    client.expect("220 ").await;
    for _ in 0..20 {
        client.ask("WAT", "500 5.5.1").await;
    }
    client.expect("421 4.7.0").await;
    client.expect_end().await;
}

#[tokio::test(start_paused = true)]
async fn recipients_beyond_the_limit_wait_for_another_message() {
    let many = |recipients_max| Settings { recipients_max, ..settings(Dialect::Lmtp) };
    for (limit, accepted) in [(1000, 1000), (10_000, 10_000)] {
        let door = door(many(limit), Keep::Content);
        let mut client = Client::connect(&door);
        client.expect("220 ").await;
        client.ask("LHLO x", "250 ").await;
        client.ask("MAIL FROM:<s@far.example>", "250 ").await;
        for number in 0..10_000 {
            let answer = if number < accepted { "250 2.1.5" } else { "452 4.5.3" };
            client.ask(&format!("RCPT TO:<user{number}@bm.com>"), answer).await;
        }
        client.ask("DATA", "354 ").await;
        client.send("a\r\n.\r\n").await;
        for _ in 0..accepted {
            client.expect("250 2.0.0").await;
        }
        client.ask("QUIT", "221 ").await;
        assert_eq!(door.reception().stored()[0].envelope.recipients.len(), accepted);
    }
}

/// Lines as long as RFC 5321 allows, `bytes` in all or a little more.
async fn send_message(client: &mut Client, bytes: usize) {
    let line = [b"x".repeat(998).as_slice(), b"\r\n"].concat();
    let block = line.repeat(64);
    for _ in 0..bytes.div_ceil(block.len()) {
        client.send(&block).await;
    }
    client.send(".\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_read_to_its_end_and_refused() {
    let door = door(settings(Dialect::Smtp), Keep::Count);
    let mut client = Client::connect(&door);
    client.up_to_data("EHLO x").await;
    send_message(&mut client, 100_000_000).await;
    client.expect("552 5.3.4").await;
    client.ask("NOOP", "250 ").await;
    assert_eq!(door.reception().stored(), []);
    assert_eq!(door.reception().messages_under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_goes_on_to_twice_the_limit_closes_the_session() {
    let settings = Settings { message_bytes_max: 200_000, ..settings(Dialect::Lmtp) };
    let door = door(settings, Keep::Count);
    let mut client = Client::connect(&door);
    client.up_to_data("LHLO x").await;
    client.send(b"x".repeat(450_000)).await;
    client.expect("552 5.3.4").await;
    client.expect_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_exactly_the_limit_in_one_line_is_taken() {
    let settings = Settings { message_bytes_max: 1_000_000, ..settings(Dialect::Lmtp) };
    for (bytes, answer) in [(1_000_000, "250 2.0.0"), (1_000_001, "552 5.3.4")] {
        let door = door(settings.clone(), Keep::Count);
        let mut client = Client::connect(&door);
        client.up_to_data("LHLO x").await;
        client.send(b"x".repeat(bytes - 2)).await;
        client.send("\r\n.\r\n").await;
        client.expect(answer).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_large_messages_at_once_hold_little_memory() {
    const SESSIONS: usize = 100;
    let door = door(settings(Dialect::Lmtp), Keep::Count);
    let mut clients = JoinSet::new();
    for _ in 0..SESSIONS {
        let mut client = Client::connect(&door);
        clients.spawn(async move {
            client.up_to_data("LHLO x").await;
            send_message(&mut client, 50_000_000).await;
            client.expect("250 2.0.0").await;
        });
    }
    clients.join_all().await;
    let stored = door.reception().stored();
    assert_eq!(stored.len(), SESSIONS);
    assert!(stored.iter().all(|stored| stored.content_bytes >= 50_000_000));
    assert!(stored.iter().all(|stored| stored.write_bytes_max <= CONTENT_BYTES));
    let most = SESSIONS * (CONTENT_BYTES + INPUT_BYTES);
    assert!(most < 30 << 20);
    assert!(door.buffered_bytes_peak() <= most, "{}", door.buffered_bytes_peak());
}

#[tokio::test]
async fn stopping_lets_a_commit_finish_and_sends_the_idle_away() {
    let door = door(settings(Dialect::Lmtp), Keep::Content);
    door.reception().gate.forget_permits(usize::MAX);
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("lmtp");
    let listener = UnixListener::bind(&socket).unwrap();
    let served = tokio::spawn(Arc::clone(&door).serve(listener));

    let mut idle = UnixStream::connect(&socket).await.unwrap();
    let mut receiving = UnixStream::connect(&socket).await.unwrap();
    let mut committing = UnixStream::connect(&socket).await.unwrap();
    let begin = b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<user1@bm.com>\r\nDATA\r\n";
    for stream in [&mut receiving, &mut committing] {
        stream.write_all(begin).await.unwrap();
        hear_until(stream, "354 ").await;
        stream.write_all(b"a\r\n").await.unwrap();
    }
    hear_until(&mut idle, "220 ").await;
    committing.write_all(b".\r\n").await.unwrap();
    while !door.reception().is_someone_waiting() {
        tokio::task::yield_now().await;
    }

    door.stop();
    hear_until(&mut idle, "421 4.3.2").await;
    hear_until(&mut receiving, "421 4.3.2").await;
    drop((idle, receiving));
    assert!(!served.is_finished());
    door.reception().gate.add_permits(1);
    let heard = hear_until(&mut committing, "421 4.3.2").await;
    assert!(heard.contains("\r\n250 2.0.0 Stored\r\n421 "), "{heard}");
    drop(committing);
    served.await.unwrap();
    assert_eq!(door.reception().stored().len(), 1);
}

async fn hear_until(stream: &mut (impl AsyncReadExt + Unpin), line: &str) -> String {
    let mut heard = String::from("\r\n");
    let needle = format!("\r\n{line}");
    while !(heard.contains(&needle) && heard.ends_with("\r\n")) {
        let mut chunk = [0; 1024];
        let bytes = stream.read(&mut chunk).await.unwrap();
        assert!(bytes > 0, "closed after {heard:?}");
        heard.push_str(std::str::from_utf8(&chunk[..bytes]).unwrap());
    }
    heard
}

#[tokio::test]
async fn connections_beyond_the_limits_are_turned_away_and_places_come_back() {
    for (sessions_max, sessions_per_address_max) in [(2, 100), (100, 2)] {
        let settings = Settings { sessions_max, sessions_per_address_max, ..settings(Dialect::Smtp) };
        let door = door(settings, Keep::Content);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(Arc::clone(&door).serve(listener));
        let mut first = TcpStream::connect(address).await.unwrap();
        hear_until(&mut first, "220 ").await;
        let mut second = TcpStream::connect(address).await.unwrap();
        hear_until(&mut second, "220 ").await;
        let mut third = TcpStream::connect(address).await.unwrap();
        hear_until(&mut third, "421 4.7.0").await;

        first.write_all(b"QUIT\r\n").await.unwrap();
        hear_until(&mut first, "221 ").await;
        drop(first);
        // The place comes back when the session's task has ended: soon, and seen only from outside.
        loop {
            let mut next = TcpStream::connect(address).await.unwrap();
            let mut word = [0; 4];
            next.read_exact(&mut word).await.unwrap();
            if &word == b"220 " {
                break;
            }
            assert_eq!(&word, b"421 ");
        }
        door.stop();
        drop(second);
        served.await.unwrap();
    }
}
