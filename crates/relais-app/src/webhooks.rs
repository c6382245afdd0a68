//! Telling applications what happens (X10). The event chain is the queue: each application is looked for events behind the
//! last one looked at, and those that concern it are told one by one, in order for each subject, until it takes them.

use crate::organisations::{allow, note};
use crate::{Error, Relais};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::{Actor, Power};
use relais_core::ids::ApplicationId;
use relais_core::webhook;
use relais_engines::webhook::{Webhook, WebhookError};
use relais_store::webhooks::{self, Delivery};
use relais_store::{Tx, applications, events};
use serde_json::json;

/// Events looked at in one transaction.
const LOOK_BATCH: i64 = 500;
const SEND_BATCH: i64 = 100;
/// Webhooks on their way at the same time.
const AT_ONCE: usize = 8;
/// Longer waits each time, for as long as the application is connected.
const DELAYS_S: [i64; 7] = [5, 60, 300, 1800, 7200, 21_600, 86_400];

impl Relais {
    /// Tells what is due. Returns how many webhooks arrived.
    pub(crate) async fn tell_applications(&self) -> usize {
        let told = async {
            self.look_for_news().await?;
            self.send_webhooks().await
        };
        told.await.unwrap_or_else(|error: Error| {
            tracing::warn!(%error, "applications are told later");
            0
        })
    }

    /// Puts in line what happened since the last look.
    async fn look_for_news(&self) -> Result<(), Error> {
        for (application, organisation, looked_until) in self.look(webhooks::listeners).await? {
            let head = self.look(move |tx| events::head(tx, organisation)).await?.0;
            let mut looked_until = looked_until;
            while looked_until < head {
                let (from, now) = (looked_until, self.now());
                looked_until = self
                    .store
                    .write(move |tx| {
                        let page = events::page(tx, organisation, "", from, LOOK_BATCH)?;
                        for event in page.iter().filter(|event| webhook::told(event).is_some()) {
                            webhooks::push(tx, application, event.number, &event.subject, now)?;
                        }
                        let until = page.last().map_or(from, |last| last.number);
                        webhooks::set_looked_until(tx, application, until)?;
                        Ok::<_, Error>(until)
                    })
                    .await?;
                if looked_until == from {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn send_webhooks(&self) -> Result<usize, Error> {
        let now = self.now();
        let due = self.look(move |tx| webhooks::due(tx, now, SEND_BATCH)).await?;
        let sending = due.into_iter().map(|delivery| async move { self.send_webhook(&delivery).await });
        let told: Vec<Result<bool, Error>> =
            futures_util::stream::iter(sending).buffer_unordered(AT_ONCE).collect().await;
        let mut arrived = 0;
        for one in told {
            arrived += usize::from(one?);
        }
        Ok(arrived)
    }

    /// Whether it arrived.
    async fn send_webhook(&self, delivery: &Delivery) -> Result<bool, Error> {
        let (one, now) = (delivery.clone(), self.now());
        let Some(request) = self.look(move |tx| request(tx, &one, now)).await? else {
            // Of an event that is none of its concern any more, or an application that is gone.
            let one = delivery.clone();
            self.store.write(move |tx| webhooks::done(tx, &one).map_err(Error::from)).await?;
            return Ok(false);
        };
        let sent = self.webhooks.send(&request, now).await;
        let (one, now) = (delivery.clone(), self.now());
        let arrived = sent.is_ok();
        self.store
            .write(move |tx| {
                let Err(error) = &sent else { return webhooks::done(tx, &one).map_err(Error::from) };
                let place = usize::try_from(one.attempts).unwrap_or(usize::MAX).min(DELAYS_S.len() - 1);
                let next_at = now + SignedDuration::from_secs(DELAYS_S[place]);
                webhooks::put_off(tx, &one, &error.to_string(), next_at)?;
                if matches!(error, WebhookError::Away(_)) {
                    webhooks::hold(tx, one.application, next_at)?;
                }
                Ok(())
            })
            .await?;
        Ok(arrived)
    }

    /// Tells an application once more all that happened from the event `from` on, and at once what it still waits for.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] once it was disconnected.
    pub async fn replay_webhooks(&self, id: ApplicationId, from: i64, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = applications::get(tx, id)?.filter(|application| application.ended_at.is_none());
                let application = found.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageOrganisation, application.organisation)?;
                let head = events::head(tx, application.organisation)?.0;
                webhooks::set_looked_until(tx, id, (from - 1).clamp(0, head))?;
                webhooks::hurry(tx, id, now)?;
                let detail = json!({ "from": from });
                note(tx, application.organisation, "application.replayed", id, detail, actor, now)
            })
            .await?;
        self.telling.notify_one();
        Ok(())
    }
}

/// What is sent for a delivery now; the body and the id depend on the event alone.
fn request(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Webhook>, relais_store::Error> {
    let Some(application) = applications::get(tx, delivery.application)? else { return Ok(None) };
    let (Some(url), Some(secrets)) = (application.url, applications::secrets(tx, application.id)?) else {
        return Ok(None);
    };
    let page = events::page(tx, application.organisation, "", delivery.number - 1, 1)?;
    let Some(event) = page.into_iter().find(|event| event.number == delivery.number) else { return Ok(None) };
    let former = secrets.former.filter(|(_, until)| *until > now).map(|(secret, _)| secret);
    Ok(webhook::told(&event).map(|body| Webhook {
        url,
        id: webhook::id(&event),
        body: body.to_string(),
        secrets: [Some(secrets.current), former].into_iter().flatten().collect(),
    }))
}
