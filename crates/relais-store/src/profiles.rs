//! What is known of a person besides their account, and their photo.

use crate::columns::{at, json, name};
use crate::scim;
use crate::tx::{Error, Tx};
use relais_core::ids::AccountId;
use relais_core::photo::Photo;
use relais_core::profile::Profile;

/// What is known; nothing of whoever never gave anything.
pub fn get(tx: &mut Tx<'_>, account: AccountId) -> Result<Profile, Error> {
    let id = account.number();
    match tx.query_opt("SELECT profile FROM profiles WHERE account = $1", &[id.into()])? {
        Some(row) => at("profiles", "profile").json(id, row.text(0)?),
        None => Ok(Profile::default()),
    }
}

pub fn set(tx: &mut Tx<'_>, account: AccountId, profile: &Profile) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO profiles (account, profile) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET profile = excluded.profile",
        &[account.number().into(), json(profile)],
    )
}

pub fn photo(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Photo>, Error> {
    let id = account.number();
    tx.query_opt("SELECT kind, image FROM photos WHERE account = $1", &[id.into()])?
        .map(|row| {
            let kind = at("photos", "kind").name(id, row.text(0)?)?;
            Ok(Photo { kind, image: row.blob(1)?.to_vec() })
        })
        .transpose()
}

pub fn set_photo(tx: &mut Tx<'_>, account: AccountId, photo: &Photo) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO photos (account, kind, image) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET kind = excluded.kind, image = excluded.image",
        &[account.number().into(), name(&photo.kind), photo.image.as_slice().into()],
    )
}

/// Returns whether there was one.
pub fn remove_photo(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM photos WHERE account = $1", &[account.number().into()])? == 1)
}

/// Erases everything that is known of the person.
pub fn erase(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    for table in ["profiles", "photos", "password_resets", "notification_preferences"] {
        tx.execute(&format!("DELETE FROM {table} WHERE account = $1"), &[account.number().into()])?;
    }
    scim::erase(tx, account)
}
