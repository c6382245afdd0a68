//! With a keyboard alone: from the sign-in to a departure that has begun.

use crate::world::{WIDE, World, password_of};
use relais_testbed::browser::Browser;
use relais_testbed::net::wait_for;
use std::time::Duration;

/// As WebDriver names them (section 17.4.2).
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const LIMIT: Duration = Duration::from_secs(60);
/// More stops than any of our pages has.
const STOPS_MAX: u32 = 120;

/// Goes on with Tab until the focus is on what is meant; each stop on the way has to be seen.
fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..STOPS_MAX {
        let script = "const at = document.activeElement; const box = at.getBoundingClientRect();\
                      return [at.matches(arguments[0]), at === document.body || (box.width > 0 && box.height > 0)]";
        let found = browser.run(script, &[css.into()]).unwrap();
        if found[0] == true {
            return;
        }
        assert_eq!(found[1], true, "the focus is on something that nobody sees, before {css}");
        browser.type_keys(TAB).unwrap();
    }
    panic!("Tab does not come to {css} on {:?}", browser.place());
}

/// Follows what is focused, and waits until another page is there.
fn enter(browser: &Browser, title: &str) {
    browser.type_keys(ENTER).unwrap();
    wait_for(LIMIT, title, || {
        let heading = browser.run("return document.querySelector('h1').innerText", &[]).ok()?;
        heading.as_str()?.contains(title).then_some(())
    });
}

/// X1: nothing of it needs a mouse.
#[test]
fn a_departure_is_begun_with_tab_space_and_enter_alone() {
    let world = World::start();
    let browser = world.browser(WIDE);
    browser.go("/").unwrap();
    tab_to(&browser, "#login");
    browser.type_keys("admin@valmont.fr").unwrap();
    tab_to(&browser, "#password");
    browser.type_keys(&password_of("admin")).unwrap();
    enter(&browser, "Vue d'ensemble");
    tab_to(&browser, "a[href^='/console/accounts']");
    enter(&browser, "Comptes");
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    tab_to(&browser, &format!("td.who a[href$='{id}']"));
    enter(&browser, "Jeanne Martin");
    tab_to(&browser, "a[href$='/departure']");
    enter(&browser, "Organiser un départ");
    tab_to(&browser, "#to");
    browser.type_keys("lucas@valmont.fr").unwrap();
    tab_to(&browser, "input[name=export]");
    browser.type_keys("  ").unwrap();
    let sent = browser.run("return document.querySelector('input[name=export]').checked", &[]).unwrap();
    assert_eq!(sent, false, "pressed twice");
    wait_for(LIMIT, "the plan names the successor", || {
        let plan = browser.run("return document.querySelector('#plan').innerText", &[]).ok()?;
        plan.as_str()?.contains("lucas@valmont.fr").then_some(())
    });
    tab_to(&browser, "#plan button.primary");
    enter(&browser, "Départ de Jeanne Martin");
    browser.see("terminé");
    assert_eq!(world.account("jeanne.bck")["state"], "deactivated");
}
