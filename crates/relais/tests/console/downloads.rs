//! What a person takes away from a page as a file: out of a backup, the log, a certificate, one's own archive; and what they
//! bring as one. What people wrote is text there as well.

use crate::mail::LIMIT;
use crate::world::{WIDE, World};
use relais_testbed::browser::Browser;
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::path::Path;

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Zoé Petit\r\nN:Petit;Zoé;;;\r\nEND:VCARD\r\n";
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valmont//test//\r\nBEGIN:VEVENT\r\nUID:e1\r\n\
    DTSTAMP:20261121T100000Z\r\nDTSTART:20990115T090000Z\r\nDTEND:20990115T100000Z\r\nSUMMARY:Inventaire\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

/// Waits for one whole file in a directory that was empty, and takes it out.
fn taken(dir: &Path) -> (String, String) {
    wait_for(LIMIT, "the file is there", || {
        let entry = std::fs::read_dir(dir).ok()?.next()?.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let whole = !name.ends_with(".crdownload") && !name.starts_with('.');
        let bytes = std::fs::read(entry.path()).ok().filter(|bytes| whole && !bytes.is_empty())?;
        std::fs::remove_file(entry.path()).ok()?;
        Some((name, String::from_utf8_lossy(&bytes).into_owned()))
    })
}

fn press_and_take(browser: &Browser, dir: &Path, css: &str) -> (String, String) {
    browser.press(css).unwrap();
    taken(dir)
}

fn back_up(world: &World, login: &str) {
    let begun =
        world.of_organisation("POST", "/backups", json!({ "account": format!("{login}@valmont.fr") }));
    let path = format!("/backups/{}", begun["id"].as_str().expect("an id"));
    wait_for(LIMIT, "the backup is read back", || {
        (world.must("GET", &path, Value::Null)["state"] == "verified").then_some(())
    });
}

/// B2, B11: from the generations to the account, and its contacts, calendars and mail as files.
#[test]
fn contacts_calendars_and_mail_are_downloaded_from_a_backup() {
    let world = World::start();
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    for (path, body) in [("contacts/c1.vcf", CARD), ("calendar/e1.ics", EVENT)] {
        let put = world.dav("jeanne").ask("PUT", &format!("/dav/{id}/{path}"), &[], body).unwrap();
        assert_eq!(put.status, 201, "{}", put.text());
    }
    assert_eq!(world.letter("jeanne@valmont.fr", "devis").code, 250);
    back_up(&world, "jeanne");
    let dir = tempfile::tempdir().unwrap();
    let browser = world.signed_in("admin", WIDE);
    browser.save_downloads_in(dir.path()).unwrap();
    browser.go("/console/backups").unwrap();
    browser.press("td.who a.name").unwrap();
    browser.press("td.who a.name").unwrap();
    browser.write("#reason", "Contacts de l'école").unwrap();
    browser.press("main form button.primary").unwrap();
    let (name, cards) = press_and_take(&browser, dir.path(), "a[href*='/collection?'][href*='=contacts']");
    assert!(name.ends_with(".vcf") && cards.contains("FN:Zoé Petit"), "{name}: {cards}");
    let (name, events) = press_and_take(&browser, dir.path(), "a[href*='/collection?'][href*='=calendar']");
    assert!(name.ends_with(".ics") && events.contains("SUMMARY:Inventaire"), "{name}: {events}");
    let (name, folder) = press_and_take(&browser, dir.path(), "a[href*='/folder.mbox']");
    assert!(name.ends_with(".mbox") && folder.contains("Subject: devis"), "{name}: {folder}");
    let (name, _) = press_and_take(&browser, dir.path(), "a[href*='/archive.zip']");
    assert!(Path::new(&name).extension().is_some_and(|end| end == "zip"), "{name}");
    browser.press("a[href*='/messages'][href*='folder=INBOX']").unwrap();
    browser.press("td.who a.name").unwrap();
    let (name, message) = press_and_take(&browser, dir.path(), "a[href*='/message.eml']");
    assert!(name.ends_with(".eml") && message.contains("Subject: devis"), "{name}: {message}");
}

/// M1: the log and the statement of the provision are tables in which no text of somebody's is a formula.
#[test]
fn the_log_and_the_statement_are_exported_without_formulas() {
    let world = World::start();
    world.group_led_by("@SUM(1+1)", "jeanne");
    let formula = "=HYPERLINK(\"http://evil.test\")";
    let paid = json!({ "amount_minor": 100, "currency": "EUR", "reference": formula });
    world.of_organisation("POST", "/provision/top-ups", paid);
    let dir = tempfile::tempdir().unwrap();
    let browser = world.signed_in("admin", WIDE);
    browser.save_downloads_in(dir.path()).unwrap();
    browser.go("/console/events").unwrap();
    browser.see("@SUM(1+1)");
    let (name, table) = press_and_take(&browser, dir.path(), "a[href='/console/events.csv']");
    assert_eq!(name, "journal.csv");
    assert!(table.contains("group.created"), "{table}");
    browser.go("/console/provision/statement").unwrap();
    browser.see(formula);
    let (_, statement) = press_and_take(&browser, dir.path(), "a[href*='/statement.csv']");
    assert!(statement.contains("HYPERLINK"), "{statement}");
    for table in [table, statement] {
        assert!(csv_cells(&table).all(|cell| !cell.starts_with(['=', '+', '@'])), "{table}");
    }
}

/// The cells of a table whose values are quoted where they have to be (RFC 4180).
fn csv_cells(table: &str) -> impl Iterator<Item = String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for character in table.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' | ';' | '\n' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' => {}
            other => cell.push(other),
        }
    }
    cells.into_iter()
}

/// X1, X4: a certificate is a page that loads nothing and is printed as it is.
#[test]
fn a_certificate_is_one_page_of_its_own() {
    let world = World::start();
    let order = json!({ "to": "lucas@valmont.fr", "reason": "<script>document.title='hacked'</script>" });
    let departure = world.must("POST", "/accounts/jeanne@valmont.fr/departure", order);
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/departures/{}", departure["id"].as_str().unwrap())).unwrap();
    browser.see("terminé");
    browser.press("a[href$='/certificate']").unwrap();
    browser.see("Attestation de départ");
    browser.see("<script>document.title");
    assert_ne!(browser.run("return document.title", &[]).unwrap(), "hacked");
    let loaded = "return performance.getEntriesByType('resource').length";
    assert_eq!(browser.run(loaded, &[]).unwrap(), 0);
    let printed = browser.tell("Page.printToPDF", &json!({})).unwrap();
    assert!(printed["data"].as_str().is_some_and(|data| data.len() > 1000), "it can be printed");
}

/// X4: one's own archive, by a link in one's own mailbox, which works once.
#[test]
fn somebody_takes_their_own_archive_along() {
    let world = World::start_with_mail();
    assert_eq!(world.letter("jeanne@valmont.fr", "[perso] vacances").code, 250);
    let dir = tempfile::tempdir().unwrap();
    let browser = world.signed_in("jeanne", WIDE);
    browser.save_downloads_in(dir.path()).unwrap();
    browser.go("/me/export").unwrap();
    browser.see("Il n'y a pas encore de sauvegarde");
    back_up(&world, "jeanne");
    browser.go("/me/export").unwrap();
    browser.press("form[action='/me/export'] button").unwrap();
    browser.see("C'est fait");
    browser.see("ouvert jusqu'au");
    let link = wait_for(LIMIT, "the letter with the link", || {
        let letters = world.imap("jeanne").fetch_all("INBOX").ok()?;
        letters.iter().find_map(|letter| link_in(&letter.body))
    });
    browser.go(&link).unwrap();
    let password = browser.run("return document.querySelector('code').textContent", &[]).unwrap();
    take_archive(&browser, dir.path(), password.as_str().unwrap());
    wait_for(LIMIT, "the link is used up", || {
        browser.go("/me/export").ok()?;
        let page = browser.run("return document.querySelector('main').innerText", &[]).ok()?;
        page.as_str()?.contains("utilisé le").then_some(())
    });
}

fn link_in(letter: &[u8]) -> Option<String> {
    let letter = mail_parser::MessageParser::default().parse(letter)?;
    let text = letter.body_text(0)?;
    text.split_whitespace().find(|word| word.contains("/exports/")).map(str::to_owned)
}

/// It opens with the password of the page alone.
fn take_archive(browser: &Browser, dir: &Path, password: &str) {
    browser.press("form button").unwrap();
    let name = wait_for(LIMIT, "the archive is there", || {
        let entry = std::fs::read_dir(dir).ok()?.next()?.ok()?;
        let name = entry.file_name().into_string().ok()?;
        (!name.ends_with(".crdownload") && !name.starts_with('.')).then_some(name)
    });
    let file = dir.join(&name);
    let tests = |password: &str| {
        let mut command = std::process::Command::new("7z");
        let output =
            command.arg("t").arg(format!("-p{password}")).arg(&file).output().expect("it is installed");
        output.status.success()
    };
    assert!(tests(password) && !tests("wrong"), "{name}");
}

/// A list as a file: a bad line says what is wrong with it, and names are text.
#[test]
fn a_file_of_new_accounts_with_a_bad_line_makes_the_others() {
    let world = World::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("comptes.csv");
    let list = "address;name;job_title\n\
        nora@valmont.fr;<script>document.title='hacked'</script>;=1+1\n\
        rtl@valmont.fr;\u{202e}\u{645}\u{62d}\u{645}\u{62f};Agent\n\
        pas une adresse;Personne;Agent\n\
        jeanne@valmont.fr;Jeanne Martin-Petit;Directrice\n";
    std::fs::write(&file, list).unwrap();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/accounts/import").unwrap();
    browser.write("#file", file.to_str().unwrap()).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("créés\u{a0}: 2");
    browser.see("changés\u{a0}: 1");
    browser.see("refusés\u{a0}: 1");
    browser.see("pas une adresse");
    assert_eq!(world.account("jeanne")["name"], "Jeanne Martin", "nothing is done before");
    browser.press("button[name=confirmed]").unwrap();
    browser.see("Ce qu'a fait la liste");
    assert_eq!(world.account("jeanne")["name"], "Jeanne Martin-Petit");
    assert_eq!(world.account("nora")["state"], "invited");
    browser.go(&world.page_of("nora")).unwrap();
    browser.see("<script>document.title");
    assert_ne!(browser.run("return document.title", &[]).unwrap(), "hacked");
    browser.go("/console/accounts?state=invited").unwrap();
    browser.see("\u{202e}\u{645}\u{62d}\u{645}\u{62f}");
}
