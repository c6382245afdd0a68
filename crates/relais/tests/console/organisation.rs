//! The organisation's own settings, and who owns it.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;

pub fn pages(_: &World) -> Vec<String> {
    // The pages are judged as a company admin sees them: handing over is the owner's, and answers 403.
    ["/console/organisation", "/console/organisation/owner"].map(str::to_owned).into()
}

#[test]
fn an_owner_hands_the_organisation_over_and_stays_as_a_company_admin() {
    let world = World::start();
    let browser = world.signed_in("maire", WIDE);
    browser.press("nav a[href='/console/organisation']").unwrap();
    browser.press("a[href='/console/organisation/owner']").unwrap();
    browser.write("#to", "jeanne@valmont.fr").unwrap();
    browser.press("main form button").unwrap();
    browser.see("devient propriétaire");
    assert_eq!(world.account("jeanne")["role"], "member", "nothing is done before");
    browser.press("input[name=understood]").unwrap();
    browser.press("button.grave").unwrap();
    browser.see("Vous restez administrateur");
    assert_eq!(world.account("jeanne")["role"], "owner");
    assert_eq!(world.account("maire")["role"], "company_admin");
    browser.go("/console").unwrap();
    browser.see("Se connecter");
}

#[test]
fn an_organisation_is_called_something_else_and_lives_elsewhere() {
    let world = World::start();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go("/console/organisation").unwrap();
    browser
        .run("document.querySelector('#name').value = ''; document.querySelector('#zone').value = ''", &[])
        .unwrap();
    browser.write("#name", "Valmont-sur-Mer").unwrap();
    browser.write("#zone", "America/Cayenne").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("The settings are saved");
    browser.see("Valmont-sur-Mer");
    browser.go("/console/organisation/owner").unwrap();
    browser.see("Your role does not allow this");
}
