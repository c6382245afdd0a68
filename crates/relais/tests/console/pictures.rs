//! The pictures of the most important pages, as they stand in `docs/pictures`: `RELAIS_BLESS=1` takes them anew; otherwise
//! each page is looked at, and each picture is there, small, and shown in a text.

use crate::money;
use crate::world::World;
use relais_testbed::browser::{Looks, Scheme};
use relais_testbed::picture;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// No page of the documentation takes long to load.
const BYTES_MAX: u64 = 120_000;
const WIDTH: u32 = 1040;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A town hall in which something goes on: the pages, and how their pictures are called.
fn furnish(world: &World) -> Vec<(&'static str, String)> {
    money::furnish(world);
    let paid = json!({ "amount_minor": 24_000, "currency": "EUR", "reference": "virement 2026-119" });
    world.of_organisation("POST", "/provision/top-ups", paid);
    for (login, name) in [
        ("amina", "Amina Benali"),
        ("etat-civil", "Sophie Renard"),
        ("urbanisme", "Hugo Lemoine"),
        ("ecole", "Inès Fabre"),
    ] {
        world.person(login, name, "member");
    }
    world.group_led_by("Accueil", "jeanne");
    let id = |login: &str| world.account(login)["id"].as_str().unwrap().to_owned();
    let (jeanne, urbanisme) = (id("jeanne"), id("urbanisme"));
    let depart = |login: &str, order: Value| {
        let begun = world.must("POST", &format!("/accounts/{login}@valmont.fr/departure"), order);
        begun["id"].as_str().unwrap().to_owned()
    };
    let planned = depart(
        "urbanisme",
        json!({ "on": "2030-01-15T17:00:00Z", "to": "jeanne@valmont.fr", "delete_after": "2030-06-01T00:00:00Z" }),
    );
    let ended = depart("lucas", json!({ "to": "jeanne@valmont.fr", "reason": "fin de contrat" }));
    world.must("PUT", "/operators/admin@valmont.fr", json!({}));
    vec![
        ("overview", "/console".to_owned()),
        ("accounts", "/console/accounts".to_owned()),
        ("account", format!("/console/accounts/{jeanne}")),
        ("departure-questions", format!("/console/accounts/{jeanne}/departure?to=amina%40valmont.fr")),
        ("departure-planned", format!("/console/departures/{planned}")),
        ("departure-finished", format!("/console/departures/{ended}")),
        ("certificate", format!("/console/departures/{ended}/certificate")),
        ("routing", "/console/routing?address=lucas%40valmont.fr".to_owned()),
        ("account-leaving", format!("/console/accounts/{urbanisme}")),
        ("provision", "/console/provision".to_owned()),
        ("operator", "/operator".to_owned()),
    ]
}

#[test]
fn every_picture_of_the_documentation_is_of_a_page_that_is_there() {
    let world = World::start();
    let pages = furnish(&world);
    let folder = docs().join("pictures");
    let blesses = std::env::var_os("RELAIS_BLESS").is_some();
    let browser = world.signed_in("admin", Looks { width: WIDTH, language: "fr", scheme: Scheme::Light });
    let (_, ended) = &pages[5];
    browser.go(ended).unwrap();
    browser.see("terminé");
    for (name, place) in &pages {
        browser.go(place).unwrap();
        let title = browser.run("return document.querySelector('h1').innerText", &[]).unwrap();
        assert!(!["Introuvable", "Refusé"].contains(&title.as_str().unwrap()), "{place}: {title}");
        if blesses {
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join(format!("{name}.png"));
            browser.photograph(&file).unwrap();
            let small = picture::small(&std::fs::read(&file).unwrap()).expect("a picture");
            std::fs::write(&file, small).unwrap();
        }
    }
    let named: BTreeSet<String> = pages.iter().map(|(name, _)| format!("{name}.png")).collect();
    let mut kept = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let size = entry.metadata().unwrap().len();
        assert!(size <= BYTES_MAX, "{:?} has {size} bytes", entry.file_name());
        kept.insert(entry.file_name().into_string().unwrap());
    }
    assert_eq!(kept, named, "RELAIS_BLESS=1 takes the pictures");
    let mut texts = String::new();
    for entry in std::fs::read_dir(docs()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "md") {
            texts.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    for name in &named {
        assert!(texts.contains(&format!("pictures/{name}")), "no text shows {name}");
    }
}
