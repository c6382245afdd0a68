//! An organisation's owner, name and language.

use crate::execute::write_rest;
use crate::organisations::{allow, note, of_organisation};
use crate::{Error, Relais, means};
use relais_core::account::Account;
use relais_core::authority::{Actor, Power, Role};
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::language::Language;
use relais_core::lifecycle::{Command, check_name};
use relais_core::organisation::Organisation;
use relais_core::ownership::hand_over;
use relais_store::{accounts, app_passwords, organisations};
use serde::Deserialize;
use serde_json::json;

/// What of an organisation changes; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub language: Option<Language>,
    /// Where its days begin and end: a name of the IANA time zone database.
    #[serde(default)]
    pub time_zone: Option<String>,
}

impl Relais {
    /// Makes another account the owner; whoever owned the organisation stays as a company admin.
    ///
    /// # Errors
    /// The refusal, unless an owner or the operator asks, the heir is active, and the plan has room for a guest who inherits.
    pub async fn hand_over_organisation(
        &self,
        organisation: OrganisationId,
        heir: AccountId,
        actor: Actor,
    ) -> Result<Account, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let heir = of_organisation(tx, heir, organisation)?;
                let owners = accounts::with_roles(tx, organisation, &[Role::Owner])?;
                let means = means::for_command(tx, &heir, &Command::SetRole { role: Role::Owner }, now)?;
                let changes = hand_over(&owners, &heir, &means, &actor, now)?;
                if changes.is_empty() {
                    return Ok(heir);
                }
                for change in changes {
                    let before = accounts::get(tx, change.account.id)?.map_or(0, |before| before.epoch);
                    accounts::update(tx, &change.account)?;
                    app_passwords::carry_over(tx, change.account.id, before, change.account.epoch)?;
                    write_rest(tx, &ids, change, &actor, now)?;
                }
                let from: Vec<AccountId> = owners.iter().map(|owner| owner.id).collect();
                let detail = json!({ "from": from, "to": heir.id });
                note(tx, organisation, "organisation.owner_set", organisation, detail, actor, now)?;
                accounts::get(tx, heir.id)?.ok_or(Error::NotFound)
            })
            .await
    }

    /// Gives an organisation another name, or its replies and certificates another language; `None` leaves it.
    ///
    /// # Errors
    /// The refusal; [`Error::Conflict`] when another organisation has the name.
    pub async fn change_organisation(
        &self,
        id: OrganisationId,
        change: OrganisationChange,
        actor: Actor,
    ) -> Result<Organisation, Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        let OrganisationChange { name, language, time_zone } = change;
        if let Some(name) = &name {
            check_name(name)?;
        }
        if let Some(name) = &time_zone {
            means::time_zone(name)?;
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let before = organisations::get(tx, id)?.ok_or(Error::NotFound)?;
                let mut after = before.clone();
                after.name = name.clone().unwrap_or(after.name);
                after.language = language.unwrap_or(after.language);
                after.time_zone = time_zone.clone().unwrap_or(after.time_zone);
                if after == before {
                    return Ok(before);
                }
                organisations::update(tx, &after)?;
                if after.time_zone != before.time_zone {
                    // Its day may be another one now.
                    organisations::bill_at(tx, id, now)?;
                }
                let told = |of: &Organisation| {
                    json!({ "name": of.name, "language": of.language, "time_zone": of.time_zone })
                };
                let detail = json!({ "from": told(&before), "to": told(&after) });
                note(tx, id, "organisation.changed", id, detail, actor, now)?;
                Ok(after)
            })
            .await
    }
}
