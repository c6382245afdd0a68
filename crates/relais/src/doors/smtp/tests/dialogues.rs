//! What is said, and what is answered: every dialogue answer by answer, and again with its bytes cut otherwise.

use super::{Client, Keep, door, settings};
use crate::doors::smtp::fake::Fake;
use crate::doors::smtp::{Dialect, Door, Protocol, Settings, SignIn};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CLOSED: &str = "closed";

/// Client bytes, and how the answers to them begin.
type Turn<'a> = (&'a str, &'a [&'a str]);

/// Holds a dialogue and gives back the door it was held at first.
async fn hold(settings: &Settings, turns: &[Turn<'_>]) -> Arc<Door<Fake>> {
    hold_bytes(settings, &turns.iter().map(|(said, heard)| (said.as_bytes(), *heard)).collect::<Vec<_>>())
        .await
}

async fn hold_bytes(settings: &Settings, turns: &[(&[u8], &[&str])]) -> Arc<Door<Fake>> {
    let first = door(settings.clone(), Keep::Content);
    let mut client = Client::connect(&first);
    client.expect("220 mx.bm.com ").await;
    for (said, answers) in turns {
        client.send(said).await;
        for answer in *answers {
            client.expect(answer).await;
        }
    }
    let whole = turns.iter().map(|(said, _)| *said).collect::<Vec<_>>().concat();
    let answers: Vec<&str> = turns.iter().flat_map(|(_, answers)| answers.iter().copied()).collect();
    for size in [1, 7, whole.len()] {
        let heard = replay(settings, &whole, size).await;
        let expected = answers.iter().filter(|answer| **answer != CLOSED);
        assert_eq!(heard.len(), expected.clone().count() + 1, "in pieces of {size}: {heard:#?}");
        for (reply, answer) in heard[1..].iter().zip(expected) {
            assert!(reply.starts_with(answer), "in pieces of {size}: expected {answer:?}, heard {reply:?}");
        }
    }
    first
}

/// Says everything without waiting, then hangs up; the last lines of all answers.
async fn replay(settings: &Settings, said: &[u8], size: usize) -> Vec<String> {
    let client = Client::connect(&door(settings.clone(), Keep::Content));
    let (mut reader, mut writer) = tokio::io::split(client.stream);
    let say = async {
        for piece in said.chunks(size) {
            // The server may have closed before the end.
            if writer.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        writer.shutdown().await.expect("a duplex closes");
    };
    let mut heard = String::new();
    let listen = reader.read_to_string(&mut heard);
    let ((), bytes) = tokio::join!(say, listen);
    bytes.expect("answers are UTF-8");
    let last = |line: &&str| line.as_bytes()[3] != b'-';
    heard.split_terminator("\r\n").filter(last).map(str::to_owned).collect()
}

fn smtp() -> Settings {
    settings(Dialect::Smtp)
}

fn lmtp() -> Settings {
    settings(Dialect::Lmtp)
}

const EHLO: Turn<'_> = ("EHLO client.example\r\n", &["250 HELP"]);
const LHLO: Turn<'_> = ("LHLO client.example\r\n", &["250 HELP"]);
const MAIL: Turn<'_> = ("MAIL FROM:<s@far.example>\r\n", &["250 2.1.0"]);
const RCPT: Turn<'_> = ("RCPT TO:<user1@bm.com>\r\n", &["250 2.1.5"]);
const DATA: Turn<'_> = ("DATA\r\n", &["354 "]);
const QUIT: Turn<'_> = ("QUIT\r\n", &["221 2.0.0", CLOSED]);

#[tokio::test(start_paused = true)]
async fn smtp_stores_a_message_with_its_trace_and_unstuffed_dots() {
    let message: Turn<'_> = ("Subject: a\r\n\r\n..dot\r\n.\r\n", &["250 2.0.0"]);
    let door = hold(&smtp(), &[EHLO, MAIL, RCPT, DATA, message, QUIT]).await;
    let stored = door.reception().stored().remove(0);
    assert_eq!(String::from_utf8(stored.content).unwrap(), "Subject: a\r\n\r\n.dot\r\n");
    assert_eq!(
        String::from_utf8(stored.trace).unwrap(),
        "Return-Path: <s@far.example>\r\n\
         Received: from client.example ([192.0.2.7])\r\n\
         \tby mx.bm.com (Relais) with ESMTP\r\n\
         \tfor <user1@bm.com>;\r\n\
         \tThu, 1 Jan 1970 00:00:00 +0000\r\n"
    );
    assert_eq!(stored.envelope.size_bytes, Some(20));
}

#[tokio::test(start_paused = true)]
async fn smtp_answers_commands_as_rfc_5321_has_it() {
    hold(
        &smtp(),
        &[
            (
                "NOOP\r\nnoop x\r\nHELP\r\nVRFY a\r\nRSET\r\n",
                &["250 2.0.0", "250 2.0.0", "214 ", "252 2.0.0", "250 2.0.0"],
            ),
            ("MAIL FROM:<a@b.c>\r\n", &["503 5.5.1"]),
            ("RCPT TO:<a@b.c>\r\n", &["503 5.5.1"]),
            ("DATA\r\n", &["503 5.5.1"]),
            ("LHLO x\r\n", &["500 5.5.1"]),
            ("EHLO\r\n", &["501 5.5.4"]),
            ("EHLO a b\r\n", &["501 5.5.4"]),
            ("EHLO x)\r\n", &["501 5.5.4"]),
            ("HELO [192.0.2.1]\r\n", &["250 mx.bm.com"]),
            ("MAIL FROM:<a@b.c> SIZE=1\r\n", &["555 5.5.4"]),
            ("EHLO [IPv6:2001:db8::1]\r\n", &["250 HELP"]),
            ("DATA now\r\n", &["501 5.5.4"]),
            (
                "BDAT 3 LAST\r\nEXPN a\r\nSTARTTLS\r\nWAT\r\n\r\n",
                &["502 5.5.1", "502 5.5.1", "502 5.5.1", "500 5.5.1", "500 5.5.1"],
            ),
            QUIT,
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_ordered_and_its_arguments_exact() {
    hold(
        &smtp(),
        &[
            EHLO,
            ("MAIL FROM:a@b.c\r\n", &["501 5.5.4"]),
            ("MAIL FROM:<a>\r\n", &["501 5.1.7"]),
            ("MAIL FROM:<été@b.c>\r\n", &["553 5.6.7"]),
            ("MAIL FROM:<a@b.c> SIZE=99999999999999999999\r\n", &["552 5.3.4"]),
            ("MAIL FROM:<a@b.c> FOO=1\r\n", &["555 5.5.4"]),
            MAIL,
            MAIL_AGAIN,
            DATA_EARLY,
            ("RCPT TO:user1@bm.com\r\n", &["501 5.5.4"]),
            ("RCPT TO:<user1>\r\n", &["501 5.1.3"]),
            ("RCPT TO:<>\r\n", &["501 5.1.3"]),
            ("RCPT TO:<user1@bm.com> NOTIFY=NEVER\r\n", &["555 5.5.4"]),
            ("RCPT TO:<été@bm.com>\r\n", &["553 5.6.7"]),
            ("RCPT TO:<unknown@bm.com>\r\n", &["550 5.1.1"]),
            DATA_EARLY,
            ("RCPT TO:<Postmaster>\r\n", &["250 2.1.5"]),
            ("RSET\r\n", &["250 2.0.0"]),
            ("DATA\r\n", &["503 5.5.1"]),
            QUIT,
        ],
    )
    .await;
}

const MAIL_AGAIN: Turn<'_> = ("MAIL FROM:<b@far.example>\r\n", &["503 5.5.1"]);
const DATA_EARLY: Turn<'_> = ("DATA\r\n", &["503 5.5.1"]);

#[tokio::test(start_paused = true)]
async fn utf8_addresses_need_smtputf8_and_are_then_traced_so() {
    let turns = [
        EHLO,
        ("MAIL FROM:<été@exämple.org> SMTPUTF8\r\n", &["250 2.1.0"] as &[_]),
        ("RCPT TO:<zoë@bm.com>\r\n", &["250 2.1.5"]),
        DATA,
        ("\r\n.\r\n", &["250 2.0.0"]),
        QUIT,
    ];
    let door = hold(&smtp(), &turns).await;
    let stored = door.reception().stored().remove(0);
    assert_eq!(stored.envelope.protocol, Protocol::Utf8Smtp);
    assert!(String::from_utf8(stored.trace).unwrap().starts_with("Return-Path: <été@exämple.org>\r\n"));
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_no_lines_are_refused() {
    let rows: &[(&[u8], &[&str])] = &[
        (b"NOOP\n\r\n", &["500 5.5.2"]),
        (b"NOOP\nNOOP\r\n", &["500 5.5.2"]),
        (b"NOOP\rNOOP\r\n", &["500 5.5.2"]),
        (b"NOOP\r\r\n", &["500 5.5.2"]),
        (b"NO\0OP\r\n", &["500 5.5.2"]),
        (b"NOOP \xff\xfe\r\n", &["501 5.5.2"]),
        (b"MAIL FROM:<\xc3\x28@b.c>\r\n", &["501 5.5.2"]),
        (b"NOOP\r\n", &["250 2.0.0"]),
    ];
    hold_bytes(&smtp(), rows).await;
}

#[tokio::test(start_paused = true)]
async fn no_message_ends_where_another_server_might_see_an_end() {
    let smuggled = "MAIL FROM:<x@evil.example>\r\nRCPT TO:<user2@bm.com>\r\nDATA\r\nforged\r\n.\r\n";
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\0.\r\n"] {
        let message = format!("a{end}{smuggled}");
        // From the second DATA on, all is content of the one message, whose end is the one CRLF.CRLF in it.
        let turns = [EHLO, MAIL, RCPT, DATA, (&message, &["550 5.6.0"]), QUIT];
        let door = hold(&smtp(), &turns).await;
        assert_eq!(door.reception().stored(), [], "{end:?}");
        assert_eq!(door.reception().messages_under_way(), 0, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn smtp_gives_one_answer_in_which_nothing_is_lost() {
    const GONE: Turn<'_> = ("RCPT TO:<gone@bm.com>\r\n", &["250 2.1.5"]);
    const FULL: Turn<'_> = ("RCPT TO:<full@bm.com>\r\n", &["250 2.1.5"]);
    const NO_REPORT: Turn<'_> = ("MAIL FROM:<noreport@far.example>\r\n", &["250 2.1.0"]);
    let rows: [(Turn<'_>, &[Turn<'_>], &str, usize); 6] = [
        (MAIL, &[RCPT], "250 2.0.0", 0),
        (MAIL, &[RCPT, GONE, FULL], "452 4.2.2", 0),
        (MAIL, &[GONE, FULL], "452 4.2.2", 0),
        (MAIL, &[GONE, GONE], "550 5.1.6", 0),
        (MAIL, &[RCPT, GONE], "250 2.0.0", 1),
        (NO_REPORT, &[RCPT, GONE], "451 4.3.0", 0),
    ];
    for (mail, recipients, answer, reported) in rows {
        let end: [&str; 1] = [answer];
        let turns = [&[EHLO, mail][..], recipients, &[DATA, ("a\r\n.\r\n", &end), QUIT]].concat();
        let door = hold(&smtp(), &turns).await;
        assert_eq!(door.reception().reported().len(), reported, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn lmtp_answers_for_each_recipient_that_it_accepted() {
    let turns: [Turn<'_>; 13] = [
        ("EHLO x\r\nHELO x\r\n", &["500 5.5.1", "500 5.5.1"]),
        ("AUTH PLAIN AGEAYg==\r\n", &["502 5.5.1"]),
        LHLO,
        ("MAIL FROM:<>\r\n", &["250 2.1.0"]),
        ("RCPT TO:<unknown@bm.com>\r\n", &["550 5.1.1"]),
        DATA_EARLY,
        RCPT,
        ("RCPT TO:<gone@bm.com>\r\n", &["250 2.1.5"]),
        ("RCPT TO:<full@bm.com>\r\n", &["250 2.1.5"]),
        DATA,
        ("a\r\n.\r\n", &["250 2.0.0", "550 5.1.6", "452 4.2.2"]),
        DATA_EARLY,
        QUIT,
    ];
    let door = hold(&lmtp(), &turns).await;
    let stored = door.reception().stored().remove(0);
    assert_eq!(stored.envelope.sender, None);
    assert_eq!(stored.envelope.protocol, Protocol::Lmtp);
    let trace = String::from_utf8(stored.trace).unwrap();
    assert!(trace.starts_with("Return-Path: <>\r\n"));
    assert!(!trace.contains("for <"), "blind copies stay blind: {trace}");
}

#[tokio::test(start_paused = true)]
async fn lmtp_refuses_a_bad_message_once_per_recipient() {
    let turns = [LHLO, MAIL, RCPT, RCPT, DATA, ("a\nb\r\n.\r\n", &["550 5.6.0", "550 5.6.0"] as &[_]), QUIT];
    hold(&lmtp(), &turns).await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_cannot_be_kept_are_refused_for_now() {
    let rows: [(&str, &[&str], &[Turn<'_>]); 3] = [
        ("refused", &["452 4.3.1"], &[]),
        ("diskfull", &["354 "], &[("a\r\n.\r\n", &["452 4.3.1"])]),
        ("broken", &["354 "], &[("a\r\n.\r\n", &["451 4.3.0"])]),
    ];
    for (local, data, message) in rows {
        let mail = format!("MAIL FROM:<{local}@far.example>\r\n");
        let before = [EHLO, (&mail, &["250 2.1.0"]), RCPT, ("DATA\r\n", data)];
        let turns = [&before[..], message, &[("NOOP\r\n", &["250 2.0.0"]), QUIT]].concat();
        let door = hold(&smtp(), &turns).await;
        assert_eq!(door.reception().stored(), []);
        assert_eq!(door.reception().messages_under_way(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn people_sign_in_with_plain_and_login() {
    // "\0user1\0secret"; "user1"; "secret"; "\0user1\0wrong"; "\0disabled\0secret"; "other\0user1\0secret"
    let rows: &[&[Turn<'_>]] = &[
        &[("AUTH PLAIN AHVzZXIxAHNlY3JldA==\r\n", &["235 2.7.0"]), ("AUTH PLAIN\r\n", &["503 5.5.1"])],
        &[("auth plain\r\n", &["334 "]), ("AHVzZXIxAHNlY3JldA==\r\n", &["235 2.7.0"])],
        &[
            ("AUTH LOGIN\r\n", &["334 VXNlcm5hbWU6"]),
            ("dXNlcjE=\r\n", &["334 UGFzc3dvcmQ6"]),
            ("c2VjcmV0\r\n", &["235 2.7.0"]),
        ],
        &[("AUTH LOGIN dXNlcjE=\r\n", &["334 UGFzc3dvcmQ6"]), ("c2VjcmV0\r\n", &["235 2.7.0"])],
        &[("AUTH PLAIN AHVzZXIxAHdyb25n\r\n", &["535 5.7.8"])],
        &[("AUTH PLAIN AGRpc2FibGVkAHNlY3JldA==\r\n", &["525 5.7.13"])],
        &[("AUTH PLAIN b3RoZXIAdXNlcjEAc2VjcmV0\r\n", &["535 5.7.8"])],
        &[("AUTH PLAIN\r\n", &["334 "]), ("*\r\n", &["501 5.7.0"])],
        &[("AUTH PLAIN =\r\n", &["501 5.5.2"]), ("AUTH PLAIN !\r\n", &["501 5.5.2"])],
        &[("AUTH\r\n", &["501 5.5.4"]), ("AUTH CRAM-MD5\r\n", &["504 5.5.4"])],
        &[MAIL, ("AUTH PLAIN\r\n", &["503 5.5.1"])],
        // "hasty" and "unlucky"
        &[("AUTH LOGIN dW5sdWNreQ==\r\n", &["334 "]), ("eA==\r\n", &["454 4.7.0"]), ("NOOP\r\n", &["250 "])],
    ];
    for row in rows {
        hold(&smtp(), &[&[EHLO], *row, &[QUIT]].concat()).await;
    }
    hold(&smtp(), &[EHLO, ("AUTH LOGIN aGFzdHk=\r\n", &["334 "]), ("eA==\r\n", &["421 4.7.0", CLOSED])])
        .await;
    const WRONG: Turn<'_> = ("AUTH PLAIN AHVzZXIxAHdyb25n\r\n", &["535 5.7.8"]);
    let last = (WRONG.0, &["535 5.7.8", "421 4.7.0", CLOSED] as &[_]);
    hold(&smtp(), &[EHLO, WRONG, WRONG, last]).await;
}

#[tokio::test(start_paused = true)]
async fn who_signed_in_is_on_the_envelope() {
    let turns = [EHLO, ("AUTH PLAIN AHVzZXIxAHNlY3JldA==\r\n", &["235 2.7.0"] as &[_]), MAIL, RCPT, DATA];
    let turns = [&turns[..], &[("a\r\n.\r\n", &["250 2.0.0"]), QUIT]].concat();
    let door = hold(&smtp(), &turns).await;
    let envelope = door.reception().stored().remove(0).envelope;
    assert_eq!(envelope.protocol, Protocol::Esmtpa);
    assert_eq!(envelope.submitter.unwrap().login, "user1");
}

#[tokio::test(start_paused = true)]
async fn nobody_signs_in_where_it_is_not_offered() {
    let settings = Settings { sign_in: SignIn::NotOffered, ..smtp() };
    hold(&settings, &[EHLO, ("AUTH PLAIN AHVzZXIxAHNlY3JldA==\r\n", &["502 5.5.1"]), QUIT]).await;
}
