//! What holds for every request of the HTTP port, whichever door it is for.

use crate::world::{Database, LIMIT, World, password_of};
use relais_testbed::dav::ask;
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

fn address(world: &World) -> SocketAddr {
    world.server.address(&world.server.configuration.http).expect("an address")
}

/// Some clients send a request in two pieces, and take it for a broken connection when the answer comes between them.
#[test]
fn an_answer_waits_for_the_whole_question() {
    let world = World::start(Database::Sqlite);
    for (method, path, status) in [
        ("PROPFIND", "/", "403"),
        ("PROPFIND", "/.well-known/caldav", "301"),
        ("PROPFIND", "/dav/", "401"),
        ("POST", "/console/nothing", "403"),
        ("POST", "/scim/v2/Users", "400"),
        ("POST", "/sso/start", "405"),
        ("POST", "/api/v1/organisations", "401"),
        ("POST", "/nothing", "404"),
    ] {
        let mut stream = TcpStream::connect(address(&world)).expect("it listens");
        let head = format!("{method} {path} HTTP/1.1\r\nHost: relais\r\nContent-Length: 10\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("sent");
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
        let early = stream.read(&mut [0; 1]).map_err(|error| error.kind());
        assert!(matches!(early, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{path}: {early:?}");
        stream.write_all(b"0123456789").expect("sent");
        stream.set_read_timeout(Some(LIMIT)).expect("set");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{path}");
    }
}

/// Signs user1 in as somebody whom a proxy heard from.
fn status_from(world: &World, forwarded: &str, password: &str) -> u16 {
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", forwarded)];
    let body = json!({ "login": "user1@bm.com", "password": password }).to_string();
    ask(address(world), "POST", "/api/v1/sessions", &headers, &body).expect("an answer").status
}

#[test]
fn behind_a_proxy_failures_count_for_the_network_they_come_from() {
    let proxies = toml::Value::from(vec!["127.0.0.1"]);
    let world = World::start_with_key(Database::Sqlite, "trusted_proxies", proxies);
    world.person("user1", "Ursule Lefèvre");
    for _ in 0..10 {
        assert_eq!(status_from(&world, "198.51.100.1", "wrong password"), 401);
    }
    let password = password_of("user1");
    assert_eq!(status_from(&world, "198.51.100.1", &password), 429);
    assert_eq!(
        status_from(&world, "192.0.2.7, 198.51.100.1", &password),
        429,
        "what a client writes counts for nothing"
    );
    assert_eq!(status_from(&world, "192.0.2.7", &password), 201);
}

#[test]
fn nobody_but_a_trusted_proxy_says_who_asks() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    for number in 0..10 {
        assert_eq!(status_from(&world, &format!("198.51.{number}.1"), "wrong password"), 401);
    }
    assert_eq!(status_from(&world, "192.0.2.7", &password_of("user1")), 429);
}
