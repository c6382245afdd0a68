//! Feeds: which connected applications are told of accounts and groups by SCIM. What is told, one by one, is in
//! [`telling`]; comparing everything, in [`comparing`]; what is known of somebody, in [`gathering`].

mod comparing;
mod gathering;
mod telling;

use crate::applications::ruled;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::feed::{Feed, FeedError, FeedPlan, FeedSettings, FeedState, check_token};
use relais_core::ids::ApplicationId;
use relais_core::refusal::{FeedFault, Refusal};
use relais_engines::scim_server::{ScimError, ScimServer};
use relais_store::feeds::{self, Subject};
use relais_store::{Tx, accounts, groups};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How a feed is to be set up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedRequest {
    pub settings: FeedSettings,
    /// With which the application is asked. It never leaves again. What is absent stays, as long as the place stays the same.
    #[serde(default)]
    pub token: Option<String>,
}

/// A feed, and how much of it works.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeedShown {
    #[serde(flatten)]
    pub feed: Feed,
    /// Accounts and groups that the application has from here.
    pub known: i64,
    /// Of which it could not be told yet.
    pub in_trouble: i64,
}

impl Relais {
    /// A new feed is silent until it is run: its plan is looked at first.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once the application was disconnected.
    pub async fn set_feed(
        &self,
        id: ApplicationId,
        request: FeedRequest,
        actor: Actor,
    ) -> Result<FeedShown, Error> {
        let FeedRequest { settings, token } = request;
        settings.check()?;
        if !self.scim_servers.may_be_at(&settings.url) {
            return Err(Refusal::from(FeedFault::UrlInvalid { url: settings.url }).into());
        }
        token.as_deref().map_or(Ok(()), check_token)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let application = ruled(tx, id, &actor)?;
                let organisation = application.organisation;
                for group in &settings.only_groups {
                    if groups::get(tx, *group)?.is_none_or(|group| group.organisation != organisation) {
                        return Err(Refusal::from(FeedFault::GroupUnknown { id: group.to_string() }).into());
                    }
                }
                let before = feeds::get(tx, id)?;
                let has_moved = before.as_ref().is_none_or(|before| before.settings.url != settings.url);
                // No token goes to a place that it was not given for.
                let kept = if has_moved { None } else { feeds::token(tx, id)? };
                let token = token.clone().or(kept).ok_or(FeedFault::TokenInvalid).map_err(Refusal::from)?;
                if has_moved {
                    feeds::forget(tx, id)?;
                }
                let state = before.map_or(FeedState::Off, |before| match before.state {
                    FeedState::Off => FeedState::Off,
                    FeedState::On | FeedState::Stopped => FeedState::On,
                });
                let feed = Feed {
                    application: id,
                    organisation,
                    settings: settings.clone(),
                    state,
                    trouble: None,
                    away_until: None,
                    whole_at: Some(now),
                    report: None,
                };
                feeds::set(tx, &feed, &token)?;
                note(
                    tx,
                    organisation,
                    "application.feed_set",
                    id,
                    json!({ "url": settings.url }),
                    actor,
                    now,
                )?;
                shown(tx, id, &application.name)
            })
            .await
    }

    /// # Errors
    /// [`FeedFault::Missing`]; the refusal.
    pub async fn feed(&self, id: ApplicationId, actor: Actor) -> Result<FeedShown, Error> {
        self.store
            .read(move |tx| {
                let application = ruled(tx, id, &actor)?;
                shown(tx, id, &application.name)
            })
            .await
    }

    /// From now on the application is told: everything is compared at once, and what could not be told is tried again.
    ///
    /// # Errors
    /// As [`Relais::feed`].
    pub async fn run_feed(&self, id: ApplicationId, actor: Actor) -> Result<FeedShown, Error> {
        let shown = self.switch_feed(id, FeedState::On, "application.feed_run", actor).await?;
        self.feeding.notify_one();
        Ok(shown)
    }

    /// The application is told nothing more. What it has stays there, and is known here for the next time.
    ///
    /// # Errors
    /// As [`Relais::feed`].
    pub async fn stop_feed(&self, id: ApplicationId, actor: Actor) -> Result<FeedShown, Error> {
        self.switch_feed(id, FeedState::Off, "application.feed_off", actor).await
    }

    async fn switch_feed(
        &self,
        id: ApplicationId,
        state: FeedState,
        kind: &'static str,
        actor: Actor,
    ) -> Result<FeedShown, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let application = ruled(tx, id, &actor)?;
                let (feed, token) = known(tx, id, &application.name)?;
                let feed = Feed { state, trouble: None, away_until: None, whole_at: Some(now), ..feed };
                feeds::set(tx, &feed, &token)?;
                feeds::hurry(tx, id, now)?;
                note(tx, application.organisation, kind, id, json!({}), actor, now)?;
                shown(tx, id, &application.name)
            })
            .await
    }

    /// What a comparison of everything would do now. Nothing is sent but questions.
    ///
    /// # Errors
    /// [`FeedFault::Away`], [`FeedFault::Denied`]; as [`Relais::feed`].
    pub async fn plan_feed(&self, id: ApplicationId, actor: Actor) -> Result<FeedPlan, Error> {
        let (feed, token) = self
            .store
            .read(move |tx| {
                let application = ruled(tx, id, &actor)?;
                known(tx, id, &application.name)
            })
            .await?;
        let url = feed.settings.url.clone();
        let server = ScimServer { url: url.clone(), token };
        match self.compare_everything(&feed, &server, comparing::Purpose::Plan).await? {
            Ok(plan) => Ok(plan),
            Err(ScimError::Denied(_)) => Err(Refusal::from(FeedFault::Denied { url }).into()),
            Err(error) => Err(Refusal::from(FeedFault::Away { url, trouble: error.to_string() }).into()),
        }
    }

    /// A page of what the application could not be told yet, behind the subject `after`.
    ///
    /// # Errors
    /// As [`Relais::feed`].
    pub async fn feed_errors(
        &self,
        id: ApplicationId,
        after: String,
        count_max: i64,
        actor: Actor,
    ) -> Result<Vec<FeedError>, Error> {
        self.store
            .read(move |tx| {
                let application = ruled(tx, id, &actor)?;
                known(tx, id, &application.name)?;
                let mut errors = Vec::new();
                for link in feeds::troubled(tx, id, &after, count_max)? {
                    errors.push(FeedError {
                        subject: link.subject.to_string(),
                        name: name_of(tx, link.subject)?,
                        attempts: link.attempts,
                        next_at: link.next_at.unwrap_or(Timestamp::UNIX_EPOCH),
                        trouble: link.trouble.unwrap_or_default(),
                    });
                }
                Ok(errors)
            })
            .await
    }
}

fn name_of(tx: &mut Tx<'_>, subject: Subject) -> Result<String, Error> {
    Ok(match subject {
        Subject::Account(id) => accounts::get(tx, id)?.map(|account| account.address.to_string()),
        Subject::Group(id) => groups::get(tx, id)?.map(|group| group.name),
    }
    .unwrap_or_default())
}

/// A feed with its token.
fn known(tx: &mut Tx<'_>, id: ApplicationId, application: &str) -> Result<(Feed, String), Error> {
    let found = feeds::get(tx, id)?.zip(feeds::token(tx, id)?);
    found.ok_or_else(|| Refusal::from(FeedFault::Missing { application: application.to_owned() }).into())
}

fn shown(tx: &mut Tx<'_>, id: ApplicationId, application: &str) -> Result<FeedShown, Error> {
    let (feed, _) = known(tx, id, application)?;
    let (known, in_trouble) = feeds::counts(tx, id)?;
    Ok(FeedShown { feed, known, in_trouble })
}
