//! Domains with a real name server and real mail: from the claim to the removal (M3, M7, M12).

use crate::world::{Database, ORGANISATION, World, message, password_of, percent};
use relais_testbed::dns::DnsServer;
use serde_json::{Value, json};

fn at(path: &str) -> String {
    format!("/organisations/{}{path}", percent(ORGANISATION))
}

/// The owner `olga@bm.com`.
fn owner(world: &World) {
    let body = json!({
        "address": "olga@bm.com", "name": "Olga Owner", "password": password_of("olga"), "role": "owner"
    });
    world.of_organisation("POST", "/accounts", body);
}

/// A token of the organisation: a company admin.
fn admin(world: &World) -> impl Fn(&str, &str, Value) -> (u16, Value) {
    let token = world.of_organisation("POST", "/tokens", json!({ "name": "admin" }));
    let secret = token["secret"].as_str().expect("a secret").to_owned();
    move |method, path, body| world.as_bearer(&secret, method, path, body)
}

fn quoted(value: &Value) -> String {
    format!("\"{}\"", value.as_str().expect("a text"))
}

fn refused(world: &World, to: &str, with: &str) {
    let reply = world.lmtp(to, &message("refused"));
    assert!(reply.code == 550 && reply.text.contains(with), "{to}: {} {}", reply.code, reply.text);
}

fn taken(world: &World, to: &str, subject: &str) {
    let reply = world.lmtp(to, &message(subject));
    assert_eq!(reply.code, 250, "{to}: {}", reply.text);
}

/// What the command line prints, in French.
fn said(world: &World, arguments: &[&str]) -> (i32, String) {
    let output = world.server.command().args(["--language", "fr"]).args(arguments).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("it ends by itself"), String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn m3_a_domain_is_claimed_proven_used_and_removed() {
    let mut dns = DnsServer::start().expect("a name server");
    let world = World::start_asking(dns.address());
    owner(&world);
    let admin = admin(&world);
    let other = world.must("POST", "/organisations", json!({ "name": "Autre", "language": "en" }));
    let theirs = format!("/organisations/{}/domains", other["id"].as_str().expect("an id"));
    let domain = at("/domains/neuf.fr");

    // Claimed by two: nothing is routed, nothing can be made.
    let (status, claim) = admin("POST", &at("/domains"), json!({ "name": "neuf.fr" }));
    assert_eq!((status, &claim["status"]), (201, &json!("claimed")), "{claim}");
    let rival = world.must("POST", &theirs, json!({ "name": "neuf.fr", "proof": "record" }));
    assert_ne!(claim["record"]["value"], rival["record"]["value"]);
    let anne = json!({ "address": "anne@neuf.fr", "name": "Anne", "password": password_of("anne") });
    let (status, problem) = admin("POST", &at("/accounts"), anne.clone());
    assert_eq!((status, &problem["code"]), (409, &json!("domain_not_proven")));
    refused(&world, "anne@neuf.fr", "5.7.1");
    let prove = || {
        let (status, entry) = admin("POST", &format!("{domain}/prove"), Value::Null);
        assert_eq!(status, 200, "{entry}");
        entry
    };
    let looked = prove();
    assert_eq!((&looked["status"], &looked["found"]), (&json!("claimed"), &json!("not_found")));
    assert!(!looked["checked_at"].is_null(), "{looked}");

    // The record of somebody else proves nothing; ours does.
    let name = claim["record"]["name"].as_str().expect("a name");
    dns.publish(name, "TXT", "\"relais-domain-verification=0000\"").expect("published");
    assert_eq!(prove()["found"], "not_found");
    let (code, text) = said(&world, &["domain", "prove", "neuf.fr", "--organisation", ORGANISATION]);
    assert!(code == 1 && text.contains(name), "{text}");
    dns.publish(name, "TXT", &quoted(&claim["record"]["value"])).expect("published");
    assert_eq!(prove()["status"], "hosted");
    assert_eq!(world.must("GET", &format!("{theirs}/neuf.fr"), Value::Null)["found"], "taken");
    dns.publish(name, "TXT", &quoted(&rival["record"]["value"])).expect("published");
    assert_eq!(world.must("POST", &format!("{theirs}/neuf.fr/prove"), Value::Null)["found"], "taken");

    // Before the switch: what is missing, in the DNS and here.
    dns.publish("neuf.fr", "MX", "10 mail.bm.com.").expect("published");
    dns.publish("neuf.fr", "TXT", "\"v=spf1 mx -all\"").expect("published");
    let (code, text) =
        said(&world, &["domain", "readiness", "neuf.fr", "-o", ORGANISATION, "--expect", "anne@neuf.fr"]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "MX",
        "10 mail.bm.com.",
        "v=spf1 mx -all",
        "relais._domainkey.neuf.fr",
        "absent",
        "  anne@neuf.fr",
        "leur courrier est refusé en ce moment",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (status, account) = admin("POST", &at("/accounts"), anne);
    assert_eq!(status, 201, "{account}");
    let (code, text) =
        said(&world, &["domain", "readiness", "neuf.fr", "-o", ORGANISATION, "--expect", "anne@neuf.fr"]);
    assert!(code == 0 && text.contains("les MX peuvent désigner ce serveur"), "{text}");

    taken(&world, "anne@neuf.fr", "to anne");
    reserved_addresses_find_who_is_there(&world);
    catch_all(&world, &admin, &domain);

    // Removed once nobody holds an address of it.
    let (status, problem) = admin("DELETE", &domain, Value::Null);
    assert_eq!((status, &problem["code"]), (409, &json!("domain_in_use")));
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("anne@neuf.fr")), "{problem}");
    world.must("POST", "/accounts/anne@neuf.fr/deactivate", json!({}));
    world.back_up("anne@neuf.fr");
    world.must("DELETE", "/accounts/anne@neuf.fr", Value::Null);
    refused(&world, "anne@neuf.fr", "5.1.6");
    let (code, text) = said(&world, &["domain", "remove", "neuf.fr", "-o", ORGANISATION]);
    assert_eq!(code, 0, "{text}");
    refused(&world, "anne@neuf.fr", "5.7.1");
    refused(&world, "postmaster@neuf.fr", "5.7.1");
    let history = world.must("GET", "/addresses/anne@neuf.fr", Value::Null);
    assert_eq!(history["history"].as_array().map(Vec::len), Some(1), "{history}");
    world.check_chain();
}

/// M7: postmaster@ goes to the owner, to whoever holds it, and back.
fn reserved_addresses_find_who_is_there(world: &World) {
    let imap = |login: &str, subject: &str| {
        let mut imap =
            world.try_imap(login, &password_of(login.split('@').next().expect("a login"))).expect("signs in");
        let line = format!("Subject: {subject}\r\n");
        let messages = imap.fetch_all("INBOX").expect("messages");
        messages.iter().filter(|message| String::from_utf8_lossy(&message.body).contains(&line)).count()
    };
    taken(world, "postmaster@neuf.fr", "postmaster 1");
    assert_eq!(imap("olga@bm.com", "postmaster 1"), 1, "the owner's");
    world.must("POST", "/accounts/anne@neuf.fr/aliases", json!({ "address": "postmaster@neuf.fr" }));
    taken(world, "postmaster@neuf.fr", "postmaster 2");
    assert_eq!(
        (imap("olga@bm.com", "postmaster 2"), imap("anne@neuf.fr", "postmaster 2")),
        (0, 1),
        "the holder's"
    );
    taken(world, "support@neuf.fr", "support 2");
    assert_eq!(imap("olga@bm.com", "support 2"), 1);
    world.must("POST", "/accounts/anne@neuf.fr/deactivate", json!({}));
    taken(world, "postmaster@neuf.fr", "postmaster 3");
    assert_eq!(imap("olga@bm.com", "postmaster 3"), 1, "the holder is not there");
    world.must("POST", "/accounts/anne@neuf.fr/reactivate", json!({}));
    world.must("DELETE", "/accounts/anne@neuf.fr/aliases/postmaster@neuf.fr", Value::Null);
    taken(world, "postmaster@neuf.fr", "postmaster 4");
    assert_eq!(imap("olga@bm.com", "postmaster 4"), 1, "and back");
    let reply = world.smtp(&["postmaster"], &message("bare postmaster")).remove(0);
    assert_eq!(reply.code, 250, "RFC 5321, 4.5.1: {}", reply.text);
    assert_eq!(imap("olga@bm.com", "bare postmaster"), 1, "mail.bm.com is of bm.com");
    let (code, text) = said(world, &["explain", "postmaster@neuf.fr"]);
    assert!(code == 0 && text.contains("elle va au propriétaire") && text.contains("olga@bm.com"), "{text}");
}

fn catch_all(world: &World, admin: &impl Fn(&str, &str, Value) -> (u16, Value), domain: &str) {
    refused(world, "typo@neuf.fr", "5.1.1");
    let (status, set) = admin("PUT", &format!("{domain}/catch-all"), json!({ "to": "anne@neuf.fr" }));
    assert_eq!(status, 200, "{set}");
    taken(world, "typo@neuf.fr", "to nobody");
    let (code, text) = said(world, &["explain", "typo@neuf.fr"]);
    assert!(code == 0 && text.contains("jamais créée") && text.contains("anne@neuf.fr"), "{text}");
    let (status, ended) = admin("DELETE", &format!("{domain}/catch-all"), Value::Null);
    assert_eq!(status, 200, "{ended}");
    refused(world, "typo@neuf.fr", "5.1.1");
}

/// M12, M7: what a provider domain gives it never takes back, and its reserved addresses are the operator's.
#[test]
fn m12_a_provider_alias_stays_and_is_retired_with_its_account() {
    let world = World::start(Database::Sqlite);
    world.must("POST", "/domains", json!({ "name": "provider.example" }));
    world.person("user1", "Ursule");
    world.person("ops", "Opérations");
    let alias = json!({ "address": "ursule@provider.example" });
    world.must("POST", "/accounts/user1@bm.com/aliases", alias.clone());
    taken(&world, "ursule@provider.example", "by the alias");
    assert_eq!(world.count_of("user1", "INBOX", "by the alias"), 1);
    let (status, problem) =
        world.api("DELETE", "/accounts/user1@bm.com/aliases/ursule@provider.example", Value::Null);
    assert_eq!((status, &problem["code"]), (409, &json!("address_stays")), "{problem}");
    taken(&world, "ursule@provider.example", "still there");

    for text in ["abuse@provider.example", "postmaster@provider.example", "abuse@bm.com"] {
        let (status, problem) =
            world.api("POST", "/accounts/user1@bm.com/aliases", json!({ "address": text }));
        assert_eq!((status, &problem["code"]), (409, &json!("address_reserved")), "{text}: {problem}");
        refused(&world, text, "5.1.1");
    }
    let (code, text) = said(&world, &["operator", "address", "set", "ops@bm.com"]);
    assert_eq!(code, 0, "{text}");
    for text in ["abuse@provider.example", "postmaster@provider.example", "abuse@bm.com"] {
        taken(&world, text, text);
        assert_eq!(world.count_of("ops", "INBOX", text), 1);
    }
    // Elsewhere: it goes out for the organisation whose domain it is, or for none.
    world.must("PUT", "/operator/address", json!({ "address": "ops@far.example" }));
    taken(&world, "abuse@bm.com", "outside 1");
    taken(&world, "abuse@provider.example", "outside 2");
    let spool = world.spool();
    assert!(spool.iter().all(|row| row["recipient"] == "ops@far.example"), "{spool:?}");
    assert_eq!(spool.iter().filter(|row| row["organisation"].is_null()).count(), 1, "{spool:?}");
    let ours = world.of_organisation("GET", "/spool", Value::Null);
    assert_eq!(ours.as_array().map(Vec::len), Some(1), "{ours}");

    world.must("POST", "/accounts/user1@bm.com/deactivate", json!({}));
    world.back_up("user1@bm.com");
    world.must("DELETE", "/accounts/user1@bm.com", Value::Null);
    refused(&world, "ursule@provider.example", "5.1.6");
    world.person("user2", "Une autre");
    let (status, problem) = world.api("POST", "/accounts/user2@bm.com/aliases", alias);
    assert_eq!((status, &problem["code"]), (409, &json!("address_retired")), "{problem}");
    world.check_chain();
}

/// M3 in another script, on PostgreSQL's word as on SQLite's: one domain, however it is written.
#[test]
fn m3_a_domain_with_accents_is_one_domain_however_it_is_written() {
    let mut dns = DnsServer::start().expect("a name server");
    let world = World::start_asking(dns.address());
    let admin = admin(&world);
    let (status, claim) = admin("POST", &at("/domains"), json!({ "name": "Été.fr" }));
    assert_eq!(status, 201, "{claim}");
    assert_eq!(claim["record"]["name"], "_relais.xn--t-9fab.fr");
    dns.publish("_relais.xn--t-9fab.fr", "TXT", &quoted(&claim["record"]["value"])).expect("published");
    let (code, text) = said(&world, &["domain", "prove", "été.fr"]);
    assert!(code == 0 && text.contains("hébergé ici"), "{text}");
    let anne = json!({ "address": "anne@ÉTÉ.fr", "name": "Anne", "password": password_of("anne") });
    let (status, account) = admin("POST", &at("/accounts"), anne);
    assert_eq!((status, &account["address"]), (201, &json!("anne@xn--t-9fab.fr")), "{account}");
    taken(&world, "anne@xn--t-9fab.fr", "to anne");
    let mut imap = world.try_imap("anne@xn--t-9fab.fr", &password_of("anne")).expect("signs in");
    assert_eq!(imap.fetch_all("INBOX").expect("messages").len(), 1);
    let (code, text) = said(&world, &["domain", "list"]);
    assert!(code == 0 && text.contains("été.fr (xn--t-9fab.fr)"), "{text}");
    world.check_chain();
}
