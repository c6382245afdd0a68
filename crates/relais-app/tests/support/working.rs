//! Letting a Relais work: until nothing is left to do, or killed on the way; departures, and what was written down of it all.

use super::*;

impl World {
    pub async fn run_until_idle(&self) {
        loop {
            let before = self.fingerprint().await;
            self.relais.work_once().await;
            if self.fingerprint().await == before {
                return;
            }
        }
    }

    async fn fingerprint(&self) -> String {
        let organisation = self.organisation;
        self.read(move |tx| {
            let spool = spool::list(tx, None, 1000)?;
            let departures = departures::list(tx, organisation)?;
            let owed = relais_store::outbox::count(tx)?;
            Ok(format!("{:?} {spool:?} {departures:?} {owed}", events::head(tx, organisation)?))
        })
        .await
    }

    /// Works like [`Relais::work_once`] until it has waited `polls` times, and no further. Whether it had come to its end
    /// before.
    pub async fn work_for(&self, polls: usize) -> bool {
        let relais = self.relais.clone();
        let mut work = pin!(relais.work_once());
        let mut left = polls;
        std::future::poll_fn(move |cx| match work.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await
    }

    /// Works like [`Relais::work_once`] and is killed after `polls` waits. Whether it had come to its end before.
    /// To be called outside of a runtime.
    pub fn work_and_die(&mut self, polls: usize) -> bool {
        let life = runtime();
        let done = life.block_on(self.work_for(polls));
        // Waits for the calls to the file system that were under way.
        drop(life);
        runtime().block_on(self.reopen());
        done
    }

    pub async fn start(&self, leaver: &Account, order: Order) -> Departure {
        self.relais.start_departure(leaver.id, order, OPERATOR).await.unwrap()
    }

    pub async fn try_start(&self, leaver: &Account, order: Order) -> Result<Departure, String> {
        self.relais.start_departure(leaver.id, order, OPERATOR).await.map_err(|error| code(&error))
    }

    /// Starts a departure and runs as far as it goes today.
    pub async fn depart(&self, leaver: &Account, order: Order) -> Departure {
        let id = self.start(leaver, order).await.id;
        self.run_until_idle().await;
        self.departure(id).await
    }

    pub async fn departure(&self, id: DepartureId) -> Departure {
        self.read(move |tx| departures::get(tx, id)).await.unwrap()
    }

    pub async fn undo(&self, id: DepartureId) -> Departure {
        self.relais.undo_departure(id, OPERATOR).await.unwrap();
        self.run_until_idle().await;
        self.departure(id).await
    }

    pub async fn assert_state(&self, id: DepartureId, state: DepartureState) {
        let departure = self.departure(id).await;
        assert_eq!(departure.state, state, "{:?} {:?}", departure.trouble, departure.reports);
    }

    pub async fn chain(&self) -> ChainCheck {
        let organisation = self.organisation;
        self.read(move |tx| events::verify(tx, organisation)).await
    }

    pub async fn assert_chain_whole(&self) {
        assert_eq!(self.chain().await.broken_at, None);
    }

    pub async fn kinds_of_events(&self) -> Vec<String> {
        let organisation = self.organisation;
        let all = self.read(move |tx| events::page(tx, organisation, "", 0, 100_000)).await;
        all.into_iter().map(|event| event.kind).collect()
    }
}
