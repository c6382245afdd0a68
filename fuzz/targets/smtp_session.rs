#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use relais::doors::smtp::fake::{Fake, Keep};
use relais::doors::smtp::{Dialect, Door, Peer, Settings, SignIn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (lmtp, size, said) = input;
    let dialect = if lmtp { Dialect::Lmtp } else { Dialect::Smtp };
    let settings = Settings {
        sign_in: SignIn::Offered,
        message_bytes_max: 500,
        recipients_max: 5,
        ..Settings::new(dialect, "mx.bm.com")
    };
    let door = Door::new(settings, Fake::new(Keep::Content), || Timestamp::UNIX_EPOCH);
    let mut heard = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(64 << 10);
        let (mut reader, mut writer) = tokio::io::split(near);
        let say = async {
            for piece in said.chunks(usize::from(size).max(1)) {
                if writer.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
            let _ = writer.shutdown().await;
        };
        tokio::join!(door.converse(far, Peer::Local), say, async {
            reader.read_to_end(&mut heard).await.expect("a duplex has no errors");
        });
    });
    let heard = String::from_utf8(heard).expect("answers are UTF-8");
    assert!(heard.starts_with("220 ") && heard.ends_with("\r\n"));
    for line in heard.split_terminator("\r\n") {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        assert!(line.as_bytes()[..3].iter().all(u8::is_ascii_digit), "{line:?}");
    }
    assert_eq!(door.reception().messages_under_way(), 0);
    for stored in door.reception().stored() {
        let trace = String::from_utf8(stored.trace).expect("trace fields are UTF-8");
        assert!(trace.ends_with("\r\n") && !trace.contains("\r\n\r\n"));
        assert!(!trace.replace("\r\n", "").contains(['\r', '\n', '\0']), "{trace:?}");
        assert!(stored.content_bytes <= 500);
    }
});
