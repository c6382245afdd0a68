//! Connected applications and their secrets.

use super::{Database, at, org};
use relais_core::application::Application;
use relais_core::ids::ApplicationId;
use relais_store::applications::{self, SigningSecrets};

fn application(number: i64, name: &str) -> Application {
    Application {
        id: ApplicationId::from_number(number),
        organisation: org(1),
        name: name.to_owned(),
        url: Some("https://boards.example".to_owned()),
        created_at: at(0),
        ended_at: None,
    }
}

pub fn a_name_is_free_again_once_its_application_is_disconnected(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| applications::insert(tx, &application(1, "Tableaux"), b"one", "whsec_1"));
    let taken = db.refused(|tx| applications::insert(tx, &application(2, "Tableaux"), b"two", "whsec_2"));
    assert_eq!(taken, "applications.organisation,name");
    db.write(|tx| {
        let (first, second) = (application(1, "Tableaux"), application(2, "Tableaux"));
        assert_eq!(applications::by_token(tx, b"one")?, Some(first.clone()));
        assert!(applications::end(tx, first.id, at(1))?);
        assert!(!applications::end(tx, first.id, at(2))?);
        assert_eq!(applications::by_token(tx, b"one")?, None);
        applications::insert(tx, &second, b"two", "whsec_2")?;
        assert_eq!(applications::list(tx, org(1))?, std::slice::from_ref(&second));
        assert_eq!(applications::named(tx, org(1), "Tableaux")?, Some(second.clone()));
        assert_eq!(applications::get(tx, first.id)?.and_then(|one| one.ended_at), Some(at(1)));
        Ok(())
    });
}

pub fn a_signing_secret_stays_beside_the_one_that_replaces_it(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let made = application(1, "Tableaux");
        applications::insert(tx, &made, b"one", "whsec_1")?;
        applications::replace_secret(tx, made.id, "whsec_2", at(9))?;
        let both = SigningSecrets { current: "whsec_2".into(), former: Some(("whsec_1".into(), at(9))) };
        assert_eq!(applications::secrets(tx, made.id)?, Some(both));
        applications::set_token(tx, made.id, b"two")?;
        assert_eq!(applications::by_token(tx, b"one")?, None);
        let changed = Application { name: "Documents".into(), url: None, ..made };
        applications::update(tx, &changed)?;
        assert_eq!(applications::by_token(tx, b"two")?, Some(changed));
        Ok(())
    });
}
