//! Accounts by SCIM. One request is one transaction, and its parts come in this order: the account is reactivated, what it
//! is changes (name at the provider, address, type, role, password), then everything else, and last it is deactivated.

use super::{Enrolled, Expected, Ties, Wish, enrolled, seen, version_of};
use crate::departures::policy::close_by_machine;
use crate::execute::apply;
use crate::newcomers::insert_by_machine;
use crate::organisations::note;
use crate::profiles::apply_profile;
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Cause;
use relais_core::authority::{Actor, Role};
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::lifecycle::{Command, NewAccount};
use relais_core::password::PasswordHash;
use relais_core::refusal::{Refusal, ScimFault};
use relais_core::rights::{Act, allows, require};
use relais_core::scim::{
    self, ACTIVE, Document, Known, Operation, Resource, address_of, check_frozen, merge_profile, name_of,
    profile_of, role_of, role_wanted, shown_roles,
};
use relais_store::scim::{Person, Said, by_external_id, by_user_name, person, set};
use relais_store::{Tx, domains, profiles};
use serde_json::{Value, json};

/// Whether providers see an account as active.
#[must_use]
pub fn is_active(person: &Person, now: Timestamp) -> bool {
    allows(&person.account, ACTIVE, now)
}

/// What is said of an account, as a provider may change it. Of whoever was made here, what is known without any provider.
#[must_use]
pub fn said_of(person: &Person, now: Timestamp) -> Document {
    let account = &person.account;
    let address = account.address.as_str();
    let mut document = match &person.said {
        Some(said) => said.attributes.clone(),
        None => {
            let mail = json!([{ "value": address, "type": "work", "primary": true }]);
            Document::from_iter([
                ("displayName".to_owned(), json!(account.name)),
                ("emails".to_owned(), mail),
            ])
        }
    };
    let user_name = person.said.as_ref().map_or(address, |said| said.user_name.as_str());
    document.insert("userName".to_owned(), json!(user_name));
    if let Some(external_id) = person.said.as_ref().and_then(|said| said.external_id.as_ref()) {
        document.insert("externalId".to_owned(), json!(external_id));
    }
    match shown_roles(&document, account.role) {
        roles if roles.is_empty() => document.remove("roles"),
        roles => document.insert("roles".to_owned(), Value::Array(roles)),
    };
    document.insert("active".to_owned(), json!(is_active(person, now)));
    document
}

fn text(document: &Document, name: &str) -> Option<String> {
    document.get(name)?.as_str().map(str::to_owned)
}

/// What is kept of a document besides its names and its state.
fn attributes(mut document: Document) -> Document {
    for own in ["userName", "externalId", "active", "password"] {
        document.remove(own);
    }
    document
}

impl Relais {
    /// Makes an account of what a provider says, or opens again the one that it made before: known by its external id, or
    /// by its name if it was detached.
    ///
    /// # Errors
    /// The refusal; nothing changed then.
    pub async fn enrol(
        &self,
        organisation: OrganisationId,
        document: Document,
        actor: Actor,
    ) -> Result<Enrolled, Error> {
        let password = self.hash_said(text(&document, "password")).await?;
        let (ids, now) = (self.ids.clone(), self.now());
        let made = self
            .store
            .write(move |tx| {
                let id = create(tx, &ids, organisation, document.clone(), password.clone(), &actor, now)?;
                enrolled(tx, organisation, id, Ties::Listed)?.ok_or(Error::NotFound)
            })
            .await?;
        self.settle_effects().await;
        Ok(made)
    }

    /// Changes an account as a provider says.
    ///
    /// # Errors
    /// The refusal; nothing changed then. [`Error::NotFound`] when it is not there for providers.
    pub async fn change_enrolled(
        &self,
        organisation: OrganisationId,
        id: AccountId,
        wish: Wish,
        expected: Expected,
        actor: Actor,
    ) -> Result<Enrolled, Error> {
        let said = match &wish {
            Wish::Replace(document) => text(document, "password"),
            Wish::Patch(operations) => password_of(operations),
        };
        let password = self.hash_said(said).await?;
        let (ids, now) = (self.ids.clone(), self.now());
        let changed = self
            .store
            .write(move |tx| {
                let found = seen(tx, organisation, id)?.ok_or(Error::NotFound)?;
                expected.check(&version_of(found.version, is_active(&found, now)))?;
                let wanted = match &wish {
                    Wish::Replace(document) => document.clone(),
                    Wish::Patch(operations) => {
                        let mut document = said_of(&found, now);
                        scim::apply(Resource::User, &mut document, operations).map_err(Refusal::from)?;
                        document
                    }
                };
                change(tx, &ids, &found, wanted, password.clone(), &actor, now)?;
                enrolled(tx, organisation, id, Ties::Listed)?.ok_or(Error::NotFound)
            })
            .await?;
        self.settle_effects().await;
        Ok(changed)
    }

    /// The account is there for providers no more, and deactivated. Its data stay until an administrator deletes it.
    ///
    /// # Errors
    /// As [`Relais::change_enrolled`].
    pub async fn detach(
        &self,
        organisation: OrganisationId,
        id: AccountId,
        expected: Expected,
        actor: Actor,
    ) -> Result<(), Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let found = seen(tx, organisation, id)?.ok_or(Error::NotFound)?;
                expected.check(&version_of(found.version, is_active(&found, now)))?;
                deactivate(tx, &ids, &found, &actor, now)?;
                let document = said_of(&found, now);
                let said = found.said.unwrap_or_else(|| Said {
                    user_name: found.account.address.to_string(),
                    external_id: None,
                    attributes: attributes(document),
                    detached_at: None,
                });
                set(tx, id, organisation, &Said { detached_at: Some(now), ..said })?;
                note(tx, organisation, "account.scim_detached", id, json!({}), actor, now)
            })
            .await?;
        self.settle_effects().await;
        Ok(())
    }

    /// Hashing costs too much for a transaction.
    async fn hash_said(&self, password: Option<String>) -> Result<Option<PasswordHash>, Error> {
        match password {
            Some(password) => self.passwords.hash(password).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The password that operations set, if one does.
fn password_of(operations: &[Operation]) -> Option<String> {
    let mut document = Document::new();
    for operation in operations {
        // Of the others only the account itself can say whether they are possible.
        let _ = scim::apply(Resource::User, &mut document, std::slice::from_ref(operation));
    }
    text(&document, "password")
}

fn known_domains(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Known, relais_store::Error> {
    let open = domains::open_to(tx, organisation)?;
    let own = open.iter().filter(|domain| domain.organisation == Some(organisation));
    Ok(Known {
        own: own.map(|domain| domain.name.clone()).collect(),
        open: open.into_iter().map(|domain| domain.name).collect(),
    })
}

fn user_name_of(document: &Document) -> Result<String, Refusal> {
    text(document, "userName").ok_or_else(|| ScimFault::Value { attribute: "userName".to_owned() }.into())
}

fn create(
    tx: &mut Tx<'_>,
    ids: &Ids,
    organisation: OrganisationId,
    document: Document,
    password: Option<PasswordHash>,
    actor: &Actor,
    now: Timestamp,
) -> Result<AccountId, Error> {
    let user_name = user_name_of(&document)?;
    if let Some(former) = former(tx, organisation, &document, &user_name, now)? {
        let id = former.account.id;
        let mut wanted = document;
        wanted.entry("active").or_insert(Value::Bool(true));
        change(tx, ids, &former, wanted, password, actor, now)?;
        return Ok(id);
    }
    let known = known_domains(tx, organisation)?;
    let new = NewAccount {
        id: AccountId::from_number(ids.next()),
        mailbox: MailboxId::from_number(ids.next()),
        organisation,
        name: name_of(&document),
        address: address_of(&document, &known).map_err(Refusal::from)?,
        role: role_of(&document).unwrap_or(Role::Member),
        password,
        quota_bytes: None,
        subscription: None,
    };
    let account = insert_by_machine(tx, ids, new, actor, now, |_, made| Ok(made))?;
    let id = account.id;
    let made = person(tx, id)?.ok_or(Error::NotFound)?;
    set_profile(tx, &made, &Document::new(), &document, &known, actor, now)?;
    keep(tx, &made, user_name, &document, actor, now)?;
    if document.get("active") == Some(&Value::Bool(false)) {
        deactivate(tx, ids, &made, actor, now)?;
    }
    Ok(id)
}

/// The account that is meant by somebody who is said to be new, if there is one.
fn former(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    document: &Document,
    user_name: &str,
    now: Timestamp,
) -> Result<Option<Person>, Error> {
    let external_id = text(document, "externalId");
    let by_id = match &external_id {
        Some(external_id) => by_external_id(tx, organisation, external_id)?,
        None => None,
    };
    let by_name = by_user_name(tx, organisation, user_name)?;
    let Some(id) = by_id.or(by_name) else { return Ok(None) };
    let Some(found) = person(tx, id)? else { return Ok(None) };
    let is_detached = found.said.as_ref().is_some_and(|said| said.detached_at.is_some());
    let its_id = found.said.as_ref().and_then(|said| said.external_id.as_ref());
    match (by_id, external_id) {
        (Some(_), Some(external_id)) if !is_detached && is_active(&found, now) => {
            Err(Refusal::from(ScimFault::ExternalIdTaken { external_id }).into())
        }
        (Some(_), _) => Ok(Some(found)),
        // Somebody else at the provider has the name of whoever was detached.
        (None, Some(_)) if its_id.is_some() => Err(name_taken(user_name)),
        (None, _) if is_detached => Ok(Some(found)),
        (None, _) => Err(name_taken(user_name)),
    }
}

fn name_taken(user_name: &str) -> Error {
    Refusal::from(ScimFault::UserNameTaken { user_name: user_name.to_owned() }).into()
}

/// Makes an account what a provider says of it.
fn change(
    tx: &mut Tx<'_>,
    ids: &Ids,
    found: &Person,
    wanted: Document,
    password: Option<PasswordHash>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let id = found.account.id;
    let user_name = user_name_of(&wanted)?;
    let before = said_of(found, now);
    let active = wanted.get("active").and_then(Value::as_bool);
    let mut account = found.account.clone();
    let carry_out = |tx: &mut Tx<'_>, command| apply(tx, ids, id, command, actor, now);
    if active == Some(true) && !is_active(found, now) {
        account = carry_out(tx, Command::Reactivate)?;
    }
    check_frozen(&account, &before, &wanted, now)?;
    let known = known_domains(tx, account.organisation)?;
    let address = address_of(&wanted, &known);
    if address != address_of(&before, &known) {
        let to = address.map_err(Refusal::from)?;
        if to != account.address {
            require(&account, Act::ChangeIdentity, now)?;
            account = carry_out(tx, Command::Rename { to })?;
        }
    }
    let said_before = found.said.as_ref().map(|said| &said.attributes);
    if let Some(role) = role_wanted(&account, said_before, &wanted) {
        account = carry_out(tx, Command::SetRole { role })?;
    }
    if let Some(hash) = password {
        account = carry_out(tx, Command::SetPassword { hash })?;
    }
    let name = name_of(&wanted);
    if name != name_of(&before) && name != account.name {
        carry_out(tx, Command::SetName { name })?;
    }
    set_profile(tx, found, &before, &wanted, &known, actor, now)?;
    keep(tx, found, user_name, &in_own_words(wanted, &before, said_before), actor, now)?;
    if active == Some(false) {
        deactivate(tx, ids, found, actor, now)?;
    }
    Ok(())
}

/// A role that was given here, and only shown, is none of the provider's words.
fn in_own_words(mut wanted: Document, before: &Document, said_before: Option<&Document>) -> Document {
    if wanted.get("roles") == before.get("roles") {
        match said_before.and_then(|said| said.get("roles")) {
            Some(roles) => wanted.insert("roles".to_owned(), roles.clone()),
            None => wanted.remove("roles"),
        };
    }
    wanted
}

fn deactivate(
    tx: &mut Tx<'_>,
    ids: &Ids,
    found: &Person,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    if is_active(found, now) {
        close_by_machine(tx, ids, &found.account, Cause::Scim, actor, now)?;
    }
    Ok(())
}

/// What has a place in the profile goes there, as far as the provider changed it.
fn set_profile(
    tx: &mut Tx<'_>,
    found: &Person,
    before: &Document,
    after: &Document,
    known: &Known,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let (before, mut wanted) = (profile_of(before, known), profile_of(after, known));
    if let Some(address) = &wanted.external_address
        && domains::get(tx, address.domain())?.is_some()
    {
        // Hosted here, for somebody else: no address elsewhere.
        wanted.external_address = None;
    }
    if before != wanted {
        let merged = merge_profile(profiles::get(tx, found.account.id)?, &before, &wanted);
        apply_profile(tx, &found.account, merged, actor, now)?;
    }
    Ok(())
}

/// Keeps what is said, word for word.
fn keep(
    tx: &mut Tx<'_>,
    found: &Person,
    user_name: String,
    wanted: &Document,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let (id, organisation) = (found.account.id, found.account.organisation);
    let said = Said {
        user_name,
        external_id: text(wanted, "externalId"),
        attributes: attributes(wanted.clone()),
        detached_at: None,
    };
    if found.said.as_ref() == Some(&said) {
        return Ok(());
    }
    if by_user_name(tx, organisation, &said.user_name)?.is_some_and(|other| other != id) {
        return Err(name_taken(&said.user_name));
    }
    if let Some(external_id) = &said.external_id
        && by_external_id(tx, organisation, external_id)?.is_some_and(|other| other != id)
    {
        return Err(Refusal::from(ScimFault::ExternalIdTaken { external_id: external_id.clone() }).into());
    }
    set(tx, id, organisation, &said)?;
    let before = found.said.as_ref();
    let mut fields = Vec::new();
    if before.is_none_or(|before| before.user_name != said.user_name) {
        fields.push("userName");
    }
    if before.and_then(|before| before.external_id.as_ref()) != said.external_id.as_ref() {
        fields.push("externalId");
    }
    let nothing = Document::new();
    let known = before.map_or(&nothing, |before| &before.attributes);
    let names = known.keys().chain(said.attributes.keys().filter(|name| !known.contains_key(*name)));
    fields.extend(names.filter(|name| known.get(*name) != said.attributes.get(*name)).map(String::as_str));
    let attaches = before.is_none_or(|before| before.detached_at.is_some());
    let detail = json!({ "fields": fields, "attaches": attaches });
    note(tx, organisation, "account.scim_set", id, detail, *actor, now)
}
