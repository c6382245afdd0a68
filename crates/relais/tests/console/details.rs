//! What else is changed on the page of an account: its photo, its addresses, how much it may keep.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::{Value, json};

/// One transparent pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

#[test]
fn a_photo_is_chosen_refused_seen_and_removed() {
    let world = World::start();
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let files = tempfile::tempdir().expect("a directory");
    let (photo, letter) = (files.path().join("jeanne.png"), files.path().join("jeanne.txt"));
    std::fs::write(&photo, PIXEL).expect("written");
    std::fs::write(&letter, "Bonjour").expect("written");
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/accounts/{id}")).unwrap();
    browser.write("#photo", letter.to_str().unwrap()).unwrap();
    browser.press("form[action$='/photo'] button").unwrap();
    browser.see("JPEG");
    assert_eq!(browser.run("return document.querySelectorAll('[role=alert]').length", &[]).unwrap(), 1);
    browser.write("#photo", photo.to_str().unwrap()).unwrap();
    browser.press("form[action$='/photo'] button").unwrap();
    browser.see("C'est fait");
    let width = browser.run("return document.querySelector('img.photo').naturalWidth", &[]).unwrap();
    assert_eq!(width, 1, "the browser shows it");
    browser.press("form[action$='/photo/remove'] button").unwrap();
    browser.see("C'est fait");
    assert_eq!(browser.run("return document.querySelectorAll('img.photo').length", &[]).unwrap(), 0);
}

#[test]
fn addresses_are_added_given_and_changed_and_the_mailbox_has_a_limit() {
    let world = World::start();
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    let place = format!("/console/accounts/{id}/addresses");
    browser.go(&place).unwrap();
    browser.write("#address", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/aliases'] button").unwrap();
    // Somebody has it: refused on the same page, where it is typed still.
    browser.see("Add an alias");
    assert_eq!(
        browser.run("return document.querySelector('#address').value", &[]).unwrap(),
        "lucas@valmont.fr"
    );
    browser.run("document.querySelector('#address').value = ''", &[]).unwrap();
    browser.write("#address", "ventes@valmont.fr").unwrap();
    browser.press("form[action$='/aliases'] button").unwrap();
    browser.see("Done.");
    browser.write("#to", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/aliases/give'] button").unwrap();
    browser.see("Done.");
    let held = world.must("GET", "/addresses/ventes@valmont.fr", Value::Null);
    assert_eq!(held["address"]["target"]["id"], world.account("lucas")["id"], "{held}");
    browser.write("#primary", "j.martin@valmont.fr").unwrap();
    browser.press("form[action$='/rename'] button").unwrap();
    browser.see("Done.");
    assert_eq!(world.account("j.martin")["id"], json!(id));
    browser.go(&format!("/console/accounts/{id}")).unwrap();
    browser.write("#quota", "beaucoup").unwrap();
    browser.press("form[action$='/quota'] button").unwrap();
    browser.see("5G");
    browser.run("document.querySelector('#quota').value = ''", &[]).unwrap();
    browser.write("#quota", "500M").unwrap();
    browser.press("form[action$='/quota'] button").unwrap();
    browser.see("Done.");
    assert_eq!(world.account("j.martin")["quota_bytes"], json!(524_288_000));
}
