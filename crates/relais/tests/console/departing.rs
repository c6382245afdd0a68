//! Somebody leaves, as administrators of mail servers know it: by hand, page by page, and by the assistant. What a page says is
//! looked at where mail goes.

use crate::mail::{LIMIT, count};
use crate::world::{WIDE, World, password_of, pick};
use relais_testbed::browser::{Browser, Looks};
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

const SHARED: &str = "bp.jeanne@valmont.fr";
const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valmont//test//\r\nBEGIN:VEVENT\r\nUID:m1\r\nDTSTAMP:20261121T100000Z\r\n\
    DTSTART:20990115T090000Z\r\nDTEND:20990115T100000Z\r\nSUMMARY:Conseil\r\nORGANIZER:mailto:jeanne@valmont.fr\r\n\
    ATTENDEE:mailto:maire@valmont.fr\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn done(language: &str) -> &'static str {
    pick(language, "C'est fait", "Done.")
}

/// Opens the newest backup of an account from its page, saying why.
fn look_into_backup(browser: &Browser, account: &str) {
    browser.go(&format!("{account}/backups")).unwrap();
    browser.press(".listing td a").unwrap();
    browser.write("#reason", "Dossiers en cours").unwrap();
    browser.press("main form button.primary").unwrap();
}

/// B1, B2, B5, B6, B7, B9, R3: backed up, renamed, closed; the old address goes on.
fn close_by_hand(world: &World, browser: &Browser, page: &str, language: &'static str) {
    browser.go(&format!("{page}/backups")).unwrap();
    browser.press("form[action$='/backups'] button").unwrap();
    browser.see(pick(language, "relue et complète", "read back and whole"));
    browser.go("/console/mailboxes/new").unwrap();
    browser.write("#name", "Jeanne (partie)").unwrap();
    browser.write("#address", SHARED).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see(pick(language, "Personne ne lit cette boîte", "Nobody reads this mailbox"));
    browser.write("#address", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/members'] button.primary").unwrap();
    browser.see("Lucas Bernard");
    browser.go(&format!("{page}/addresses")).unwrap();
    browser.write("#primary", "jeanne.bck@valmont.fr").unwrap();
    browser.press("form[action$='/rename'] button").unwrap();
    browser.see(done(language));
    assert_eq!(world.letter("jeanne@valmont.fr", "meanwhile").code, 250);
    let mut imap = world.try_imap("jeanne.bck@valmont.fr", &password_of("jeanne")).expect("still open");
    assert_eq!(count(&mut imap, "INBOX", "meanwhile"), 1, "B6");
    browser.go(&format!("{page}/deactivate")).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see(pick(language, "est désactivé", "is deactivated"));
    let refusal = world.try_imap("jeanne.bck@valmont.fr", &password_of("jeanne")).err().expect("refused");
    assert!(refusal.0.contains("[CONTACTADMIN]"), "{}", refusal.0);
    assert!(world.try_pop("jeanne.bck@valmont.fr", &password_of("jeanne")).is_none());
    assert_eq!(world.letter("jeanne@valmont.fr", "refused").code, 550, "M13");
}

/// B4, B10a, B10b, B10c: the old address and the old mail go to a shared mailbox.
fn give_mail_on(world: &World, browser: &Browser, page: &str, language: &'static str) {
    browser.go(&format!("{page}/addresses")).unwrap();
    browser.write("#to", SHARED).unwrap();
    browser.press("form[action$='/aliases/give'] button").unwrap();
    browser.see(done(language));
    assert_eq!(world.letter("jeanne@valmont.fr", "during").code, 250);
    let folder = format!("shared/{SHARED}/INBOX");
    assert_eq!(count(&mut world.imap("lucas"), &folder, "during"), 1, "B4");
    browser.go(&format!("{page}/sessions")).unwrap();
    browser.write("#reason", "Dossiers en cours").unwrap();
    browser.choose_day("#until", 5);
    browser.press("form[action$='/grants'] button").unwrap();
    browser.see(pick(language, "il ne sera plus jamais affiché", "it will never be shown again"));
    let secret = browser.run("return document.querySelector('code.secret').textContent", &[]).unwrap();
    let secret = secret.as_str().unwrap();
    let mut imap = world.try_imap("jeanne.bck@valmont.fr", secret).expect("the grant opens the mailbox");
    assert_eq!(count(&mut imap, "INBOX", "before"), 1, "B10a");
    assert_eq!(count(&mut imap, "INBOX", "[perso] vacances"), 0, "what is personal is set aside");
    let mut pop = world.try_pop("jeanne.bck@valmont.fr", secret).expect("POP too");
    assert_eq!(pop.retr_all().expect("messages").len(), 2, "B10b");
    pop.quit().expect("ended");
    browser.go(&format!("{page}/sessions")).unwrap();
    browser.see("Dossiers en cours");
    look_into_backup(browser, page);
    browser.press("a[href*='/restore']").unwrap();
    browser.press("input[value=mail]").unwrap();
    browser.write("#into", SHARED).unwrap();
    browser.press("form.card button.primary").unwrap();
    browser.press("button[name=confirmed]").unwrap();
    browser.see(pick(language, "Restauré chez", "Restored to"));
    let mut lucas = world.imap("lucas");
    assert_eq!(count(&mut lucas, &folder, "before"), 1, "B10c");
    assert_eq!(count(&mut lucas, &folder, "[perso] vacances"), 0, "X4");
}

/// B12, B13, M15, X6, X7: deleted after one more backup, and the address becomes a colleague's alias.
fn delete_by_hand(world: &World, browser: &Browser, page: &str, language: &'static str) {
    browser.go(&format!("{page}/delete")).unwrap();
    browser.press("form[action$='/back-up'] button").unwrap();
    browser.see(pick(language, "J'ai compris que", "I understand that"));
    browser.press("input[value=erase]").unwrap();
    browser.press("input[name=understood]").unwrap();
    browser.press("button.grave").unwrap();
    browser.see(pick(language, "Il n'en reste que la trace", "Only its tombstone is left"));
    let mailboxes = world.of_organisation("GET", "/shared-mailboxes", Value::Null);
    browser.go(&format!("/console/mailboxes/{}", mailboxes[0]["id"].as_str().unwrap())).unwrap();
    browser.press("form[action$='/addresses/remove'] button").unwrap();
    browser.see(done(language));
    browser.go(&format!("{}/addresses", world.page_of("lucas"))).unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/aliases'] button").unwrap();
    browser.see(done(language));
    let before = "return [...document.querySelectorAll('main tbody tr')]\
                  .find((row) => row.innerText.includes('jeanne@')).cells[3].querySelectorAll('div').length";
    assert_eq!(browser.run(before, &[]).unwrap(), 2, "X6: she, and the shared mailbox");
    assert_eq!(world.letter("jeanne@valmont.fr", "after").code, 250);
    assert_eq!(count(&mut world.imap("lucas"), "INBOX", "after"), 1, "B13");
    assert_eq!(world.letter("jeanne.bck@valmont.fr", "gone").code, 550);
}

fn by_hand(language: &'static str) {
    let world = World::start_with_mail();
    for subject in ["before", "[perso] vacances"] {
        assert_eq!(world.letter("jeanne@valmont.fr", subject).code, 250);
    }
    let home = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let put = world.dav("jeanne").ask("PUT", &format!("/dav/{home}/calendar/m1.ics"), &[], CALENDAR).unwrap();
    assert_eq!(put.status, 201, "{}", put.text());
    let page = world.page_of("jeanne");
    let browser = world.signed_in("admin", Looks { language, ..WIDE });
    close_by_hand(&world, &browser, &page, language);
    give_mail_on(&world, &browser, &page, language);
    delete_by_hand(&world, &browser, &page, language);
}

/// B1, B2, B4, B5, B6, B7, B9, B10a, B10b, B10c, B12, B13, R3, M13, M15, X4, X6, X7.
#[test]
fn who_leaves_is_closed_renamed_given_on_and_deleted_by_hand_in_french() {
    by_hand("fr");
}

/// B1, B2, B4, B5, B6, B7, B9, B10a, B10b, B10c, B12, B13, R3, M13, M15, X4, X6, X7.
#[test]
fn who_leaves_is_closed_renamed_given_on_and_deleted_by_hand_in_english() {
    by_hand("en");
}

/// B14, B15, X9: first an account of its own answers, and takes a licence; then a responder, which takes none.
#[test]
fn an_account_of_its_own_answers_and_then_a_responder_without_a_licence() {
    let world = World::start();
    let page = world.page_of("jeanne");
    let browser = world.signed_in("admin", WIDE);
    let licences = |world: &World| {
        let provision = world.of_organisation("GET", "/provision", Value::Null);
        provision["licences"]["accounts"].as_i64().expect("a number")
    };
    let before = licences(&world);
    browser.go("/console/accounts/new").unwrap();
    browser.write("#name", "Réponse de Jeanne").unwrap();
    browser.write("#address", "jeanne.out@valmont.fr").unwrap();
    browser.press("input[value=password]").unwrap();
    browser.write("#password", &password_of("jeanne.out")).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Réponse de Jeanne");
    assert_eq!(licences(&world), before + 1, "B14: it counts");
    browser.go(&format!("{page}/addresses")).unwrap();
    browser.write("#primary", "jeanne.bck@valmont.fr").unwrap();
    browser.press("form[action$='/rename'] button").unwrap();
    browser.see("C'est fait");
    browser.go(&format!("{page}/deactivate")).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    let give = |from: &str, to: &str| {
        browser.go(&format!("{from}/addresses")).unwrap();
        browser.write("#to", to).unwrap();
        browser.press("form[action$='/aliases/give'] button").unwrap();
        browser.see("C'est fait");
    };
    give(&page, "jeanne.out@valmont.fr");
    let own = world.signed_in("jeanne.out", WIDE);
    own.go("/me/absence").unwrap();
    own.write("#text", "Jeanne a quitté la mairie\u{a0}; écrivez à Lucas.").unwrap();
    own.press("main form button.primary").unwrap();
    own.see("C'est fait");
    let is_answered = |text: &str| {
        assert_eq!(world.letter("jeanne@valmont.fr", text).code, 250);
        let sent = world.sent_outside("client@far.example");
        assert!(sent.iter().any(|letter| letter.contains(text)), "{sent:?}");
    };
    is_answered("Jeanne a quitté la mairie");
    browser.go("/console/responders/new").unwrap();
    browser.write("#name", "Partis").unwrap();
    browser.write("#text", "Cette personne est partie.").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Partis");
    let out = world.page_of("jeanne.out");
    give(&out, "Partis");
    browser.go(&format!("{out}/deactivate")).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    is_answered("Cette personne est partie");
    assert_eq!(licences(&world), before - 1, "neither of them takes one");
}

/// What the assistant is told: everything that has a question.
fn answer_questions(browser: &Browser, language: &'static str) {
    browser.write("#to", "lucas@valmont.fr").unwrap();
    browser.press("input[value=redirect]").unwrap();
    browser.press("input[name=copy]").unwrap();
    browser.choose_day("#until", 30);
    browser.write("#reason", "Continuité du service").unwrap();
    browser.press("#meetings option[value=transfer]").unwrap();
    browser.press("input[name=export]").unwrap();
    wait_for(LIMIT, "the plan follows", || {
        let plan = browser.run("return document.querySelector('#plan').innerText", &[]).ok()?;
        let plan = plan.as_str()?;
        let parts = [
            "lucas@valmont.fr",
            "Continuité du service",
            "jeanne@maison.example",
            pick(language, "1 confiées au successeur", "1 given to the successor"),
            pick(language, "crédité à la suppression", "credited on deletion"),
        ];
        parts.iter().all(|part| plan.contains(part)).then_some(())
    });
}

/// B3, B8, X1, X2, X3, X4, X11, X12: told to the assistant, watched, certified, and undone.
fn by_the_assistant(language: &'static str) {
    let world = World::start_with_mail();
    crate::money::furnish(&world);
    world.must(
        "PUT",
        "/accounts/jeanne@valmont.fr/profile",
        json!({ "external_address": "jeanne@maison.example" }),
    );
    for subject in ["before", "[perso] vacances"] {
        assert_eq!(world.letter("jeanne@valmont.fr", subject).code, 250);
    }
    let home = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let put = world.dav("jeanne").ask("PUT", &format!("/dav/{home}/calendar/m1.ics"), &[], CALENDAR).unwrap();
    assert_eq!(put.status, 201, "{}", put.text());
    let page = world.page_of("jeanne");
    let own = world.signed_in("jeanne", WIDE);
    let mut idle = world.imap("jeanne");
    idle.select("INBOX").unwrap().unwrap();
    idle.idle_start().unwrap();
    let browser = world.signed_in("admin", Looks { language, ..WIDE });
    browser.go(&format!("{page}/departure")).unwrap();
    answer_questions(&browser, language);
    assert_eq!(world.account("jeanne")["state"], "active", "a plan changes nothing");
    browser.press("#plan button.primary").unwrap();
    browser.see(pick(language, "terminé", "finished"));
    let departure = browser.place().unwrap();

    own.go("/me").unwrap();
    own.see("Se connecter");
    wait_for(LIMIT, "the session in IDLE is cut", || match idle.wait_line(Duration::from_secs(1)) {
        Ok(Some(line)) => line.starts_with("* BYE").then_some(()),
        Ok(None) => None,
        Err(_) => Some(()),
    });
    assert_eq!(world.letter("jeanne@valmont.fr", "during").code, 250);
    let mut lucas = world.imap("lucas");
    assert_eq!(count(&mut lucas, "INBOX", "during"), 1, "B3");
    assert_eq!(count(&mut lucas, "jeanne@valmont․fr/INBOX", "before"), 1, "the old mail is handed over");
    assert_eq!(count(&mut lucas, "jeanne@valmont․fr/INBOX", "[perso] vacances"), 0, "X4");
    let usage = world.must("GET", "/accounts/jeanne.bck@valmont.fr/usage", Value::Null);
    assert!(usage["messages"].as_i64() >= Some(2), "B8: a copy stays: {usage}");
    wait_for(LIMIT, "whoever was invited is told", || {
        let messages = world.imap("maire").fetch_all("INBOX").ok()?;
        let asks = |body: &[u8]| String::from_utf8_lossy(body).to_ascii_lowercase().contains("method=");
        messages.iter().any(|message| asks(&message.body)).then_some(())
    });
    browser.go("/console/routing?address=jeanne@valmont.fr").unwrap();
    browser.see("Lucas Bernard");
    let letters = world.sent_outside("jeanne@maison.example");
    let link =
        letters.iter().find_map(|letter| letter.split_whitespace().find(|word| word.contains("/exports/")));
    own.go(link.expect("a link to the archive")).unwrap();
    let secret = own.run("return document.querySelector('code').textContent.length", &[]).unwrap();
    assert!(secret.as_i64() > Some(10), "the page has the password");
    browser.go(&format!("{departure}/certificate")).unwrap();
    browser.see(pick(language, "Attestation de départ", "Certificate of departure"));
    browser.see("Continuité du service");

    browser.go(&departure).unwrap();
    browser.press("form[action$='/undo'] button").unwrap();
    wait_for(LIMIT, "the departure is undone", || {
        let found = world.must("GET", &departure.replace("/console", ""), Value::Null);
        (found["state"] == "undone").then_some(())
    });
    browser.see(pick(language, "annulé", "undone"));
    assert_eq!(world.account("jeanne")["state"], "active", "X1");
    assert_eq!(world.letter("jeanne@valmont.fr", "home again").code, 250);
    assert_eq!(count(&mut world.imap("jeanne"), "INBOX", "home again"), 1);
}

/// B3, B8, X1, X2, X3, X4, X11, X12.
#[test]
fn a_departure_is_planned_watched_certified_and_undone_in_french() {
    by_the_assistant("fr");
}

/// B3, B8, X1, X2, X3, X4, X11, X12.
#[test]
fn a_departure_is_planned_watched_certified_and_undone_in_english() {
    by_the_assistant("en");
}
