//! What a person needs who wants to look around: where everything listens, and who can sign in.

use std::fmt::Write as _;

use super::language::Language;
use super::scenario::{self, LEAVER, SUCCESSOR};
use relais_testbed::server::Server;

pub fn text(server: &Server, language: Language) -> String {
    let configuration = &server.configuration;
    let words = Words::of(language);
    let places = [
        ("HTTP", format!("http://{}", configuration.http)),
        ("LMTP", configuration.lmtp.clone()),
        ("SMTP", configuration.smtp.clone()),
        ("IMAP", format!("127.0.0.1:{}", configuration.imap_port)),
        ("POP3", format!("127.0.0.1:{}", configuration.pop3_port)),
        ("ManageSieve", format!("127.0.0.1:{}", configuration.sieve_port)),
        (words.data, server.data.display().to_string()),
    ];
    let mut out = format!("\n{}\n\n", words.title);
    for (name, place) in places {
        let _ = writeln!(out, "  {name:<14}{place}");
    }
    let _ = writeln!(out, "\n  {:<30}{:<28}{}", words.login, words.password, words.name);
    for person in scenario::people() {
        let address = person.address();
        let remark = match address.as_str() {
            LEAVER => words.left,
            SUCCESSOR => words.took_over,
            _ => "",
        };
        let password = scenario::password_of(&person);
        let _ = writeln!(out, "  {address:<30}{password:<28}{}{remark}", person.name);
    }
    let _ = writeln!(out, "\n{}", words.end);
    out
}

struct Words {
    title: &'static str,
    data: &'static str,
    login: &'static str,
    password: &'static str,
    name: &'static str,
    left: &'static str,
    took_over: &'static str,
    end: &'static str,
}

impl Words {
    fn of(language: Language) -> Words {
        match language {
            Language::English => Words {
                title: "Relais is running.",
                data: "data",
                login: "login",
                password: "password",
                name: "name",
                left: " (left: refused everywhere)",
                took_over: " (has the mail and the address now)",
                end: "Ctrl-C ends it; the data stays.",
            },
            Language::French => Words {
                title: "Relais est en marche.",
                data: "données",
                login: "identifiant",
                password: "mot de passe",
                name: "nom",
                left: " (parti : refusé partout)",
                took_over: " (a reçu le courrier et l'adresse)",
                end: "Ctrl-C pour arrêter ; les données restent.",
            },
        }
    }
}
