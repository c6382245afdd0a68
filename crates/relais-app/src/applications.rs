//! Connecting programs to an organisation: what each may be asked by, and where it is told what happens.

use crate::credentials::{new_secret, secret_hash};
use crate::organisations::{allow, note};
use crate::{Error, NewSecret, Relais};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use relais_core::application::{Application, check_url};
use relais_core::authority::{Actor, Power};
use relais_core::ids::{ApplicationId, OrganisationId};
use relais_core::lifecycle::check_name;
use relais_store::{Tx, applications, feeds, organisations, webhooks};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a replaced signing secret is good beside its successor.
const FORMER_SECRET_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Random bytes of a signing secret (Standard Webhooks asks for 24 to 64).
const SIGNING_SECRET_BYTES: usize = 32;

/// A connected application with its secrets, which are shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NewApplication {
    #[serde(flatten)]
    pub application: Application,
    /// With which it asks: `Authorization: Bearer rla_…`.
    pub token: String,
    /// With which it recognises webhooks as ours.
    pub signing_secret: String,
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationChange {
    #[serde(default)]
    pub name: Option<String>,
    /// An empty text: it is told nothing any more.
    #[serde(default)]
    pub url: Option<String>,
}

impl Relais {
    /// # Errors
    /// The refusal; [`Error::Conflict`] when a connected application has the name.
    pub async fn connect_application(
        &self,
        organisation: OrganisationId,
        name: String,
        url: Option<String>,
        actor: Actor,
    ) -> Result<NewApplication, Error> {
        allow(&actor, Power::ManageOrganisation, organisation)?;
        check_name(&name)?;
        url.as_deref().map_or(Ok(()), check_url)?;
        let now = self.now();
        let id = ApplicationId::from_number(self.ids.next());
        let application = Application { id, organisation, name, url, created_at: now, ended_at: None };
        let (token, signing_secret) = (new_secret(TOKEN_PREFIX), new_signing_secret());
        let made = NewApplication { application, token, signing_secret };
        let row = made.clone();
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                applications::insert(tx, &row.application, &secret_hash(&row.token), &row.signing_secret)?;
                let detail = json!({ "name": row.application.name, "url": row.application.url });
                note(tx, organisation, "application.connected", id, detail, actor, now)
            })
            .await?;
        Ok(made)
    }

    /// # Errors
    /// The refusal; [`Error::Conflict`] when another has the name; [`Error::NotFound`] once it was disconnected.
    pub async fn change_application(
        &self,
        id: ApplicationId,
        change: ApplicationChange,
        actor: Actor,
    ) -> Result<Application, Error> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        if let Some(url) = change.url.as_deref().filter(|url| !url.is_empty()) {
            check_url(url)?;
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let before = ruled(tx, id, &actor)?;
                let mut next = before.clone();
                next.name = change.name.clone().unwrap_or(next.name);
                if let Some(url) = &change.url {
                    next.url = Some(url.clone()).filter(|url| !url.is_empty());
                }
                if next != before {
                    applications::update(tx, &next)?;
                    let detail = json!({ "name": next.name, "url": next.url });
                    note(tx, next.organisation, "application.changed", id, detail, actor, now)?;
                }
                Ok(next)
            })
            .await
    }

    /// A new token; the one before opens nothing from then on.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once it was disconnected.
    pub async fn renew_application_token(
        &self,
        id: ApplicationId,
        actor: Actor,
    ) -> Result<NewSecret<Application>, Error> {
        let (token, now) = (new_secret(TOKEN_PREFIX), self.now());
        let hash = secret_hash(&token);
        let of = self
            .store
            .write(move |tx| {
                let application = ruled(tx, id, &actor)?;
                applications::set_token(tx, id, &hash)?;
                let organisation = application.organisation;
                note(tx, organisation, "application.token_renewed", id, json!({}), actor, now)?;
                Ok::<_, Error>(application)
            })
            .await?;
        Ok(NewSecret { of, secret: token })
    }

    /// A new signing secret. For a day webhooks are signed with both, so that the receiver can change over when it
    /// likes.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once it was disconnected.
    pub async fn rotate_signing_secret(
        &self,
        id: ApplicationId,
        actor: Actor,
    ) -> Result<NewSecret<Application>, Error> {
        let (secret, now) = (new_signing_secret(), self.now());
        let row = secret.clone();
        let of = self
            .store
            .write(move |tx| {
                let application = ruled(tx, id, &actor)?;
                let former_until = now + FORMER_SECRET_LIFE;
                applications::replace_secret(tx, id, &row, former_until)?;
                let detail = json!({ "former_until": former_until });
                note(tx, application.organisation, "application.secret_rotated", id, detail, actor, now)?;
                Ok::<_, Error>(application)
            })
            .await?;
        Ok(NewSecret { of, secret })
    }

    /// Its token opens nothing from then on, and it is told nothing more.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once it was disconnected.
    pub async fn disconnect_application(&self, id: ApplicationId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let application = ruled(tx, id, &actor)?;
                applications::end(tx, id, now)?;
                webhooks::forget(tx, id)?;
                feeds::forget(tx, id)?;
                let detail = json!({ "name": application.name });
                note(tx, application.organisation, "application.disconnected", id, detail, actor, now)
            })
            .await
    }
}

/// A connected application, if `actor` rules over it.
pub(crate) fn ruled(tx: &mut Tx<'_>, id: ApplicationId, actor: &Actor) -> Result<Application, Error> {
    let found = applications::get(tx, id)?.filter(|application| application.ended_at.is_none());
    let application = found.ok_or(Error::NotFound)?;
    allow(actor, Power::ManageOrganisation, application.organisation)?;
    Ok(application)
}

fn new_signing_secret() -> String {
    let bits: [u8; SIGNING_SECRET_BYTES] = rand::random();
    format!("whsec_{}", STANDARD.encode(bits))
}

const TOKEN_PREFIX: &str = "rla";
