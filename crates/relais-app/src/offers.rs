//! Plans and subscriptions that the operator offers. They concern every organisation, so they stand in no chain of events:
//! each is kept for ever as it was made.

use crate::{Error, Relais};
use relais_core::authority::Actor;
use relais_core::ids::{PlanId, SubscriptionId};
use relais_core::plan::{Plan, PlanTerms, Subscription, SubscriptionTerms, check_plan, check_subscription};
use relais_core::refusal::Refusal;
use relais_store::offers;

fn allow_operator(actor: Actor) -> Result<(), Error> {
    if actor.operates() { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

impl Relais {
    /// # Errors
    /// The refusal; [`Error::Conflict`] when the name is in use.
    pub async fn create_plan(&self, terms: PlanTerms, actor: Actor) -> Result<Plan, Error> {
        allow_operator(actor)?;
        check_plan(&terms)?;
        let id = PlanId::from_number(self.ids.next());
        let plan = Plan { id, terms, created_at: self.now(), retired_at: None };
        self.store.write(move |tx| Ok(offers::insert_plan(tx, &plan).map(|()| plan.clone())?)).await
    }

    /// # Errors
    /// The refusal; [`Error::Conflict`] when the name is in use.
    pub async fn create_subscription(
        &self,
        terms: SubscriptionTerms,
        actor: Actor,
    ) -> Result<Subscription, Error> {
        allow_operator(actor)?;
        check_subscription(&terms)?;
        let id = SubscriptionId::from_number(self.ids.next());
        let offer = Subscription { id, terms, created_at: self.now(), retired_at: None };
        self.store.write(move |tx| Ok(offers::insert_subscription(tx, &offer).map(|()| offer.clone())?)).await
    }

    /// Offers it to nobody from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; only the operator may.
    pub async fn retire_plan(&self, id: PlanId, actor: Actor) -> Result<Plan, Error> {
        allow_operator(actor)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                offers::retire_plan(tx, id, now)?;
                offers::plan(tx, id)?.ok_or(Error::NotFound)
            })
            .await
    }

    /// Offers it to nobody from now on; who is on it stays and is renewed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; only the operator may.
    pub async fn retire_subscription(&self, id: SubscriptionId, actor: Actor) -> Result<Subscription, Error> {
        allow_operator(actor)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                offers::retire_subscription(tx, id, now)?;
                offers::subscription(tx, id)?.ok_or(Error::NotFound)
            })
            .await
    }
}
