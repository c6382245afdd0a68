//! Our own client at our own door: what one stuffs the other unstuffs, and each recipient has a result.

use super::{Keep, door, settings};
use crate::doors::smtp::data::{DataDecoder, Progress};
use crate::doors::smtp::fake::Fake;
use crate::doors::smtp::{Dialect, Door, Settings};
use proptest::prelude::*;
use relais_engines::smtp::{Content, Credentials, DataEncoder, Patience, RecipientResult, Smarthost, send};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn serve(settings: Settings) -> (Arc<Door<Fake>>, Smarthost) {
    let door = door(settings, Keep::Content);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = smarthost(listener.local_addr().unwrap().port());
    tokio::spawn(Arc::clone(&door).serve(listener));
    (door, server)
}

fn smarthost(port: u16) -> Smarthost {
    Smarthost {
        host: "127.0.0.1".into(),
        port,
        hello: "relais.bm.com".into(),
        credentials: None,
        patience: Patience::default(),
    }
}

fn to(recipients: &[&str]) -> Vec<String> {
    recipients.iter().map(|recipient| (*recipient).to_owned()).collect()
}

#[tokio::test]
async fn each_recipient_has_a_result_and_the_others_get_the_message() {
    let (door, server) = serve(settings(Dialect::Smtp)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("message");
    let message = ["Subject: a\n\n.\n..\n".to_owned(), "line\n.dot\n".repeat(50_000)].concat();
    std::fs::write(&file, &message).unwrap();
    let recipients = to(&["user1@bm.com", "unknown@bm.com", "a@b> SIZE=1", "user2@bm.com"]);
    let results = send(&server, Some("s@far.example"), &recipients, Content::File(&file)).await;
    assert_eq!([&results[0], &results[3]], [&RecipientResult::Sent, &RecipientResult::Sent]);
    assert!(matches!(&results[1], RecipientResult::Permanent(550, text) if text.starts_with("5.1.1 ")));
    assert!(matches!(&results[2], RecipientResult::Permanent(501, _)));
    let stored = door.reception().stored().remove(0);
    assert_eq!(stored.envelope.recipients.len(), 2);
    assert!(stored.content == message.replace('\n', "\r\n").as_bytes());
}

#[tokio::test]
async fn refusals_of_the_whole_message_reach_every_recipient() {
    let settings = Settings { message_bytes_max: 1000, ..settings(Dialect::Smtp) };
    let (_door, server) = serve(settings).await;
    let large = vec![b'x'; 5000];
    type Row<'a> = (Option<&'a str>, &'a [&'a str], &'a [u8], &'a str);
    let rows: [Row<'_>; 6] = [
        (Some("s@far.example"), &["user1@bm.com"], &large, "Permanent(552"),
        (Some("diskfull@far.example"), &["user1@bm.com", "user2@bm.com"], b"a", "Temporary(\"452 4.3.1"),
        (Some("refused@far.example"), &["user1@bm.com"], b"a", "Temporary(\"452 4.3.1"),
        (Some("a@b\r\nRSET"), &["user1@bm.com"], b"a", "Permanent(501"),
        (None, &["unknown@bm.com"], b"a", "Permanent(550"),
        (None, &["zoë@bm.com"], b"a\0", "Permanent(550"),
    ];
    for (sender, recipients, content, expected) in rows {
        let results = send(&server, sender, &to(recipients), Content::Bytes(content)).await;
        assert_eq!(results.len(), recipients.len());
        for result in results {
            assert!(format!("{result:?}").starts_with(expected), "{expected}: {result:?}");
        }
    }
}

#[tokio::test]
async fn signing_in_is_tried_and_a_refusal_waits_for_an_administrator() {
    let (door, mut server) = serve(settings(Dialect::Smtp)).await;
    let recipients = to(&["user1@bm.com"]);
    for (password, expected) in [("secret", "Sent"), ("wrong", "Temporary")] {
        server.credentials = Some(Credentials { user: "user1".into(), password: password.into() });
        let results = send(&server, None, &recipients, Content::Bytes(b"a")).await;
        assert!(format!("{:?}", results[0]).starts_with(expected), "{results:?}");
    }
    assert!(door.reception().stored()[0].envelope.submitter.is_some());
}

#[tokio::test]
async fn servers_that_are_away_or_talk_nonsense_are_tried_again() {
    let recipients = to(&["user1@bm.com", "user2@bm.com"]);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let results = send(&smarthost(port), None, &recipients, Content::Bytes(b"a")).await;
    assert!(results.iter().all(|result| matches!(result, RecipientResult::Temporary(_))));

    for said in ["", "HTTP/1.1 400\r\n", "554 go away\r\n", "220-x\r\n550 y\r\n", "220 x\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = smarthost(listener.local_addr().unwrap().port());
        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let (results, ()) = tokio::join!(send(&server, None, &recipients, Content::Bytes(b"a")), answer);
        assert!(
            results.iter().all(|result| matches!(result, RecipientResult::Temporary(_))),
            "{said:?}: {results:?}"
        );
    }
}

proptest! {
    #[test]
    fn what_the_client_encodes_the_door_decodes(
        lines in prop::collection::vec("[.a]{0,4}", 0..12),
        cut in 0usize..60,
    ) {
        let content = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let (head, tail) = content.as_bytes().split_at(cut.min(content.len()));
        let mut encoder = DataEncoder::default();
        let mut wire = Vec::new();
        encoder.encode(head, &mut wire);
        encoder.encode(tail, &mut wire);
        encoder.finish(&mut wire);
        let mut decoder = DataDecoder::default();
        let mut decoded = Vec::new();
        prop_assert_eq!(decoder.feed(&wire, &mut decoded), Progress::Ended { consumed: wire.len() });
        prop_assert_eq!(decoder.fault(), None);
        prop_assert_eq!(decoded, content.into_bytes());
    }
}
