//! Passkeys, with Chromium's virtual authenticator.

use crate::world::{WIDE, World, password_of};
use relais_testbed::browser::Browser;

fn sign_out(browser: &Browser) {
    browser.run("document.querySelector('form[action=\"/sign-out\"]').submit()", &[]).unwrap();
    browser.see("déconnecté");
    browser.go("/sign-in").unwrap();
}

fn with_passkey(browser: &Browser) {
    browser.press("form[data-passkey] button").unwrap();
}

#[test]
fn a_passkey_is_registered_and_signs_in_alone_and_behind_the_password() {
    let world = World::start();
    let browser = world.signed_in("jeanne", WIDE);
    let device = browser.add_authenticator().unwrap();
    browser.go("/me/second-factor").unwrap();
    browser.write("#passkey-name", "Mon téléphone").unwrap();
    browser.press("form[data-passkey] button.primary").unwrap();
    browser.see("C'est fait");
    sign_out(&browser);
    with_passkey(&browser);
    browser.see("Jeanne Martin");
    sign_out(&browser);
    browser.write("#login", "jeanne@valmont.fr").unwrap();
    browser.write("#password", &password_of("jeanne")).unwrap();
    browser.press("form[action='/sign-in'] button.primary").unwrap();
    browser.see("Encore une étape");
    with_passkey(&browser);
    browser.see("Jeanne Martin");
    sign_out(&browser);
    // Whoever has the device and not its code is not its person.
    browser.fail_verification(&device).unwrap();
    with_passkey(&browser);
    browser.see("n'a pas répondu avec une clé d'accès");
    assert_eq!(browser.place().unwrap(), "/sign-in");
}
