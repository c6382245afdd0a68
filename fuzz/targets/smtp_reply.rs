#![no_main]
//! The server is the fuzzer's: what our client makes of anything that a server may say.

use libfuzzer_sys::fuzz_target;
use relais_engines::smtp::{Content, Patience, RecipientResult, Smarthost, send};
use std::sync::LazyLock;
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts")
});
static LISTENER: LazyLock<TcpListener> =
    LazyLock::new(|| RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port"));

fuzz_target!(|said: &[u8]| {
    let server = Smarthost {
        host: "127.0.0.1".to_owned(),
        port: LISTENER.local_addr().expect("bound").port(),
        hello: "mail.bm.com".to_owned(),
        credentials: None,
        patience: Patience::default(),
    };
    let recipients = ["a@far.example".to_owned(), "é@far.example".to_owned()];
    let answer = async {
        let (mut stream, _) = LISTENER.accept().await.expect("a client");
        let (mut reader, mut writer) = stream.split();
        // The client may have heard enough at any point.
        let _ = writer.write_all(said).await;
        let _ = writer.shutdown().await;
        let _ = copy(&mut reader, &mut sink()).await;
    };
    let sent = send(&server, Some("user1@bm.com"), &recipients, Content::Bytes(b"Subject: x\r\n\r\n.\r\n"));
    let (results, ()) = RUNTIME.block_on(async { tokio::join!(sent, answer) });
    assert_eq!(results.len(), recipients.len());
    for result in results {
        match result {
            // After the greeting, EHLO, MAIL, one RCPT at least, DATA and the message.
            RecipientResult::Sent => assert!(said.split(|byte| *byte == b'\n').count() >= 6),
            RecipientResult::Permanent(code, text) => {
                assert!((500..600).contains(&code), "{code}");
                assert!(!text.contains(|c: char| c.is_control()) && text.chars().count() <= 500, "{text:?}");
            }
            RecipientResult::Temporary(text) => {
                assert!(!text.contains(|c: char| c.is_control()) && text.chars().count() <= 600, "{text:?}");
            }
        }
    }
});
