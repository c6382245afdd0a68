//! Calendars and address books through `/dav/`, with real clients and the real Radicale.

use crate::world::{Database, LIMIT, World, in_seconds, password_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use relais_testbed::dav::{Answer, Dav, ask};
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// An event in the order in which Radicale writes properties: what is put in so is read back byte by byte.
fn event(uid: &str, summary: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bm//test//\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTART:20261122T100000Z\r\nDTSTAMP:20261121T100000Z\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn card(uid: &str, name: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n")
}

fn id(world: &World, login: &str) -> String {
    let found = world.must("GET", &format!("/accounts/{login}@bm.com"), Value::Null);
    found["id"].as_str().expect("an id").to_owned()
}

fn send(who: &Dav, method: &str, path: &str, body: &str) -> Answer {
    let depth = [("Depth", "1")];
    who.ask(method, path, if method == "PROPFIND" { &depth } else { &[] }, body).expect("an answer")
}

fn status(who: &Dav, method: &str, path: &str, body: &str) -> u16 {
    send(who, method, path, body).status
}

/// The names in a home that begin with `prefix`.
fn listed(who: &Dav, home: &str, prefix: &str) -> Vec<String> {
    let answer = send(who, "PROPFIND", home, "");
    assert_eq!(answer.status, 207, "{}", answer.text());
    let hrefs: Vec<String> = answer
        .text()
        .split("<href>")
        .skip(1)
        .filter_map(|rest| {
            Some(rest.split_once("</href>")?.0.strip_prefix(home)?.trim_end_matches('/').to_owned())
        })
        .collect();
    hrefs.into_iter().filter(|name| !name.is_empty() && name.starts_with(prefix)).collect()
}

fn share(world: &World, owner: &str, collection: &str, with: &str, right: &str) -> String {
    let body = json!({ "collection": collection, "with": with, "right": right });
    let made = world.must("POST", &format!("/accounts/{owner}@bm.com/shares"), body);
    made["id"].as_str().expect("an id").to_owned()
}

#[test]
fn what_is_put_in_is_read_back_and_the_first_collections_are_made_once() {
    let world = World::start(Database::Sqlite);
    world.person("anne", "Anne");
    let (anne, home) = (world.dav("anne"), format!("/dav/{}/", id(&world, "anne")));
    for (name, file, body) in
        [("calendar", "e1.ics", event("e1", "Réunion")), ("contacts", "c1.vcf", card("c1", "Zoé"))]
    {
        let path = format!("{home}{name}/{file}");
        assert_eq!(status(&anne, "PUT", &path, &body), 201, "{name}");
        assert_eq!(send(&anne, "GET", &path, "").text(), body);
    }
    let titles = send(&anne, "PROPFIND", &home, "").text();
    assert!(
        titles.contains("<displayname>Calendrier<") && titles.contains("<displayname>Contacts<"),
        "{titles}"
    );
    let names = || {
        let mut names = listed(&anne, &home, "");
        names.sort();
        names
    };
    assert_eq!(names(), ["calendar", "contacts"]);
    assert_eq!(status(&anne, "DELETE", &format!("{home}contacts/"), ""), 200);
    assert_eq!(names(), ["calendar"]);
    assert_eq!(status(&anne, "MKCALENDAR", &format!("{home}travail/"), ""), 201);
    let moved = [("Destination", format!("http://{}{home}travail/e1.ics", anne.address))];
    let moved = [(moved[0].0, moved[0].1.as_str())];
    let answer = anne.ask("MOVE", &format!("{home}calendar/e1.ics"), &moved, "").expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(status(&anne, "GET", &format!("{home}travail/e1.ics"), ""), 200);
    // Some clients send bodies without a length.
    let chunked = [("Transfer-Encoding", "chunked")];
    let path = format!("{home}travail/e2.ics");
    let answer = anne.ask("PUT", &path, &chunked, &event("e2", "Sans longueur")).expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(send(&anne, "GET", &path, "").text(), event("e2", "Sans longueur"));
    let left: Value = world.must("GET", "/accounts/anne@bm.com/collections", Value::Null);
    assert_eq!(left["own"].as_array().map(Vec::len), Some(2), "{left}");
}

#[test]
fn nobody_gets_at_anothers_home_or_past_the_door() {
    let world = World::start(Database::Sqlite);
    world.person("anne", "Anne");
    world.person("bob", "Bob");
    let (anne, bob) = (world.dav("anne"), world.dav("bob"));
    let (of_anne, of_bob) = (format!("/dav/{}/", id(&world, "anne")), format!("/dav/{}/", id(&world, "bob")));
    let item = format!("{of_anne}calendar/e1.ics");
    assert_eq!(status(&anne, "PUT", &item, &event("e1", "Secret")), 201);
    assert_eq!(status(&bob, "PROPFIND", &of_bob, ""), 207);
    for method in ["GET", "PUT", "DELETE", "PROPFIND", "REPORT", "MOVE", "PROPPATCH", "MKCALENDAR"] {
        assert_eq!(status(&bob, method, &item, ""), 404, "{method}");
        let crooked = item.replace("/dav/", &format!("{of_bob}%2e%2e/"));
        assert!([400, 404].contains(&status(&bob, method, &crooked, "")), "{method} {crooked}");
    }
    // A client cannot say who it is by our own headers, and asking for many things at once does not help.
    let account = id(&world, "anne");
    for name in ["X-Remote-User", "X_Remote_User", "x-relais-secret", "X-Script-Name"] {
        let answer = bob.ask("GET", &item, &[(name, account.as_str())], "").expect("an answer");
        assert_eq!(answer.status, 404, "{name}");
        let own = bob.ask("PROPFIND", &of_bob, &[(name, account.as_str()), ("Depth", "0")], "");
        assert!(!own.expect("an answer").text().contains(&account), "{name}");
    }
    let multiget = format!(
        "<C:calendar-multiget xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:prop><C:calendar-data/></D:prop>\
         <D:href>{item}</D:href></C:calendar-multiget>"
    );
    assert!(!send(&bob, "REPORT", &format!("{of_bob}calendar/"), &multiget).text().contains("Secret"));
    let root = send(&bob, "PROPFIND", "/dav/", "").text();
    assert!(!root.contains(&account), "{root}");
    let there = format!("http://{}{of_anne}calendar/moved.ics", bob.address);
    assert_eq!(status(&bob, "PUT", &format!("{of_bob}calendar/e1.ics"), &event("e1", "Le sien")), 201);
    for (destination, expected) in
        [(there.as_str(), 404), ("http://elsewhere.example/dav/x", 502), ("/etc/passwd", 502)]
    {
        let headers = [("Destination", destination)];
        let answer = bob.ask("MOVE", &format!("{of_bob}calendar/e1.ics"), &headers, "").expect("an answer");
        assert_eq!(answer.status, expected, "{destination}");
    }
    assert_eq!(status(&bob, "DELETE", &of_bob, ""), 403, "a home is not deleted");
    assert_eq!(status(&bob, "MKCALENDAR", &format!("{of_bob}ro-x/"), ""), 403, "a reserved name");
    assert_eq!(status(&bob, "COPY", &of_bob, ""), 405);
    let none = ask(bob.address, "PROPFIND", "/dav/", &[], "").expect("an answer");
    assert!(
        none.status == 401 && none.header("WWW-Authenticate").is_some_and(|text| text.starts_with("Basic"))
    );
    let wrong = Dav { password: "wrong".to_owned(), ..bob.clone() };
    assert_eq!(status(&wrong, "PROPFIND", "/dav/", ""), 401);
    // Broken ones are refused, and nothing is lost.
    for broken in ["BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "not a calendar", "", "\u{0}"] {
        assert_eq!(status(&anne, "PUT", &item, broken), 400, "{broken:?}");
    }
    assert_eq!(send(&anne, "GET", &item, "").text(), event("e1", "Secret"));
    let large = [("Content-Length", "999999999")];
    let answer = ask(anne.address, "PUT", &item, &large, "");
    assert!(answer.is_err() || [400, 401, 413].contains(&answer.expect("an answer").status));
}

#[test]
fn a_shared_collection_is_read_and_written_as_its_share_says_until_it_ends() {
    let world = World::start(Database::Sqlite);
    for login in ["anne", "bob", "cleo"] {
        world.person(login, login);
    }
    let (anne, bob, cleo) = (world.dav("anne"), world.dav("bob"), world.dav("cleo"));
    let (of_anne, of_bob) = (format!("/dav/{}/", id(&world, "anne")), format!("/dav/{}/", id(&world, "bob")));
    let of_cleo = format!("/dav/{}/", id(&world, "cleo"));
    assert_eq!(status(&anne, "PUT", &format!("{of_anne}calendar/e1.ics"), &event("e1", "Réunion")), 201);
    let read = share(&world, "anne", "calendar", "bob@bm.com", "read");
    let root = format!("{of_bob}ro-{read}/");
    assert_eq!(listed(&bob, &of_bob, "r"), [format!("ro-{read}")]);
    assert_eq!(send(&bob, "GET", &format!("{root}e1.ics"), "").text(), event("e1", "Réunion"));
    for (method, path) in [
        ("PUT", "e2.ics"),
        ("DELETE", "e1.ics"),
        ("MOVE", "e1.ics"),
        ("DELETE", ""),
        ("PROPPATCH", ""),
        ("MKCALENDAR", ""),
    ] {
        assert_eq!(
            status(&bob, method, &format!("{root}{path}"), &event("e2", "Non")),
            403,
            "{method} {path}"
        );
    }
    // The right to write: the same share under another name, for what is in it alone.
    assert_eq!(share(&world, "anne", "calendar", "bob@bm.com", "write"), read);
    assert_eq!(listed(&bob, &of_bob, "r"), [format!("rw-{read}")]);
    assert_eq!(status(&bob, "GET", &format!("{root}e1.ics"), ""), 404, "the old name is gone");
    let root = format!("{of_bob}rw-{read}/");
    assert_eq!(status(&bob, "PUT", &format!("{root}e2.ics"), &event("e2", "De Bob")), 201);
    let seen = send(&anne, "GET", &format!("{of_anne}calendar/e2.ics"), "");
    assert_eq!(seen.text(), event("e2", "De Bob"), "the owner has it");
    for method in ["DELETE", "MOVE", "PROPPATCH", "MKCALENDAR", "MKCOL", "PUT"] {
        assert_eq!(status(&bob, method, &root, &event("e3", "Tout")), 403, "{method} of the root");
    }
    assert_eq!(listed(&anne, &of_anne, "calendar"), ["calendar"]);
    // By a group, and the owner does not see it twice.
    let group = world.of_organisation("POST", "/groups", json!({ "name": "tous" }));
    let group = group["id"].as_str().expect("an id");
    for login in ["anne", "bob", "cleo"] {
        let path = format!("/groups/{group}/members/{login}@bm.com");
        world.must("PUT", &path, json!({ "role": "member" }));
    }
    let by_group = share(&world, "anne", "calendar", group, "read");
    assert_eq!(listed(&cleo, &of_cleo, "r"), [format!("ro-{by_group}")]);
    assert_eq!(listed(&bob, &of_bob, "r"), [format!("rw-{read}")], "the better of the two");
    assert!(listed(&anne, &of_anne, "r").is_empty());
    world.must("DELETE", &format!("/groups/{group}/members/cleo@bm.com"), Value::Null);
    assert_eq!(status(&cleo, "GET", &format!("{of_cleo}ro-{by_group}/e1.ics"), ""), 404, "out of the group");
    // Its end holds from the next request on.
    world.must("DELETE", &format!("/shares/{read}"), Value::Null);
    assert_eq!(status(&bob, "PUT", &format!("{root}e4.ics"), &event("e4", "Trop tard")), 404);
    assert_eq!(listed(&bob, &of_bob, "r"), [format!("ro-{by_group}")]);
    // Whoever removes a collection ends what it was shared for, also for another of that name.
    assert_eq!(status(&anne, "DELETE", &format!("{of_anne}calendar/"), ""), 200);
    assert_eq!(status(&anne, "MKCALENDAR", &format!("{of_anne}calendar/"), ""), 201);
    assert!(listed(&bob, &of_bob, "r").is_empty());
    world.check_chain();
}

#[test]
fn a_deactivation_holds_from_the_next_request_on_and_what_was_shared_stays_with_the_others() {
    let world = World::start(Database::Sqlite);
    for login in ["anne", "bob", "cleo"] {
        world.person(login, login);
    }
    let (anne, bob, cleo) = (world.dav("anne"), world.dav("bob"), world.dav("cleo"));
    let (of_anne, of_bob) = (format!("/dav/{}/", id(&world, "anne")), format!("/dav/{}/", id(&world, "bob")));
    let of_cleo = format!("/dav/{}/", id(&world, "cleo"));
    let item = format!("{of_anne}calendar/e1.ics");
    assert_eq!(status(&anne, "PUT", &item, &event("e1", "Réunion")), 201);
    let (with_bob, with_cleo) = (
        share(&world, "anne", "calendar", "bob@bm.com", "read"),
        share(&world, "bob", "calendar", "cleo@bm.com", "read"),
    );
    let shared = format!("{of_bob}ro-{with_bob}/e1.ics");
    assert_eq!(status(&bob, "GET", &shared, ""), 200);
    // The sharee closes: everything is refused, and what he shared stays with Cleo.
    world.must("POST", "/accounts/bob@bm.com/deactivate", json!({}));
    let refused = send(&bob, "GET", &shared, "");
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Ce compte est fermé"), "{}", refused.text());
    assert_eq!(listed(&cleo, &of_cleo, "r"), [format!("ro-{with_cleo}")]);
    // An administrator with a grant looks at what was his own, changes nothing, and sees nothing of Anne's.
    let grant = world.must(
        "POST",
        "/accounts/bob@bm.com/grants",
        json!({ "reason": "contrat", "ends_at": in_seconds(3600) }),
    );
    let recovery = Dav { password: grant["secret"].as_str().expect("a secret").to_owned(), ..bob.clone() };
    assert_eq!(listed(&recovery, &of_bob, "").len(), 2);
    assert_eq!(status(&recovery, "GET", &format!("{of_bob}calendar/"), ""), 200);
    assert_eq!(status(&recovery, "GET", &shared, ""), 404);
    assert_eq!(status(&recovery, "PUT", &format!("{of_bob}calendar/x.ics"), &event("x", "Non")), 403);
    let used = world.of_organisation("GET", "/events?limit=200", Value::Null).to_string();
    assert_eq!(used.matches("account.recovery_used").count(), 1, "told once for a visit");
    // The owner closes: her calendar stays with whom she shared it.
    world.must("POST", "/accounts/bob@bm.com/reactivate", json!({}));
    assert_eq!(status(&recovery, "PROPFIND", &of_bob, ""), 401, "the grant has ended");
    world.must("POST", "/accounts/anne@bm.com/deactivate", json!({}));
    assert_eq!(status(&anne, "GET", &item, ""), 403);
    assert_eq!(send(&bob, "GET", &shared, "").text(), event("e1", "Réunion"));
    world.back_up("anne@bm.com");
    world.must("DELETE", "/accounts/anne@bm.com?content=erase", Value::Null);
    assert_eq!(status(&bob, "GET", &shared, ""), 404);
    assert!(
        !world
            .data()
            .join("dav/collection-root")
            .join(of_anne.trim_matches('/').replace("dav/", ""))
            .exists()
    );
    world.check_chain();
}

#[test]
fn the_shares_of_a_collection_go_with_it_whether_or_not_its_owner_waits_for_the_answer() {
    let world = World::start(Database::Sqlite);
    for login in ["anne", "bob"] {
        world.person(login, login);
    }
    let (anne, bob) = (world.dav("anne"), world.dav("bob"));
    let (of_anne, of_bob) = (format!("/dav/{}/", id(&world, "anne")), format!("/dav/{}/", id(&world, "bob")));
    assert_eq!(status(&anne, "PROPFIND", &of_anne, ""), 207);
    assert_eq!(status(&anne, "PUT", &format!("{of_anne}calendar/e1.ics"), &event("e1", "Réunion")), 201);
    let shared = share(&world, "anne", "calendar", "bob@bm.com", "read");
    assert_eq!(listed(&bob, &of_bob, "r"), [format!("ro-{shared}")]);
    let radicale = Pid::from_raw(radicale_pid(&world).expect("it runs"));
    kill(radicale, Signal::SIGSTOP).expect("ours");
    let plain = STANDARD.encode(format!("{}:{}", anne.login, anne.password));
    let request = format!(
        "DELETE {of_anne}calendar/ HTTP/1.1\r\nHost: relais\r\nAuthorization: Basic {plain}\r\nContent-Length: 0\r\n\r\n"
    );
    let mut stream = TcpStream::connect(anne.address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("sent");
    wait_for(LIMIT, "the request is with Radicale", || is_asked(&world).then_some(()));
    drop(stream);
    kill(radicale, Signal::SIGCONT).expect("ours");
    wait_for(LIMIT, "it is removed", || {
        (status(&anne, "PROPFIND", &format!("{of_anne}calendar/"), "") == 404).then_some(())
    });
    wait_for(LIMIT, "its shares are gone", || {
        let found = world.must("GET", "/accounts/anne@bm.com/collections", Value::Null);
        found["given"].as_array().expect("a list").is_empty().then_some(())
    });
    world.check_chain();
}

fn radicale_pid(world: &World) -> Option<i32> {
    std::fs::read_to_string(world.data().join("radicale/radicale.pid")).ok()?.parse().ok()
}

#[test]
fn while_radicale_is_away_clients_hear_so_and_go_on_when_it_is_back() {
    let world = World::start(Database::Sqlite);
    world.person("anne", "Anne");
    let (anne, home) = (world.dav("anne"), format!("/dav/{}/", id(&world, "anne")));
    assert_eq!(status(&anne, "PROPFIND", &home, ""), 207);
    for number in 0..3 {
        let pid = radicale_pid(&world).expect("it runs");
        // It stops answering to the first, which then hears that it broke off.
        kill(Pid::from_raw(pid), Signal::SIGSTOP).expect("ours");
        let path = format!("{home}calendar/{number}.ics");
        let (client, body) = (anne.clone(), event(&format!("{number}"), "Pendant la panne"));
        let (asked, sent) = (path.clone(), body.clone());
        let asking = std::thread::spawn(move || status(&client, "PUT", &asked, &sent));
        wait_for(LIMIT, "the request is with Radicale", || is_asked(&world).then_some(()));
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("ours");
        let answered = asking.join().expect("an answer");
        assert!([502, 503].contains(&answered), "{answered}");
        wait_for(LIMIT, "it works again", || {
            let answered = status(&anne, "PUT", &path, &body);
            assert!([201, 502, 503].contains(&answered), "{answered}");
            (answered == 201).then_some(())
        });
    }
    assert_eq!(listed(&anne, &format!("{home}calendar/"), "").len(), 3);
}

/// Whether Relais holds a connection to the port that Radicale listens on.
fn is_asked(world: &World) -> bool {
    let text = std::fs::read_to_string(world.data().join("radicale/radicale.conf")).expect("written");
    let port = text.lines().find_map(|line| line.strip_prefix("hosts = 127.0.0.1:")).expect("a port");
    let remote = format!("0100007F:{:04X}", port.parse::<u16>().expect("a number"));
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    // Established is 01.
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next() == Some(&remote) && fields.next() == Some("01")
    })
}

/// As vdirsyncer writes files: with the system's line ends.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Runs a client, and shows what it said if it failed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it is installed");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

fn vdirsyncer(dir: &Path, base: &str, kind: &str, login: &str) {
    let (suffix, storage) = if kind == "caldav" { (".ics", "caldav") } else { (".vcf", "carddav") };
    let dir = dir.display();
    let password = password_of(login);
    let config = format!(
        "[general]\nstatus_path = \"{dir}/status/\"\n[pair p]\na = \"here\"\nb = \"there\"\n\
         collections = [\"from b\"]\nconflict_resolution = \"b wins\"\n\
         [storage here]\ntype = \"filesystem\"\npath = \"{dir}/files\"\nfileext = \"{suffix}\"\n\
         [storage there]\ntype = \"{storage}\"\nurl = \"{base}\"\nusername = \"{login}@bm.com\"\npassword = \"{password}\"\n"
    );
    std::fs::write(format!("{dir}/config"), config).expect("written");
}

#[test]
fn vdirsyncer_finds_everything_from_the_host_alone_and_synchronises_both_ways() {
    let world = World::start(Database::Sqlite);
    world.person("anne", "Anne");
    world.person("bob", "Bob");
    let (anne, of_anne) = (world.dav("anne"), format!("/dav/{}/", id(&world, "anne")));
    // It names files by the UID of what is in them.
    for (kind, name, file, one, two, first, second) in [
        ("caldav", "calendar", "ics", "e1", "e2", event("e1", "Réunion"), event("e2", "Deuxième")),
        ("carddav", "contacts", "vcf", "c1", "c2", card("c1", "Zoé"), card("c2", "Yves")),
    ] {
        let path = |file: &str| format!("{of_anne}{name}/{file}");
        assert_eq!(status(&anne, "PUT", &path(&format!("{one}.{file}")), &first), 201);
        share(&world, "anne", name, "bob@bm.com", "write");
        let dir = tempfile::tempdir().expect("a directory");
        vdirsyncer(dir.path(), &format!("http://{}/", anne.address), kind, "anne");
        let config = dir.path().join("config");
        let client = |verb: &str| {
            let mut command = Command::new("sh");
            // It asks whether to make a directory for each collection that it found.
            command.arg("-c").arg(format!("yes | vdirsyncer -c \"$0\" {verb}")).arg(&config);
            run(&mut command)
        };
        client("discover");
        client("sync");
        let files = dir.path().join("files").join(name);
        assert_eq!(
            std::fs::read_to_string(files.join(format!("{one}.{file}"))).expect("came"),
            lines(&first)
        );
        std::fs::write(files.join(format!("{two}.{file}")), &second).expect("written");
        client("sync");
        assert_eq!(send(&anne, "GET", &path(&format!("{two}.{file}")), "").text(), second);
        assert_eq!(status(&anne, "DELETE", &path(&format!("{one}.{file}")), ""), 200);
        client("sync");
        assert!(!files.join(format!("{one}.{file}")).exists(), "gone on both sides");
        // The one it is shared with, by the same client.
        let dir = tempfile::tempdir().expect("a directory");
        vdirsyncer(dir.path(), &format!("http://{}/", anne.address), kind, "bob");
        let config = dir.path().join("config");
        for verb in ["discover", "sync"] {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("yes | vdirsyncer -c \"$0\" {verb}")).arg(&config);
            run(&mut command);
        }
        let shared: Vec<_> = std::fs::read_dir(dir.path().join("files"))
            .expect("readable")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rw-shr-")))
            .collect();
        assert_eq!(shared.len(), 1);
        let came = std::fs::read_to_string(shared[0].join(format!("{two}.{file}"))).expect("came");
        assert_eq!(came, lines(&second));
    }
}

#[test]
fn a_python_client_discovers_searches_and_is_told_when_the_account_closes() {
    const SCRIPT: &str = r#"
import sys, caldav
from caldav.lib import error
client = caldav.DAVClient(url=sys.argv[1], username=sys.argv[2], password=sys.argv[3])
if sys.argv[4] == "closed":
    try:
        client.principal().calendars()
    except error.AuthorizationError as refused:
        print("refused", refused.reason)
        sys.exit(0)
    sys.exit("let in")
calendars = client.principal().calendars()
print(sorted(str(calendar.name) for calendar in calendars))
calendar = [c for c in calendars if c.name == "Calendrier"][0]
calendar.save_event(open(sys.argv[4], newline="").read())
from datetime import datetime
found = calendar.date_search(start=datetime(2026, 11, 22), end=datetime(2026, 11, 23), expand=False)
print([event.vobject_instance.vevent.summary.value for event in found])
print(len(calendar.date_search(start=datetime(2026, 11, 24), end=datetime(2026, 11, 25), expand=False)))
"#;
    let world = World::start(Database::Sqlite);
    world.person("anne", "Anne");
    let anne = world.dav("anne");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), event("e1", "Réunion")).expect("written");
    let client = |last: &str| {
        let mut command = Command::new("/usr/bin/python3");
        let url = format!("http://{}/.well-known/caldav", anne.address);
        run(command.arg("-c").arg(SCRIPT).args([&url, &anne.login, &anne.password, last]))
    };
    let said = client(&file.path().display().to_string());
    assert_eq!(said, "['Calendrier']\n['Réunion']\n0\n");
    world.must("POST", "/accounts/anne@bm.com/deactivate", json!({}));
    assert!(client("closed").starts_with("refused"));
}
