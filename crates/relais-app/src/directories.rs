//! Directories: which an organisation is kept in step with. Reading one is in [`reading`], what a reading does in
//! [`applying`] and [`groups`].

mod applying;
mod gathering;
mod groups;
mod holding;
mod reading;
mod sign_in;

use crate::organisations::{allow, note, of_organisation};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::authority::{Actor, Power};
use relais_core::directory::{Directory, EntryId, Said, Settings};
use relais_core::ids::{AccountId, DirectoryId, OrganisationId};
use relais_core::lifecycle::check_name;
use relais_core::refusal::{DirectoryFault, Refusal};
use relais_store::{Tx, directories, organisations};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a directory is made from.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDirectory {
    pub name: String,
    pub settings: Settings,
    /// With which it is read. It never leaves again.
    #[serde(default)]
    pub bind_password: String,
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryChange {
    #[serde(default)]
    pub name: Option<String>,
    /// What is given takes the place of what was; null, where a setting may be absent, takes it away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<Value>,
    #[serde(default)]
    pub bind_password: Option<String>,
}

impl Relais {
    /// # Errors
    /// The refusal; [`Error::Conflict`] when another in use has the name.
    pub async fn add_directory(
        &self,
        organisation: OrganisationId,
        new: NewDirectory,
        actor: Actor,
    ) -> Result<Directory, Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        check_name(&new.name)?;
        new.settings.check()?;
        check_password(&new.bind_password)?;
        let now = self.now();
        let directory = Directory {
            id: DirectoryId::from_number(self.ids.next()),
            organisation,
            name: new.name,
            held_since: None,
            // Whoever adds it looks at the plan first.
            next_at: next_at(&new.settings, now),
            settings: new.settings,
            created_at: now,
        };
        let made = directory.clone();
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                directories::insert(tx, &directory, &new.bind_password)?;
                let detail = json!({ "name": directory.name, "host": directory.settings.host });
                note(tx, organisation, "directory.added", directory.id, detail, actor, now)
            })
            .await?;
        Ok(made)
    }

    /// # Errors
    /// The refusal; [`Error::Conflict`] when another has the name; [`Error::NotFound`] once it was removed.
    pub async fn change_directory(
        &self,
        id: DirectoryId,
        change: DirectoryChange,
        actor: Actor,
    ) -> Result<Directory, Error> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        change.bind_password.as_deref().map_or(Ok(()), check_password)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let before = ruled(tx, id, &actor)?;
                let mut next = before.clone();
                next.name = change.name.clone().unwrap_or(next.name);
                if let Some(patch) = &change.settings {
                    next.settings = patched(&before.settings, patch)?;
                    next.settings.check()?;
                    next.next_at = next_at(&next.settings, now);
                    if !next.settings.reads_as(&before.settings) {
                        directories::set_cookie(tx, id, None)?;
                    }
                }
                if let Some(password) = &change.bind_password {
                    directories::set_password(tx, id, password)?;
                }
                if next != before || change.bind_password.is_some() {
                    directories::update(tx, &next)?;
                    let detail = json!({ "name": next.name, "host": next.settings.host,
                                         "password": change.bind_password.is_some() });
                    note(tx, next.organisation, "directory.changed", id, detail, actor, now)?;
                }
                Ok(next)
            })
            .await
    }

    /// It is read no more. Accounts and groups stay as they are.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once it was removed.
    pub async fn remove_directory(&self, id: DirectoryId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let directory = ruled(tx, id, &actor)?;
                directories::end(tx, id, now)?;
                let detail = json!({ "name": directory.name });
                note(tx, directory.organisation, "directory.removed", id, detail, actor, now)
            })
            .await
    }

    /// Says that an entry and an account are one person's. What the directory has is applied at the next reading.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when the account is not of the organisation.
    pub async fn link_entry(
        &self,
        id: DirectoryId,
        entry: EntryId,
        account: AccountId,
        actor: Actor,
    ) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let directory = ruled(tx, id, &actor)?;
                let account = of_organisation(tx, account, directory.organisation)?;
                let found = directories::entry(tx, id, entry)?;
                let mut row = found.ok_or_else(|| Refusal::from(DirectoryFault::EntryUnknown { entry }))?;
                for (other, mut former) in directories::of_account(tx, account.id)? {
                    if other != id || former.entry == entry {
                        continue;
                    }
                    former.account = None;
                    match former.said {
                        Said::Vanished => directories::forget_entry(tx, id, former.entry)?,
                        Said::Enabled | Said::Disabled => directories::put_entry(tx, id, &former)?,
                    }
                }
                row.account = Some(account.id);
                row.pending.get_or_insert_with(|| "null".to_owned());
                directories::put_entry(tx, id, &row)?;
                // What was read of it is known in part only.
                directories::set_cookie(tx, id, None)?;
                let detail = json!({ "entry": entry, "account": account.id });
                note(tx, directory.organisation, "directory.linked", id, detail, actor, now)
            })
            .await
    }
}

/// The settings with what is given in the place of what was.
fn patched(settings: &Settings, patch: &Value) -> Result<Settings, Refusal> {
    let mut whole = serde_json::to_value(settings).expect("settings serialise");
    merge(&mut whole, patch);
    serde_json::from_value(whole).map_err(|error| {
        let because = error.to_string();
        DirectoryFault::SettingsUnreadable { because }.into()
    })
}

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (field, value) in patch {
                merge(into.entry(field.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

fn check_password(password: &str) -> Result<(), Refusal> {
    if password.len() > 1000 || password.contains('\0') {
        return Err(DirectoryFault::SettingInvalid { field: "bind_password" }.into());
    }
    Ok(())
}

/// When a directory is read next, unless somebody asks before.
fn next_at(settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    settings.every_minutes.map(|minutes| now + jiff::SignedDuration::from_mins(i64::from(minutes)))
}

/// A directory in use, if `actor` rules over it.
fn ruled(tx: &mut Tx<'_>, id: DirectoryId, actor: &Actor) -> Result<Directory, Error> {
    let directory = directories::get(tx, id)?.ok_or(Error::NotFound)?;
    match actor {
        // It rules over itself, by its schedule.
        Actor::Directory { id: own, .. } if *own == id => {}
        actor => allow(actor, Power::ManageOrganisation, directory.organisation)?,
    }
    Ok(directory)
}
