//! Personal data, photos, and links for a new password.

use super::{Database, account, address, at};
use jiff::SignedDuration;
use relais_core::ids::AccountId;
use relais_core::invitation::LinkPurpose;
use relais_core::photo::{Photo, PhotoKind};
use relais_core::profile::{Phone, PhoneKind, PostalAddress, Profile};
use relais_store::password_resets::{self, PasswordReset};
use relais_store::{Error, operators, profiles};

pub fn profile() -> Profile {
    Profile {
        given_name: Some("Zoé".into()),
        family_name: Some("L'Hôte « aînée »".into()),
        phones: vec![Phone { kind: PhoneKind::Mobile, number: "+33 6 12 34 56 78".into() }],
        postal_address: PostalAddress {
            street: vec!["1 rue X".into(), "Bât. B".into()],
            postal_code: Some("69001".into()),
            city: Some("Lyon".into()),
            country: Some("FR".into()),
        },
        birth_date: Some("1980-02-29".parse().unwrap()),
        external_address: Some(address("zoe@far.test")),
        job_title: Some("Comptable".into()),
        department: None,
    }
}

pub fn who_operates_is_kept_and_a_link_holds_until_its_end(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let (one, two) = (account(1).id, account(2).id);
        assert!(operators::add(tx, two, at(1))? && operators::add(tx, one, at(2))?);
        assert!(!operators::add(tx, one, at(3))?, "already");
        assert_eq!(operators::list(tx)?, [two, one]);
        assert!(operators::remove(tx, two)? && !operators::remove(tx, two)?);
        assert!(operators::has(tx, one)? && !operators::has(tx, two)?);
        operators::set_link(tx, b"before", at(9))?;
        operators::set_link(tx, b"secret", at(5))?;
        assert!(operators::has_link(tx, b"secret", at(4))?);
        assert!(!operators::has_link(tx, b"secret", at(5))?, "over");
        assert!(!operators::has_link(tx, b"before", at(4))?, "replaced");
        operators::forget_links(tx)?;
        assert!(!operators::has_link(tx, b"secret", at(4))?);
        Ok(())
    });
}

pub fn personal_data_is_read_as_it_was_written_and_erased_with_everything(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let (one, two) = (account(1).id, account(2).id);
        assert_eq!(profiles::get(tx, one)?, Profile::default());
        profiles::set(tx, one, &Profile::default())?;
        profiles::set(tx, one, &profile())?;
        profiles::set(tx, two, &profile())?;
        assert_eq!(profiles::get(tx, one)?, profile());

        let photo = |kind| Photo { kind, image: vec![0, 255, 137, 0, 10] };
        assert_eq!(profiles::photo(tx, one)?, None);
        for kind in [PhotoKind::Jpeg, PhotoKind::Png, PhotoKind::Webp] {
            profiles::set_photo(tx, one, &photo(kind))?;
            assert_eq!(profiles::photo(tx, one)?, Some(photo(kind)));
        }
        profiles::set_photo(tx, two, &photo(PhotoKind::Png))?;
        assert!(profiles::remove_photo(tx, one)? && !profiles::remove_photo(tx, one)?);
        profiles::set_photo(tx, one, &photo(PhotoKind::Png))?;
        password_resets::set(tx, &reset(1), b"one")?;

        for _ in 0..2 {
            profiles::erase(tx, one)?;
        }
        assert_eq!((profiles::get(tx, one)?, profiles::photo(tx, one)?), (Profile::default(), None));
        assert_eq!(password_resets::of_account(tx, one)?, None);
        assert_eq!(profiles::get(tx, two)?, profile(), "another person's stay");
        assert!(profiles::photo(tx, two)?.is_some());
        Ok(())
    });
    assert_eq!(db.refused(|tx| profiles::set(tx, AccountId::from_number(99), &profile())), "foreign key");
}

pub fn reset(number: i64) -> PasswordReset {
    PasswordReset {
        purpose: LinkPurpose::Invitation,
        account: account(number).id,
        epoch: 3,
        sent_to: address("zoe@far.test"),
        asked_at: at(0),
        expires_at: at(0) + SignedDuration::from_mins(30),
    }
}

pub fn a_link_for_a_new_password_replaces_the_one_before(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        password_resets::set(tx, &reset(1), b"first")?;
        assert_eq!(password_resets::by_secret(tx, b"first")?, Some(reset(1)));
        let later = PasswordReset {
            purpose: LinkPurpose::Reset,
            epoch: 4,
            asked_at: at(1),
            expires_at: at(2),
            ..reset(1)
        };
        password_resets::set(tx, &later, b"second")?;
        assert_eq!(password_resets::by_secret(tx, b"first")?, None);
        assert_eq!(password_resets::by_secret(tx, b"second")?, Some(later.clone()));
        assert_eq!(password_resets::of_account(tx, account(1).id)?, Some(later));

        password_resets::set(tx, &reset(2), b"other")?;
        assert_eq!(password_resets::forget(tx, at(1))?, 1);
        assert_eq!(password_resets::of_account(tx, account(2).id)?, None);
        password_resets::remove(tx, account(1).id)?;
        assert_eq!(password_resets::by_secret(tx, b"second")?, None);
        Ok(())
    });
}

pub fn a_part_of_a_unit_of_work_is_undone_alone(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        profiles::set(tx, account(1).id, &profile())?;
        let refused: Result<(), Error> = tx.part(|tx| {
            profiles::set(tx, account(1).id, &Profile::default())?;
            profiles::set(tx, account(2).id, &profile())?;
            let inner: Result<(), Error> = tx.part(|tx| profiles::set(tx, account(3).id, &profile()));
            assert!(inner.is_ok());
            Err(Error::Shape("a refusal".into()))
        });
        assert!(refused.is_err());
        assert_eq!(profiles::get(tx, account(1).id)?, profile());
        assert_eq!(profiles::get(tx, account(2).id)?, Profile::default());
        tx.part(|tx| profiles::set(tx, account(3).id, &profile()))
    });
    db.write(|tx| {
        assert_eq!(profiles::get(tx, account(1).id)?, profile());
        assert_eq!(profiles::get(tx, account(3).id)?, profile());
        Ok(())
    });
    // A statement that failed ends the whole unit, in a part too.
    let failed = db.store.write_blocking(|tx| {
        profiles::set(tx, account(2).id, &profile())?;
        let _: Result<(), Error> = tx.part(|tx| profiles::set(tx, AccountId::from_number(99), &profile()));
        Ok(())
    });
    assert_eq!(failed, Err(Error::Constraint("foreign key".into())));
}
