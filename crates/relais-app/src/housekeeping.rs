//! The work nobody asks for: effects, departures, the spool, and forgetting what is no longer needed. Each task
//! reads the present state, may run at any time and any number of times, and is woken by a signal and by a timer.

use crate::mail::REPLY_PERIOD;
use crate::{Error, Relais};
use jiff::SignedDuration;
use relais_store::{credentials, departures, responders, spool};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const TICK: Duration = Duration::from_millis(500);
const FORGET_EVERY_TICKS: u32 = 7200;

impl Relais {
    /// What has to be put right after a stop of any kind, before the doors open.
    ///
    /// # Errors
    /// When the store or the spool cannot be read.
    pub async fn recover(&self) -> Result<(), Error> {
        let node = self.node.clone();
        self.store.write(move |tx| departures::release_all(tx, &node).map_err(Error::from)).await?;
        for id in self.spool_files.ids()? {
            if !self.look(move |tx| spool::is_waiting(tx, id)).await? {
                self.spool_files.remove(id)?;
            }
        }
        Ok(())
    }

    /// Works until `stop` says so.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut ticks = 0;
        while !*stop.borrow() {
            self.work_once().await;
            if ticks % FORGET_EVERY_TICKS == 0
                && let Err(error) = self.forget().await
            {
                tracing::warn!(%error, "what is old could not be forgotten");
            }
            ticks += 1;
            tokio::select! {
                () = self.work.notified() => {}
                () = tokio::time::sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Does everything that is due now.
    pub async fn work_once(&self) {
        self.settle_effects().await;
        while self.advance_one_departure().await {}
        while self.send_due().await > 0 {}
    }

    async fn forget(&self) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                responders::forget_answers(tx, now - REPLY_PERIOD)?;
                // Keys of sent mail are what recognises a repeated delivery: kept as long as mailboxes keep theirs.
                spool::forget(tx, now - SignedDuration::from_hours(7 * 24))?;
                credentials::forget_sessions(tx, now)?;
                Ok(())
            })
            .await
    }
}
