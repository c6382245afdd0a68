//! How pages look: judged by axe-core in both themes and languages, and nothing of them scrolls sideways on a phone.

use crate::world::{WIDE, World};
use crate::{backups, domains, groups, mailboxes, newcomers};
use relais_testbed::axe;
use relais_testbed::browser::{Looks, Scheme};
use serde_json::json;

/// Every page there is, with something on it.
fn pages(world: &World) -> Vec<String> {
    let id = |login: &str| world.account(login)["id"].as_str().unwrap().to_owned();
    world.group_led_by("Urbanisme", "jeanne");
    world.person("partie", "Nadège Partie", "member");
    world.must("POST", "/accounts/partie@valmont.fr/deactivate", json!({}));
    let order = json!({ "on": "2030-01-15T00:00:00Z", "to": "jeanne@valmont.fr", "delete_after": "2030-06-01T00:00:00Z" });
    let departure = world.must("POST", "/accounts/lucas@valmont.fr/departure", order);
    let departure = departure["id"].as_str().unwrap();
    let (jeanne, closed) = (id("jeanne"), id("partie"));
    let mut pages: Vec<String> = [
        "/console",
        "/console/accounts",
        "/console/accounts?state=departing",
        "/console/accounts?search=nobody",
        "/console/departures",
        "/console/routing",
        "/console/routing?address=jeanne%40valmont.fr",
        "/console/routing?address=partie%40valmont.fr",
        "/console/events?check=yes",
        "/console/nothing",
        "/me",
        "/me/password",
        "/me/second-factor",
        "/me/app-passwords",
        "/me/sessions",
        "/me/absence",
        "/me/shares",
        "/me/export",
    ]
    .map(str::to_owned)
    .into();
    for part in [
        "",
        "/addresses",
        "/groups",
        "/content",
        "/sessions",
        "/billing",
        "/events",
        "/deactivate",
        "/departure",
    ] {
        pages.push(format!("/console/accounts/{jeanne}{part}"));
    }
    for part in ["/reactivate", "/delete", "/sessions"] {
        pages.push(format!("/console/accounts/{closed}{part}"));
    }
    pages.push(format!("/console/departures/{departure}"));
    pages.extend(groups::pages(world));
    pages.extend(backups::pages(world));
    pages.extend(mailboxes::pages(world));
    pages.extend(domains::pages(world));
    pages.extend(newcomers::pages(world));
    pages.extend(crate::machines::pages(world));
    pages.extend(crate::money::pages(world));
    pages.extend(crate::operator::pages(world));
    pages.extend(crate::organisation::pages(world));
    pages
}

/// What axe-core finds on any page, and which are wider than the window.
fn look_at_all(looks: Looks) {
    let world = World::start();
    let script = axe::script().expect("axe-core");
    let mut found = Vec::new();
    let pages = pages(&world);
    let browser = world.signed_in("admin", looks);
    for page in &pages {
        browser.go(page).unwrap();
        let lines = axe::violations(&browser, &script).expect("axe judges");
        found.extend(lines.iter().map(|line| format!("{page}: {line}")));
        let needed = browser.width_needed().unwrap();
        if needed > u64::from(looks.width) {
            found.push(format!("{page}: {needed} pixels wide"));
        }
    }
    let alone = world.browser(looks);
    alone.go("/sign-in").unwrap();
    found.extend(axe::violations(&alone, &script).expect("axe judges"));
    assert!(found.is_empty(), "{looks:?}\n{}", found.join("\n"));
}

#[test]
fn no_page_keeps_anybody_out_in_english_by_day() {
    look_at_all(Looks { width: 1280, language: "en", scheme: Scheme::Light });
}

/// Its words are the longer ones.
#[test]
fn no_page_keeps_anybody_out_in_french_by_night_on_a_phone() {
    look_at_all(Looks { width: 360, language: "fr", scheme: Scheme::Dark });
}

/// The page itself, the style, a script or two.
const REQUESTS_MAX: usize = 4;

#[test]
fn a_first_load_makes_at_most_four_requests() {
    let world = World::start();
    let pages = pages(&world);
    let browser = world.signed_in("admin", WIDE);
    // As if each were the first: nothing is kept from the page before.
    browser.tell("Network.setCacheDisabled", &json!({ "cacheDisabled": true })).unwrap();
    let mut found = Vec::new();
    for page in &pages {
        browser.go(page).unwrap();
        // What a page follows while it is looked at begins when it is loaded.
        let loaded = "const page = performance.getEntriesByType('navigation')[0];\
                      return performance.getEntriesByType('resource')\
                      .filter((entry) => entry.startTime <= page.loadEventStart && entry.initiatorType !== 'other')\
                      .map((entry) => new URL(entry.name).pathname)";
        let loaded = browser.run(loaded, &[]).unwrap();
        let loaded = loaded.as_array().unwrap();
        if loaded.len() + 1 > REQUESTS_MAX
            || loaded.iter().any(|name| !name.as_str().unwrap().starts_with("/assets/"))
        {
            found.push(format!("{page}: {loaded:?}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
