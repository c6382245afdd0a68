//! The work nobody asks for: effects, departures, the spool, and forgetting what is no longer needed. Each task
//! reads the present state, may run at any time and any number of times, and is woken by a signal and by a timer.

use crate::credentials::NETWORK_KNOWN_FOR;
use crate::mail::REPLY_PERIOD;
use crate::{Error, Relais, notifications};
use jiff::SignedDuration;
use relais_store::{
    departures, directories, feeds, generations, known_networks, passkeys, password_resets, responders,
    second_factors, sessions, sign_on, spool,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

const TICK: Duration = Duration::from_millis(500);
const LOOK_AT_BACKUPS_EVERY: Duration = Duration::from_secs(2);
const LOOK_AT_JOBS_EVERY: Duration = Duration::from_secs(2);
const LOOK_AT_NEWS_EVERY: Duration = Duration::from_secs(1);
const LOOK_AT_DIRECTORIES_EVERY: Duration = Duration::from_secs(5);
const LOOK_AT_CLAIMS_EVERY: Duration = Duration::from_secs(5);
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How long a stop waits for a message that is being sent.
const FAREWELL: Duration = Duration::from_secs(10);

impl Relais {
    /// What has to be put right after a stop of any kind, before the doors open.
    ///
    /// # Errors
    /// When the store or the spool cannot be read.
    pub async fn recover(&self) -> Result<(), Error> {
        let node = self.node.clone();
        self.store
            .write(move |tx| {
                departures::release_all(tx, &node)?;
                generations::release_all(tx, &node)?;
                directories::release_all(tx, &node)?;
                feeds::release_all(tx, &node)?;
                Ok::<_, Error>(())
            })
            .await?;
        let files = self.spool_files.clone();
        for id in tokio::task::spawn_blocking(move || files.ids()).await?? {
            if !self.look(move |tx| spool::is_waiting(tx, id)).await? {
                self.remove_spool_file(id).await?;
            }
        }
        self.remove_leftover_exports().await
    }

    /// Works until `stop` says so. A smarthost may take minutes to answer, and a resolver seconds: nothing else waits
    /// for either.
    pub async fn work(self: Arc<Self>, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.work_inside(stop.clone()),
            self.work_outside(stop.clone()),
            self.work_on_backups(stop.clone()),
            self.work_on_jobs(stop.clone()),
            self.work_on_webhooks(stop.clone()),
            self.work_on_feeds(stop.clone()),
            self.work_on_notifications(stop.clone()),
            self.work_on_directories(stop.clone()),
            self.work_on_claims(stop)
        );
    }

    /// Nothing waits for a backup but who asked for it. What a stop cuts short goes on after the next start: what was
    /// verified of it counts.
    async fn work_on_backups(&self, stop: watch::Receiver<bool>) {
        let backing_up = async {
            loop {
                if let Err(error) = self.begin_due_backups().await {
                    tracing::warn!(%error, "backups that are due begin later");
                }
                while self.advance_one_generation().await {}
                woken(&self.backing_up, LOOK_AT_BACKUPS_EVERY).await;
            }
        };
        cut_short(stop, backing_up).await;
    }

    /// Thousands of accounts hold up nothing else. A batch is kept whole or not at all, and the next start goes on behind
    /// the last.
    async fn work_on_jobs(&self, stop: watch::Receiver<bool>) {
        let working = async {
            loop {
                while self.advance_one_job().await {}
                woken(&self.working_through, LOOK_AT_JOBS_EVERY).await;
            }
        };
        cut_short(stop, working).await;
    }

    /// A directory may take its time, and be large. What was applied is written down with it, and the next start reads again.
    async fn work_on_directories(&self, stop: watch::Receiver<bool>) {
        let reading = async {
            loop {
                while self.advance_one_directory().await {}
                tokio::time::sleep(LOOK_AT_DIRECTORIES_EVERY).await;
            }
        };
        cut_short(stop, reading).await;
    }

    /// An application may take a quarter of a minute to answer. What was taken and not written down is told once more, by
    /// the same name.
    async fn work_on_webhooks(&self, stop: watch::Receiver<bool>) {
        let telling = async {
            loop {
                while self.tell_applications().await > 0 {}
                woken(&self.telling, TICK).await;
            }
        };
        cut_short(stop, telling).await;
    }

    /// An application may be slow, and large. What it was told and not written down is found done the next time.
    async fn work_on_feeds(&self, stop: watch::Receiver<bool>) {
        let feeding = async {
            loop {
                while self.feed_applications().await > 0 {}
                woken(&self.feeding, TICK).await;
            }
        };
        cut_short(stop, feeding).await;
    }

    /// A letter that was made and not posted is made again.
    async fn work_on_notifications(&self, stop: watch::Receiver<bool>) {
        let notifying = async {
            loop {
                while self.notify().await > 0 {}
                tokio::time::sleep(LOOK_AT_NEWS_EVERY).await;
            }
        };
        cut_short(stop, notifying).await;
    }

    /// A look that is cut short is made again: only its outcome is written.
    async fn work_on_claims(&self, stop: watch::Receiver<bool>) {
        let looking = async {
            loop {
                self.look_at_due_claims().await;
                tokio::time::sleep(LOOK_AT_CLAIMS_EVERY).await;
            }
        };
        cut_short(stop, looking).await;
    }

    async fn work_inside(&self, mut stop: watch::Receiver<bool>) {
        let mut forget_at = self.now();
        while !*stop.borrow() {
            self.settle_effects().await;
            while self.advance_one_departure().await {}
            if let Err(error) = self.renew_due().await {
                tracing::warn!(%error, "renewals are tried again");
            }
            if forget_at <= self.now() {
                forget_at = self.now() + FORGET_EVERY;
                if let Err(error) = self.forget().await {
                    tracing::warn!(%error, "what is old could not be forgotten");
                }
            }
            tokio::select! {
                () = self.work.notified() => {}
                () = tokio::time::sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn work_outside(&self, mut stop: watch::Receiver<bool>) {
        let mut stopping = stop.clone();
        let sending = async {
            while !*stop.borrow() {
                while self.send_due().await > 0 && !*stop.borrow() {}
                tokio::select! {
                    () = self.outgoing.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = stop.changed() => {}
                }
            }
        };
        let out_of_time = async {
            // An error: whoever would say stop is gone.
            drop(stopping.wait_for(|stop| *stop).await);
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            () = sending => {}
            // What a kill would leave behind: the message is in line still and goes after the next start.
            () = out_of_time => tracing::warn!("a message to the smarthost was cut short by the stop"),
        }
    }

    /// Does everything that is due now.
    pub async fn work_once(&self) {
        self.settle_effects().await;
        while self.advance_one_departure().await {}
        if let Err(error) = self.renew_due().await {
            tracing::warn!(%error, "renewals are tried again");
        }
        while self.advance_one_generation().await {}
        while self.advance_one_job().await {}
        while self.notify().await > 0 {}
        while self.advance_one_directory().await {}
        while self.send_due().await > 0 {}
        while self.tell_applications().await > 0 {}
        while self.feed_applications().await > 0 {}
        self.look_at_due_claims().await;
    }

    async fn forget(&self) -> Result<(), Error> {
        self.forget_exports().await?;
        self.forget_jobs().await?;
        let now = self.now();
        self.store
            .write(move |tx| {
                responders::forget_answers(tx, now - REPLY_PERIOD)?;
                // Keys of sent mail are what recognises a repeated delivery: kept as long as mailboxes keep theirs.
                spool::forget(tx, now - SignedDuration::from_hours(7 * 24))?;
                sessions::forget(tx, now)?;
                second_factors::forget(tx, now)?;
                passkeys::forget(tx, now)?;
                sign_on::forget(tx, now)?;
                known_networks::forget(tx, now - NETWORK_KNOWN_FOR)?;
                password_resets::forget(tx, now)?;
                notifications::forget(tx, now)
            })
            .await
    }
}

/// Until something is asked for, or it is time to look without being asked.
async fn woken(signal: &Notify, look_every: Duration) {
    tokio::select! {
        () = signal.notified() => {}
        () = tokio::time::sleep(look_every) => {}
    }
}

/// Does `work`, wherever it is, until `stop` says so.
async fn cut_short(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
